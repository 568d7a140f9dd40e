using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Corl.Training;

/// <summary>The size of an update's gradient and what was done to it.</summary>
/// <param name="Norm">‖g‖₂ over all parameters, before clipping.</param>
/// <param name="Factor">What the gradients were multiplied by, in (0, 1].</param>
public readonly record struct GradientNorm(double Norm, double Factor)
{
    /// <summary>False when some gradient is infinite or not a number: the update must be skipped, or the optimizer's moments keep it for good.</summary>
    public bool IsFinite => double.IsFinite(Norm);
}

/// <summary>Clipping of the gradient by its global norm.</summary>
public static class GradientClipping
{
    private const double Epsilon = 1e-6; // torch's

    /// <summary>
    /// Multiplies all gradients by min(1, <paramref name="maxNorm"/> / (‖g‖ + 1e-6)). Parameters without gradient take no part.
    /// Gradients that are not finite are left as they are. The one departure from torch: finite gradients whose norm overflows
    /// float32 are clipped all the same, not zeroed.
    /// </summary>
    /// <param name="parameters">All trained parameters, in any dtype.</param>
    /// <param name="maxNorm">The largest norm; infinity measures only.</param>
    public static GradientNorm Clip(IEnumerable<Parameter> parameters, double maxNorm)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor[] gradients = [.. parameters.Select(parameter => parameter.grad).OfType<Tensor>()];
        var norm = Norm(gradients, float32);
        norm = double.IsFinite(norm) ? norm : Norm(gradients, float64); // rare: tell an overflow of the squares from a bad gradient
        if (!double.IsFinite(norm))
        {
            return new GradientNorm(norm, 1);
        }

        var factor = Math.Min(1, maxNorm / (norm + Epsilon));
        if (factor < 1)
        {
            using var scalar = factor.ToScalar();
            foreach (var gradient in gradients)
            {
                gradient.mul_(scalar);
            }
        }

        return new GradientNorm(norm, factor);
    }

    // One norm per tensor, then the norm of these in double: a single transfer from the device.
    private static double Norm(Tensor[] gradients, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        Tensor[] norms = [.. gradients.Select(One)];
        return norms.Length == 0 ? 0 : stack(norms).norm().item<double>();

        Tensor One(Tensor gradient)
        {
            using var one = NewDisposeScope(); // of gradients in lower precision, one copy at a time
            return gradient.to(dtype).norm().to(float64).MoveToOuterDisposeScope();
        }
    }
}
