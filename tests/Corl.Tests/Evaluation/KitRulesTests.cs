using Corl.Evaluation;
using Corl.Evaluation.Judges;
using Corl.Evaluation.Understanding;

namespace Corl.Tests.Evaluation;

/// <summary>Small cases by hand, and the corrections of rules.</summary>
public sealed class KitRulesTests
{
    // Groups of answers to steps → the whole: 11→1 10→1 00→1 11→0 10→0 00→0, and of three steps 111→1 101→1 000→1 111→0 011→0.
    [Fact]
    public async Task WeMath_ElevenGroups_ByHand()
    {
        (string Steps, char Whole)[] groups = [("11", '1'), ("10", '1'), ("00", '1'), ("11", '0'), ("10", '0'), ("00", '0'), ("111", '1'), ("101", '1'), ("000", '1'), ("111", '0'), ("011", '0')];
        List<string> rows = [];
        List<Prediction> predictions = [];
        foreach (var ((steps, whole), group) in groups.Select((group, i) => (group, i)))
        {
            foreach (var (isRight, step) in (steps + whole).Select((right, i) => (right == '1', i)))
            {
                rows.Add($"{rows.Count + 1}\tq\tx\ty\tA\t{group}\t{steps.Length}steps_{(step == steps.Length ? "multi" : $"{step + 1}")}\tRotation");
                predictions.Add(new Prediction($"{rows.Count}") { Text = isRight ? "A" : "B" });
            }
        }

        var values = (await Score("WeMath", "index\tquestion\tA\tB\tanswer\tID\tkey\tknowledge concept", rows, predictions, new KitFixes(Groups: true))).Parts[0].Values;
        double?[] counts = [.. new[] { "InsufficientKnowledge (Strict)", "InadequateGeneralization (Strict)", "CompleteMastery (Strict)", "CompleteMastery (Loose)", "RoteMemorization (Strict)", "RoteMemorization (Loose)" }.Select(name => values[$"{name}, groups"])];
        Assert.Equal([3, 2, 2, 4, 4, 2], counts);
        Assert.Equal("27.27% 45.45% 66.67% 33.33%", string.Join(' ', new[] { "Score (Strict)", "Score (Loose)", "RoteMemorization (Strict)", "RoteMemorization (Loose)" }.Select(name => KitGolden.Percent(values[name]))));
    }

    [Fact]
    public async Task Pope_SixRows_ByHand()
    {
        string[] rows = ["1\tq\tYes\tadversarial,popular,random", "2\tq\tYes\tadversarial,popular,random", "3\tq\tNo\tadversarial", "4\tq\tNo\tpopular,random", "5\tq\tNo\trandom", "6\tq\tYes\tpopular"];
        string[] said = ["Yes", "No", "Yes", "No", "perhaps", "perhaps"];
        var result = await Score("POPE", "index\tquestion\tanswer\tcategory", rows, [.. said.Select((text, i) => new Prediction($"{i + 1}") { Text = text })]);
        string Line(int row) => string.Join(' ', new[] { "Overall", "acc", "precision", "recall" }.Select(column => KitGolden.Percent(result.Parts[row].Values[column])));
        Assert.Equal("54.55% 45.45% 75.00% 42.86%", Line(0));
        Assert.Equal("50.00% 33.33% 50.00% 50.00%", Line(1));
        Assert.Equal("50.00% 50.00% 100.00% 33.33%", Line(2));
        Assert.Equal("66.67% 50.00% 100.00% 50.00%", Line(3));
        Assert.Equal(result.Parts[0].Values["Overall"], result.Overall);
    }

    [Fact]
    public async Task MmVet_SingleCapability_CountsTwiceUnlessCorrected()
    {
        string[] rows = ["1\tq\ta\tocr,math", "2\tq\ta\trec", "3\tq\ta\tocr"];
        Prediction[] predictions = [.. Enumerable.Range(1, 3).Select(i => new Prediction($"{i}") { Text = "x" })];
        async Task<double?> Ocr(KitFixes fixes) =>
            (await Score("MMVet", "index\tquestion\tanswer\tcategory", rows, predictions, fixes, Replies(("mmvet/1", "0.5"), ("mmvet/2", "1"), ("mmvet/3", "0")))).Parts.Single(part => part.Name == "ocr").Values["acc"];
        Assert.Equal(0.5 / 3 * 100, await Ocr(new KitFixes()));
        Assert.Equal(25, await Ocr(new KitFixes(Capabilities: true)));
    }

