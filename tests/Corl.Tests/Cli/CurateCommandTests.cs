using System.Security.Cryptography;
using System.Text.Json;
using Corl.Cli;
using Corl.Data;
using Corl.Imaging;
using Corl.Tests.Data.Curation;
using Corl.Text;
using ParquetSharp;

namespace Corl.Tests.Cli;

/// <summary>Sets made from small files of every published format.</summary>
public sealed class CurateCommandTests
{
    [Fact]
    public void Curate_X2x_GivesRowsThatKeepEveryPromise()
    {
        using var folder = new TemporaryFolder();
        PublishedSets.WriteCoco(folder, 60);
        var run = Curate(folder, "x2x.yaml", "set", "--set", "prompts.threshold=0.1");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var (summary, rows) = (run.Json, Rows(folder.File("set")));
        Assert.Equal((60, 60, 30, 30), (rows.Length, summary.GetProperty("rows").GetInt32(), summary.GetProperty("multipleChoice").GetInt32(), summary.GetProperty("openEnded").GetInt32()));
        Assert.All(rows, row => Assert.Equal(SampleParts.All, row.Parts));
        Assert.All(rows, row => Assert.Equal(1, AnswerMatch.Accuracy(row.Type == QuestionType.MultipleChoice, row.Question!, row.Answer!, row.Answer!).Score));
        Assert.All(rows, row => Assert.Equal(1, AnswerTags.StrictFormat(row.Answer!).Score));
        Assert.Equal(rows.Length, rows.Select(row => (row.Prompt, row.Question)).Distinct().Count());
        Assert.Contains(rows.GroupBy(row => row.Prompt), prompt => prompt.Count() == 2); // both sources ask about an image
        Assert.All(rows.GroupBy(row => row.Prompt), prompt => Assert.InRange(prompt.Count(), 1, 2));
        Assert.All(rows, row => Assert.False(char.IsUpper(row.Prompt![0]) || row.Prompt.EndsWith('.'), row.Prompt)); // "a red dog number 7 stands in a field"
        Assert.DoesNotContain(rows, row => row.Prompt!.StartsWith("somebody", StringComparison.Ordinal)); // that caption names nothing
        Assert.All(Taken(run), source => Assert.InRange(source.Rows, source.Name == "aokvqa" ? 40 : 10, source.Name == "aokvqa" ? 50 : 20)); // 3 to 1
        Assert.All(summary.GetProperty("letters").EnumerateObject(), letter => Assert.InRange(letter.Value.GetDouble(), 0.16, 0.34)); // 30 rows, some with two options
        Assert.True(File.Exists(folder.File("set/report.html")) && File.Exists(folder.File("set/README.md")) && File.Exists(folder.File("set/recipe.yaml")));
        Assert.False(Directory.Exists(folder.File("set/work")));
    }

    [Fact]
    public void Curate_SameRecipe_SameBytes_OtherSeed_OtherRows()
    {
        using var folder = new TemporaryFolder();
        PublishedSets.WriteCoco(folder, 30);
        byte[] Bytes(string name, params string[] more)
        {
            Assert.Equal(0, Curate(folder, "x2x.yaml", name, more).ExitCode);
            return SHA256.HashData(File.ReadAllBytes(folder.File($"{name}/data/train-00000-of-00001.parquet")));
        }

        var first = Bytes("a");
        Assert.Equal(first, Bytes("b"));
        Assert.NotEqual(first, Bytes("c", "--seed", "4"));
    }

    [Fact]
    public void Curate_SmallerSet_IsPartOfTheLarger()
    {
        using var folder = new TemporaryFolder();
        PublishedSets.WriteMcot(folder, 12);
        Assert.Equal(0, Curate(folder, "mcq.yaml", "large").ExitCode);
        Assert.Equal(0, Curate(folder, "mcq.yaml", "small", "--set", "rows=20").ExitCode);
        Assert.Equal(Rows(folder.File("large")).Take(20).Select(row => row.Question), Rows(folder.File("small")).Select(row => row.Question));
    }

