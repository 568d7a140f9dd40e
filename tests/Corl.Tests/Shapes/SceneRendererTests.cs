using System.Diagnostics;
using Corl.Shapes;
using SkiaSharp;

namespace Corl.Tests.Shapes;

public sealed class SceneRendererTests
{
    private const int SheetColumns = 20; // images in a row of the stored sheet

    [Fact]
    public void Render_EveryRecord_HasTheStoredSumOfBytes()
    {
        foreach (var golden in GoldenRecords.All)
        {
            var pixels = SceneRenderer.Render(ShapesRecord.Of(golden.GetProperty("seed").GetUInt64()).Scene);
            Assert.Equal(golden.GetProperty("checksum").GetInt64(), pixels.Sum(b => (long)b));
        }
    }

    [Fact]
    public void Render_EveryRecord_EqualsTheStoredImageByteForByte()
    {
        using var sheet = SKBitmap.Decode(GoldenFiles.Path("shapes/sheet.png"));
        for (var i = 0; i < GoldenRecords.All.Count; i++)
        {
            var pixels = SceneRenderer.Render(ShapesRecord.Of(GoldenRecords.All[i].GetProperty("seed").GetUInt64()).Scene);
            for (var p = 0; p < World.Size * World.Size; p++)
            {
                var stored = sheet.GetPixel((i % SheetColumns * World.Size) + (p % World.Size), (i / SheetColumns * World.Size) + (p / World.Size));
                Assert.Equal((stored.Red, stored.Green, stored.Blue), (pixels[p * 3], pixels[(p * 3) + 1], pixels[(p * 3) + 2]));
            }
        }
    }

    [Fact]
    public void Render_TwoThousandRecords_TakesLessThanASecond()
    {
        SceneRenderer.Render(ShapesRecord.Of(0).Scene);
        using var process = Process.GetCurrentProcess();
        var before = process.UserProcessorTime; // a busy machine does not count
        for (var i = 0; i < 2000; i++)
        {
            SceneRenderer.Render(ShapesRecord.Of((ulong)i).Scene);
        }

        process.Refresh();
        Assert.InRange((process.UserProcessorTime - before).TotalSeconds, 0, 1); // measured: 0.1 s on one core; the training pool has 24,000
    }
}