    [Fact]
    public async Task MathVista_List_IsRightOnlyWhenCorrected()
    {
        string[] rows = ["1\tq\tfree_form\t[2007, 2008]\tlist\t\t\tt\t['s']"];
        async Task<double?> Overall(KitFixes fixes) => (await Score(
            "MathVista_MINI", "index\tquestion\tquestion_type\tanswer\tanswer_type\tanswer_option\tchoices\ttask\tskills", rows, [new("1") { Text = "from 2007 to 2008" }], fixes, Replies(("mathvista/1", "[2007, 2008]")))).Overall;
        Assert.Equal(0, await Overall(new KitFixes()));
        Assert.Equal(100, await Overall(new KitFixes(List: true)));
    }

    [Fact]
    public async Task MathVision_Roots_AreEqualOnlyWhenCorrected()
    {
        string[] rows = ["1\tq\t[]\t\\sqrt{12}\talgebra"];
        async Task<double?> Overall(KitFixes fixes) => (await Score(
            "MathVision", "index\tquestion\tchoices\tanswer\tcategory", rows, [new("1") { Text = "it is 2 root 3" }], fixes, Replies(("mathvision/1", "2\\sqrt{3}")))).Overall;
        Assert.Equal(0, await Overall(new KitFixes()));
        Assert.Equal(100, await Overall(new KitFixes(Symbolic: true)));
    }

    // A judge sees only what exact matching fails, so it can only add hits; one that always says Z adds none.
    [Fact]
    public async Task Choice_WithJudge_IsNeverBelowExact()
    {
        string[] rows = [.. Enumerable.Range(1, 20).Select(i => $"{i}\tq\tcat\tdog\t{(i % 2 == 0 ? "A" : "B")}\tx")];
        Prediction[] predictions = [.. Enumerable.Range(1, 20).Select(i => new Prediction($"{i}") { Text = (i % 4) switch { 0 => "A", 1 => "B", 2 => "neither nor", _ => "B or A" } })];
        const string Columns = "index\tquestion\tA\tB\tanswer\tcategory";
        var exact = (await Score("MMStar", Columns, rows, predictions)).Overall!.Value;
        Assert.Equal(exact, (await Score("MMStar", Columns, rows, predictions, judge: Replies([.. predictions.Select(one => ($"mmstar/{one.Id}", "Z"))]))).Overall);
        Assert.InRange((await Score("MMStar", Columns, rows, predictions, judge: Replies([.. predictions.Select(one => ($"mmstar/{one.Id}", "A"))]))).Overall!.Value, exact + 1, 100);
    }

    private static async Task<BenchmarkResult> Score(string dataSet, string columns, IReadOnlyList<string> rows, IReadOnlyList<Prediction> predictions, KitFixes? fixes = null, Func<string, IJudge>? judge = null)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("data.tsv"), $"{columns}\timage\n{string.Concat(rows.Select(row => $"{row}\t{KitGolden.Image}\n"))}");
        using var data = KitData.Open(KitGolden.Task(dataSet), folder.File("data.tsv"));
        var benchmark = new KitBenchmark(KitGolden.Task(dataSet), data, new KitSettings { Fixes = fixes ?? new() }, judge?.Invoke(folder.File("replies.jsonl")), JudgeProtocol.Open(null));
        return await benchmark.Score(predictions, default);
    }

    private static Func<string, IJudge> Replies(params (string Label, string Text)[] replies) => path =>
    {
        File.WriteAllLines(path, replies.Select(reply => System.Text.Json.JsonSerializer.Serialize(new { label = reply.Label, text = reply.Text })));
        return RecordedJudge.Open(path);
    };
}
