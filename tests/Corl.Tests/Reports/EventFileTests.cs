using System.Text;
using System.Text.Json;
using Corl.Reports;

namespace Corl.Tests.Reports;

/// <summary>TensorBoard events: what our reader finds in PyTorch's file, and what it finds in ours.</summary>
public sealed class EventFileTests
{
    [Fact]
    public void Reader_PyTorchsFile_FindsWhatTensorBoardFinds()
    {
        var golden = JsonDocument.Parse(File.ReadAllBytes(GoldenFiles.Path("formats/tensorboard/events.json"))).RootElement;
        var (version, events) = EventReader.Read(GoldenFiles.Path($"formats/tensorboard/{golden.GetProperty("file").GetString()}"));
        JsonElement[] expected = [.. golden.GetProperty("events").EnumerateArray()];
        Assert.Equal(expected[0].GetProperty("file_version").GetString(), version);
        Assert.Equal(expected.Length - 1, events.Count);
        foreach (var (item, read) in expected.Skip(1).Zip(events))
        {
            Assert.Equal(item.GetProperty("step").GetInt64(), read.Step);
            Assert.Equal(item.GetProperty("wall_time").GetDouble(), read.WallTime);
            Assert.Equal(item.GetProperty("tag").GetString(), read.Tag);
            switch (item.GetProperty("kind").GetString())
            {
                case "simple_value":
                    Assert.Equal(item.GetProperty("value") is { ValueKind: JsonValueKind.String } word ? word.GetString() == "NaN" ? float.NaN : float.PositiveInfinity : item.GetProperty("value").GetSingle(), read.Value);
                    break;
                case "image":
                    Assert.Equal((item.GetProperty("width").GetInt64(), item.GetProperty("height").GetInt64(), item.GetProperty("sha256").GetString()!), read.Image);
                    break;
                case "tensor":
                    Assert.Equal(item.GetProperty("text")[0].GetString(), read.Text);
                    break;
            }
        }
    }

    [Fact]
    public void Checksum_OfTheStandardVector_IsTheMaskedStandardValue() =>
        Assert.Equal(unchecked(((0xE3069283u >> 15) | (0xE3069283u << 17)) + 0xA282EAD8u), EventFile.Checksum(Encoding.ASCII.GetBytes("123456789"))); // CRC-32C of RFC 3720, B.4

    [Fact]
    public void Write_ScalarsImagesAndText_AreReadBack()
    {
        using var folder = new TemporaryFolder();
        byte[] png = [1, 2, 3, 4, 5];
        using (var file = new EventFile(folder.Path, -1))
        {
            file.Scalars(7, new Dictionary<string, double> { ["loss"] = 0.25, ["标签/é"] = double.NaN, ["inf"] = double.NegativeInfinity });
            file.Image(1L << 40, "samples", 12, 8, png);
            file.Text(9, "samples/prompts", "a **girl**");
        }

        var (version, events) = EventReader.Read(Assert.Single(Directory.GetFiles(folder.Path, "events.out.tfevents.*")));
        Assert.Equal("brain.Event:2", version);
        Assert.Equal([(7, "loss", 0.25f), (7, "标签/é", float.NaN), (7, "inf", float.NegativeInfinity)], events.Take(3).Select(item => (item.Step, item.Tag, item.Value)));
        Assert.Equal((1L << 40, 12, 8), (events[3].Step, events[3].Image.Width, events[3].Image.Height));
        Assert.Equal((9, "samples/prompts", "a **girl**"), (events[4].Step, events[4].Tag, events[4].Text));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(13)]
    public void Open_ToResume_CutsLaterStepsAndABrokenEnd(int lostBytes)
    {
        using var folder = new TemporaryFolder();
        using (var file = new EventFile(folder.Path, -1))
        {
            for (var step = 1; step <= 300; step++)
            {
                file.Scalars(step, new Dictionary<string, double> { ["loss"] = step });
            }
        }

        var path = Assert.Single(Directory.GetFiles(folder.Path));
        using (var stream = File.OpenWrite(path))
        {
            stream.SetLength(stream.Length - lostBytes);
        }

        using (var file = new EventFile(folder.Path, 299))
        {
            file.Scalars(300, new Dictionary<string, double> { ["loss"] = -1 });
        }

        var (_, events) = EventReader.Read(path);
        Assert.Equal(Enumerable.Range(1, 299).Select(step => (float)step).Append(-1), events.Select(item => item.Value));
    }
}
