using System.CommandLine;
using Corl.Evaluation.Drawing;
using Corl.Models;
using Corl.Shapes;

namespace Corl.Cli;

/// <summary><c>corl eval geneval</c>.</summary>
internal static class GenEvalCommand
{
    private const string Shapes = "shapes", Example = "corl eval geneval --model ./Janus-Pro-1B --data evaluation_metadata.jsonl --detector mask2former.onnx --clip ./clip-vit-large-patch14 --out runs/geneval";

    private static readonly Option<string?> Detector = new("--detector") { Description = "An exported Mask2Former (.onnx), recorded detections (.jsonl), or shapes for the Shapes world", HelpName = "detector" };
    private static readonly Option<string?> Clip = new("--clip") { Description = "Folder of CLIP ViT-L/14, which tells colours", HelpName = "folder" };
    private static readonly Option<int> PerPrompt = new("--per-prompt") { Description = "Images of each prompt", DefaultValueFactory = _ => 4, HelpName = "n" };
    private static readonly Option<string?> Import = new("--import") { Description = "Only summarise this results.jsonl of the official tool", HelpName = "file" };

    public static Verb Create()
    {
        var verb = new Verb("geneval", "GenEval: objects, their number, colours and places", Example, Run) { Detector, Clip, PerPrompt, Import };
        foreach (var option in DrawingRun.Options)
        {
            verb.Add(option);
        }

        return verb;
    }

    private static int Run(Session session)
    {
        if (session.Value(Import) is { } results)
        {
            return DrawingRun.Imported(session, GenEval.Import(results), results);
        }

        var (kind, judges) = (session.Value(Detector), DrawingRun.Judges(session));
        if (judges && kind is null)
        {
            throw new UserException("GenEval needs a detector: name an exported Mask2Former (.onnx), recorded detections (.jsonl) or shapes with --detector; to draw only, add --draw-only");
        }

        using var detector = judges ? Open(kind!, session) : null;
        using var clip = judges && session.Value(Clip) is { } folder ? ClipModel.Load(folder, session.OpenDevice()) : null;
        using var colors = clip is null ? null : new ClipColors(clip, Path.GetFileName(Path.TrimEndingDirectorySeparator(session.Value(Clip)!)));
        return DrawingRun.Run(session, new GenEval(Prompts(session, kind))
        {
            Root = DrawingRun.Root(session, "geneval"),
            ImagesPerPrompt = session.Value(PerPrompt) is var count and >= 1 and <= 64 ? count : throw new UserException($"--per-prompt {session.Value(PerPrompt)}: expected 1 to 64 images"),
            Detector = detector?.Value,
            Colors = colors,
            CacheFolder = Path.Combine(DrawingRun.Folder(session, "geneval"), "verdicts"),
            Progress = session.Progress,
        });
    }

    private static IReadOnlyList<GenEvalMetadata> Prompts(Session session, string? detector) => (session.Value(DrawingRun.Data), session.Value(DrawingRun.Images)) switch
    {
        ({ } data, _) => GenEvalMetadata.ReadFile(data),
        (null, { } images) => GenEval.PromptsOf(images),
        _ when detector == Shapes => ShapesObjects.Prompts(),
        _ => throw new UserException("name GenEval's evaluation_metadata.jsonl with --data; for the Shapes world: --detector shapes"),
    };

    private static Owned Open(string kind, Session session) => kind switch
    {
        Shapes => new Owned(new ShapesObjects()),
        _ when kind.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase) => new Owned(RecordedDetector.Open(kind)),
        _ => new Owned(Mask2Former.Load(kind, session.Threads ?? 0)),
    };

    // A detector that may hold a native session.
    private sealed record Owned(IObjectDetector Value) : IDisposable
    {
        public void Dispose() => (Value as IDisposable)?.Dispose();
    }
}
