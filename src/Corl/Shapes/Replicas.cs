using Corl.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Shapes;

/// <summary>
/// Data-parallel gradients on the cores of one machine: each thread has a model of its own whose parameters share the first one's memory
/// and collect gradients apart, which are summed at the end. For tensors as small as the tiny model's this keeps two cores busy where
/// parallel operators would wait for each other.
/// </summary>
/// <typeparam name="TModel">The model.</typeparam>
internal sealed class Replicas<TModel> : IDisposable
    where TModel : Module
{
    private readonly TModel[] _models;
    private readonly Parameter[][] _parameters; // by model, in equal order

    /// <summary>The replicas of a model.</summary>
    /// <param name="model">Whose gradients are wanted; borrowed.</param>
    /// <param name="create">Makes a model of the same sizes from given parameters.</param>
    /// <param name="count">Threads; 1 is the model alone.</param>
    public Replicas(TModel model, Func<WeightSource, TModel> create, int count)
    {
        var shared = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        _models = [model, .. Enumerable.Range(1, count - 1).Select(_ => create(WeightSource.From((key, _) => shared[key].detach())))];
        _parameters = [.. _models.Select(m => m.named_parameters().Select(p => p.parameter).ToArray())];
    }

    /// <summary>The model whose gradients are wanted.</summary>
    public TModel Model => _models[0];

    /// <summary>Runs forward and backward of every pass and leaves the sum of the gradients on the model's parameters.</summary>
    /// <param name="passes">A pass's loss, and about how long it takes; the longest go first to the thread with the least to do.</param>
    /// <returns>The sum of the losses.</returns>
    public double Backward(IReadOnlyList<(int Cost, Func<TModel, Tensor> Loss)> passes)
    {
        var work = new List<Func<TModel, Tensor>>[_models.Length];
        var load = new long[_models.Length];
        for (var i = 0; i < work.Length; i++)
        {
            work[i] = [];
        }

        foreach (var pass in passes.OrderByDescending(pass => pass.Cost))
        {
            var least = Array.IndexOf(load, load.Min());
            work[least].Add(pass.Loss);
            load[least] += pass.Cost;
        }

        MatchGradients();
        var losses = new double[_models.Length];
        Parallel.For(0, _models.Length, new ParallelOptions { MaxDegreeOfParallelism = _models.Length }, i => losses[i] = Run(_models[i], work[i]));
        Sum();
        return losses.Sum();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var model in _models.Skip(1))
        {
            model.Dispose();
        }
    }

    private static double Run(TModel model, List<Func<TModel, Tensor>> passes)
    {
        var sum = 0.0;
        foreach (var pass in passes)
        {
            using var scope = NewDisposeScope();
            var loss = pass(model);
            loss.backward();
            sum += loss.item<float>();
        }

        return sum;
    }

    // What learns is the first model's to say.
    private void MatchGradients()
    {
        foreach (var parameters in _parameters.Skip(1))
        {
            for (var i = 0; i < parameters.Length; i++)
            {
                parameters[i].requires_grad = _parameters[0][i].requires_grad;
                parameters[i].grad = null;
            }
        }
    }

    private void Sum()
    {
        using var off = no_grad();
        foreach (var parameters in _parameters.Skip(1))
        {
            for (var i = 0; i < parameters.Length; i++)
            {
                using var scope = NewDisposeScope();
                if (parameters[i].grad is not { } part)
                {
                    continue;
                }

                if (_parameters[0][i].grad is { } whole)
                {
                    whole.add_(part);
                }
                else
                {
                    _parameters[0][i].grad = part;
                }
            }
        }
    }
}
