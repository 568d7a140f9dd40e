using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Corl.Imaging;

namespace Corl.Evaluation.Drawing;

/// <summary>
/// GenEval (Ghosh et al. 2023): 553 prompts about objects, their number, colours and places; a detector looks whether they are there.
/// </summary>
/// <param name="prompts">The prompt file.</param>
internal sealed partial class GenEval(IReadOnlyList<GenEvalMetadata> prompts) : IDrawingBenchmark
{
    /// <summary>Name of the file with a verdict for every image, in the form of the official tool.</summary>
    public const string ResultsFile = "geneval-results.jsonl";

    private const int OfficialPrompts = 553;
    private const string OfficialSha256 = "5c48e0813e812e3c373fa5c8ed07a8f0a483be30272b4427b0559c8048e67c13"; // prompts/evaluation_metadata.jsonl at af4902f
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(10);

    private IReadOnlyList<GenEvalRow> _rows = [];

    public string Name => "geneval";

    public string Profile => "geneval";

    public int ImagesPerPrompt { get; init; } = 4; // the official protocol's

    /// <summary>What prediction paths start from.</summary>
    public required string Root { get; init; }

    /// <summary>Who looks at the images; null where only drawing is asked for.</summary>
    public IObjectDetector? Detector { get; init; }

    /// <summary>Who tells colours that the detector does not know.</summary>
    public ClipColors? Colors { get; init; }

    public GenEvalRules Rules { get; init; } = new();

    /// <summary>Where verdicts are kept; null: nowhere.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Told how far the detector is.</summary>
    public Action<string> Progress { get; init; } = _ => { };

    public string DataChecksum { get; } = DrawnImages.Sha256(Encoding.UTF8.GetBytes(string.Concat(prompts.Select(prompt => prompt.Line + "\n"))));

    public IReadOnlyList<EvalItem> Items { get; } = [.. prompts.Select((prompt, i) => new EvalItem(IdOf(i), prompt.Prompt))];

    /// <summary>The prompts of a folder of images in the official layout, in which each folder has its line of the prompt file.</summary>
    public static IReadOnlyList<GenEvalMetadata> PromptsOf(string images)
    {
        List<GenEvalMetadata> found = [];
        for (var file = Path.Combine(images, IdOf(0), "metadata.jsonl"); File.Exists(file); file = Path.Combine(images, IdOf(found.Count), "metadata.jsonl"))
        {
            found.Add(GenEvalMetadata.ReadFile(file) is [var one] ? one : throw new UserException($"{Quoted.Line(file)}: expected one line"));
        }

        return found.Count > 0 ? found : throw new UserException($"{Quoted.Line(images)}: has no {IdOf(0)}/metadata.jsonl; expected GenEval's layout, or name the prompt file with --data");
    }

    /// <summary>The scores in a results.jsonl of the official tool.</summary>
    public static BenchmarkResult Import(string file) => Result(GenEvalRow.ReadFile(file), row => Folder().Match(row.Filename) is { Success: true } match ? match.Groups[1].Value : row.Filename);

