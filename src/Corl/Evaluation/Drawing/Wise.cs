using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Corl.Evaluation.Judges;
using Corl.Imaging;

namespace Corl.Evaluation.Drawing;

/// <summary>
/// WISE (Niu et al. 2025): a thousand prompts that need knowledge of the world; a judge that sees the picture and the explanation grades
/// consistency, realism and aesthetic quality.
/// </summary>
/// <param name="prompts">The prompts.</param>
/// <param name="checksum">Of the data.</param>
/// <param name="isPublished">Whether the data are the published files.</param>
internal sealed class Wise(IReadOnlyList<WisePrompt> prompts, string checksum, bool isPublished) : IDrawingBenchmark
{
    /// <summary>The official judge.</summary>
    public const string OfficialJudge = "gpt-4o-2024-05-13";

    /// <summary>Name of the file of grades in the form of the official tool.</summary>
    public const string ScoresFile = "wise-scores.jsonl";

    private const int Tries = 3, MaxTokens = 2000; // of the official script

    private readonly Dictionary<string, WisePrompt> _prompts = prompts.ToDictionary(prompt => WiseData.IdOf(prompt.Id));
    private SortedDictionary<int, WiseGrade> _grades = [];

    public string Name => "wise";

    public string Profile => AnyDigit ? "official" : "checked";

    public int ImagesPerPrompt => 1;

    /// <summary>What prediction paths start from.</summary>
    public required string Root { get; init; }

    /// <summary>Who grades; null where only drawing is asked for.</summary>
    public IJudge? Judge { get; init; }

    public JudgeProtocol Protocol { get; init; } = JudgeProtocol.Open(null);

    /// <summary>Takes 3 to 9 for grades, as the official script does; otherwise such a reply is of no use.</summary>
    public bool AnyDigit { get; init; }

    public string DataChecksum => checksum;

    public IReadOnlyList<EvalItem> Items { get; } = [.. prompts.Select(prompt => new EvalItem(WiseData.IdOf(prompt.Id), prompt.Prompt))];

    public IReadOnlyList<string> Save(string folder, EvalItem item, IReadOnlyList<RgbImage> images)
    {
        DrawnImages.Write(Path.Combine(folder, $"{item.Id}.png"), images[0]);
        return [$"{item.Id}.png"];
    }

    public IReadOnlyList<string> Find(string folder, EvalItem item) => File.Exists(Path.Combine(folder, $"{item.Id}.png")) ? [$"{item.Id}.png"] : [];

    /// <summary>The scores in files of the official tool.</summary>
    public static BenchmarkResult Import(IReadOnlyList<string> files)
    {
        var table = new WiseTable();
        foreach (var file in files)
        {
            table.AddFile(file);
        }

        return Result(table, "checked", [], [.. table.Skipped]);
    }

    public async Task<BenchmarkResult> Score(IReadOnlyList<Prediction> predictions, CancellationToken interrupt)
    {
        var judge = Judge ?? throw new UserException("WISE is defined by its judge: name one that sees images with --judge; the images are drawn, the official script reads them too");
        var grades = new ConcurrentBag<WiseGrade>();
        var limit = new ParallelOptions { MaxDegreeOfParallelism = judge.AtOnce, CancellationToken = interrupt };
        await Parallel.ForEachAsync(predictions, limit, async (prediction, cancel) =>
        {
            var prompt = _prompts.GetValueOrDefault(prediction.Id) ?? throw new UserException($"the prediction of {Quoted.Name(prediction.Id)} belongs to no prompt");
            grades.Add(await Grade(judge, prompt, prediction, cancel));
        });
        _grades = new SortedDictionary<int, WiseGrade>(grades.ToDictionary(grade => grade.Prompt.Id));
        var table = new WiseTable();
        foreach (var (id, grade) in _grades.Where(pair => pair.Value.Rating is not null))
        {
            table.Add(id, grade.Rating!);
        }

        var model = judge.Model ?? OfficialJudge;
        return Result(table, Profile, [.. _grades.Values.Where(grade => grade.Rating is not null).Select(Verdict)], Notes(predictions.Count)) with
        {
            Judge = $"{model}, protocol {Protocol.Name}",
            IsProxy = model != OfficialJudge || Protocol.IsParaphrase,
        };
    }

