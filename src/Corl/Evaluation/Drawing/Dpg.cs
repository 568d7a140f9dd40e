using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Corl.Evaluation.Judges;
using Corl.Imaging;

namespace Corl.Evaluation.Drawing;

/// <summary>
/// DPG-Bench (Hu et al. 2024): long prompts, four images of each in one picture of 2 × 2 cells, and a model that answers a list of
/// questions about every cell.
/// </summary>
/// <param name="items">The prompts.</param>
/// <param name="checksum">Of the data.</param>
/// <param name="rules">Whose rules.</param>
internal sealed class Dpg(IReadOnlyList<DpgItem> items, string checksum, DpgRules rules) : IDrawingBenchmark
{
    /// <summary>What <c>--judge-model</c> calls the official model, whose answers can only be recorded elsewhere.</summary>
    public const string OfficialModel = "mplug";

    /// <summary>Name of the file with each image's scores in the form of the official tool.</summary>
    public const string ResultsFile = "dpg-results.txt";

    private const int OfficialPrompts = 1065;
    private const int Tries = 3;      // ours, for models that answer in sentences
    private const int MaxTokens = 16; // room for "yes" with an excuse
    private const int Side = 2;       // cells in a row of the picture

    private readonly Dictionary<string, DpgItem> _items = items.ToDictionary(item => item.Id);
    private IReadOnlyList<DpgScore> _scores = [];
    private int _unclear;

    public string Name => "dpg";

    public string Profile => rules == DpgRules.Official ? "official" : "fixed";

    public int ImagesPerPrompt { get; init; } = Side * Side; // the official protocol's

    /// <summary>What prediction paths start from.</summary>
    public required string Root { get; init; }

    /// <summary>Who answers; null where only drawing is asked for.</summary>
    public IJudge? Judge { get; init; }

    public JudgeProtocol Protocol { get; init; } = JudgeProtocol.Open(null);

    public string DataChecksum => checksum;

    public IReadOnlyList<EvalItem> Items { get; } = [.. items.Select(item => new EvalItem(item.Id, item.Prompt))];

    public IReadOnlyList<string> Save(string folder, EvalItem item, IReadOnlyList<RgbImage> images)
    {
        DrawnImages.Write(Path.Combine(folder, $"{item.Id}.png"), images.Count == 1 ? images[0] : Picture(images));
        return [$"{item.Id}.png"];
    }

    public IReadOnlyList<string> Find(string folder, EvalItem item) => File.Exists(Path.Combine(folder, $"{item.Id}.png")) ? [$"{item.Id}.png"] : [];

    public async Task<BenchmarkResult> Score(IReadOnlyList<Prediction> predictions, CancellationToken interrupt)
    {
        var judge = Judge ?? throw new UserException("DPG-Bench needs a model that answers questions about images: name one with --judge; the images are drawn, the official program reads them too");
        var model = judge.Model ?? throw new UserException($"name the model that answers with --judge-model: {OfficialModel} for recorded answers of the official one, else its own name");
        _unclear = 0;
        var scores = new ConcurrentDictionary<string, DpgScore>();
        var limit = new ParallelOptions { MaxDegreeOfParallelism = judge.AtOnce, CancellationToken = interrupt };
        await Parallel.ForEachAsync(predictions, limit, async (prediction, cancel) =>
        {
            var item = _items.GetValueOrDefault(prediction.Id) ?? throw new UserException($"the prediction of {Quoted.Name(prediction.Id)} belongs to no prompt");
            scores[item.Id] = new DpgScore(item, await Answers(judge, model, item, DrawnImages.FilesOf(Root, prediction)[0], cancel));
        });
        _scores = [.. items.Where(item => scores.ContainsKey(item.Id)).Select(item => scores[item.Id])];
        var table = new DpgTable(_scores, rules);
        ScoreRow[] parts =
        [
            .. table.Broad.Select(part => new ScoreRow(part.Category, new() { ["score"] = part.Score, ["answers"] = part.Count })),
            .. table.Detailed.Where(part => table.Broad.All(broad => broad.Category != part.Category)).Select(part => new ScoreRow(part.Category, new() { ["score"] = part.Score, ["answers"] = part.Count })),
        ];
        var files = predictions.ToDictionary(prediction => prediction.Id, prediction => prediction.Files!);
        return new BenchmarkResult(Name, Profile, table.Overall, parts, [.. _scores.Where(score => score.Scores is not null).Select(score => Verdict(score, files[score.Item.Id]))])
        {
            Judge = model == OfficialModel ? "mPLUG-large, recorded" : $"DPG-like ({model}), protocol {Protocol.Name}",
            IsProxy = model != OfficialModel,
            Notes = Notes(table, predictions.Count),
        };
    }

    public IReadOnlyList<string> WriteOfficial(string folder)
    {
        var file = Path.Combine(folder, ResultsFile);
        var table = new DpgTable(_scores, rules);
        var text = new StringBuilder();
        foreach (var score in _scores.Where(score => score.Scores is not null))
        {
            text.Append(CultureInfo.InvariantCulture, $"{score.Item.Id}.png, {string.Join(", ", score.Cells.Append(score.Image).Select(Number))}\n");
        }

        text.Append("L1 category scores:\n");
        Append(text, table.Broad);
        text.Append("L2 category scores:\n");
        Append(text, table.Detailed);
        text.Append(CultureInfo.InvariantCulture, $"DPG-Bench score: {Number(table.Overall ?? double.NaN)}\n");
        AtomicFile.WriteText(file, text.ToString());
        return [file];
    }

