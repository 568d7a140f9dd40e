using System.Globalization;
using System.Text.Json;

namespace Corl.Tests;

public sealed class CounterRngTests
{
    [Fact]
    public void UniformAt_AnyIndex_EqualsTheSequentialDraw()
    {
        var sequential = CounterRng.Named(7, "rollout/image", 3, 5);
        var direct = CounterRng.Named(7, "rollout/image", 3, 5);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(sequential.Uniform(), direct.UniformAt(i));
        }
    }

    [Fact]
    public void Named_OtherNameOrCoordinate_GivesAnotherStream()
    {
        ulong[] first =
        [
            CounterRng.Named(0, "a", 1, 2).Next(), CounterRng.Named(0, "a", 2, 1).Next(), CounterRng.Named(0, "b", 1, 2).Next(),
            CounterRng.Named(1, "a", 1, 2).Next(), CounterRng.Named(0, "a", 1).Next(), CounterRng.Named(0, "a", 1, 2, 0).Next(),
        ];
        Assert.Equal(first.Length, first.Distinct().Count());
    }

    [Fact]
    public void Next_StoredSeedsAndStreams_GivesTheStoredBits()
    {
        using var vectors = JsonDocument.Parse(File.ReadAllText(GoldenFiles.Path("shapes/vectors.json")));
        foreach (var vector in vectors.RootElement.GetProperty("u64").EnumerateObject())
        {
            var words = vector.Name.Split(' '); // "seed 1 stream 2"
            var random = new CounterRng(ulong.Parse(words[1], CultureInfo.InvariantCulture), ulong.Parse(words[3], CultureInfo.InvariantCulture));
            Assert.All(vector.Value.EnumerateArray(), bits => Assert.Equal(bits.GetString(), random.Next().ToString(CultureInfo.InvariantCulture)));
        }
    }
}
