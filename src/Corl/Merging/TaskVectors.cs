using static TorchSharp.torch;

namespace Corl.Merging;

/// <summary>What a method of the family of task arithmetic does to the deltas.</summary>
/// <param name="Keeps">Which elements are kept.</param>
/// <param name="Votes">Whether elements against the majority's sign are left out.</param>
/// <param name="Normalizes">Whether the sum is divided by the weights, unless "normalize" says otherwise.</param>
/// <param name="Rescales">Whether what is kept makes up for what is not, unless "rescale" says otherwise.</param>
internal readonly record struct TaskVectorRule(KeepRule Keeps, bool Votes, bool Normalizes, bool Rescales)
{
    /// <summary>The rule of a method with mergekit's defaults; null for a method of another family.</summary>
    public static TaskVectorRule? Of(MergeMethod method) => method switch
    {
        MergeMethod.TaskArithmetic => new(KeepRule.All, Votes: false, Normalizes: false, Rescales: false),
        MergeMethod.Ties => new(KeepRule.Largest, Votes: true, Normalizes: true, Rescales: false),
        MergeMethod.DareLinear => new(KeepRule.Random, Votes: false, Normalizes: false, Rescales: true),
        MergeMethod.DareTies => new(KeepRule.Random, Votes: true, Normalizes: false, Rescales: true),
        MergeMethod.Breadcrumbs => new(KeepRule.Middle, Votes: false, Normalizes: false, Rescales: false),
        MergeMethod.BreadcrumbsTies => new(KeepRule.Middle, Votes: true, Normalizes: false, Rescales: false),
        MergeMethod.Della => new(KeepRule.RandomByRank, Votes: true, Normalizes: true, Rescales: true),
        MergeMethod.DellaLinear => new(KeepRule.RandomByRank, Votes: false, Normalizes: false, Rescales: true),
        _ => null,
    };
}

/// <summary>Which elements of a delta are kept.</summary>
internal enum KeepRule
{
    All,
    Largest,
    Middle,
    Random,
    RandomByRank,
}

/// <summary>
/// Gives the mask of a random draw: 1 with the probability of each place.
/// </summary>
/// <param name="tensor">The tensor's name.</param>
/// <param name="expert">Number of the model among the experts, from 0.</param>
/// <param name="model">Its name.</param>
/// <param name="probabilities">float32, of the tensor's shape.</param>
internal delegate Tensor Draw(string tensor, int expert, string model, Tensor probabilities);

/// <summary>W = W_0 + λ Σ w_t d_t over deltas d_t = W_t − W_0 that were made sparse: the methods of task arithmetic, as mergekit computes them.</summary>
internal static class TaskVectors
{
    private const double LeastWeight = 1e-8; // mergekit's: a smaller sum of weights divides nothing

    /// <param name="rule">The method.</param>
    /// <param name="origin">W_0, in the type of the arithmetic.</param>
    /// <param name="experts">W_t.</param>
    /// <param name="settings">The parameters for this tensor.</param>
    /// <param name="draw">The random masks.</param>
    public static Tensor Merge(TaskVectorRule rule, Tensor origin, IReadOnlyList<(MergeInput Model, Tensor Weights)> experts, TensorSettings settings, Draw draw)
    {
        using var scope = NewDisposeScope();
        var deltas = stack(experts.Select((expert, number) => Sparse(rule, expert.Weights - origin, number, expert.Model, settings, draw))); // [T, …]
        double[] values = [.. experts.Select(expert => settings.Need("weight", expert.Model))];
        var weights = tensor(values).to(deltas.dtype).to(deltas.device).view([values.Length, .. origin.shape.Select(_ => 1L)]);
        deltas.mul_(weights);
        Tensor divisor;
        if (rule.Votes)
        {
            var majority = (deltas.sum([0]) >= 0).to(deltas.dtype).mul_(2).sub_(1);
            var agrees = deltas.sign() == majority;
            divisor = (weights * agrees).sum([0]);
            divisor.masked_fill_(divisor == 0, 1);
            deltas.mul_(agrees);
        }
        else
        {
            divisor = weights.sum([0]);
            divisor.masked_fill_(divisor.abs() < LeastWeight, 1);
        }

        var sum = deltas.sum([0]);
        if (settings.IsOn("normalize", rule.Normalizes))
        {
            sum.div_(divisor);
        }

        var lambda = settings.Get("lambda", 1);
        return (origin + (lambda == 1 ? sum : sum.mul_(lambda))).MoveToOuterDisposeScope();
    }

    private static Tensor Sparse(TaskVectorRule rule, Tensor delta, int number, MergeInput model, TensorSettings settings, Draw draw)
    {
        var density = settings.Share("density", 1, model);
        if (rule.Keeps == KeepRule.All || density == 1)
        {
            return delta;
        }

        using var scope = NewDisposeScope();
        scope.Attach(delta);
        if (density == 0)
        {
            return zeros_like(delta).MoveToOuterDisposeScope();
        }

        var probabilities = rule.Keeps switch
        {
            KeepRule.Random => full_like(delta, density, float32),
            KeepRule.RandomByRank => Sparsity.KeepProbabilities(delta, density, settings.Get("epsilon", 0.15, model)), // mergekit's default
            _ => null,
        };
        var mask = probabilities is not null ? draw(settings.Tensor, number, model.Model, probabilities).to(delta.dtype)
            : rule.Keeps == KeepRule.Largest ? Sparsity.Largest(delta, density)
            : Sparsity.Middle(delta, density, settings.Share("gamma", 0.01, model), settings.IsOn("breadcrumbs_small", false)); // mergekit's default
        var kept = !settings.IsOn("rescale", rule.Rescales) ? delta * mask
            : settings.IsOn("rescale_by_density", false) ? delta * mask / (probabilities ?? full_like(delta, density)).to(delta.dtype)
            : Sparsity.KeepSum(delta, mask);
        return kept.MoveToOuterDisposeScope();
    }
}
