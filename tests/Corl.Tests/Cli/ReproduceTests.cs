using Corl.Cli;
using Corl.Cli.Recipes;
using Corl.Cli.Reproduction;
using Corl.Reports;

namespace Corl.Tests.Cli;

public sealed class ReproduceTests
{
    [Fact]
    public void Runs_EveryOne_BeginsFromEarlierOnesAndHasARecipeInBothWorlds()
    {
        HashSet<string> earlier = [];
        foreach (var run in Experiments.Runs)
        {
            Assert.All(run.From, from => Assert.Contains(from, earlier));
            Assert.True(earlier.Add(run.Name));
            Assert.Equal(run.Kind switch { RunKind.Base => 0, RunKind.Merge => 2, _ => 1 }, run.From.Count);
            foreach (var world in run.Recipe.Length == 0 ? Array.Empty<string>() : ["", "shapes/"])
            {
                TrainingRecipe recipe = run.Kind == RunKind.Sft ? SftRecipe.Load(world + run.Recipe) : Recipe.Load(world + run.Recipe, run.Overrides);
                Assert.Equal(run.Recipe, recipe.Settings.Name);
            }
        }
    }

    [Theory]
    [InlineData("table3")]
    [InlineData("table4")]
    public void Rows_Ablations_AreThoseOfThePaperInItsOrder(string id)
    {
        var (paper, ours) = (PaperTables.Of(id), Experiments.All.Single(experiment => experiment.Id == id));
        Assert.Equal(paper.Rows.Select(row => row.Name), ours.Rows.Select(row => row.Name));
        foreach (var (theirs, row) in paper.Rows.Zip(ours.Rows))
        {
            foreach (var column in ours.Columns) // where the paper has no number, there is no model to measure
            {
                Assert.Equal(paper.Value(theirs.Name, column.StandsFor) is null, row.RunFor(column.Role) is null);
            }
        }
    }

    [Fact]
    public void Needed_FigureAndBothAblations_AreMadeOnceAndTakeLessThanNinetyMinutes()
    {
        var runs = Reproducer.Needed(Experiments.All.Where(experiment => experiment.Id is "fig1" or "table3" or "table4"));
        Assert.Equal(runs.Select(run => run.Name).Distinct(), runs.Select(run => run.Name));
        Assert.Equal(21, runs.Count); // 6 of the pilot with its base; fine-tuning, unified RL and 9 refined; 2 + 2 with one reward; not the merge of Table 2
        var seconds = runs.Where(run => run.Recipe.Length > 0).Sum(run => run.SecondsPerStep * (run.Kind == RunKind.Sft ? (TrainingRecipe)SftRecipe.Load("shapes/" + run.Recipe) : Recipe.Load("shapes/" + run.Recipe)).Settings.TotalSteps(1 << 16));
        Assert.InRange(seconds + (10 * runs.Count), 0, 90 * 60);
    }

    [Fact]
    public void Claims_EveryOne_NamesRowsOfItsTable() =>
        Assert.All(Experiments.All, experiment => Assert.All(experiment.Claims, claim =>
        {
            Assert.Contains(experiment.Rows, row => row.Name == claim.Row);
            Assert.Contains(experiment.Rows, row => row.Name == claim.Than);
        }));

    [Theory]
    [InlineData(60, 50, false, "holds")]            // standard errors of 50 and 60 percent of 100: 5.0 and 4.9; of their difference 7.0
    [InlineData(65, 50, false, "holds")]
    [InlineData(50, 65, false, "does not hold")]
    [InlineData(50, 65, true, "does not hold")]
    [InlineData(60, 50, true, "holds")]
    public void Check_OneSeed_ComparesWithTheErrorOfTheSample(double row, double than, bool isEqual, string verdict)
    {
        var results = Results([[[row]], [[than]]]);
        var outcome = results.Check(new Claim("", "a", "b", null) { IsEqual = isEqual });
        var error = Math.Sqrt(((row * (100 - row)) + (than * (100 - than))) / 100);
        Close.To(error, outcome.Differences.Single().Error, 1e-9);
        Assert.Equal(Math.Abs(row - than) > 2 * error || isEqual ? verdict : "unclear", outcome.Verdict);
    }

    [Fact]
    public void Of_SeveralSeeds_IsTheirMeanWithItsStandardError()
    {
        // 50, 52, 57: mean 53, deviations −3, −1, 4, variance 13, standard error √(13 / 3)
        var measure = Results([[[50, 52, 57]], [[]]]).Of(0, 0)!.Value;
        Close.To(53, measure.Mean, 1e-12);
        Close.To(Math.Sqrt(13 / 3.0), measure.StandardError!.Value, 1e-12);
        Assert.Null(Results([[[50]], [[]]]).Of(1, 0));
        Assert.Equal("not measured", Results([[[50]], [[]]]).Check(new Claim("", "a", "b", null)).Verdict);
    }

