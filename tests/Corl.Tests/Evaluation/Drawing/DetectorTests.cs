using Corl.Evaluation.Drawing;
using Corl.Imaging;
using Corl.Models;
using Corl.Shapes;
using static TorchSharp.torch;

namespace Corl.Tests.Evaluation.Drawing;

public sealed class DetectorTests
{
    private const int Classes = 80, Dog = 16; // place in COCO's order

    // A red rectangle on black. The first mask is the red channel, which is (255 − 123.675)/58.395 = 2.249 inside and −2.118 outside; the
    // second one is its opposite and belongs to nothing.
    [Fact]
    public void Detect_GraphOfOneObject_FindsItsBoxAndScore()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("detector.onnx");
        File.WriteAllBytes(file, OnnxGraph.Of([Logits(Dog), Logits(Classes)], [[1, 0, 0], [-1, 0, 0]]));
        using var detector = Mask2Former.Load(file, threads: 1);
        var image = Rectangle(64, left: 16, top: 8, right: 48, bottom: 40);
        var found = detector.Detect(image, "x.png");

        Assert.Equal(100, found.Count); // the most that are kept, as in mmdetection
        var best = found.MaxBy(one => one.Score)!;
        Assert.Equal(("dog", new Box(16, 8, 48, 40)), (best.Class, best.Box));
        Assert.InRange(best.Mask!.Count(pixel => pixel), (32 * 32) - 4, 32 * 32); // the two resizings may round its corners off
        // e^10/(e^10 + 80) · σ(2.249), less what the soft edge takes off the mean
        Assert.InRange(best.Score, 0.85, 0.9964 * 0.9046);
        Assert.DoesNotContain(found, one => one.Score > 0.3 && one.Class != "dog");
    }

    [Theory]
    [InlineData(384, 384, 800, 800)]
    [InlineData(1000, 500, 1333, 667)] // the long side is what limits it
    [InlineData(300, 400, 800, 1067)]
    public void Scaled_Images_FitThePublishedSize(int width, int height, int expectedWidth, int expectedHeight) =>
        Assert.Equal((expectedWidth, expectedHeight), Mask2Former.Scaled(new RgbImage(width, height, [])));

    [Fact]
    public void Load_OtherFiles_AreRefusedWithWhatIsExpected()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("detector.onnx");
        string Problem() => Assert.Throws<UserException>(() => Mask2Former.Load(file).Dispose()).Message;
        Assert.Contains("no such file", Problem(), StringComparison.Ordinal);
        File.WriteAllText(file, "no graph");
        Assert.Contains("cannot be used as an ONNX graph", Problem(), StringComparison.Ordinal);
        File.WriteAllBytes(file, OnnxGraph.Of([Logits(Dog)], [[1, 0, 0]], classOutput: "logits"));
        Assert.Contains("has no output class_queries_logits; it has logits, masks_queries_logits", Problem(), StringComparison.Ordinal);
        File.WriteAllBytes(file, OnnxGraph.Of([[1, 2, 3]], [[1, 0, 0]]));
        Assert.Contains("its output class_queries_logits is Single [1, 1, 3]; expected Single [1, any, 81]", Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public void CutOut_Mask_LeavesGreyAround()
    {
        var image = Rectangle(4, left: 0, top: 0, right: 4, bottom: 4);
        var mask = new bool[16];
        mask[5] = true; // column 1, row 1
        var cut = ClipColors.CutOut(image, new DetectedObject("dog", new Box(1, 1, 3, 2), 1) { Mask = mask });
        Assert.Equal((2, 1), (cut.Width, cut.Height));
        Assert.Equal([255, 0, 0, 0x99, 0x99, 0x99], cut.Pixels);
        Assert.Equal(255, image.Pixels[0]); // the image itself is as it was
        Assert.Equal((1, 1), ClipColors.CutOut(image, new DetectedObject("dog", new Box(4, 4, 4, 4), 1)) is var least ? (least.Width, least.Height) : default);
    }

    // The definition in double precision: the colour whose three texts point, on average, most in the direction of the image.
    [Fact]
    public void Classify_TinyClip_IsTheDefinition()
    {
        using var clip = ClipModel.Load(GoldenFiles.Path("reward-models/clip/tiny"));
        using var colors = new ClipColors(clip, "tiny");
        Assert.False(colors.IsOfficial);
        var image = Rectangle(40, left: 5, top: 5, right: 30, bottom: 25);
        DetectedObject[] objects = [new("dog", new Box(5, 5, 30, 25), 1), new("dog", new Box(0, 0, 40, 40), 1)];
        using var scope = NewDisposeScope();
        var expected = objects.Select(one =>
        {
            var feature = Unit(clip.ImageFeatures(clip.Input.FromImages([ClipColors.CutOut(image, one)], CPU)).to(float64).data<double>().ToArray());
            return GenEvalRules.Colors.MaxBy(color =>
            {
                string[] texts = [$"a photo of a {color} dog", $"a photo of a {color}-colored dog", $"a photo of a {color} object"];
                var mean = texts.Select(text => Unit(clip.EncodeTexts([text]).to(float64).data<double>().ToArray())).Aggregate((a, b) => [.. a.Zip(b, (x, y) => x + y)]);
                return Unit(mean).Zip(feature, (x, y) => x * y).Sum();
            });
        });
        Assert.Equal(expected, colors.Classify(image, objects));
        Assert.Empty(colors.Classify(image, []));
    }

    [Fact]
    public void Detect_Recording_HasBoxesColorsAndMasks()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("detections.jsonl");
        File.WriteAllLines(file,
        [
            """{"file":"00000/samples/00000.png","class":"dog","score":0.5,"box":[0,0,2,3],"color":"red"}""",
            """{"file":"00000/samples/00000.png","class":"cat","score":0.25,"box":[0,0,2,3],"mask":[1,2,3]}""",
        ]);
        var detector = RecordedDetector.Open(file);
        var found = detector.Detect(new RgbImage(2, 3, new byte[18]), "images/00000/samples/00000.png");
        Assert.Equal([("dog", 0.5f, "red"), ("cat", 0.25f, null)], found.Select(one => (one.Class, one.Score, one.Color)));
        Assert.Equal([false, false, true, false, true, false], found[1].Mask!); // runs go down the columns
        Assert.Throws<UserException>(() => detector.Detect(new RgbImage(2, 2, new byte[12]), "00000/samples/00000.png"));
        Assert.Empty(detector.Detect(new RgbImage(2, 3, new byte[18]), "00001/samples/00000.png"));

        File.WriteAllText(file, """{"file":"x","class":"unicorn","score":0.5,"box":[0,0,2,3]}""");
        Assert.Contains("expected one of the 80 classes of GenEval, found 'unicorn'", Assert.Throws<UserException>(() => RecordedDetector.Open(file)).Message, StringComparison.Ordinal);
    }

    // A scene that a record describes passes, seen through GenEval's rules, as it passes ShapesEval.
    [Fact]
    public void Shapes_TrueScenes_AreCorrectAndOthersAreNot()
    {
        var detector = new ShapesObjects();
        var prompts = ShapesObjects.Prompts(5);
        var records = ShapesEval.Prompts(5);
        Assert.Equal(30, prompts.Count);
        byte[][] images = [.. records.Select(record => SceneRenderer.Render(record.Scene))];
        var found = images.Select(image => detector.Detect(new RgbImage(World.Size, World.Size, image), "x")).ToArray();
        var blobs = images.Select(image => Detector.Detect(image)).ToArray();
        bool Correct(int prompt, int image) => new GenEvalRules().Judge(prompts[prompt], found[image], detector.Classes, objects => [.. objects.Select(one => one.Color!)]).Correct;
        Assert.Equal(["single_object", "two_object", "counting", "colors", "position", "color_attr"], prompts.Select(prompt => prompt.Tag).Distinct());
        for (var i = 0; i < prompts.Count; i++)
        {
            Assert.True(Correct(i, i), records[i].Prompt);
            for (var other = 0; other < prompts.Count; other++)
            {
                Assert.Equal((records[i].Prompt, records[other].Prompt, Verdict.Passes(records[i].Meaning, blobs[other])), (records[i].Prompt, records[other].Prompt, Correct(i, other)));
            }
        }
    }

    private static float[] Logits(int winner)
    {
        var logits = new float[Classes + 1];
        logits[winner] = 10;
        return logits;
    }

    private static RgbImage Rectangle(int side, int left, int top, int right, int bottom)
    {
        var pixels = new byte[side * side * 3];
        for (var y = top; y < bottom; y++)
        {
            for (var x = left; x < right; x++)
            {
                pixels[((y * side) + x) * 3] = byte.MaxValue;
            }
        }

        return new RgbImage(side, side, pixels);
    }

    private static double[] Unit(double[] x) => Math.Sqrt(x.Sum(value => value * value)) is var length ? [.. x.Select(value => value / length)] : x;
}
