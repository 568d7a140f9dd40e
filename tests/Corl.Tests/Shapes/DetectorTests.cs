using Corl.Shapes;

namespace Corl.Tests.Shapes;

public sealed class DetectorTests
{
    private const double Rounding = 1e-6; // the stored numbers have six decimals

    [Fact]
    public void Detect_EveryRecord_FindsTheStoredObjects()
    {
        foreach (var golden in GoldenRecords.All)
        {
            var found = Detector.Detect(SceneRenderer.Render(ShapesRecord.Of(golden.GetProperty("seed").GetUInt64()).Scene));
            var expected = golden.GetProperty("detected").EnumerateArray().ToArray();
            Assert.Equal(expected.Length, found.Count);
            foreach (var (stored, item) in expected.Zip(found))
            {
                Assert.Equal(stored.GetProperty("shape").GetString(), item.Shape is { } shape ? World.Name(shape) : null);
                Assert.Equal(stored.GetProperty("color").GetString(), item.Color is { } color ? World.Name(color) : null);
                Assert.Equal(stored.Number("cx"), item.CentreX, Rounding);
                Assert.Equal(stored.Number("cy"), item.CentreY, Rounding);
                Assert.Equal(stored.Number("r"), item.Radius, Rounding);
                Assert.Equal(stored.Number("iou"), item.Overlap, Rounding);
            }
        }
    }

    [Fact]
    public void Verdict_EveryRecord_IsTheStoredOne()
    {
        foreach (var golden in GoldenRecords.All)
        {
            var record = ShapesRecord.Of(golden.GetProperty("seed").GetUInt64());
            var found = Detector.Detect(SceneRenderer.Render(record.Scene));
            Assert.Equal(golden.GetProperty("verdict").GetBoolean(), Verdict.Passes(record.Meaning, found));
        }
    }

    [Fact]
    public void Detect_CleanRenders_NamesEveryObjectAndPassesStrictly()
    {
        for (var seed = 1_000_000UL; seed < 1_000_300; seed++)
        {
            var record = ShapesRecord.Of(seed);
            var found = Detector.Detect(SceneRenderer.Render(record.Scene));
            Assert.Equal(
                record.Scene.Objects.Select(o => (o.Shape, o.Color)).Order(),
                found.Select(o => (o.Shape!.Value, o.Color!.Value)).Order());
            Assert.True(Verdict.PassesStrictly(record.Meaning, found));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    public void Detect_FlatImage_FindsNothing(byte level) => Assert.Empty(Detector.Detect(Enumerable.Repeat(level, World.ImageBytes).ToArray()));

    [Fact]
    public void Detect_Noise_NeverThrows()
    {
        var random = new CounterRng(1);
        for (var i = 0; i < 50; i++)
        {
            var pixels = new byte[World.ImageBytes];
            for (var p = 0; p < pixels.Length; p++)
            {
                pixels[p] = (byte)random.Below(256);
            }

            Assert.All(Detector.Detect(pixels), found => Assert.InRange(found.Overlap, 0, 1));
        }
    }

    [Fact]
    public void Verdict_SurplusObject_FailsOnlyTheStrictOne()
    {
        var meaning = new PromptMeaning(PromptKind.Two, [new Wanted(ShapeKind.Star, null, 1), new Wanted(ShapeKind.Circle, ShapeColor.Red, 1)], null);
        Detection star = new(ShapeKind.Star, ShapeColor.Blue, 8, 8, 6, 0.9);
        Detection circle = new(ShapeKind.Circle, ShapeColor.Red, 24, 8, 6, 0.9);
        Detection blob = new(null, null, 8, 24, 6, 0.5);
        Assert.True(Verdict.PassesStrictly(meaning, [star, circle]));
        Assert.True(Verdict.Passes(meaning, [star, circle, blob]));
        Assert.False(Verdict.PassesStrictly(meaning, [star, circle, blob]));
        Assert.False(Verdict.Passes(meaning, [star, circle with { Color = ShapeColor.Pink }]));
    }

    [Fact]
    public void Verdict_Counting_AsksForTheExactNumber()
    {
        var meaning = new PromptMeaning(PromptKind.Counting, [new Wanted(ShapeKind.Star, null, 2)], null);
        Detection star = new(ShapeKind.Star, ShapeColor.Blue, 8, 8, 6, 0.9);
        Assert.False(Verdict.Passes(meaning, [star]));
        Assert.True(Verdict.Passes(meaning, [star, star]));
        Assert.False(Verdict.Passes(meaning, [star, star, star]));
    }

    [Fact]
    public void Verdict_Position_AsksForMoreThanFourPixels()
    {
        var meaning = new PromptMeaning(
            PromptKind.Position, [new Wanted(ShapeKind.Star, null, 1), new Wanted(ShapeKind.Circle, null, 1)], Relation.LeftOf);
        Detection star = new(ShapeKind.Star, ShapeColor.Blue, 10, 8, 6, 0.9);
        Detection circle = new(ShapeKind.Circle, ShapeColor.Red, 14, 24, 6, 0.9);
        Assert.False(Verdict.Passes(meaning, [star, circle]));
        Assert.True(Verdict.Passes(meaning, [star, circle with { CentreX = 14.1 }]));
        Assert.False(Verdict.Passes(meaning, [circle with { Shape = ShapeKind.Star, CentreX = 20 }, star with { Shape = ShapeKind.Circle }]));
    }
}
