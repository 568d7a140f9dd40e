using System.Text.Json.Nodes;
using Corl.Evaluation.Drawing;
using Corl.Imaging;

namespace Corl.Shapes;

/// <summary>The exact detector of the Shapes world in GenEval's rules: the same decisions, without a network.</summary>
internal sealed class ShapesObjects : IObjectDetector
{
    private const float Sure = 1; // every named blob is there

    private static readonly string[] Tags = ["single_object", "two_object", "counting", "colors", "position", "color_attr"]; // by PromptKind

    public string Name => "Shapes detector";

    public bool IsOfficial => false;

    public IReadOnlyList<string> Classes => World.ShapeNames;

    /// <summary>ShapesEval's prompts in the form of GenEval's prompt file.</summary>
    /// <param name="perTask">Prompts of each task.</param>
    public static IReadOnlyList<GenEvalMetadata> Prompts(int perTask = ShapesEval.PromptsPerTask) =>
        [.. ShapesEval.Prompts(perTask).Select(record => GenEvalMetadata.Parse("ShapesEval", Line(record)))];

    public IReadOnlyList<DetectedObject> Detect(RgbImage image, string file)
    {
        if (image.Width != World.Size || image.Height != World.Size)
        {
            throw new UserException($"{Quoted.Line(file)}: {image.Width} × {image.Height} pixels; the Shapes detector reads images of {World.Size} × {World.Size}");
        }

        return
        [
            .. Detector.Detect(image.Pixels).Where(blob => blob.Shape is not null).Select(blob => new DetectedObject(
                World.Name(blob.Shape!.Value),
                new Box((float)(blob.CentreX - blob.Radius), (float)(blob.CentreY - blob.Radius), (float)(blob.CentreX + blob.Radius), (float)(blob.CentreY + blob.Radius)),
                Sure) { Color = World.Name(blob.Color!.Value) }),
        ];
    }

    private static string Line(ShapesRecord record)
    {
        var meaning = record.Meaning;
        var wanted = meaning.Include.Select(one =>
        {
            var entry = new JsonObject { ["class"] = World.Name(one.Shape), ["count"] = one.Count };
            if (one.Color is { } color)
            {
                entry["color"] = World.Name(color);
            }

            return entry;
        }).ToArray();
        var line = new JsonObject { ["tag"] = Tags[(int)meaning.Kind] };
        if (meaning.Relation is { } relation)
        {
            wanted[0]["position"] = new JsonArray(World.RelationNames[(int)relation], 0); // of the first to the second, which GenEval lists first
            wanted = [wanted[1], wanted[0]];
        }

        line["include"] = new JsonArray([.. wanted]);
        if (meaning.Kind == PromptKind.Counting)
        {
            line["exclude"] = new JsonArray(new JsonObject { ["class"] = World.Name(meaning.Include[0].Shape), ["count"] = meaning.Include[0].Count + 1 });
        }

        line["prompt"] = record.Prompt;
        return line.ToJsonString();
    }
}