    [Fact]
    public void Reproduce_QuickTwice_WritesThePaperFormAndMakesNothingAgain()
    {
        using var folder = new TemporaryFolder();
        string[] command = ["reproduce", "table1", "table2", "--quick", "--out", folder.Path, "--json", "-q"];
        var first = CommandLine.Run(command);
        Assert.Equal((0, ""), (first.ExitCode, first.Error));
        var made = Directory.EnumerateFiles(folder.Path, "summary.json", SearchOption.AllDirectories).ToDictionary(file => file, File.GetLastWriteTimeUtc);
        Assert.Equal(5, made.Count); // unified, three refined, the merge
        var rows = first.Json.GetProperty("experiments")[1].GetProperty("rows");
        Assert.Equal(2, rows.GetArrayLength());
        Assert.All(rows[1].GetProperty("values").EnumerateArray(), value => Assert.InRange(value.GetDouble(), 0, 100));
        Assert.Contains("| ULM-R1 | 42.3 | 47.6 | 21.1 | 43.9 | 88.9 | 34.5 | 42.5 | 25.4 | 22.0 |", File.ReadAllText(folder.File("table2.md")), StringComparison.Ordinal);
        Assert.Equal(1 + (2 * 6), File.ReadAllLines(folder.File("table2.csv")).Length);
        Assert.StartsWith("<svg ", File.ReadAllText(folder.File("table1.svg")), StringComparison.Ordinal);
        Assert.Contains("<svg ", File.ReadAllText(folder.File("reproduce.html")), StringComparison.Ordinal);
        Assert.Equal("run", InspectCommand.Kind(folder.File("seed-0/unified")));

        var second = CommandLine.Run(command);
        Assert.Equal(0, second.ExitCode);
        Assert.Equal(first.Json.GetProperty("experiments").ToString(), second.Json.GetProperty("experiments").ToString());
        Assert.All(made, file => Assert.Equal(file.Value, File.GetLastWriteTimeUtc(file.Key)));
        CommandLine.Run([.. command, "--set", "beta=0.5"]).IsMistake($"{folder.File("seed-0/unified")}: the run was made with other settings, now 'beta: 0.5'; a resumed run must be the same run; name a new --out to start another");
    }

    [Fact]
    public void Reproduce_RealModelAndData_TrainsOnTheNamedSetsAndReadsResultsOfEval()
    {
        using var folder = new TemporaryFolder();
        foreach (var set in new[] { "x2x_rft_22k", "x2x_rft_16k" })
        {
            Directory.CreateDirectory(folder.File($"data/{set}"));
            Assert.Equal(0, CommandLine.Run("data", "shapes", "6", "--out", folder.File($"data/{set}/train.parquet")).ExitCode);
        }

        var (model, output) = (GoldenFiles.Path("janus/tiny/native"), folder.File("out"));
        string[] command = ["reproduce", "table1", "--quick", "--set", "group_size=2", "--set", "max_completion_length=4", "--model", model, "--data", folder.File("data"), "--out", output, "--json", "-q"];
        var first = CommandLine.Run(command);
        Assert.Equal(0, first.ExitCode);
        Assert.Contains($"no result yet: corl eval geneval --model {Path.Combine(output, "seed-0/unified-refined-t2i/policy")} --out {Path.Combine(output, "seed-0/unified-refined-t2i/eval/geneval")}", first.Error, StringComparison.Ordinal);
        Assert.Contains($"{Path.Combine(folder.File("data"), "x2x_rft_16k")}", File.ReadAllText(Path.Combine(output, "seed-0/unified-refined-t2i/run.json")), StringComparison.Ordinal);

        foreach (var (run, overall) in new[] { ("baseline", "0.73"), ("unified-refined-t2i", "0.77") })
        {
            var results = Directory.CreateDirectory(Path.Combine(output, $"seed-0/{run}/eval/geneval"));
            File.WriteAllText(Path.Combine(results.FullName, "result.json"), $"{{\"benchmark\": \"geneval\", \"overall\": {overall}}}");
        }

        var rows = CommandLine.Run(command).Json.GetProperty("experiments")[0].GetProperty("rows");
        Close.To(73, rows[0].GetProperty("values")[0].GetDouble(), 1e-9);
        Close.To(77, rows[1].GetProperty("values")[0].GetDouble(), 1e-9);
        CommandLine.Run("reproduce", "table3", "--model", model, "--data", folder.File("data"), "--out", folder.File("other"), "-q")
            .IsMistake($"--data {folder.File("data")}: expected a folder mcot_r1_mcq in it, with the rows that cold-sft trains on");
        CommandLine.Run("reproduce", "table9").IsMistake("unknown figure or table 'table9'; did you mean 'table1'?");
        CommandLine.Run("reproduce", "table1", "--model", model).IsMistake("--model and --data belong together: a real model trains on the paper's data sets; without both the Shapes world is used");
    }

    private static ExperimentResults Results(double[][][] cells) => new(
        new Experiment("table4", "", [new("a", "x"), new("b", "y")], [], []), [new ResultColumn("share", "share", ColumnRole.Image, 100)], cells);
}