    [Fact]
    public void Curate_AllSourcesOfMcot_GiveRowsInTheirShares()
    {
        using var folder = new TemporaryFolder();
        PublishedSets.WriteMcot(folder, 12);
        var choices = Curate(folder, "mcq.yaml", "mcq");
        Assert.Equal((0, 48, 48), (choices.ExitCode, choices.Json.GetProperty("rows").GetInt32(), choices.Json.GetProperty("multipleChoice").GetInt32()));
        // Six sources share 48 rows; TabMWP and MAVIS have choices in every second problem only, so that the others fill up.
        Assert.Equal(["aokvqa", "m3cot", "sqa", "arxivqa", "tabmwp", "mavis"], Taken(choices).Select(source => source.Name));
        Assert.All(Taken(choices), source => Assert.InRange(source.Rows, source.Name is "tabmwp" or "mavis" ? 6 : 8, 12));
        Assert.All(Rows(folder.File("mcq")), row => Assert.Equal(QuestionType.MultipleChoice, row.Type));

        var open = Curate(folder, "vqa.yaml", "vqa");
        Assert.Equal((0, 24, 24), (open.ExitCode, open.Json.GetProperty("rows").GetInt32(), open.Json.GetProperty("openEnded").GetInt32()));
        Assert.All(Taken(open), source => Assert.Equal(6, source.Rows));
        var rows = Rows(folder.File("vqa")); // JSON Lines and a folder of images
        Assert.All(rows, row => Assert.Equal((36, 24), (row.RealImage!.Width, row.RealImage.Height)));
        Assert.Contains(rows, row => row.Question!.Contains("(Unit: $)", StringComparison.Ordinal) && !row.Answer!.Contains(',', StringComparison.Ordinal)); // "1,100.5" became 1100.5
    }

