using Corl.Imaging;
using Corl.Models;
using Corl.Shapes;
using static TorchSharp.torch;

namespace Corl.Tests.Models;

/// <summary>
/// The first captioner and perceptual network of the Shapes world, in the layout that they were trained in. Their weights stand beside
/// the full golden sets; expected ids, scores and distance were computed from the weights in double precision by a plain program.
/// </summary>
public sealed class ShapesNetworksTests
{
    private static readonly string Weights = Path.Combine(GoldenFiles.FullSets ?? "", "../shapes/weights");

    [Theory]
    [InlineData(0, new[] { 4, 8, 24, 17, 5, 6, 20, 29, 9, 6, 27, 34, 3 }, "an orange diamond, a green square and a red triangle")]
    [InlineData(1, new[] { 4, 6, 12, 34, 21, 23, 6, 26, 13, 3 }, "a blue triangle left of a purple circle")]
    [InlineData(2, new[] { 4, 36, 25, 30, 9, 6, 25, 29, 3 }, "two pink squares and a pink square")]
    [InlineData(5, new[] { 4, 6, 27, 17, 3 }, "a red diamond")]
    [InlineData(8, new[] { 4, 6, 26, 31, 21, 23, 6, 11, 15, 3 }, "a purple star left of a black cross")]
    public void Caption_FirstCaptioner_WritesItsCaptions(int seed, int[] ids, string caption)
    {
        using var scope = NewDisposeScope();
        using var captioner = Captioner();
        var image = Pixels(ShapesRecord.Of((ulong)seed));
        Assert.Equal(ids, captioner.CaptionIds(image)[0]);
        Assert.Equal(caption, captioner.Caption(image)[0]);
    }

    [Fact]
    public void Logits_FirstCaptioner_EqualsThePlainProgram()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var captioner = Captioner();
        var image = captioner.EncodeImages(captioner.Input.FromPixels(Pixels(ShapesRecord.Of(0))));
        var logits = captioner.Logits(tensor(new long[] { 4 }).unsqueeze(0), image)[0, 0, 5..9];
        Tensors.Close(tensor(new[] { -0.20288318568609576, 10.707060984842984, -1.8974476722261895, 17.476443384023018 }), logits, 1e-4);
    }

    [Fact]
    public void Caption_CleanScenes_IsExactAsOftenAsMeasured()
    {
        // docs/shapes.md §8: .94 of clean free scenes; four standard errors of 200 samples are .07.
        using var scope = NewDisposeScope();
        using var captioner = Captioner();
        ShapesRecord[] records = [.. Enumerable.Range(0, 200).Select(seed => ShapesRecord.Of((ulong)seed))];
        var captions = captioner.Caption(cat([.. records.Select(Pixels)]));
        Assert.True(captions.Zip(records).Count(pair => pair.First == SceneCaption.Of(pair.Second.Scene.Objects)) >= 174);
    }

    [Fact]
    public void Save_FirstCaptioner_BecomesAHuggingFaceDirectory()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var captioner = Captioner();
        captioner.Save(folder.Path);
        using var saved = BlipCaptioner.Load(folder.Path);
        var images = cat([.. Enumerable.Range(0, 20).Select(seed => Pixels(ShapesRecord.Of((ulong)seed)))]);
        Assert.Equal(captioner.Caption(images), saved.Caption(images));
    }

    [Fact]
    public void Distance_FirstPerceptualNetwork_EqualsThePlainProgram()
    {
        SkipWithoutWeights();
        using var scope = NewDisposeScope();
        using var lpips = Lpips.Load(Path.Combine(Weights, "perceptual"));
        var (a, b) = (Pattern((x, y, c) => (7 * x) + (13 * y) + (29 * c)), Pattern((x, y, c) => (11 * x) + (5 * y) + (17 * c) + 40));
        Assert.Equal(0.1928903365914716f, lpips.Distance(a, b).item<float>(), 1e-5f);
    }

    private static BlipCaptioner Captioner()
    {
        SkipWithoutWeights();
        return BlipCaptioner.Load(Path.Combine(Weights, "captioner"));
    }

    private static void SkipWithoutWeights() => Assert.SkipUnless(GoldenFiles.FullSets is not null && Directory.Exists(Weights), "the full golden sets are not here");

    private static Tensor Pattern(Func<int, int, int, int> level) =>
        tensor(Enumerable.Range(0, 3 * 32 * 32).Select(i => (level(i % 32, i / 32 % 32, i / 1024) % 256 / 127.5f) - 1).ToArray(), [1, 3, 32, 32]);

    // [1, 3, 32, 32] in [−1, 1]
    private static Tensor Pixels(ShapesRecord record) => (ImageInput.AsTensor(new RgbImage(32, 32, SceneRenderer.Render(record.Scene))).unsqueeze(0).to_type(ScalarType.Float32) / 127.5) - 1;
}
