using System.Globalization;
using System.Text;
using System.Text.Json;
using Corl.Evaluation.Drawing;

namespace Corl.Tests.Cli;

/// <summary>
/// Makes small data sets in the formats of GenEval, WISE and DPG-Bench, with the detections, replies and answers that a judge gives to
/// them, and the scores that follow.
/// </summary>
internal static class DrawingData
{
    public const int Prompts = 24;
    private static readonly string[] Tags = ["single_object", "two_object", "counting", "colors", "position", "color_attr"];
    private static readonly string[] Classes = ["dog", "cup", "teddy bear", "bench"];

    /// <summary>WISE's prompts: four of each category, and a judge's grades of them.</summary>
    public static IReadOnlyList<(int Id, int Consistency, int Realism, int Aesthetic)> Wise { get; } =
        [.. WiseCategory.All.SelectMany(category => Enumerable.Range(category.First, Prompts / 6)).Select(id => (id, id % 3, id / 2 % 3, id / 3 % 3))];

    /// <summary>Writes GenEval's prompt file: four prompts of each task.</summary>
    public static string GenEvalPrompts(string path)
    {
        File.WriteAllLines(path, Enumerable.Range(0, Prompts).Select(i =>
        {
            var (tag, one, two) = (Tags[i / 4], Classes[i % 4], Classes[(i + 1) % 4]);
            var include = tag switch
            {
                "single_object" => $$"""[{"class": "{{one}}", "count": 1}]""",
                "counting" => $$"""[{"class": "{{one}}", "count": 2}]""",
                "colors" => $$"""[{"class": "{{one}}", "count": 1, "color": "red"}]""",
                "position" => $$"""[{"class": "{{one}}", "count": 1}, {"class": "{{two}}", "count": 1, "position": ["left of", 0]}]""",
                "color_attr" => $$"""[{"class": "{{one}}", "count": 1, "color": "red"}, {"class": "{{two}}", "count": 1, "color": "blue"}]""",
                _ => $$"""[{"class": "{{one}}", "count": 1}, {"class": "{{two}}", "count": 1}]""",
            };
            var exclude = tag == "counting" ? $$""" "exclude": [{"class": "{{one}}", "count": 3}],""" : "";
            return $$"""{"tag": "{{tag}}", "include": {{include}},{{exclude}} "prompt": "a photo of {{tag}} {{i}}"}""";
        }));
        return path;
    }

    /// <summary>
    /// Writes detections under which the first (prompt number modulo 4) of the four images of each prompt are correct: shares of
    /// 0, 1/4, 2/4, 3/4 in every task, 0.375 overall.
    /// </summary>
    public static string Detections(string path)
    {
        File.WriteAllLines(path, Enumerable.Range(0, Prompts).SelectMany(i => Enumerable.Range(0, i % 4).SelectMany(image => Objects(i).Select(one =>
            $$"""{"file": "{{i:D5}}/samples/{{image:D5}}.png", "class": "{{one.Class}}", "score": 0.95, "box": [{{one.Left}}, 10, {{one.Left + 8}}, 18], "color": "{{one.Color}}"}"""))));
        return path;
    }

    /// <summary>Writes WISE's three files.</summary>
    public static string WisePrompts(string folder)
    {
        Directory.CreateDirectory(folder);
        string[] files = ["cultural_common_sense.json", "spatio-temporal_reasoning.json", "natural_science.json"];
        foreach (var (file, ids) in files.Zip(new[] { (1, 400), (401, 700), (701, 1000) }))
        {
            var prompts = Wise.Where(one => one.Id >= ids.Item1 && one.Id <= ids.Item2).Select(one => new { Prompt = $"prompt {one.Id} {{x}}", Explanation = $"a \"thing\" {one.Id}", Category = "c", Subcategory = "s", prompt_id = one.Id });
            File.WriteAllText(Path.Combine(folder, file), JsonSerializer.Serialize(prompts));
        }

        return folder;
    }

    /// <summary>What the judge says about a prompt, in one of the forms that the script reads.</summary>
    public static string WiseReply(int id) => Wise.Single(one => one.Id == id) is var (_, c, r, a) && id % 2 == 0 ? $"{c}\n{r}\n{a}" : $"**Consistency**: {c}\nRealism: {r}\nAesthetic Quality: {a}";

    /// <summary>Writes the judge's replies; every fifth prompt gets a useless one first.</summary>
    public static string WiseReplies(string path)
    {
        File.WriteAllLines(path, Wise.SelectMany(one => (string[])[.. one.Id % 5 == 0 ? ["sorry"] : Array.Empty<string>(), WiseReply(one.Id)], (one, text) => JsonSerializer.Serialize(new { label = $"wise/{one.Id}", text })));
        return path;
    }

    /// <summary>Mean WiScore of a category, from the grades by hand.</summary>
    public static double WiseMean(string category) =>
        Wise.Where(one => WiseCategory.Of(one.Id)!.Name == category).Average(one => ((7 * one.Consistency) + (2 * one.Realism) + one.Aesthetic) / 20.0);

    /// <summary>Writes dpg_bench.csv: three questions for each prompt, the second hangs on the first; the first row is there for the official program to skip.</summary>
    public static string Dpg(string path)
    {
        var text = new StringBuilder("item_id,text,keywords,proposition_id,dependency,category_broad,category_detailed,tuple,question_natural_language\n");
        text.Append("skipped,t,,1,0,entity,whole,entity - whole (x),Is there an x?\n");
        for (var i = 0; i < Prompts; i++)
        {
            var prompt = $"\"a long prompt, number {i},\nwith \"\"quotes\"\"\"";
            text.Append(CultureInfo.InvariantCulture, $"item{i},{prompt},,1,0,entity,whole,entity - whole (dog),Is there a dog?\n");
            text.Append(CultureInfo.InvariantCulture, $"item{i},{prompt},,2,1,attribute,color,\"attribute - color (dog, red)\",Is the dog red?\n");
            text.Append(CultureInfo.InvariantCulture, $"item{i},{prompt},,3,\"1,2\",relation,spatial,\"relation - spatial (dog, left of, cat)\",Is it left of the cat?\n");
        }

        File.WriteAllText(path, text.ToString());
        return path;
    }

    /// <summary>
    /// Writes answers: in cell c of prompt i, question q has yes unless c = 0 and q = 1 (then 2 and 3 are void), or i is odd and q = 3.
    /// Cells score 0, then 1 or 2/3: 0.75 and 0.5 for even and odd prompts, 62.5 overall.
    /// </summary>
    public static string DpgAnswers(string path)
    {
        File.WriteAllLines(path, Enumerable.Range(0, Prompts).SelectMany(i => Enumerable.Range(0, 4 * 3).Select(k => (Cell: k / 3, Question: 1 + (k % 3))).Select(at =>
            $$"""{"label": "dpg/item{{i}}/{{at.Cell}}/{{at.Question}}", "text": "{{((at is (0, 1)) || (i % 2 == 1 && at.Question == 3) ? "no" : "yes")}}"}""")));
        return path;
    }

    private static IEnumerable<(string Class, int Left, string Color)> Objects(int prompt)
    {
        var (tag, one, two) = (Tags[prompt / 4], Classes[prompt % 4], Classes[(prompt + 1) % 4]);
        return tag switch
        {
            "single_object" or "colors" => [(one, 20, "red")],
            "counting" => [(one, 20, "red"), (one, 4, "red")],
            _ => [(one, 20, "red"), (two, 4, "blue")],
        };
    }
}
