using System.Text.Json;
using Corl.Imaging;

namespace Corl.Tests.Data.Curation;

/// <summary>Small files in the formats of the published sets, with images, made from nothing.</summary>
internal static class PublishedSets
{
    private static readonly string[] Things = ["dog", "cat", "horse", "kite", "umbrella", "bicycle", "pizza", "clock", "boat", "bench", "sheep", "elephant"];
    private static readonly string[] Places = ["field", "kitchen", "street", "beach", "harbor", "park"];
    private static readonly string[] Colors = ["red", "blue", "green", "white", "black", "yellow", "brown", "orange"];

    /// <summary>COCO captions, labels and images, A-OKVQA and GPT-VQA problems about them, and a recipe.</summary>
    public static void WriteCoco(TemporaryFolder folder, int images, string more = "")
    {
        Directory.CreateDirectory(folder.File("train2017"));
        List<object> captions = [], problems = [], labels = [], gpt = [];
        for (var i = 0; i < images; i++)
        {
            var (thing, other, place, color) = (Things[i % Things.Length], Things[(i + 5) % Things.Length], Places[i % Places.Length], Colors[i / 3 % Colors.Length]);
            File.WriteAllBytes(folder.File($"train2017/{i:D12}.jpg"), ImageCodec.EncodeJpeg(SelectionTests.Picture((ulong)i, 40, 30)));
            captions.Add(new { image_id = i, id = (5 * i) + 1, caption = $"A {color} {thing} number {i} stands in a {place}." });
            captions.Add(new { image_id = i, id = (5 * i) + 2, caption = $"Somebody looks at {i} things." });
            captions.Add(new { image_id = i, id = (5 * i) + 3, caption = $"The {color} {thing} and the {other} of photo {i} " });
            labels.Add(new { id = i, image_id = i, category_id = i % Things.Length });
            problems.Add(new
            {
                split = "train",
                image_id = i,
                question_id = $"q{i}",
                question = $"Which animal or thing is shown in scene {i}?",
                choices = new[] { thing, other, Things[(i + 1) % Things.Length], Things[(i + 2) % Things.Length] },
                correct_choice_idx = 0,
                direct_answers = Enumerable.Repeat($"{color} {thing}", 7),
                difficult_direct_answer = false,
                rationales = new[] { $"The {thing} stands in the {place}.", "It does.", i % 4 == 0 ? $"The {thing} in the {place} is near a {other} and a zebra." : "Yes." },
            });
            gpt.Add(new { image_id = i, question = $"What may happen to object {i} next?", choices = new[] { $"The {thing} sleeps", $"The {other} sleeps" }, correct_choice_idx = 0, rationales = new[] { $"Explanation: The {thing} is tired." } });
        }

        Write(folder, "captions.json", new { info = new { }, images = Enumerable.Range(0, images).Select(i => new { id = i, file_name = $"{i:D12}.jpg" }), annotations = captions });
        Write(folder, "instances.json", new { annotations = labels, categories = Things.Select((name, id) => new { id, name }) });
        Write(folder, "aokvqa.json", problems);
        Write(folder, "DataEngine_round1_data.json", gpt);
        File.WriteAllText(folder.File("x2x.yaml"), $"""
            layout: x2x
            rows: {images}
            seed: 3
            sources:
              aokvqa: {"{"}format: a_okvqa, path: aokvqa.json, images: train2017, share: 3{"}"}
              gptvqa: {"{"}format: gpt_vqa, path: DataEngine_round1_data.json, images: train2017{"}"}
            prompts: {"{"}captions: captions.json, instances: instances.json, noun_from: 3{"}"}
            {more}
            """);
    }

