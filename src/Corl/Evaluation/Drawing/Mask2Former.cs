using Corl.Imaging;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using static TorchSharp.torch;

namespace Corl.Evaluation.Drawing;

/// <summary>
/// GenEval's detector, Mask2Former with Swin-S trained on COCO instances, as an ONNX file of the user's. The graph is the network alone;
/// preparing the image and reading objects off the queries is done here, as mmdetection 2 does. Q queries, C classes, H × W pixels.
/// <list type="bullet">
/// <item>input <c>pixel_values</c>, float32 [1, 3, H, W]; H and W may be open, or fixed to the size that images have after resizing</item>
/// <item>output <c>class_queries_logits</c>, float32 [1, Q, C + 1], "no object" last</item>
/// <item>output <c>masks_queries_logits</c>, float32 [1, Q, h, w], of any smaller size</item>
/// </list>
/// </summary>
internal sealed class Mask2Former : IObjectDetector, IDisposable
{
    private const string Input = "pixel_values", ClassOutput = "class_queries_logits", MaskOutput = "masks_queries_logits";
    private const int LongSide = 1333, ShortSide = 800, Multiple = 32; // of the published configuration
    private const int MostObjects = 100;                                // test_cfg.max_per_image
    private const double Tiny = 1e-6;                                   // keeps the mean over an empty mask finite
    private const int QueriesAtOnce = 25;                               // 100 masks of 800 × 800 would take a gigabyte

    // In bytes, red first; of the published configuration.
    private static readonly float[] Mean = [123.675f, 116.28f, 103.53f], Std = [58.395f, 57.12f, 57.375f];

    private readonly InferenceSession _session;
    private readonly string _path;

    private Mask2Former(InferenceSession session, string path) => (_session, _path) = (session, path);

    public string Name => $"Mask2Former ({Path.GetFileName(_path)})";

    public bool IsOfficial => true;

    public IReadOnlyList<string> Classes => CocoClasses.GenEval;

    /// <summary>Loads a graph and checks its inputs and outputs.</summary>
    /// <param name="path">The ONNX file.</param>
    /// <param name="threads">CPU threads; 0 for ONNX Runtime's choice.</param>
    /// <exception cref="UserException">No such file, no ONNX graph, or other inputs and outputs than expected.</exception>
    public static Mask2Former Load(string path, int threads = 0)
    {
        if (!File.Exists(path))
        {
            throw new UserException($"--detector {Quoted.Line(path)}: no such file; expected an exported Mask2Former (.onnx), recorded detections (.jsonl) or shapes");
        }

        try
        {
            using var options = new SessionOptions { IntraOpNumThreads = threads, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
            var session = new InferenceSession(path, options);
            var detector = new Mask2Former(session, path);
            try
            {
                detector.Check();
                return detector;
            }
            catch
            {
                session.Dispose();
                throw;
            }
        }
        catch (OnnxRuntimeException error)
        {
            throw new UserException($"{Quoted.Line(path)}: cannot be used as an ONNX graph ({Quoted.Line(error.Message)})", error);
        }
    }

    public IReadOnlyList<DetectedObject> Detect(RgbImage image, string file)
    {
        var (width, height) = Scaled(image);
        var (wide, high) = (RoundedUp(width), RoundedUp(height));
        CheckSize(wide, high, image);
        using var results = _session.Run([NamedOnnxValue.CreateFromTensor(Input, Prepared(Resize.Bilinear(image, width, height), wide, high))], [ClassOutput, MaskOutput]);
        var (classes, masks) = (Values(results[0]), Values(results[1]));
        if (classes.Dimensions[2] != Classes.Count + 1 || masks.Dimensions[1] != classes.Dimensions[1])
        {
            throw new UserException($"{Quoted.Line(_path)}: gave {ClassOutput} of [{string.Join(", ", classes.Dimensions.ToArray())}] and {MaskOutput} of [{string.Join(", ", masks.Dimensions.ToArray())}]; expected {Classes.Count + 1} classes and as many masks as queries");
        }

        return Objects(classes, masks, image, (width, height), (wide, high));
    }

    public void Dispose() => _session.Dispose();

    /// <summary>The size that an image is brought to: as large as fits into 1333 × 800, either way round.</summary>
    internal static (int Width, int Height) Scaled(RgbImage image)
    {
        var scale = Math.Min((double)LongSide / Math.Max(image.Width, image.Height), (double)ShortSide / Math.Min(image.Width, image.Height));
        return ((int)((image.Width * scale) + 0.5), (int)((image.Height * scale) + 0.5));
    }

    private static int RoundedUp(int side) => (side + Multiple - 1) / Multiple * Multiple;

    private static Microsoft.ML.OnnxRuntime.Tensors.Tensor<float> Values(DisposableNamedOnnxValue value) => value.AsTensor<float>();

    // [1, 3, high, wide]: normalised, zeros to the right and below.
    private static DenseTensor<float> Prepared(RgbImage image, int wide, int high)
    {
        var input = new DenseTensor<float>([1, 3, high, wide]);
        var values = input.Buffer.Span;
        for (var y = 0; y < image.Height; y++)
        {
            for (var x = 0; x < image.Width; x++)
            {
                for (var c = 0; c < 3; c++)
                {
                    values[(((c * high) + y) * wide) + x] = (image.Pixels[(((y * image.Width) + x) * 3) + c] - Mean[c]) / Std[c];
                }
            }
        }

        return input;
    }

    private List<DetectedObject> Objects(
        Microsoft.ML.OnnxRuntime.Tensors.Tensor<float> classLogits, Microsoft.ML.OnnxRuntime.Tensors.Tensor<float> maskLogits, RgbImage image, (int Width, int Height) scaled, (int Wide, int High) padded)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (queries, count) = (classLogits.Dimensions[1], Classes.Count);
        var likely = tensor(classLogits.ToArray(), [queries, count + 1]).softmax(1).narrow(1, 0, count); // [Q, C]
        var (scores, places) = likely.flatten().topk(Math.Min(MostObjects, queries * count));
        var found = Masks(tensor(maskLogits.ToArray(), [1, queries, maskLogits.Dimensions[2], maskLogits.Dimensions[3]]), image, scaled, padded);
        List<DetectedObject> objects = [];
        foreach (var (score, place) in scores.data<float>().ToArray().Zip(places.data<long>().ToArray()))
        {
            var (query, index) = ((int)(place / count), (int)(place % count));
            objects.Add(new DetectedObject(Classes[index], found[query].Box, score * found[query].Score) { Mask = found[query].Pixels });
        }

        return objects;
    }

