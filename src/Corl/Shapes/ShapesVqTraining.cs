using Corl.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Shapes;

/// <summary>
/// Trains the VQ tokenizer of the tiny Janus. The encoder first learns unit latents without a code table, then spherical k-means sets the
/// table from what it has learnt, then both go on with the straight-through estimator; so no code dies. At the end the decoder alone is
/// polished on the frozen codes. Loss: mean |error| + 2 · mean error².
/// </summary>
internal sealed class ShapesVqTraining : IDisposable
{
    private const int Batch = 32;
    private const int AtOnce = 16; // images in one pass
    private const int ContinuousPercent = 30; // of the steps run without a code table
    private const double LatentNoise = 0.05; // standard deviation, per number of a unit latent; makes latents robust before they are quantised
    private const double QuantisationWeight = 0.1;
    private const double CommitmentWeight = 0.25; // of the encoder's share of it, as in VQ-VAE (van den Oord et al. 2017)
    private const int ClusteredImages = 1024;
    private const int ClusterRounds = 12;
    private const int EncodedAtOnce = 64; // images; their largest features then stay below the 32 MB that the heap keeps
    private readonly VqModel _vq;
    private readonly Replicas<VqModel> _replicas;
    private readonly ShapesPool _pool;
    private readonly ulong _seed;

    /// <summary>Prepares the training.</summary>
    /// <param name="vq">What learns; borrowed.</param>
    /// <param name="pool">The images.</param>
    /// <param name="workers">Threads.</param>
    /// <param name="seed">Of batches and noise.</param>
    public ShapesVqTraining(VqModel vq, ShapesPool pool, int workers, ulong seed = 0)
    {
        _vq = vq;
        _replicas = new Replicas<VqModel>(vq, source => new VqModel(source, TinyJanus.Config.Vq), workers);
        _pool = pool;
        _seed = seed;
    }

    /// <summary>Learning rate, betas and length of the main part, as measured in <c>docs/shapes.md</c> §9.</summary>
    public static readonly CosineSchedule Main = new(1.5e-3, Steps: 1800, WarmUp: 50, Floor: 0.02);

    /// <summary>The same of the polish.</summary>
    public static readonly CosineSchedule PolishSchedule = new(6e-4, Steps: 600, WarmUp: 20, Floor: 0.02);

    /// <summary>The main part.</summary>
    public TrainingPhase Phase(CosineSchedule schedule) => new("vq", schedule, [.. _vq.named_parameters()], step =>
    {
        var continuous = schedule.Steps * ContinuousPercent / 100;
        if (step == continuous)
        {
            Cluster();
        }

        return Backward("vq/batch", step, (vq, chosen, part) => Loss(vq, chosen, step, part, isContinuous: step < continuous));
    })
    {
        WeightDecay = 1e-4,
    };

    /// <summary>The polish: codes stay what they are, so a language model's knowledge of them stays valid.</summary>
    public TrainingPhase Polish(CosineSchedule schedule)
    {
        using var scope = NewDisposeScope();
        var codes = EncodeAll(_vq, _pool).DetachFromDisposeScope();
        var trained = _vq.named_parameters().Where(p => p.name.StartsWith("decoder.", StringComparison.Ordinal) || p.name.StartsWith("post_quant_conv.", StringComparison.Ordinal));
        return new TrainingPhase("vq-polish", schedule, [.. trained], step => Backward("vq-polish/batch", step, (vq, chosen, _) =>
        {
            using var scope = NewDisposeScope();
            var picked = codes.index_select(0, tensor(chosen.Select(i => (long)i).ToArray()));
            return ReconstructionLoss(vq.Decode(vq.Quantized(picked)), _pool.Pixels(chosen)).MoveToOuterDisposeScope();
        }));
    }

    /// <summary>The codes of every image of a pool: int64 [N, I].</summary>
    public static Tensor EncodeAll(VqModel vq, ShapesPool pool)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        List<Tensor> parts = [];
        for (var first = 0; first < pool.Count; first += EncodedAtOnce)
        {
            using var inner = NewDisposeScope();
            parts.Add(vq.Nearest(vq.Latents(pool.Pixels(first, Math.Min(EncodedAtOnce, pool.Count - first)))).MoveToOuterDisposeScope());
        }

