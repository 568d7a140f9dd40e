using BenchmarkDotNet.Attributes;
using Corl.Grpo;
using Corl.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;
using AdamW = Corl.Training.AdamW;

namespace Corl.Benchmarks;

/// <summary>The optimizer on many small parameters and on few large ones.</summary>
[MemoryDiagnoser]
public class AdamWBenchmark
{
    private AdamW _optimizer = null!;

    [Params("100 x 64 x 64", "1 x 4096 x 4096")]
    public string Shape { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        int[] sizes = [.. Shape.Split(" x ").Select(int.Parse)];
        _optimizer = new AdamW([.. Enumerable.Range(0, sizes[0]).Select(i => ($"{i}", new Parameter(rand(sizes[1], sizes[2])) { grad = rand(sizes[1], sizes[2]) }))]);
    }

    [Benchmark]
    public void Step() => _optimizer.Step(1e-6);

    [Benchmark]
    public double Norm() => GradientClipping.Clip(_optimizer.Parameters, double.PositiveInfinity).Norm;

    [GlobalCleanup]
    public void Cleanup() => _optimizer.Dispose();
}

/// <summary>The loss alone, forward and backward, on 128 completions of 512 tokens.</summary>
[MemoryDiagnoser]
public class GrpoLossBenchmark
{
    private readonly Tensor _logp = (-rand(128, 512)).requires_grad_(true);
    private readonly Tensor _other = -rand(128, 512);
    private readonly Tensor _advantage = randn(128);
    private readonly Tensor _mask = ones(128, 512);

    [Benchmark(Baseline = true)]
    public void Paper() => Backward(null);

    [Benchmark]
    public void Dapo() => Backward(new LossVariant { Type = LossType.Dapo, Clip = 0.2, ClipHigh = 0.28 });

    private void Backward(LossVariant? variant)
    {
        using var scope = NewDisposeScope();
        GrpoLoss.Compute(_logp, _other, _other, _advantage, _mask, 0.02, variant: variant).Total.backward();
    }
}

/// <summary>Sampling, scoring and training on a model of the Shapes world's sizes.</summary>
[MemoryDiagnoser]
public class RunBenchmark
{
    private readonly ToyJanus _toy = new();
    private AdamW _optimizer = null!;

    [Params(8, 64)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void Setup() => _optimizer = _toy.NewOptimizer();

    [Benchmark]
    public void DecodeText() => _toy.DecodeText(Rows);

    [Benchmark]
    public void DecodeImages() => _toy.DecodeImages(Rows);

    [Benchmark]
    public void LogProbs() => _toy.Score(Rows);

    [Benchmark]
    public void TrainingStep() => _toy.Train(Rows, _optimizer);

    [GlobalCleanup]
    public void Cleanup()
    {
        _optimizer.Dispose();
        _toy.Dispose();
    }
}