    [Fact]
    public void Curate_ParquetSource_TakesImagesFromItsRows()
    {
        // Two files in the layout of the Hub, with the columns of M³CoT; the test split lies beside them.
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("m3/data"));
        WriteM3cot(folder.File("m3/data/train-00000-of-00002.parquet"), 0, 3, "train");
        WriteM3cot(folder.File("m3/data/train-00001-of-00002.parquet"), 3, 2, "train");
        WriteM3cot(folder.File("m3/data/test-00000-of-00001.parquet"), 9, 2, "test");
        File.WriteAllText(folder.File("r.yaml"), "layout: mcot\nrows: 9\nanswers: {multiple_choice: 1}\nsources: {m3cot: {format: m3cot, path: m3}}\n");
        Assert.Equal(0, Curate(folder, "r.yaml", "set").ExitCode);
        var rows = Rows(folder.File("set"));
        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"Question: Why {i}?"), rows.Select(row => row.Question!.Split('\n')[0]).Order());
        Assert.All(rows, row => Assert.Equal(row.RealImage!.Width, row.Question!["Question: Why ".Length] - '0' + 1)); // image i is i + 1 pixels wide
    }

    [Fact]
    public void Curate_Exclusions_LeaveOutIdsAndPictures()
    {
        using var folder = new TemporaryFolder();
        PublishedSets.WriteCoco(folder, 20, "exclude: {ids: [pope.json], images: held-out}");
        File.WriteAllText(folder.File("pope.json"), "{\"image\": \"COCO_val2014_000000000003.jpg\"}\nq5\n");
        Directory.CreateDirectory(folder.File("held-out"));
        var seen = ImageCodec.Decode(File.ReadAllBytes(folder.File("train2017/000000000007.jpg")), "7");
        File.WriteAllBytes(folder.File("held-out/copy.png"), ImageCodec.EncodePng(Resize.Bicubic(seen, 80, 60)));
        var run = Curate(folder, "x2x.yaml", "set", "--set", "rows=80", "--set", "format=jsonl");
        Assert.Equal(0, run.ExitCode);
        var ids = File.ReadAllLines(folder.File("set/metadata.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.DoesNotContain(ids, row => row.GetProperty("image_id").GetInt32() is 3 or 7);
        Assert.DoesNotContain(ids, row => row.GetProperty("id").GetString() == "aokvqa/q5");
        Assert.Contains(ids, row => row.GetProperty("image_id").GetInt32() == 5); // GPT-VQA's question about the image was not excluded
        Assert.Contains("rows instead of 80", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Curate_DamagedItemsAndMissingImages_AreCountedAndNamed()
    {
        using var folder = new TemporaryFolder();
        PublishedSets.WriteMcot(folder, 8);
        File.AppendAllText(folder.File("m3/train.jsonl"), "{\"id\": \"m-9\", \"question\": 5}\n{\"id\":\n");
        File.Delete(folder.File("m3/images/m-2.png"));
        File.WriteAllText(folder.File("m3/images/m-3.png"), "no picture");
        File.WriteAllText(folder.File("one.yaml"), "layout: mcot\nrows: 99\nanswers: {multiple_choice: 1}\nsources: {m3cot: {format: m3cot, path: m3/train.jsonl}}\n");
        var run = Curate(folder, "one.yaml", "set");
        Assert.Equal(0, run.ExitCode);
        var source = run.Json.GetProperty("sources").GetProperty("m3cot");
        Assert.Equal((10, 8, 6, 4), (source.GetProperty("read").GetInt32(), source.GetProperty("problems").GetInt32(), source.GetProperty("rows").GetInt32(), source.GetProperty("bad").GetInt32()));
        Assert.Equal(2, source.GetProperty("reasons").GetProperty("the image cannot be read").GetInt32());
        Assert.Contains("train.jsonl, line 9", source.GetProperty("badRows").EnumerateArray().Select(row => row.GetProperty("row").GetString()));
        Assert.Contains("m3cot: 4 items could not be used", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Curate_LargeImages_AreScaledDown()
    {
        using var folder = new TemporaryFolder();
        PublishedSets.WriteCoco(folder, 10);
        Assert.Equal(0, Curate(folder, "x2x.yaml", "set", "--set", "images.max_side=20").ExitCode);
        Assert.All(Rows(folder.File("set")), row => Assert.Equal((20, 15), (row.RealImage!.Width, row.RealImage.Height)));
    }

    [Fact]
    public void Curate_ThenValidateAndTrain_OneStep()
    {
        using var folder = new TemporaryFolder();
        PublishedSets.WriteCoco(folder, 12);
        Assert.Equal(0, Curate(folder, "x2x.yaml", "set").ExitCode);
        Assert.Equal((0, ""), CommandLine.Run("data", "validate", folder.File("set")) is var check ? (check.ExitCode, check.Error) : default);
        var train = CommandLine.Run("train", "unified", "--model", GoldenFiles.Path("janus/tiny/native"), "--data", folder.File("set"), "--out", folder.File("run"), "--quiet", "--json",
            "--set", "steps=1", "--set", "batch_size=2", "--set", "group_size=2", "--set", "max_completion_length=4", "--set", "max_prompt_length=4096", "--set", "judges.spice=shapes");
        Assert.True(train.ExitCode == 0, train.Error);
    }

    [Fact]
    public void Curate_Difficulty_AsksThePolicyOnce()
    {
        using var folder = new TemporaryFolder();
        PublishedSets.WriteCoco(folder, 6, "difficulty: {samples: 2, least: 0, most: 1, max_tokens: 3}");
        string[] model = ["--model", GoldenFiles.Path("janus/tiny/native")];
        Curate(folder, "x2x.yaml", "none").IsMistake("the recipe has a section 'difficulty': name the policy with --model");
        Assert.Equal(0, Curate(folder, "x2x.yaml", "set", model).ExitCode);
        var rates = File.ReadAllText(folder.File("set/answers/pass-rates.jsonl"));
        Assert.Equal(6, rates.Split('\n').Length - 1);

        // A run that was killed in the middle of a line goes on from there, to the same set.
        File.WriteAllText(folder.File("set/answers/pass-rates.jsonl"), rates[..^9]);
        File.Delete(folder.File("set/curation.json"));
        var before = File.ReadAllBytes(folder.File("set/data/train-00000-of-00001.parquet"));
        Assert.Equal(0, Curate(folder, "x2x.yaml", "set", ["--resume", .. model]).ExitCode);
        Assert.Equal(rates, File.ReadAllText(folder.File("set/answers/pass-rates.jsonl")));
        Assert.Equal(before, File.ReadAllBytes(folder.File("set/data/train-00000-of-00001.parquet")));

        // Nothing is as hard as this asks for.
        var hard = Curate(folder, "x2x.yaml", "hard", ["--set", "difficulty.least=1", .. model]);
        Assert.Equal(Program.UsersMistake, hard.ExitCode);
        Assert.Contains("no row passed the filters", hard.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Curate_Rewrite_KeepsReasoningThatComesToTheKnownAnswer()
    {
        using var folder = new TemporaryFolder();
        PublishedSets.WriteCoco(folder, 8, "rewrite: {}");
        Curate(folder, "x2x.yaml", "none").IsMistake("the recipe has a section 'rewrite': name who writes with --judge");
        // First the right thing of a choice, then the right words of an open question; never anything right about image 3.
        string[] things = ["dog", "cat", "horse", "kite", "umbrella", "bicycle", "pizza", "clock"], colors = ["red", "blue", "green"];
        string Reply(string answer) => $"<think>I look closely.</think><answer>{answer}</answer>";
        File.WriteAllLines(folder.File("replies.jsonl"), Enumerable.Range(0, 8).SelectMany(i => new[]
        {
            (Label: $"aokvqa/q{i}", Text: i == 3 ? "It is a kite." : Reply(things[i])), (Label: $"aokvqa/q{i}", Text: i == 3 ? Reply("a kite or a dog") : Reply($"{colors[i / 3]} {things[i]}")),
            (Label: $"gptvqa/{i}-{i}", Text: i == 3 ? Reply("nothing") : Reply($"The {things[i]} sleeps")),
        }).Select(reply => JsonSerializer.Serialize(new { label = $"curate/{reply.Label}", text = reply.Text })));
        string[] judge = ["--judge", $"replay:{folder.File("replies.jsonl")}", "--judge-model", "m"];
        var run = Curate(folder, "x2x.yaml", "set", judge);
        Assert.Equal(0, run.ExitCode);
        var (rows, dropped) = (Rows(folder.File("set")), run.Json.GetProperty("notRewritten").GetInt32());
        Assert.InRange(dropped, 1, 2); // one or both of the questions about image 3 were among the eight
        Assert.Equal((8 - dropped, rows.Length), (rows.Length, run.Json.GetProperty("rows").GetInt32()));
        Assert.All(rows, row => Assert.StartsWith("<think>I look closely.</think><answer>", row.Answer, StringComparison.Ordinal));
        Assert.All(rows.Where(row => row.Type == QuestionType.MultipleChoice), row => Assert.Matches("<answer>[A-D]</answer>$", row.Answer)); // the letter, not the text that was replied
        Assert.Contains($"the judge did not come to the known answer in {dropped}", run.Error, StringComparison.Ordinal);

        // With rationales in place nothing is asked.
        Assert.Equal(8, Curate(folder, "x2x.yaml", "missing", ["--set", "rewrite.only_missing=true", .. judge]).Json.GetProperty("rows").GetInt32());
    }

    [Fact]
    public void Curate_Interrupted_LeavesNoSetAndResumes()
    {
        using var folder = new TemporaryFolder();
        PublishedSets.WriteCoco(folder, 10);
        string[] command = ["data", "curate", folder.File("x2x.yaml"), "--out", folder.File("set"), "--quiet"];
        using var interrupt = new CancellationTokenSource();
        interrupt.Cancel();
        Assert.Equal(Program.Interrupted, CommandLine.RunUntil(interrupt.Token, command).ExitCode);
        Assert.False(Directory.Exists(folder.File("set/data")) || File.Exists(folder.File("set/curation.json")));
        Assert.Equal(0, CommandLine.Run([.. command, "--resume"]).ExitCode);
        Assert.Equal(0, Curate(folder, "x2x.yaml", "whole").ExitCode);
        Assert.Equal(File.ReadAllBytes(folder.File("whole/data/train-00000-of-00001.parquet")), File.ReadAllBytes(folder.File("set/data/train-00000-of-00001.parquet")));
    }

    [Theory]
    [InlineData("sources: {}\nrows: 5\n", "r.yaml: no sources")]
    [InlineData("sources: {a: {format: a_okvqa, path: x}}\nrows: 0\n", "r.yaml: rows is 0, expected 1 to 10,000,000")]
    [InlineData("sources: {a: {format: a_okvqa, path: x}}\nrows: 5\n", "r.yaml: layout x2x needs a section 'prompts' with the captions")]
    [InlineData("layout: mcot\nsources: {a: {format: okvqa, path: x}}\nrows: 5\n", "r.yaml:2: 'sources.a.format' is 'okvqa', expected a_okvqa or gpt_vqa or m3cot or science_qa or arxiv_qa or tabmwp or mavis or geomverse or r_cot")]
    [InlineData("layout: mcot\nsources: {a/b: {format: mavis, path: x}}\nrows: 5\n", "r.yaml: sources: the name 'a/b' has other characters than letters, digits, - and _")]
    [InlineData("layout: mcot\nsources: {a: {format: mavis, path: x.json}}\nrows: 5\n", "x.json: no such file or folder")]
    public void Curate_RecipeThatMakesNoSense_IsOneLine(string recipe, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("r.yaml"), recipe);
        var run = Curate(folder, "r.yaml", "set");
        Assert.Equal((Program.UsersMistake, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public void Curate_FolderInUse_IsRefusedUnlessItIsTheSameSet()
    {
        using var folder = new TemporaryFolder();
        PublishedSets.WriteCoco(folder, 6);
        Assert.Equal(0, Curate(folder, "x2x.yaml", "set").ExitCode);
        Curate(folder, "x2x.yaml", "set").IsMistake($"--out {folder.File("set")}: the folder is not empty; name a new folder, or go on with the set in it with --resume");
        Curate(folder, "x2x.yaml", "set", "--resume", "--seed", "9").IsMistake($"{folder.File("set")}: the set was begun with other settings (its recipe.yaml); name a new --out to make another");
        Assert.Equal(6, Curate(folder, "x2x.yaml", "set", "--resume").Json.GetProperty("rows").GetInt32());
    }

    private static void WriteM3cot(string path, int first, int count, string split)
    {
        int[] rows = [.. Enumerable.Range(first, count)];
        using var file = new ParquetFileWriter(path, [new Column<string>("id"), new Column<string>("question"), new Column<string[]>("choices"), new Column<string>("answer"), new Column<string>("split"), new Column<byte[]>("image")]);
        using var group = file.AppendRowGroup();
        void Write<T>(Func<int, T> value)
        {
            using var column = group.NextColumn().LogicalWriter<T>();
            column.WriteBatch([.. rows.Select(value)]);
        }

        Write(i => $"m-{i}");
        Write(i => $"Why {i}?");
        Write(i => new[] { $"cat {i}", $"dog {i}", $"cow {i}" });
        Write(_ => "B");
        Write(_ => split);
        Write(i => ImageCodec.EncodePng(new RgbImage(i + 1, 1, new byte[3 * (i + 1)])));
        file.Close();
    }

    private static CommandLine Curate(TemporaryFolder folder, string recipe, string name, params string[] more) =>
        CommandLine.Run(["data", "curate", folder.File(recipe), "--out", folder.File(name), "--json", "--quiet", .. more]);

    private static Sample[] Rows(string path)
    {
        using var set = SampleSet.Open(path);
        return [.. Enumerable.Range(0, set.Count).Select(set.Read)];
    }

    private static (string Name, int Rows)[] Taken(CommandLine run) =>
        [.. run.Json.GetProperty("sources").EnumerateObject().Select(source => (source.Name, source.Value.GetProperty("rows").GetInt32()))];
}