        return cat(parts).MoveToOuterDisposeScope();
    }

    /// <summary>A pool's images as the tokenizer paints them from their codes.</summary>
    public static IEnumerable<byte[]> Repaint(VqModel vq, ShapesPool pool)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var codes = EncodeAll(vq, pool);
        List<byte[]> images = [];
        for (var first = 0; first < pool.Count; first += EncodedAtOnce)
        {
            using var inner = NewDisposeScope();
            images.AddRange(ShapesPool.ToImages(vq.Decode(vq.Quantized(codes.narrow(0, first, Math.Min(EncodedAtOnce, pool.Count - first))))));
        }

        return images;
    }

    /// <summary>Makes the code table unit vectors, as which it is used anyway.</summary>
    public static void NormaliseTable(VqModel vq)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        vq.Table.copy_(functional.normalize(vq.Table, p: 2, dim: -1));
    }

    /// <inheritdoc/>
    public void Dispose() => _replicas.Dispose();

    // One step: the batch in parts, each part's loss being its share of the batch's mean.
    private double Backward(string purpose, int step, Func<VqModel, int[], int, Tensor> loss)
    {
        var random = CounterRng.Named(_seed, purpose, step);
        var chosen = _pool.Draw(Batch, ref random);
        return _replicas.Backward([.. chosen.Chunk(AtOnce).Select<int[], (int, Func<VqModel, Tensor>)>((rows, part) => (rows.Length, vq => loss(vq, rows, part) * (rows.Length / (double)Batch)))]);
    }

    private Tensor Loss(VqModel vq, int[] chosen, int step, int part, bool isContinuous)
    {
        using var scope = NewDisposeScope();
        var pixels = _pool.Pixels(chosen);
        var latents = vq.Latents(pixels); // [N, 8, h, w]
        if (isContinuous)
        {
            using var generator = new Generator(CounterRng.Named(_seed, "vq/noise", step, part).Next());
            var noisy = functional.normalize(latents + (LatentNoise * randn(latents.shape, generator: generator)), p: 2, dim: 1);
            return ReconstructionLoss(vq.Decode(noisy), pixels).MoveToOuterDisposeScope();
        }

        var codes = vq.Quantized(vq.Nearest(latents.detach()));
        var distance = (CommitmentWeight * (latents - codes.detach()).square().sum(1).mean()) + (latents.detach() - codes).square().sum(1).mean();
        var through = latents + (codes - latents).detach(); // the value of the code, the gradient of the latent
        return (ReconstructionLoss(vq.Decode(through), pixels) + (QuantisationWeight * distance)).MoveToOuterDisposeScope();
    }

    private static Tensor ReconstructionLoss(Tensor painted, Tensor pixels)
    {
        using var scope = NewDisposeScope();
        var error = painted - pixels;
        return (error.abs().mean() + (2 * error.square().mean())).MoveToOuterDisposeScope();
    }

    // Spherical k-means: rows are unit vectors, a cluster's centre is its members' normalised sum, an empty one starts again elsewhere.
    private void Cluster()
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var random = CounterRng.Named(_seed, "vq/clusters");
        var chosen = random.Sample(Enumerable.Range(0, _pool.Count), Math.Min(ClusteredImages, _pool.Count));
        List<Tensor> parts = [.. chosen.Chunk(EncodedAtOnce).Select(part => _vq.Latents(_pool.Pixels(part)))];
        var latents = cat(parts).permute(0, 2, 3, 1).reshape(-1, _vq.Table.shape[1]); // [N·I, 8]
        var count = (int)_vq.Table.shape[0];
        var centres = latents.index_select(0, tensor(Rows(ref random, latents, count)));
        for (var round = 0; round < ClusterRounds; round++)
        {
            var nearest = latents.matmul(centres.t()).argmax(-1);
            var sums = zeros_like(centres).index_add(0, nearest, latents, 1);
            var isEmpty = nearest.bincount(null, count) == 0;
            var elsewhere = latents.index_select(0, tensor(Rows(ref random, latents, count)));
            centres = functional.normalize(where(isEmpty.unsqueeze(1), elsewhere, sums), p: 2, dim: -1);
        }

        _vq.Table.copy_(centres);
    }

    private static long[] Rows(ref CounterRng random, Tensor from, int count) => [.. random.Sample(Enumerable.Range(0, (int)from.shape[0]), count).Select(i => (long)i)];
}
