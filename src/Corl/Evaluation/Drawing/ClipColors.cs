using Corl.Imaging;
using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Evaluation.Drawing;

/// <summary>
/// Names the colour of objects by CLIP, as GenEval does: around the object everything is grey, and of ten texts about its class the
/// likeliest names the colour.
/// </summary>
/// <param name="model">The model; the caller disposes of it.</param>
/// <param name="name">What results are marked with.</param>
internal sealed class ClipColors(ClipModel model, string name) : IDisposable
{
    private const byte Grey = 0x99; // what the script puts around an object

    private readonly Dictionary<string, Tensor> _vectors = [];

    public string Name => name;

    /// <summary>Whether it has the shape of OpenAI's ViT-L/14.</summary>
    public bool IsOfficial => model.Config is { ImageSize: 224, PatchSize: 14, Projection: 768, Vision: { Width: 1024, QuickGelu: true } };

    /// <summary>The colour of each object.</summary>
    /// <param name="image">The image they are in.</param>
    /// <param name="objects">Objects of one class.</param>
    public IReadOnlyList<string> Classify(RgbImage image, IReadOnlyList<DetectedObject> objects)
    {
        if (objects.Count == 0)
        {
            return [];
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var pixels = model.Input.FromImages([.. objects.Select(one => CutOut(image, one))], model.Device);
        var best = model.ImageFeatures(pixels).matmul(Vectors(objects[0].Class).t()).argmax(1).cpu(); // the features' lengths do not change which is largest
        return [.. best.data<long>().Select(index => GenEvalRules.Colors[index])];
    }

    public void Dispose()
    {
        foreach (var vectors in _vectors.Values)
        {
            vectors.Dispose();
        }
    }

    /// <summary>The object on grey, cut along its box.</summary>
    internal static RgbImage CutOut(RgbImage image, DetectedObject one)
    {
        var pixels = image.Pixels;
        if (one.Mask is { } mask)
        {
            pixels = [.. image.Pixels];
            for (var i = 0; i < mask.Length; i++)
            {
                if (!mask[i])
                {
                    pixels.AsSpan(i * 3, 3).Fill(Grey);
                }
            }
        }

        // Pillow rounds a box's edges; what lies outside the image is black there, and a detector's boxes never do.
        var (left, top) = (Within(one.Box.Left, image.Width - 1), Within(one.Box.Top, image.Height - 1));
        var (right, bottom) = (Math.Max(left + 1, Within(one.Box.Right, image.Width)), Math.Max(top + 1, Within(one.Box.Bottom, image.Height)));
        return DrawnImages.Crop(new RgbImage(image.Width, image.Height, pixels), left, top, right - left, bottom - top);
    }

    private static int Within(float edge, int most) => (int)Math.Clamp(Math.Round((double)edge, MidpointRounding.ToEven), 0, most);

    // [10, P]: for each colour the direction of the mean of three texts' directions.
    private Tensor Vectors(string name)
    {
        if (!_vectors.TryGetValue(name, out var vectors))
        {
            using var scope = NewDisposeScope();
            string[] texts = [.. GenEvalRules.Colors.SelectMany(color => new[] { $"a photo of a {color} {name}", $"a photo of a {color}-colored {name}", $"a photo of a {color} object" })];
            var each = Unit(model.EncodeTexts(texts)).view(GenEvalRules.Colors.Length, -1, model.Config.Projection); // [10, 3, P]
            vectors = Unit(each.mean([1])).DetachFromDisposeScope();
            _vectors[name] = vectors;
        }

        return vectors;
    }

    private static Tensor Unit(Tensor x) => x / x.norm(-1, keepdim: true);
}
