using System.Diagnostics;
using System.Globalization;
using Corl.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using AdamW = Corl.Training.AdamW;

namespace Corl.Benchmarks;

/// <summary>
/// How fast the parts of a training run are, as ratios to what this machine's libtorch can do at the same moment: to <c>gemm</c>, its
/// best fp32 matrix product of 1024 × 1024, and to <c>op</c>, the time of one small tensor operation. Ratios carry over to other
/// machines, seconds do not.
/// </summary>
internal static class Ratios
{
    private const int GemmSize = 1024;
    private const double SecondsPerRow = 2; // of measuring, after one run to warm up; the best run counts

    /// <summary>Measures and prints.</summary>
    /// <param name="output">Gets the table.</param>
    /// <param name="filter">Part of the names of the rows to measure; empty for all.</param>
    public static void Print(TextWriter output, string filter)
    {
        Devices.Open("cpu"); // the heap's settings, as the command has them
        var (gemm, op) = (Gemm(), SmallOp());
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"gemm {gemm / 1e9:f1} GFLOP/s, op {op * 1e6:f1} µs, {get_num_threads()} threads, libtorch {__version__}"));
        output.WriteLine();
        output.WriteLine("| work | ms | tokens or items/s | GFLOP/s | of gemm | small ops per token or step |");
        output.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: |");
        using var toy = new ToyJanus();
        using var optimizer = toy.NewOptimizer();
        toy.Train(8, optimizer); // so that every weight has a gradient
        foreach (var rows in new[] { 1, 8, 64 })
        {
            Row($"decode text, {rows} rows", ToyJanus.AnswerTokens, () => toy.DecodeText(rows));
        }

        foreach (var rows in new[] { 1, 8, 64 })
        {
            Row($"decode images with guidance, {rows} rows", ToyJanus.Config.ImageCodes, () => toy.DecodeImages(rows));
        }

        Row("log-probabilities, 128 images and answers", 0, () => toy.Score(128));
        Row("training step, 128 images and answers", 0, () => toy.Train(128, optimizer));
        Row("AdamW step alone, toy language model", 1, () => AdamStep(optimizer));
        using (var large = new AdamW([("w", new Parameter(zeros(4096, 4096)) { grad = ones(4096, 4096) })]))
        {
            Row("AdamW step, 16.8 M weights", 0, () => AdamStep(large));
        }

        const int LayerRows = 4, LayerTokens = 600; // an image and its prompt have about 600 tokens
        using (var layer = new LayerOfJanus1B())
        {
            Row($"training step of a Janus-Pro-1B layer, {LayerRows} × {LayerTokens} tokens", 0, () => layer.Train(LayerRows, LayerTokens));
        }

        foreach (var (name, open) in RewardNetworks.All.Where(row => row.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)))
        {
            var (network, work) = open();
            Row(name, 0, work);
            network.Dispose();
        }

        if (filter.Length > 0)
        {
            return;
        }

        output.WriteLine();
        output.WriteLine($"live tensors after training step 3 and 50: {LiveTensors(toy, optimizer)}");

        void Row(string name, int steps, Func<(double Tokens, double Flops)> work)
        {
            if (!name.Contains(filter, StringComparison.OrdinalIgnoreCase))
            {
                return;
            }

            var (seconds, (tokens, flops)) = Best(work);
            string Cell(bool isShown, double value, int decimals, string unit = "") => isShown ? value.ToString($"f{decimals}", CultureInfo.InvariantCulture) + unit : "";
            output.WriteLine(
                $"| {name} | {Cell(true, seconds * 1e3, 1)} | {Cell(tokens > 0, tokens / seconds, tokens / seconds < 100 ? 1 : 0)} | {Cell(flops > 0, flops / seconds / 1e9, 1)} "
                + $"| {Cell(flops > 0, 100 * flops / seconds / gemm, 0, " %")} | {Cell(steps > 0, seconds / steps / op, 0)} |");
        }
    }

    private static (double Seconds, (double Tokens, double Flops) Amount) Best(Func<(double Tokens, double Flops)> work)
    {
        var amount = work();
        var best = double.MaxValue;
        for (var total = Stopwatch.StartNew(); total.Elapsed.TotalSeconds < SecondsPerRow;)
        {
            SafeCollection.Here();
            var watch = Stopwatch.StartNew();
            work();
            best = Math.Min(best, watch.Elapsed.TotalSeconds);
        }

        return (best, amount);
    }

    private static double Gemm()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (rand(GemmSize, GemmSize), rand(GemmSize, GemmSize));
        var (seconds, (_, flops)) = Best(() =>
        {
            using var product = a.matmul(b);
            return (0, 2.0 * GemmSize * GemmSize * GemmSize);
        });
        return flops / seconds;
    }

    private static double SmallOp()
    {
        const int Repeats = 1000;
        using var scope = NewDisposeScope();
        var (a, b) = (rand(16), rand(16));
        return Best(() =>
        {
            for (var i = 0; i < Repeats; i++)
            {
                using var sum = a.add(b);
            }

            return (0, 0);
        }).Seconds / Repeats;
    }

    private static (double Tokens, double Flops) AdamStep(AdamW optimizer)
    {
        optimizer.Step(1e-6);
        return (0, 0);
    }

    private static string LiveTensors(ToyJanus toy, AdamW optimizer)
    {
        var counts = new List<long>();
        for (var step = 1; step <= 50; step++)
        {
            toy.Train(8, optimizer);
            counts.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }

        return $"{counts[2]} and {counts[^1]}";
    }

    /// <summary>One decoder layer at full size, trained alone.</summary>
    private sealed class LayerOfJanus1B : IDisposable
    {
        private static readonly LlamaConfig Config = new(VocabularySize: 64, HiddenSize: 2048, IntermediateSize: 5632, Layers: 1, Heads: 16, KvHeads: 16, HeadWidth: 128);
        private readonly Llama _layer = new(ToyJanus.Weights(), Config);
        private readonly AdamW _optimizer;

        public LayerOfJanus1B()
        {
            var trained = _layer.named_parameters().ToList();
            trained.ForEach(p => p.parameter.requires_grad = true);
            _optimizer = new AdamW(trained.Select(p => (p.name, p.parameter)));
        }

        public (double Tokens, double Flops) Train(int rows, int tokens)
        {
            using var scope = NewDisposeScope();
            _optimizer.ZeroGrad();
            _layer.Hidden(_layer.Embed(zeros(rows, tokens, dtype: ScalarType.Int64))).square().mean().backward();
            _optimizer.Step(1e-6);
            return (rows * tokens, 3 * rows * tokens * ToyJanus.FlopsPerToken(Config, tokens / 2.0));
        }

        public void Dispose()
        {
            _optimizer.Dispose();
            _layer.Dispose();
        }
    }
}
