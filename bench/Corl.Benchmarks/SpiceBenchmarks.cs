using BenchmarkDotNet.Attributes;
using Corl.Text;

namespace Corl.Benchmarks;

/// <summary>Captions to scene graphs, and scores; the operations per second are captions.</summary>
public class SpiceBenchmarks
{
    private readonly string[] _captions =
    [
        "a man riding a wave on top of a surfboard", "two dogs are running on the beach", "A red double decker bus parked next to a building.",
        "a young boy in a blue shirt holding a baseball bat", "there is a cat sitting on a wooden chair near the window",
        "a plate with rice and beans on a table", "a group of people standing around a table with laptops", "a photo of a dog left of a cat",
    ];

    private readonly SceneGraph _reference = Spice.Java.Graph("a man is surfing a large wave in the ocean");

    [Benchmark(OperationsPerInvoke = 8)]
    public int Graph() => _captions.Sum(caption => Spice.Java.Graph(caption).Tuples.Count);

    [Benchmark(OperationsPerInvoke = 8)]
    public double Score() => _captions.Sum(caption => Spice.Java.Score(Spice.Java.Graph(caption), _reference).F);
}
