using System.Diagnostics;
using System.Globalization;
using BenchmarkDotNet.Attributes;
using Corl.Text;

namespace Corl.Benchmarks;

/// <summary>Captions to scene graphs, all candidates of a step together and one by one, and scores; the operations per second are captions.</summary>
[MemoryDiagnoser]
public class SpiceBenchmarks
{
    private const int Step = 512; // captions: 64 prompts of 8 candidates
    private readonly string[] _captions = Captions(Step);
    private readonly SceneGraph[] _graphs = Spice.Java.Graphs(Captions(Step));

    [Benchmark(OperationsPerInvoke = Step)]
    public int Graphs() => Spice.Java.Graphs(_captions).Length;

    [Benchmark(OperationsPerInvoke = Step)]
    public int Graph() => _captions.Sum(caption => Spice.Java.Graph(caption).Tuples.Count);

    [Benchmark(OperationsPerInvoke = Step)]
    public double Score() => _graphs.Sum(graph => Spice.Java.Score(graph, _graphs[0]).F);

    /// <summary>Prints a table: captions per second of the clock and of the processor, on one thread and on two, beside the original program.</summary>
    public static void Print(TextWriter output)
    {
        // SPICE 1.0 on OpenJDK 17, one cloud core: one pair in a process of its own; 1,510 pairs in one process, on one thread and on two.
        const double OriginalFirst = 8.56, OriginalWarm = 24.9, OriginalTwoThreads = 1.02 * OriginalWarm;
        var first = Stopwatch.StartNew();
        Spice.Java.Score("a man riding a horse", "A man is on a horse.");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"first score after {first.Elapsed.TotalSeconds:f2} s, the original's after {OriginalFirst} s"));
        output.WriteLine();
        output.WriteLine("| captions to scene graphs | threads | captions/s | per second of processor time | the original's captions/s |");
        output.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        var captions = Captions(Step);
        foreach (var threads in new[] { 1, 2 })
        {
            Row($"{Step} together", threads, () => Spice.Java.Graphs(captions), threads == 1 ? OriginalWarm : OriginalTwoThreads);
        }

        Row("one by one", 1, () => Array.ForEach(captions, caption => Spice.Java.Graph(caption)), OriginalWarm);

        // The best of some stretches, because other programs take turns on the processor.
        void Row(string name, int threads, Action step, double original)
        {
            const int Stretches = 12;
            const double Seconds = 0.5;
            var (clock, processor) = (0.0, 0.0);
            for (var stretch = 0; stretch < Stretches; stretch++)
            {
                var (cpu, watch) = (Environment.CpuUsage.TotalTime, Stopwatch.StartNew());
                var captions = Step * Run(threads, step, Seconds);
                clock = Math.Max(clock, captions / watch.Elapsed.TotalSeconds);
                processor = Math.Max(processor, captions / (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
            }

            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {threads} | {clock:f0} | {processor:f0} | {original:f0} |"));
        }
    }

    private static int Run(int threads, Action step, double seconds)
    {
        var (done, watch) = (0, Stopwatch.StartNew());
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            while (watch.Elapsed.TotalSeconds < seconds)
            {
                step();
                Interlocked.Increment(ref done);
            }
        })).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        return done;
    }

    // Different captions of 5 to 15 words, with and without a full stop.
    private static string[] Captions(int count)
    {
        string[] kinds = ["a", "the", "two", "a young", "a large brown", "several", "a red and white", "some"];
        string[] things = ["man", "dogs", "woman", "bus", "cat", "people", "children", "horse", "bicycle", "plate", "table", "motorcycle", "zebra", "surfboard", "building"];
        string[] actions = ["riding", "sitting on", "is standing next to", "holding", "parked in front of", "with", "looks at", "are playing near", "and", "on top of", "is left of"];
        var random = CounterRng.Named(0, "captions");
        var captions = new HashSet<string>();
        while (captions.Count < count)
        {
            var parts = Enumerable.Range(0, 2 + random.Below(3)).Select(_ => $"{random.Choice(kinds)} {random.Choice(things)}").ToArray();
            var caption = parts.Aggregate((a, b) => $"{a} {random.Choice(actions)} {b}");
            captions.Add(random.Below(3) == 0 ? char.ToUpperInvariant(caption[0]) + caption[1..] + "." : caption);
        }

        return [.. captions];
    }
}
