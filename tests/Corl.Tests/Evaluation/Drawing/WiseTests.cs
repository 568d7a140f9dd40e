using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Corl.Evaluation;
using Corl.Evaluation.Drawing;
using Corl.Evaluation.Judges;
using Corl.Imaging;

namespace Corl.Tests.Evaluation.Drawing;

/// <summary>Replies, tries, tables and messages of the official scripts (legacy protocol).</summary>
public sealed partial class WiseTests
{
    [Fact]
    public void Read_EveryReply_HasTheOfficialGrades()
    {
        var count = 0;
        foreach (var row in JsonLines.Read(GoldenFiles.Path("graders/wise/judge_replies.jsonl")))
        {
            var reply = row.GetProperty("reply").GetString()!;
            var grades = row.GetProperty("scores").EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetDouble());
            Assert.Equal(grades, WiseRating.Grades(reply));
            var rating = WiseRating.Read(reply);
            Assert.Equal(row.GetProperty("complete").GetBoolean(), rating is not null);
            if (rating is not null)
            {
                Assert.Equal(row.GetProperty("wiscore").GetDouble(), rating.Score, 1e-9);
            }

            count++;
        }

        Assert.True(count >= 200);
    }

    [Fact]
    public void Score_EveryCombination_IsTheOfficialOne()
    {
        foreach (var row in JsonLines.Read(GoldenFiles.Path("graders/wise/wiscore.jsonl")))
        {
            double Grade(string name) => row.GetProperty(name).GetDouble();
            Assert.Equal(Grade("wiscore"), new WiseRating(Grade("consistency"), Grade("realism"), Grade("aesthetic_quality")).Score, 1e-9);
        }

        Assert.Equal(1, WiseCategory.All.Sum(category => category.Weight), 1e-12);
        Assert.Equal(WiseCategory.Prompts, WiseCategory.All.Sum(category => category.Last - category.First + 1));
    }

    [Fact]
    public async Task Grade_QueuesOfReplies_AreTriedAsOfficially()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("7.png"), ImageCodec.EncodePng(new RgbImage(1, 1, [1, 2, 3])));
        foreach (var row in JsonLines.Read(GoldenFiles.Path("graders/wise/retries.jsonl")))
        {
            var file = folder.File("replies.jsonl");
            File.WriteAllLines(file, row.GetProperty("replies").EnumerateArray().Select(reply => $$"""{"label":"wise/7","text":{{reply.GetRawText()}}}"""));
            var judge = RecordedJudge.Open(file);
            var wise = new Wise([new WisePrompt(7, "a prompt", "why", "sub")], "", isPublished: false) { Root = folder.Path, Judge = judge, AnyDigit = true };
            var prediction = new Prediction("7") { Files = ["7.png"] };
            WiseGrade? grade = null;
            try
            {
                grade = await wise.Grade(judge, new WisePrompt(7, "a prompt", "why", "sub"), prediction, CancellationToken.None);
            }
            catch (JudgeUnavailableException)
            {
                // The official script passes the item over; a judge that did not answer must not do that silently.
                Assert.Contains(row.GetProperty("replies").EnumerateArray().Take(3), reply => reply.ValueKind == JsonValueKind.Null);
            }

            var expected = row.GetProperty("score");
            Assert.Equal(row.GetProperty("status").GetString() == "ok", grade?.Rating is not null);
            Assert.Equal(row.GetProperty("calls").GetInt32(), judge.Usage.Counts.Reused);
            if (grade?.Rating is { } rating)
            {
                Assert.Equal((expected.GetProperty("consistency").GetDouble(), expected.GetProperty("realism").GetDouble(), expected.GetProperty("aesthetic_quality").GetDouble()), (rating.Consistency, rating.Realism, rating.AestheticQuality));
            }

            var request = wise.Request(new WisePrompt(7, "", "", ""), []);
            Assert.Equal((row.GetProperty("temperature").GetDouble(), row.GetProperty("max_tokens").GetInt32()), (request.Temperature, request.MaxTokens));
        }
    }

    [Fact]
    public async Task Grade_AboveTwo_IsNoGradeUnlessOfficial()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("7.png"), ImageCodec.EncodePng(new RgbImage(1, 1, [1, 2, 3])));
        File.WriteAllText(folder.File("replies.jsonl"), """{"label":"wise/7","text":"Consistency: 5\nRealism: 1\nAesthetic Quality: 1"}""");
        var judge = RecordedJudge.Open(folder.File("replies.jsonl"));
        var prompt = new WisePrompt(7, "a prompt", "why", "sub");
        foreach (var (anyDigit, score) in new (bool, double?)[] { (true, 1.9), (false, null) })
        {
            var wise = new Wise([prompt], "", isPublished: false) { Root = folder.Path, Judge = judge, AnyDigit = anyDigit };
            var rating = (await wise.Grade(judge, prompt, new Prediction("7") { Files = ["7.png"] }, CancellationToken.None)).Rating;
            Assert.Equal(score, rating is null ? null : Math.Round(rating.Score, 9));
        }
    }

    [Fact]
    public void Tables_Files_HaveTheOfficialMeans()
    {
        using var folder = new TemporaryFolder();
        foreach (var row in JsonLines.Read(GoldenFiles.Path("graders/wise/tables.jsonl")))
        {
            string[] files = [.. row.GetProperty("files").EnumerateArray().Select((file, i) => Write(folder.File($"{i}.jsonl"), file))];
            var whole = new WiseTable();
            foreach (var (file, segment) in files.Zip(row.GetProperty("segments").EnumerateArray()))
            {
                whole.AddFile(file);
                var alone = new WiseTable();
                alone.AddFile(file);
                var category = row.GetProperty("category").GetString();
                if (segment.ValueKind == JsonValueKind.Null) // refused because prompts of the named part are missing
                {
                    Assert.Equal(("science", 1), (category, alone.Missing(701, 1000).Count));
                    continue;
                }

                Assert.Equal(segment.EnumerateObject().Count(), alone.Categories.Count);
                foreach (var (part, mean, count) in alone.Categories)
                {
                    var expected = segment.GetProperty(part.Name);
                    Assert.Equal(expected.GetProperty("mean").GetDouble(), mean, 1e-9);
                    Assert.Equal(expected.GetProperty("count").GetInt32(), count);
                }
            }

            CheckPrinted(row.GetProperty("printed").GetString()!, whole);
        }
    }

    // Category means C .30 T .40 S .45 B .25 P .35 Ch .20, by hand: .12 + .0668 + .05985 + .08 = .32665.
    [Fact]
    public void Overall_IsWeightedByPrompts_AndNeedsAllOfThem()
    {
        (int First, int Last, double Mean)[] parts = [(1, 400, 0.30), (401, 567, 0.40), (568, 700, 0.45), (701, 800, 0.25), (801, 900, 0.35), (901, 1000, 0.20)];
        var table = new WiseTable();
        foreach (var (first, last, mean) in parts)
        {
            for (var id = first; id <= last; id++)
            {
                Assert.Null(table.Overall);
                table.Add(id, new WiseRating(mean * 2, mean * 2, mean * 2));
            }
        }

        Assert.Equal(0.32665, table.Overall!.Value, 1e-12);
    }

    [Fact]
    public void Request_Messages_HaveTheOfficialStructure()
    {
        using var folder = new TemporaryFolder();
        foreach (var row in GoldenJson.Read("graders/wise/messages.json").EnumerateArray())
        {
            var prompt = new WisePrompt(1, row.GetProperty("Prompt").GetString()!, row.GetProperty("Explanation").GetString()!, "");
            var messages = new Wise([prompt], "", isPublished: false) { Root = "" }.Request(prompt, [65, 66, 67]).Messages;
            Assert.Equal(row.GetProperty("roles").EnumerateArray().Select(role => role.GetString()), messages.Select(message => message.Role.ToString().ToLowerInvariant()));
            Assert.Equal(row.GetProperty("part_types").EnumerateArray().Select(parts => parts.GetArrayLength()), messages.Select(message => 1 + message.Images.Count));
            Assert.Contains(row.GetProperty("variable_part").GetString()!, messages[1].Text, StringComparison.Ordinal);
            if (row.TryGetProperty("user_text", out var text)) // only where the protocol's own words are at hand
            {
                var (system, user) = (row.GetProperty("system_text").GetString()!, text.GetString()!);
                Directory.CreateDirectory(folder.File("wise"));
                File.WriteAllText(folder.File("wise/system.txt"), system);
                File.WriteAllText(folder.File("wise/user.txt"), user.Replace(row.GetProperty("variable_part").GetString()!, "PROMPT: \"{prompt}\"\nEXPLANATION: \"{explanation}\"", StringComparison.Ordinal));
                var own = new Wise([prompt], "", isPublished: false) { Root = "", Protocol = JudgeProtocol.Open(folder.Path) }.Request(prompt, []).Messages;
                Assert.Equal([system, user], own.Select(message => message.Text));
            }
        }
    }

    private static string Write(string path, JsonElement file)
    {
        if (file.TryGetProperty("lines", out var lines))
        {
            File.WriteAllLines(path, lines.EnumerateArray().Select(line => line.GetString()!));
        }
        else
        {
            string[] names = [.. file.GetProperty("columns").EnumerateArray().Select(name => name.GetString()!)];
            File.WriteAllLines(path, file.GetProperty("rows").EnumerateArray().Select(row => $"{{{string.Join(", ", row.EnumerateArray().Select((value, i) => $"\"{names[i]}\": {value.GetInt32()}"))}}}"));
        }

        return path;
    }

    // The printed summary: each category at two decimals, the overall score, or the prompts that are missing.
    private static void CheckPrinted(string printed, WiseTable table)
    {
        foreach (Match match in Category().Matches(printed.Split("Aggregated Category Scores:")[^1]))
        {
            if (printed.Contains("Aggregated", StringComparison.Ordinal))
            {
                var (_, mean, count) = table.Categories.Single(part => part.Category.Name == match.Groups[1].Value);
                Assert.Equal((match.Groups[2].Value, match.Groups[3].Value), (mean.ToString("F2", CultureInfo.InvariantCulture), $"{count}"));
            }
        }

        var overall = Regex.Match(printed, @"^Overall WiScore: ([\d.]+)$", RegexOptions.Multiline);
        if (overall.Success)
        {
            Assert.Equal(overall.Groups[1].Value, table.Overall!.Value.ToString("F2", CultureInfo.InvariantCulture));
        }
        else
        {
            Assert.Null(table.Overall);
        }

        if (Regex.Match(printed, @"^Missing IDs: \[(.*)\]$", RegexOptions.Multiline) is { Success: true } missing)
        {
            Assert.Equal(missing.Groups[1].Value, string.Join(", ", table.Missing()));
        }
    }

    [GeneratedRegex(@"Category: (\w+)\s+Average WiScore: ([\d.]+)\s+Number of samples: (\d+)")]
    private static partial Regex Category();
}
