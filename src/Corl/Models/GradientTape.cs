using static TorchSharp.torch;

namespace Corl.Models;

/// <summary>
/// Parts of a training pass that keep only their inputs and are run again when the gradient comes back: a decoder layer, a chunk of
/// tokens under a head. What a part hands on is a new leaf, so that one backward pass ends there; <see cref="Backward"/> then carries
/// the gradient through the parts in reverse. Everything happens on the calling thread, because dispose scopes belong to it: functions
/// that libtorch calls back would run on its device thread.
/// </summary>
internal sealed class GradientTape : IDisposable
{
    private readonly Stack<Part> _parts = [];
    private readonly List<Tensor> _kept = [];

    /// <summary>Whether decoder layers are run again; heads always are where they are cut into chunks.</summary>
    public bool RecomputesLayers { get; init; }

    /// <summary>Runs a part and remembers its input.</summary>
    /// <param name="x">Its input.</param>
    /// <param name="run">The part: the same input gives the same output.</param>
    /// <returns>Its output, as a leaf.</returns>
    public Tensor Run(Tensor x, Func<Tensor, Tensor> run) => Run(x, x.shape[0], (rows, _) => run(rows));

    /// <summary>The same for a part that works on each row of its input alone, some rows at a time.</summary>
    /// <param name="x">[rows, …].</param>
    /// <param name="atOnce">Rows at a time, forward and backward.</param>
    /// <param name="run">Rows and the number of the first one → their outputs.</param>
    public Tensor Run(Tensor x, long atOnce, Func<Tensor, long, Tensor> run)
    {
        using var scope = NewDisposeScope();
        var outputs = new List<Tensor>();
        for (long first = 0; first < x.shape[0]; first += atOnce)
        {
            using var step = NewDisposeScope();
            // With gradients on, so that the same kernels run as when the part is run again; the graph dies with this step.
            outputs.Add(run(Rows(x, first, atOnce), first).detach().MoveToOuterDisposeScope());
        }

        var y = (outputs.Count == 1 ? outputs[0] : cat(outputs)).requires_grad_(true);
        _parts.Push(new Part(x.alias().DetachFromDisposeScope(), y.DetachFromDisposeScope(), atOnce, run));
        return y.alias().MoveToOuterDisposeScope();
    }

    /// <summary>Keeps a constant that parts need alive until they have been run again.</summary>
    public Tensor Keep(Tensor tensor)
    {
        _kept.Add(tensor.DetachFromDisposeScope());
        return tensor;
    }

    /// <summary>Carries the gradient that a backward pass has brought to the outputs of the parts through the parts, the last first.</summary>
    public void Backward()
    {
        while (_parts.TryPop(out var part))
        {
            using (part)
            {
                part.Backward();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_parts.TryPop(out var part))
        {
            part.Dispose();
        }

        _kept.ForEach(tensor => tensor.Dispose());
    }

    private static Tensor Rows(Tensor x, long first, long count) => x.detach().narrow(0, first, Math.Min(count, x.shape[0] - first));

    /// <summary>A part that was run: its input as it hangs in the graph, and its output as a leaf.</summary>
    private sealed record Part(Tensor X, Tensor Y, long AtOnce, Func<Tensor, long, Tensor> Run) : IDisposable
    {
        public void Backward()
        {
            using var scope = NewDisposeScope();
            if (Y.grad is not { } gradient)
            {
                return; // nothing of the loss came from here
            }

            var gradients = new List<Tensor>();
            for (long first = 0; first < X.shape[0]; first += AtOnce)
            {
                using var step = NewDisposeScope();
                var x = Rows(X, first, AtOnce).requires_grad_(X.requires_grad);
                var y = Run(x, first);
                if (y.requires_grad)
                {
                    autograd.backward([y], [gradient.narrow(0, first, x.shape[0])]);
                }

                if (X.requires_grad)
                {
                    gradients.Add((x.grad ?? zeros_like(x)).MoveToOuterDisposeScope());
                }
            }

            if (X.requires_grad)
            {
                autograd.backward([X], [gradients.Count == 1 ? gradients[0] : cat(gradients)]);
            }
        }

        public void Dispose()
        {
            X.Dispose();
            Y.Dispose();
        }
    }
}
