using System.Security.Cryptography;
using Corl.Distributed;
using Corl.Models;
using Corl.Rollouts;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Corl.Training;

/// <summary>
/// The trained parameters of a policy with everything that moves them: optimizer, clipping, learning rate, and how far the run is. All
/// trainers make their updates through it.
/// </summary>
internal sealed class Learner : IDisposable
{
    private readonly TrainingConfig _settings;
    private readonly IProcessGroup _processes;

    /// <summary>Unfreezes the trained parts and takes over a state.</summary>
    /// <param name="policy">The policy; trained in place.</param>
    /// <param name="settings">What is trained and how.</param>
    /// <param name="totalSteps">Updates of the whole run, for the learning rate.</param>
    /// <param name="resume">Where an earlier run stopped; null starts afresh.</param>
    /// <param name="processes">Whose gradients are summed: each has those of its share of a batch; null for this process alone.</param>
    /// <exception cref="UserException">The model has no such part, the state belongs to another run, or the processes have different weights.</exception>
    public Learner(Policy policy, TrainingConfig settings, long totalSteps, RunState? resume, IProcessGroup? processes = null)
    {
        (_settings, TotalSteps, _processes) = (settings, totalSteps, processes ?? ProcessGroups.Alone);
        Optimizer = new AdamW(Unfreeze(policy, settings), stateOn: settings.OffloadOptimizer && policy.Model.Device.type != DeviceType.CPU ? CPU : null)
        {
            Beta1 = settings.AdamBeta1,
            Beta2 = settings.AdamBeta2,
            Epsilon = settings.AdamEpsilon,
            WeightDecay = settings.WeightDecay,
        };
        resume?.Restore(Optimizer);
        (Step, DataPosition) = (resume?.Step ?? 0, resume?.DataPosition ?? 0);
        if (_processes.Size > 1)
        {
            _processes.CheckSame("place in the run", $"step {Step}");
            _processes.CheckSame("fingerprint of the weights", Fingerprint(policy.Model));
        }
    }

    /// <summary>Updates made so far, with those before a resume.</summary>
    public long Step { get; private set; }

    /// <summary>Updates of the whole run.</summary>
    public long TotalSteps { get; }

    /// <summary>Where the data stand: the position after the batch of the last update that was finished.</summary>
    public long DataPosition { get; private set; }

    /// <summary>The optimizer.</summary>
    public AdamW Optimizer { get; }

    /// <summary>Forgets the gradients.</summary>
    public void ZeroGrad() => Optimizer.ZeroGrad();

    /// <summary>One update with the gradients that the parameters have; none when they are not finite.</summary>
    public Applied Apply(PhaseClock clock)
    {
        if (_processes.Size > 1)
        {
            clock.Time("exchange", () => _processes.SumGradients(Optimizer.Parameters));
        }

        var norm = GradientClipping.Clip(Optimizer.Parameters, _settings.MaxGradNorm);
        var rate = _settings.LearningRateAt(Step, TotalSteps);
        if (norm.IsFinite)
        {
            clock.Time("optimizer", () => Optimizer.Step(rate));
        }

        return new Applied(norm, rate);
    }

    /// <summary>Counts a finished step.</summary>
    /// <param name="dataPosition">The place in the data after its batch.</param>
    public void Advance(long dataPosition) => (Step, DataPosition) = (Step + 1, dataPosition);

    /// <summary>The state from which a run of the same settings goes on.</summary>
    public RunState State() => new(Step, DataPosition, Optimizer);

    /// <inheritdoc/>
    public void Dispose() => Optimizer.Dispose();

    private static string Fingerprint(JanusPro model)
    {
        using var noGrad = no_grad();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (_, parameter) in model.named_parameters())
        {
            const int ChunkElements = 1 << 24; // ours: a span of it fits an int for every type
            using var scope = NewDisposeScope();
            var flat = parameter.detach().cpu().contiguous().view(-1);
            for (var done = 0L; done < flat.numel(); done += ChunkElements)
            {
                hash.AppendData(flat.narrow(0, done, Math.Min(ChunkElements, flat.numel() - done)).bytes);
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset().AsSpan(0, 8)); // 64 bits tell checkpoints apart
    }

    // Under an adapter, the adapter alone.
    private static List<(string Name, Parameter Parameter)> Unfreeze(Policy policy, TrainingConfig settings)
    {
        var adapter = policy.Model.Adapter;
        var trained = adapter is not null ? [.. adapter.Trained(policy.Model)] : policy.Model.named_parameters().Where(p => Policy.IsIn(settings.TrainableParts, p.name)).ToList();
        foreach (var part in settings.TrainableParts.Where(part => adapter is null && !trained.Any(p => Policy.IsIn([part], p.name))))
        {
            throw new UserException($"stage {settings.Name}: trainable_parts names {part}, which the model does not have; its parts are {string.Join(", ", policy.Model.named_children().Select(c => c.name))}");
        }

        foreach (var (_, parameter) in trained)
        {
            parameter.requires_grad = true;
        }

        return trained;
    }
}

/// <summary>An update as it was applied.</summary>
/// <param name="Norm">The gradient and what clipping did to it.</param>
/// <param name="Rate">η.</param>
internal readonly record struct Applied(GradientNorm Norm, double Rate)
{
    /// <summary>What is wrong with the gradient, in words; null when it is finite.</summary>
    public string? Fault => Norm.IsFinite ? null : $"the norm of the gradient is {Norm.Norm}";
}