    /// <summary>The six sources of mcot_r1_mcq and the four of mcot_r1_vqa, and a recipe of each.</summary>
    public static void WriteMcot(TemporaryFolder folder, int items)
    {
        foreach (var sub in new[] { "train2017", "m3/images", "sqa/train", "arxiv/images", "tab/tables", "mavis/geo", "GeomVerse/TRAIN", "GeoMM/result" })
        {
            Directory.CreateDirectory(folder.File(sub));
        }

        WriteCoco(folder, items);
        string Choice(int i) => Things[(i * 7) % Things.Length] + $" {i}";
        string[] Options(int i) => [Choice(i), Choice(i + 1), Choice(i + 2), Choice(i + 3)];
        void Image(string path, int i) => File.WriteAllBytes(folder.File(path), ImageCodec.EncodePng(SelectionTests.Picture((ulong)(1000 + i), 36, 24)));
        void Lines(string name, Func<int, object> line) => File.WriteAllLines(folder.File(name), Enumerable.Range(0, items).Select(i => JsonSerializer.Serialize(line(i))));
        for (var i = 0; i < items; i++)
        {
            Directory.CreateDirectory(folder.File($"sqa/train/{i}"));
            foreach (var path in new[] { $"m3/images/m-{i}.png", $"sqa/train/{i}/image.png", $"arxiv/images/a{i}.png", $"tab/tables/{i}.png", $"mavis/geo/{i}.png", $"GeomVerse/TRAIN/{i}.png", $"GeoMM/result/{i}.png" })
            {
                Image(path, i);
            }
        }

        Lines("m3/train.jsonl", i => new { id = $"m-{i}", question = $"Why is it {i}?", choices = Options(i), context = "", answer = "BACD"[i % 4].ToString(), rationale = $"Because of {i}.", split = "train" });
        Write(folder, "sqa/problems.json", Enumerable.Range(0, items).ToDictionary(i => $"{i}", i => new { question = $"Which is warmer, {i}?", choices = Options(i), answer = i % 4, hint = "Look.", image = i % 5 == 4 ? null : "image.png", solution = $"It is {i}.", split = "train" }));
        Lines("arxiv/arxivqa.jsonl", i => new { id = $"a-{i}", image = $"images/a{i}.png", options = Options(i).Select((text, k) => $"{"ABCD"[k]}) {text}"), question = $"What does curve {i} show?", label = $"{"CDAB"[i % 4]}", rationale = "It rises." });
        Write(folder, "tab/problems_train.json", Enumerable.Range(0, items).ToDictionary(i => $"{i}", i => i % 2 == 0
            ? (object)new { question = $"Which costs more, {i}?", choices = Options(i), answer = Options(i)[1], unit = (string?)null, solution = "Compare.", ques_type = "multi_choice", split = "train" }
            : new { question = $"How much is {i}?", choices = (string[]?)null, answer = $"{i},{i % 10}00.5", unit = "$", solution = "Add.", ques_type = "free_text", split = "train" }));
        Lines("mavis/data.jsonl", i => new
        {
            id = $"{i}",
            image = $"geo/{i}.png",
            conversations = new[]
            {
                new { from = "human", value = i % 2 == 0 ? $"<image>\nPlease first perform reasoning.\nQuestion: Find angle {i}.\nChoices:\nA. {i}\nB. {i + 1}\nC. {i + 2}" : $"<image>\nPlease first conduct reasoning.\nQuestion: Find side {i}." },
                new { from = "gpt", value = i % 2 == 0 ? $"It is {i + 1}.\nAnswer: B" : $"Add.\nThe answer is {i + 3}" },
            },
        });
        Lines("GeomVerse/data.jsonl", i => new { question = $"Compute the area {i}.", cot = $"It is {i}.25.", label = i + 0.25, tikz = "", image_path = $"GeomVerse/TRAIN/{i}.png" });
        Write(folder, "GeoMM.json", Enumerable.Range(0, items).Select(i => new { image = new[] { $"Your_path/R-CoT-main/GeoMM/result/{i}.png" }, conversations = new[] { new { from = "user", value = $"<ImageHere>Find AB in {i}." }, new { from = "assistant", value = $"So the answer is: {i + 7}" } } }));
        const string Sources = """
              aokvqa: {format: a_okvqa, path: aokvqa.json, images: train2017}
              m3cot: {format: m3cot, path: m3/train.jsonl}
              sqa: {format: science_qa, path: sqa/problems.json}
              arxivqa: {format: arxiv_qa, path: arxiv/arxivqa.jsonl}
              tabmwp: {format: tabmwp, path: tab/problems_train.json}
              mavis: {format: mavis, path: mavis/data.jsonl}
            """;
        File.WriteAllText(folder.File("mcq.yaml"), $"layout: mcot\nrows: {4 * items}\nanswers: {{multiple_choice: 1}}\nsources:\n{Sources}\n");
        File.WriteAllText(folder.File("vqa.yaml"), $$"""
            layout: mcot
            format: jsonl
            rows: {{2 * items}}
            answers: {multiple_choice: 0}
            sources:
              geomverse: {format: geomverse, path: GeomVerse/data.jsonl, images: .}
              rcot: {format: r_cot, path: GeoMM.json, images: GeoMM}
              tabmwp: {format: tabmwp, path: tab/problems_train.json}
              mavis: {format: mavis, path: mavis/data.jsonl}
            """);
    }

    private static void Write(TemporaryFolder folder, string name, object content) => File.WriteAllText(folder.File(name), JsonSerializer.Serialize(content));
}