    public IReadOnlyList<string> WriteOfficial(string folder)
    {
        var (scores, full) = (Path.Combine(folder, ScoresFile), Path.Combine(folder, "wise-full.json"));
        var graded = _grades.Values.Where(grade => grade.Rating is not null).ToArray();
        AtomicFile.WriteText(scores, string.Concat(graded.Select(grade => JsonSerializer.Serialize(new
        {
            prompt_id = grade.Prompt.Id,
            grade.Prompt.Subcategory,
            consistency = grade.Rating!.Consistency,
            realism = grade.Rating.Realism,
            aesthetic_quality = grade.Rating.AestheticQuality,
        }, PlainStyle) + "\n")));
        AtomicFile.WriteText(full, JsonSerializer.Serialize(graded.Select(grade => new
        {
            prompt_id = grade.Prompt.Id,
            prompt = grade.Prompt.Prompt,
            key = grade.Prompt.Explanation,
            image_path = grade.File,
            evaluation = grade.Replies[^1],
        }), PlainStyle) + "\n");
        return [scores, full];
    }

    /// <summary>Asks up to three times for three grades. A judge that is not there uses up a try, and is never a grade.</summary>
    internal async Task<WiseGrade> Grade(IJudge judge, WisePrompt prompt, Prediction prediction, CancellationToken cancel)
    {
        var file = prediction.Files is { Count: 1 } files ? files[0] : throw new UserException($"the prediction of {Quoted.Name(prediction.Id)} has no image, or several; WISE judges one");
        var request = Request(prompt, DrawnImages.Read(Path.Combine(Root, file))) with { Model = judge.Model ?? OfficialJudge };
        List<string> replies = [];
        JudgeUnavailableException? unavailable = null;
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            try
            {
                var reply = (await judge.AskAsync(request with { Attempt = attempt }, cancel)).Text;
                replies.Add(reply);
                if (WiseRating.Read(reply) is { } rating && (AnyDigit || rating.IsInRange))
                {
                    return new WiseGrade(prompt, file, rating, replies);
                }
            }
            catch (JudgeUnavailableException error)
            {
                unavailable = error;
            }
        }

        return unavailable is null ? new WiseGrade(prompt, file, null, replies) : throw unavailable;
    }

    /// <summary>The question about an image.</summary>
    internal JudgeRequest Request(WisePrompt prompt, byte[] png) => new()
    {
        Label = $"wise/{prompt.Id}",
        Model = OfficialJudge,
        MaxTokens = MaxTokens,
        Messages =
        [
            new JudgeMessage(JudgeRole.System, Protocol.Fill("wise/system")),
            new JudgeMessage(JudgeRole.User, Protocol.Fill("wise/user", ("prompt", prompt.Prompt), ("explanation", prompt.Explanation))) { Images = [png] },
        ],
    };

    private static ItemVerdict Verdict(WiseGrade grade) => new(
        WiseData.IdOf(grade.Prompt.Id),
        grade.Rating!.Score,
        string.Create(CultureInfo.InvariantCulture, $"consistency {grade.Rating.Consistency}, realism {grade.Rating.Realism}, aesthetic quality {grade.Rating.AestheticQuality}"))
    {
        Question = grade.Prompt.Prompt,
        Truth = grade.Prompt.Explanation,
        Files = [grade.File],
        Groups = [WiseCategory.Of(grade.Prompt.Id)!.Name],
        JudgeReplies = grade.Replies,
    };

    private List<string> Notes(int scored)
    {
        List<string> notes = [];
        if (!isPublished)
        {
            notes.Add($"the prompts are not the three published files, which have {WiseCategory.Prompts}");
        }

        if (scored < Items.Count)
        {
            notes.Add($"{scored} of {Items.Count} prompts have an image");
        }

        if (_grades.Values.Where(grade => grade.Rating is null).ToArray() is { Length: > 0 } without)
        {
            notes.Add($"{without.Length} replies could not be read in {Tries} tries: {string.Join(", ", without.Take(20).Select(grade => grade.Prompt.Id))}{(without.Length > 20 ? ", …" : "")}");
        }

        return notes;
    }

    private static BenchmarkResult Result(WiseTable table, string profile, IReadOnlyList<ItemVerdict> verdicts, IReadOnlyList<string> notes)
    {
        ScoreRow[] parts = [.. table.Categories.Select(part => new ScoreRow(part.Category.Name, new() { ["wiscore"] = part.Mean, ["items"] = part.Count }))];
        List<string> all = [.. notes];
        if (table.Missing() is { Count: > 0 } missing)
        {
            all.Add($"no overall score: {missing.Count} of {WiseCategory.Prompts} prompts have no grades");
        }

        return new BenchmarkResult("wise", profile, table.Overall, parts, verdicts) { Notes = all };
    }

    private static readonly JsonSerializerOptions PlainStyle = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}

/// <summary>What a judge made of an image.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="File">The image.</param>
/// <param name="Rating">The grades; null when no reply could be read.</param>
/// <param name="Replies">All replies.</param>
internal sealed record WiseGrade(WisePrompt Prompt, string File, WiseRating? Rating, IReadOnlyList<string> Replies);