    /// <summary>Yes or no; null for neither. The official model's answer counts when it is "yes" to the letter.</summary>
    internal static bool? Read(string reply, bool exact)
    {
        if (exact)
        {
            return reply == "yes";
        }

        var word = new string([.. reply.SkipWhile(c => !char.IsLetter(c)).TakeWhile(char.IsLetter)]);
        return word.ToLowerInvariant() switch
        {
            "yes" => true,
            "no" => false,
            _ => null,
        };
    }

    /// <summary>The question about a cell.</summary>
    internal JudgeRequest Request(string model, DpgItem item, int cell, DpgQuestion question, byte[] png) => new()
    {
        Label = string.Create(CultureInfo.InvariantCulture, $"dpg/{item.Id}/{cell}/{question.Id}"),
        Model = model,
        MaxTokens = MaxTokens,
        Messages = [new JudgeMessage(JudgeRole.User, Protocol.Fill("dpg/question", ("question", question.Text))) { Images = [png] }],
    };

    // [cells][questions]
    private async Task<IReadOnlyList<IReadOnlyList<bool>>> Answers(IJudge judge, string model, DpgItem item, string file, CancellationToken cancel)
    {
        List<bool[]> answers = [];
        foreach (var (cell, png) in Cells(file).Index())
        {
            var yes = new bool[item.Questions.Count];
            for (var i = 0; i < yes.Length; i++)
            {
                yes[i] = await Ask(judge, Request(model, item, cell, item.Questions[i], png), cancel);
            }

            answers.Add(yes);
        }

        return answers;
    }

    private async Task<bool> Ask(IJudge judge, JudgeRequest request, CancellationToken cancel)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            if (Read((await judge.AskAsync(request with { Attempt = attempt }, cancel)).Text, request.Model == OfficialModel) is { } yes)
            {
                return yes;
            }
        }

        Interlocked.Increment(ref _unclear);
        return false; // as the official program takes everything that is not "yes"
    }

    // The cells as PNG files: top left, top right, bottom left, bottom right.
    private List<byte[]> Cells(string file)
    {
        var bytes = DrawnImages.Read(file);
        if (ImagesPerPrompt == 1)
        {
            return [bytes];
        }

        var picture = ImageCodec.Decode(bytes, file);
        if (picture.Width != picture.Height || picture.Width % Side != 0)
        {
            throw new UserException($"{Quoted.Line(file)}: {picture.Width} × {picture.Height} pixels; expected a square of {Side} × {Side} images; for one image of each prompt: --per-prompt 1");
        }

        var side = picture.Width / Side;
        return [.. Enumerable.Range(0, Side * Side).Select(cell => ImageCodec.EncodePng(DrawnImages.Crop(picture, cell % Side * side, cell / Side * side, side, side)))];
    }

    private static RgbImage Picture(IReadOnlyList<RgbImage> images)
    {
        var side = images[0].Width;
        var pixels = new byte[Side * side * Side * side * 3];
        for (var cell = 0; cell < images.Count; cell++)
        {
            for (var y = 0; y < side; y++)
            {
                var at = ((((cell / Side * side) + y) * Side * side) + (cell % Side * side)) * 3;
                images[cell].Pixels.AsSpan(y * side * 3, side * 3).CopyTo(pixels.AsSpan(at));
            }
        }

        return new RgbImage(Side * side, Side * side, pixels);
    }

    private static ItemVerdict Verdict(DpgScore score, IReadOnlyList<string> files)
    {
        var wrong = score.Item.Questions.Index().Where(pair => score.Scores!.Any(cell => cell[pair.Index] == 0)).Select(pair => $"{pair.Item.Text} ({score.Scores!.Count(cell => cell[pair.Index] == 1)} of {score.Scores!.Count})");
        return new ItemVerdict(score.Item.Id, score.Image, string.Join("; ", wrong) is { Length: > 0 } list ? $"not in every cell: {list}" : "yes to every question")
        {
            Question = score.Item.Prompt,
            Files = files,
            Groups = [.. score.Item.Questions.Select(question => question.BroadCategory).Distinct()],
        };
    }

    private List<string> Notes(DpgTable table, int scored)
    {
        List<string> notes = [];
        if (items.Count is not (OfficialPrompts or OfficialPrompts - 1))
        {
            notes.Add($"the data have {items.Count} prompts; the published file has {OfficialPrompts}");
        }

        if (scored < items.Count)
        {
            notes.Add($"{scored} of {items.Count} prompts have an image");
        }

        if (table.Failed.Count > 0)
        {
            notes.Add($"left out, because a question names one that is not there: {string.Join(", ", table.Failed.Take(20))}");
        }

        if (_unclear > 0)
        {
            notes.Add($"{_unclear} questions had neither yes nor no for an answer in {Tries} tries and count as no");
        }

        return notes;
    }

    private static void Append(StringBuilder text, IReadOnlyList<(string Category, double Score, int Count)> parts)
    {
        foreach (var (category, score, _) in parts)
        {
            text.Append(CultureInfo.InvariantCulture, $"\t{category}: {Number(score)}\n");
        }
    }

    // As Python writes a float.
    private static string Number(double value) => value == Math.Floor(value) ? value.ToString("0.0", CultureInfo.InvariantCulture) : value.ToString("R", CultureInfo.InvariantCulture);
}
