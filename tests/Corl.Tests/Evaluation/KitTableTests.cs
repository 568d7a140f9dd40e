using System.Text.Json;
using Corl.Evaluation;
using Corl.Evaluation.Judges;
using Corl.Evaluation.Understanding;

namespace Corl.Tests.Evaluation;

/// <summary>Whole tables of the nine benchmarks against those that the kit printed, exact and with recorded judges, to the last digit.</summary>
public sealed class KitTableTests
{
    public static IEnumerable<TheoryDataRow<string, string, string>> Cases =>
        from file in Directory.EnumerateFiles(GoldenFiles.Path("graders/vlmeval/tables"), "*.json").Order(StringComparer.Ordinal)
        from mode in Read(Path.GetFileNameWithoutExtension(file)).GetProperty("results").EnumerateObject()
        from profile in new[] { KitProfiles.May2025, KitProfiles.Head }
        select new TheoryDataRow<string, string, string>(Path.GetFileNameWithoutExtension(file), mode.Name, profile);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Score_GoldenTable_EqualsTheKits(string name, string mode, string profile)
    {
        var golden = Read(name);
        var expected = golden.GetProperty("results").GetProperty(mode);
        using var folder = new TemporaryFolder();
        using var set = new GoldenSet(golden, folder.File("data.tsv"));
        var kit = KitProfiles.Parse(profile);
        var judge = mode == "judge" ? set.Judge(expected, kit, folder.File("protocol")) : null;
        var benchmark = set.Benchmark(kit, judge, mode == "judge" ? folder.File("protocol") : null);
        if (!set.Task.IsExactWithoutJudge && judge is null)
        {
            var error = await Assert.ThrowsAsync<UserException>(() => benchmark.Score(set.Predictions, default));
            Assert.Contains("has no official rules without a judge", error.Message, StringComparison.Ordinal);
            Assert.Equal(JsonValueKind.Null, expected.GetProperty("scores").ValueKind); // the kit returns nothing, too
            return;
        }

        var result = await benchmark.Score(set.Predictions, default);
        if (judge is not null)
        {
            Assert.Empty(judge.Differences);
            Assert.Equal(KitGolden.Of(expected.GetProperty("judge_calls"), kit).EnumerateObject().Sum(item => item.Value.GetArrayLength()), judge.Asked);
        }

        if (expected.TryGetProperty("error", out var failed)) // the kit divides by zero; the rate is not defined
        {
            Assert.StartsWith("ZeroDivisionError", failed.GetString(), StringComparison.Ordinal);
            Assert.Equal((null, 0), (result.Parts[0].Values["RoteMemorization (Strict)"], result.Verdicts.Sum(verdict => verdict.Score)));
            return;
        }

        CompareTables(KitGolden.Of(expected.GetProperty("scores"), kit), result, tolerance: 0);
        if (expected.TryGetProperty("scores_fine", out var fine))
        {
            CompareTables(KitGolden.Of(fine, kit), result, tolerance: 1e-13); // was read from text by pandas' fast parser, which may miss the last digit
        }

        CompareRows(KitGolden.Of(expected.GetProperty("rows"), kit), result);
    }

    [Fact]
    public async Task Score_AnyOrderOfPredictions_IsTheSame()
    {
        var golden = Read("MMMU");
        using var folder = new TemporaryFolder();
        using var set = new GoldenSet(golden, folder.File("data.tsv"));
        var benchmark = set.Benchmark(KitProfile.May2025, null, null);
        var (one, other) = (await benchmark.Score(set.Predictions, default), await benchmark.Score([.. set.Predictions.Reverse()], default));
        Assert.Equal(JsonSerializer.Serialize(one), JsonSerializer.Serialize(other));
        var error = await Assert.ThrowsAsync<UserException>(() => benchmark.Score([new Prediction("none such") { Text = "A" }], default));
        Assert.Equal("MMMU: prediction 'none such' belongs to no item of the data", error.Message);
    }

    [Fact]
    public async Task Score_WithoutJudge_StandsInOnlyWhenAllowedAndSaysSo()
    {
        foreach (var name in new[] { "MMVet", "LogicVista", "MathVista", "MathVerse", "MathVision" })
        {
            using var folder = new TemporaryFolder();
            using var set = new GoldenSet(Read(name), folder.File("data.tsv"));
            var benchmark = new KitBenchmark(set.Task, set.Data, new KitSettings { AllowsProxy = true }, judge: null, JudgeProtocol.Open(null));
            var result = await benchmark.Score(set.Predictions, default);
            Assert.True(result.IsProxy);
            Assert.Contains(result.Notes, note => note.StartsWith("scored by a stand-in", StringComparison.Ordinal));
            Assert.InRange(result.Overall!.Value, 1, 99);
        }
    }

    private static JsonElement Read(string name) => GoldenJson.Read($"graders/vlmeval/tables/{name}.json");

    private static void CompareTables(JsonElement scores, BenchmarkResult result, double tolerance)
    {
        foreach (var row in scores.EnumerateArray())
        {
            var first = row.EnumerateObject().First();
            var own = result.Parts.Single(part => part.Name == (first.Value.GetString() ?? "Overall"));
            foreach (var cell in row.EnumerateObject().Skip(1))
            {
                Assert.True(own.Values.TryGetValue(cell.Name, out var value), $"{own.Name} has no {cell.Name}");
                if (cell.Value.ValueKind == JsonValueKind.String) // WeMath prints its numbers: "1.71% (9)"
                {
                    var count = own.Values.TryGetValue($"{cell.Name}, groups", out var groups) ? $" ({groups})" : "";
                    Assert.Equal(cell.Value.GetString(), KitGolden.Percent(value) + count);
                }
                else
                {
                    Assert.Equal(GoldenJson.Number(cell.Value), value ?? double.NaN, tolerance);
                }
            }
        }
    }

    private static void CompareRows(JsonElement rows, BenchmarkResult result)
    {
        var verdicts = result.Verdicts.ToDictionary(verdict => verdict.Id);
        foreach (var row in rows.EnumerateObject())
        {
            var verdict = verdicts[row.Name];
            foreach (var cell in row.Value.EnumerateObject())
            {
                switch (cell.Name)
                {
                    case "hit" or "score":
                        var score = cell.Value.ValueKind switch { JsonValueKind.True => 1, JsonValueKind.False => 0, _ => cell.Value.GetDouble() };
                        Assert.Equal((row.Name, score), (row.Name, verdict.Score));
                        break;
                    case "res" when cell.Value.ValueKind == JsonValueKind.Number:
                        Assert.Equal(cell.Value.GetDouble(), Cell.Of(verdict.Extracted).Real());
                        break;
                    case "extracted" or "extract":
                        Assert.Equal((row.Name, cell.Value.GetString()), (row.Name, verdict.Extracted));
                        break;
                    default:
                        break;
                }
            }
        }
    }
}