    // Of each query its pixels in the original image, how sure they are on average, and the box around them.
    private static List<(bool[] Pixels, float Score, Box Box)> Masks(TorchSharp.torch.Tensor logits, RgbImage image, (int Width, int Height) scaled, (int Wide, int High) padded)
    {
        List<(bool[] Pixels, float Score, Box Box)> all = [];
        foreach (var part in logits.split(QueriesAtOnce, 1))
        {
            using var scope = NewDisposeScope();
            var large = Bilinear(part, padded.High, padded.Wide).narrow(2, 0, scaled.Height).narrow(3, 0, scaled.Width);
            var sized = Bilinear(large, image.Height, image.Width).squeeze(0).flatten(1); // [Q', H·W]
            var isIn = sized > 0;
            var mean = (sized.sigmoid() * isIn).sum(1) / (isIn.sum(1) + Tiny);
            var (pixels, scores) = (isIn.data<bool>().ToArray(), mean.to_type(ScalarType.Float32).data<float>().ToArray());
            for (var i = 0; i < scores.Length; i++)
            {
                var mask = pixels[(i * image.Width * image.Height)..((i + 1) * image.Width * image.Height)];
                all.Add((mask, scores[i], BoxOf(mask, image.Width)));
            }
        }

        return all;
    }

    private static TorchSharp.torch.Tensor Bilinear(TorchSharp.torch.Tensor x, int height, int width) =>
        nn.functional.interpolate(x, size: [height, width], mode: InterpolationMode.Bilinear, align_corners: false);

    private static Box BoxOf(bool[] mask, int width)
    {
        var (left, top, right, bottom) = (int.MaxValue, int.MaxValue, 0, 0);
        for (var i = 0; i < mask.Length; i++)
        {
            if (mask[i])
            {
                (left, top) = (Math.Min(left, i % width), Math.Min(top, i / width));
                (right, bottom) = (Math.Max(right, (i % width) + 1), Math.Max(bottom, (i / width) + 1));
            }
        }

        return right == 0 ? default : new Box(left, top, right, bottom);
    }

    private void Check()
    {
        var classes = (long)Classes.Count + 1;
        Expect(_session.InputMetadata, "input", Input, [1, 3, null, null]);
        if (_session.InputMetadata.Count > 1)
        {
            throw Wrong($"has the inputs {string.Join(", ", _session.InputMetadata.Keys)}; expected {Input} alone");
        }

        Expect(_session.OutputMetadata, "output", ClassOutput, [1, null, classes]);
        Expect(_session.OutputMetadata, "output", MaskOutput, [1, null, null, null]);
    }

    // null: any size. An open size of the graph fits everything.
    private void Expect(IReadOnlyDictionary<string, NodeMetadata> nodes, string kind, string name, long?[] shape)
    {
        if (!nodes.TryGetValue(name, out var node))
        {
            throw Wrong($"has no {kind} {name}; it has {string.Join(", ", nodes.Keys)}");
        }

        var fits = node.IsTensor && node.ElementType == typeof(float) && node.Dimensions.Length == shape.Length && node.Dimensions.Zip(shape).All(pair => pair.First <= 0 || pair.Second is null || pair.First == pair.Second);
        if (!fits)
        {
            throw Wrong($"its {kind} {name} is {node.ElementType?.Name} [{string.Join(", ", node.Dimensions)}]; expected Single [{string.Join(", ", shape.Select(size => size?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "any"))}]");
        }
    }

    private void CheckSize(int wide, int high, RgbImage image)
    {
        var fixedTo = _session.InputMetadata[Input].Dimensions;
        if ((fixedTo[2] > 0 && fixedTo[2] != high) || (fixedTo[3] > 0 && fixedTo[3] != wide))
        {
            throw Wrong($"its input has {fixedTo[3]} × {fixedTo[2]} pixels; an image of {image.Width} × {image.Height} becomes {wide} × {high}; export the graph for that size or with open sizes");
        }
    }

    private UserException Wrong(string problem) => new($"{Quoted.Line(_path)}: {problem} (see docs/drawing-benchmarks.md)");
}