    public IReadOnlyList<string> Save(string folder, EvalItem item, IReadOnlyList<RgbImage> images)
    {
        AtomicFile.WriteText(Path.Combine(folder, item.Id, "metadata.jsonl"), Prompt(item).Line + "\n");
        string[] files = [.. images.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"{item.Id}/samples/{i:D5}.png"))];
        for (var i = 0; i < images.Count; i++)
        {
            DrawnImages.Write(Path.Combine(folder, files[i]), images[i]);
        }

        return files;
    }

    public IReadOnlyList<string> Find(string folder, EvalItem item)
    {
        var (samples, line) = (Path.Combine(folder, item.Id, "samples"), Path.Combine(folder, item.Id, "metadata.jsonl"));
        if (File.Exists(line) && GenEvalMetadata.ReadFile(line)[0].Prompt is var prompt && prompt != item.Prompt)
        {
            throw new UserException($"{Quoted.Line(line)}: the images were made for {Quoted.Name(prompt)}, the prompt file has {Quoted.Name(item.Prompt)} there; do they belong together?");
        }

        return Directory.Exists(samples)
            ? [.. Directory.GetFiles(samples).Select(Path.GetFileName).OfType<string>().Where(name => Digits().IsMatch(name)).Order(StringComparer.Ordinal).Select(name => $"{item.Id}/samples/{name}")]
            : [];
    }

    public Task<BenchmarkResult> Score(IReadOnlyList<Prediction> predictions, CancellationToken interrupt)
    {
        var detector = Detector ?? throw new UserException("GenEval needs a detector: name an exported Mask2Former, recorded detections or shapes with --detector; the images are drawn, the official scorer reads them too");
        CheckClasses(detector);
        var byId = predictions.ToDictionary(prediction => prediction.Id);
        var images = Items.Where(item => byId.ContainsKey(item.Id)).SelectMany(item => byId[item.Id].Files ?? [], (item, file) => (Item: item, File: file)).ToArray();
        if (byId.Keys.Except(Items.Select(item => item.Id)).FirstOrDefault() is { } unknown)
        {
            throw new UserException($"the prediction of {Quoted.Name(unknown)} belongs to no prompt");
        }

        var label = Colors is null ? detector.Name : $"{detector.Name}, colours by {Colors.Name}";
        var cache = CacheFolder is null ? null : new GenEvalCache(CacheFolder, label, Rules);
        List<GenEvalRow> rows = [];
        var last = DateTime.UtcNow;
        foreach (var (item, file) in images)
        {
            interrupt.ThrowIfCancellationRequested();
            rows.Add(Judge(detector, cache, Prompt(item), file));
            if (DateTime.UtcNow - last > ProgressEvery)
            {
                last = DateTime.UtcNow;
                Progress($"geneval: {rows.Count} of {images.Length} images judged");
            }
        }

        if (rows.Count == 0)
        {
            throw new UserException("GenEval: there are no images to judge");
        }

        _rows = rows;
        var ids = images.Zip(rows).ToDictionary(pair => pair.Second, pair => pair.First.Item.Id);
        return Task.FromResult(Result(rows, row => ids[row]) with
        {
            Judge = label,
            IsProxy = !detector.IsOfficial,
            Notes = Notes(byId.Count),
        });
    }

    public IReadOnlyList<string> WriteOfficial(string folder)
    {
        var file = Path.Combine(folder, ResultsFile);
        AtomicFile.WriteText(file, string.Concat(_rows.Select(row => row.ToJson() + "\n")));
        return [file];
    }

    private GenEvalRow Judge(IObjectDetector detector, GenEvalCache? cache, GenEvalMetadata prompt, string file)
    {
        var path = Path.Combine(Root, file);
        var bytes = DrawnImages.Read(path);
        var key = cache?.Key(bytes, prompt);
        if (key is not null && cache!.Find(key) is { } known)
        {
            return known with { Filename = file };
        }

        var image = ImageCodec.Decode(bytes, path, applyOrientation: true); // as the script does
        var found = detector.Detect(image, file);
        var row = GenEvalRow.Of(file, prompt, Rules.Judge(prompt, found, detector.Classes, objects => ColorsOf(image, objects)));
        if (key is not null)
        {
            cache!.Store(key, row);
        }

        return row;
    }

    private IReadOnlyList<string> ColorsOf(RgbImage image, IReadOnlyList<DetectedObject> objects) =>
        objects.All(one => one.Color is not null)
            ? [.. objects.Select(one => one.Color!)]
            : (Colors ?? throw new UserException("GenEval's prompts about colours need CLIP: name the folder of ViT-L/14 with --clip")).Classify(image, objects);

    private static BenchmarkResult Result(IReadOnlyList<GenEvalRow> rows, Func<GenEvalRow, string> idOf)
    {
        var summary = new GenEvalSummary([.. rows.Select(row => row.Outcome)]);
        ScoreRow[] parts =
        [
            .. summary.Tasks.Select(task => new ScoreRow(task.Tag, new() { ["score"] = (double)task.Correct / task.Images, ["correct"] = task.Correct, ["images"] = task.Images })),
            new("images", new() { ["score"] = summary.CorrectImages, ["correct"] = rows.Count(row => row.Correct), ["images"] = rows.Count }),
            new("prompts", new() { ["score"] = summary.CorrectPrompts }),
        ];
        var verdicts = rows.GroupBy(idOf).Select(images => new ItemVerdict(
            images.Key,
            images.Average(row => row.Correct ? 1.0 : 0),
            string.Join("; ", images.Select(row => $"{Path.GetFileName(row.Filename)}: {(row.Correct ? "correct" : row.Reason.Replace("\n", ", ", StringComparison.Ordinal))}")))
        {
            Question = images.First().Prompt,
            Files = [.. images.Select(row => row.Filename)],
            Groups = [images.First().Tag],
        });
        return new BenchmarkResult("geneval", "geneval", summary.Overall, parts, [.. verdicts]);
    }

    private List<string> Notes(int scored)
    {
        List<string> notes = [];
        if (DataChecksum != OfficialSha256)
        {
            notes.Add($"the prompts are not the published file, which has {OfficialPrompts}");
        }

        if (scored < Items.Count)
        {
            notes.Add($"{scored} of {Items.Count} prompts have images");
        }

        if (Colors is { IsOfficial: false })
        {
            notes.Add($"colours by {Colors.Name}; the protocol's is OpenAI's ViT-L/14");
        }

        return notes;
    }

    // An object of a class that the detector does not know would never be found, silently.
    private void CheckClasses(IObjectDetector detector)
    {
        var wanted = prompts.SelectMany(prompt => prompt.Include.Select(entry => entry.Class).Concat(prompt.Exclude.Select(entry => entry.Class))).Distinct();
        if (wanted.Except(detector.Classes).FirstOrDefault() is { } unknown)
        {
            throw new UserException($"the prompts ask for {Quoted.Name(unknown)}, which {detector.Name} does not know; it knows {detector.Classes.Count} classes such as {string.Join(", ", detector.Classes.Take(3))}");
        }
    }

    private GenEvalMetadata Prompt(EvalItem item) => prompts[int.Parse(item.Id, CultureInfo.InvariantCulture)];

    private static string IdOf(int place) => place.ToString("D5", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\d+\.png$")]
    private static partial Regex Digits();

    [GeneratedRegex(@"([^/\\]+)[/\\]samples[/\\][^/\\]+$")]
    private static partial Regex Folder();
}
