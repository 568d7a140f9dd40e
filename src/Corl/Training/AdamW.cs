using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Corl.Training;

/// <summary>
/// AdamW (Loshchilov, Hutter 2019): m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², θ ← (1 − η w) θ − η m̂ / (√v̂ + ε).
/// Moments are float32, and a parameter of lower precision has a float32 master copy, which takes the updates: at the paper's rate
/// of 4e-6 most weights of a bfloat16 model would otherwise never move. A parameter without gradient is left alone, weight decay
/// included, and keeps its own step count. Temporaries are one slice of one parameter. Moments and float32 copies may stay on another device,
/// usually the host's. Make it after the model is on its device:
/// moving a module replaces its parameters.
/// </summary>
public sealed class AdamW : IDisposable
{
    // Elements updated at a time. On the CPU the five slices stay in the second-level cache: 10 times faster than whole tensors of
    // 16 million elements. Elsewhere a kernel launch costs more than memory, and the bound is the size of the temporary (256 MB).
    private const long CpuSlice = 1 << 16;
    private const long DeviceSlice = 1 << 26;

    private readonly Slot[] _slots;

    /// <summary>An optimizer without state yet.</summary>
    /// <param name="parameters">The parameters to train, with their names, which are the keys of the saved state.</param>
    /// <param name="decays">Which parameters the weight decay acts on; null for all.</param>
    /// <param name="stateOn">Where the moments and a float32 copy of every weight are kept and updated; null: beside the parameters.</param>
    public AdamW(IEnumerable<(string Name, Parameter Parameter)> parameters, Func<string, bool>? decays = null, Device? stateOn = null)
    {
        _slots = [.. parameters.Select(p => new Slot(p.Name, p.Parameter, decays?.Invoke(p.Name) ?? true, stateOn))];
        if (_slots.Length == 0)
        {
            throw new UserException("There is nothing to train: no parameter was given to the optimizer. Check which parts of the model the recipe trains.");
        }
    }

    /// <summary>β₁: decay of the first moment. 0.9 is the Hugging Face trainer's default, as are the next two.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>β₂: decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>w: decoupled weight decay. 0, as the reference code trains.</summary>
    public double WeightDecay { get; init; }

    /// <summary>The trained parameters.</summary>
    public IEnumerable<Parameter> Parameters => _slots.Select(slot => slot.Parameter);

    /// <summary>The trained weights as they are updated: float32 masters where there are some. Borrowed.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Weights => _slots.Select(slot => KeyValuePair.Create<string, Tensor>(slot.Name, slot.Master ?? slot.Parameter));

    /// <summary>One update with the gradients that the parameters have.</summary>
    /// <param name="learningRate">η.</param>
    public void Step(double learningRate)
    {
        using var noGrad = no_grad();
        Factors? factors = null;
        foreach (var slot in _slots)
        {
            using var scope = NewDisposeScope();
            if (slot.Parameter.grad is not { } gradient)
            {
                continue;
            }

            slot.Steps++;
            slot.Allocate();
            if (factors?.Steps != slot.Steps)
            {
                factors?.Dispose();
                factors = new Factors(this, slot.Steps, learningRate);
            }

            slot.Update(gradient, factors);
        }

        factors?.Dispose();
    }

    /// <summary>Forgets the gradients: a parameter that the next backward pass does not reach has none.</summary>
    public void ZeroGrad()
    {
        foreach (var slot in _slots)
        {
            slot.Parameter.grad = null;
        }
    }

    /// <summary>Everything a resumed run needs besides the parameters themselves, by key. Borrowed, but for the step counts.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State()
    {
        foreach (var slot in _slots.Where(slot => slot.Steps > 0))
        {
            yield return new(slot.Name + ".exp_avg", slot.Mean!);
            yield return new(slot.Name + ".exp_avg_sq", slot.Square!);
            yield return new(slot.Name + ".step", tensor(slot.Steps, dtype: int64));
        }
    }

    /// <summary>Takes over what <see cref="State"/> and <see cref="Weights"/> gave, so that the next update is bit for bit that of an uninterrupted run.</summary>
    /// <param name="weights">The tensor of a parameter's name.</param>
    /// <param name="state">The tensor of a key of <see cref="State"/>, or null where there is none.</param>
    public void Restore(Func<string, Tensor> weights, Func<string, Tensor?> state)
    {
        using var noGrad = no_grad();
        foreach (var slot in _slots)
        {
            using var scope = NewDisposeScope();
            slot.Restore(weights(slot.Name), state);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var slot in _slots)
        {
            slot.Dispose();
        }
    }

    /// <summary>The numbers of an update as native scalars: made once per update, because making one costs more than a small tensor operation.</summary>
    private sealed class Factors(AdamW optimizer, long steps, double learningRate) : IDisposable
    {
        // √v̂ = √v / √(1 − β₂ᵗ), so m̂ / (√v̂ + ε) = √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε √(1 − β₂ᵗ)): no pass over the tensor for the correction.
        private readonly double _correction = Math.Sqrt(1 - Math.Pow(optimizer.Beta2, steps));

        public long Steps { get; } = steps;

        public Scalar Beta1 { get; } = optimizer.Beta1.ToScalar();

