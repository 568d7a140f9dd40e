using System.Text;
using Corl.Imaging;

namespace Corl.Evaluation.Drawing;

/// <summary>
/// Detections that were made elsewhere, as JSON lines of one object each: {"file", "class", "score", "box": [left, top, right, bottom]},
/// and "color" where it is known, or "mask", the run lengths of COCO's uncompressed encoding.
/// </summary>
internal sealed class RecordedDetector : IObjectDetector
{
    private const int MaxLineBytes = 1 << 24; // ours: a mask of 768 × 768 pixels has some kilobytes
    private readonly Dictionary<string, List<DetectedObject>> _objects = [];
    private readonly Dictionary<DetectedObject, int[]> _runs = new(ReferenceEqualityComparer.Instance);

    private RecordedDetector(string name) => Name = name;

    public string Name { get; }

    public bool IsOfficial => true; // who recorded them says so

    public IReadOnlyList<string> Classes => CocoClasses.GenEval;

    /// <summary>Reads a recording.</summary>
    /// <exception cref="UserException">A line is malformed; names the line.</exception>
    public static RecordedDetector Open(string path)
    {
        var detector = new RecordedDetector($"recorded detections of {Path.GetFileName(path)}");
        foreach (var (number, line) in File.ReadLines(path, Encoding.UTF8).Index())
        {
            if (line.Length > MaxLineBytes)
            {
                throw new UserException($"{Quoted.Line(path)}: line {number + 1} has {line.Length} characters; at most {MaxLineBytes} are read");
            }

            if (!string.IsNullOrWhiteSpace(line))
            {
                detector.Add(JsonAt.Parse($"{path}: line {number + 1}", Encoding.UTF8.GetBytes(line)));
            }
        }

        return detector;
    }

    public IReadOnlyList<DetectedObject> Detect(RgbImage image, string file)
    {
        // Recordings name files as the layout does; the run's folder may stand before it.
        var name = _objects.ContainsKey(file) ? file : string.Join('/', file.Split('/')[^Math.Min(3, file.Split('/').Length)..]);
        return [.. _objects.GetValueOrDefault(name, []).Select(one => _runs.TryGetValue(one, out var runs) ? one with { Mask = Mask(runs, image, file) } : one)];
    }

    private void Add(JsonAt line)
    {
        float[] box = [.. line["box"].Items().Take(5).Select(edge => (float)edge.Number())];
        var name = line["class"].Text();
        if (box.Length != 4 || box.Any(edge => !float.IsFinite(edge)))
        {
            throw line["box"].Error("expected [left, top, right, bottom] in pixels");
        }

        if (!CocoClasses.GenEval.Contains(name))
        {
            throw line["class"].Error($"expected one of the {CocoClasses.GenEval.Count} classes of GenEval, found {Quoted.Name(name)}");
        }

        var one = new DetectedObject(name, new Box(box[0], box[1], box[2], box[3]), (float)line["score"].Number())
        {
            Color = line.Find("color")?.Text(),
        };
        if (line.Find("mask") is { } mask)
        {
            _runs[one] = [.. mask.Items().Select(run => run.Integer(0, int.MaxValue))];
        }

        var file = line["file"].Text();
        if (!_objects.TryGetValue(file, out var objects))
        {
            _objects[file] = objects = [];
        }

        objects.Add(one);
    }

    // Lengths of alternating runs of 0 and 1, down the columns.
    private static bool[] Mask(int[] runs, RgbImage image, string file)
    {
        var pixels = new bool[image.Width * image.Height];
        long at = 0;
        for (var i = 0; i < runs.Length; at += runs[i++])
        {
            if (at + runs[i] > pixels.Length)
            {
                break;
            }

            for (var k = at; i % 2 == 1 && k < at + runs[i]; k++)
            {
                pixels[((k % image.Height) * image.Width) + (k / image.Height)] = true;
            }
        }

        return runs.Sum(run => (long)run) == pixels.Length
            ? pixels
            : throw new UserException($"{Quoted.Line(file)}: a recorded mask covers {runs.Sum(run => (long)run)} pixels, the image has {pixels.Length}");
    }
}