        public Scalar Rest1 { get; } = (1 - optimizer.Beta1).ToScalar();

        public Scalar Beta2 { get; } = optimizer.Beta2.ToScalar();

        public Scalar Rest2 { get; } = (1 - optimizer.Beta2).ToScalar();

        public Scalar Epsilon => field ??= (optimizer.Epsilon * _correction).ToScalar();

        public Scalar Rate => field ??= (-learningRate * _correction / (1 - Math.Pow(optimizer.Beta1, Steps))).ToScalar();

        public Scalar? Decay { get; } = optimizer.WeightDecay == 0 ? null : (1 - (learningRate * optimizer.WeightDecay)).ToScalar();

        public void Dispose()
        {
            foreach (var scalar in new[] { Beta1, Rest1, Beta2, Rest2, Epsilon, Rate, Decay })
            {
                scalar?.Dispose();
            }
        }
    }

    /// <summary>One parameter and its state.</summary>
    private sealed class Slot(string name, Parameter parameter, bool decays, Device? stateOn) : IDisposable
    {
        public string Name { get; } = name;

        public Parameter Parameter { get; } = parameter;

        public Tensor? Master { get; private set; } = stateOn is null && IsWide(parameter) ? null : Copy(parameter, stateOn ?? parameter.device);

        public Tensor? Mean { get; private set; }

        public Tensor? Square { get; private set; }

        public long Steps { get; set; }

        public void Allocate()
        {
            Mean ??= Kept(zeros_like(Master ?? Parameter));
            Square ??= Kept(zeros_like(Master ?? Parameter));
        }

        public void Update(Tensor gradient, Factors factors)
        {
            Tensor weight = Master ?? Parameter;
            if (weight.numel() <= CpuSlice || !Parameter.is_contiguous())
            {
                Update(weight, gradient.to(weight.device), Mean!, Square!, factors);
                Round(Parameter, weight);
                return;
            }

            // The gradient travels to the state in large pieces, and is worked off there in slices of the state's device.
            var (w, g, m, v, p) = (weight.view(-1), gradient.reshape(-1), Mean!.view(-1), Square!.view(-1), Parameter.view(-1));
            foreach (var (at, length) in Slices(w.numel(), DeviceSlice))
            {
                using var scope = NewDisposeScope();
                var arrived = g.narrow(0, at, length).to(w.device);
                foreach (var (start, count) in Slices(length, w.device_type == DeviceType.CPU ? CpuSlice : DeviceSlice))
                {
                    using var part = NewDisposeScope();
                    Update(w.narrow(0, at + start, count), arrived.narrow(0, start, count), m.narrow(0, at + start, count), v.narrow(0, at + start, count), factors);
                }

                Round(p.narrow(0, at, length), w.narrow(0, at, length));
            }
        }

        public void Restore(Tensor weight, Func<string, Tensor?> state)
        {
            (Master ?? Parameter).copy_(Checked(weight, Name));
            Round(Parameter, Master ?? Parameter);
            using var step = state(Name + ".step");
            Steps = step is null ? 0 : step.item<long>();
            if (Steps > 0)
            {
                Allocate();
                Mean!.copy_(Checked(state(Name + ".exp_avg"), Name + ".exp_avg"));
                Square!.copy_(Checked(state(Name + ".exp_avg_sq"), Name + ".exp_avg_sq"));
            }
        }

        public void Dispose()
        {
            Master?.Dispose();
            Mean?.Dispose();
            Square?.Dispose();
        }

        private static bool IsWide(Tensor tensor) => tensor.dtype is ScalarType.Float32 or ScalarType.Float64;

        private static Tensor Copy(Tensor parameter, Device device)
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            return Kept(parameter.to(device).to(IsWide(parameter) ? parameter.dtype : float32, copy: true));
        }

        private static IEnumerable<(long Start, long Count)> Slices(long length, long size)
        {
            for (long start = 0; start < length; start += size)
            {
                yield return (start, Math.Min(size, length - start));
            }
        }

        private static Tensor Kept(Tensor tensor) => tensor.detach().DetachFromDisposeScope();

        private void Update(Tensor weight, Tensor gradient, Tensor mean, Tensor square, Factors factors)
        {
            gradient = gradient.to(mean.dtype);
            if (decays && factors.Decay is { } decay)
            {
                weight.mul_(decay);
            }

            mean.mul_(factors.Beta1).add_(gradient, factors.Rest1);
            square.mul_(factors.Beta2).addcmul_(gradient, gradient, factors.Rest2);
            weight.addcdiv_(mean, square.sqrt().add_(factors.Epsilon), factors.Rate);
        }

        private void Round(Tensor parameter, Tensor weight)
        {
            if (Master is not null)
            {
                parameter.copy_(weight);
            }
        }

        private Tensor Checked(Tensor? tensor, string key)
        {
            if (tensor is null || !tensor.shape.AsSpan().SequenceEqual(Parameter.shape))
            {
                var came = tensor is null ? "nothing" : $"shape [{string.Join(", ", tensor.shape)}]";
                throw new UserException($"The saved training state has {came} for \"{key}\", expected shape [{string.Join(", ", Parameter.shape)}]; it belongs to another model or run.");
            }

            return tensor;
        }
    }
}
