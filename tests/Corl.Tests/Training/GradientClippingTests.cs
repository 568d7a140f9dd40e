using Corl.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Corl.Tests.Training;

public sealed class GradientClippingTests
{
    private static readonly string[] Names = ["matrix", "vector", "cube"];

    [Fact]
    public void Clip_GoldenGradients_GivesTorchsNormAndGradients()
    {
        using var file = Tensors.Golden("grpo/optimizer.safetensors");
        foreach (var expected in GoldenJson.Read("grpo/optimizer.json").GetProperty("clipping").EnumerateArray())
        {
            using var scope = NewDisposeScope();
            var name = expected.GetProperty("name").GetString()!;
            var norm = GoldenJson.Number(expected.GetProperty("total_norm"));
            var parameters = Names.ToDictionary(n => n, n => file.Tensors.ContainsKey($"clipping/{name}/before/{n}") ? file.Read($"clipping/{name}/before/{n}") : null);
            var clipped = parameters.ToDictionary(p => p.Key, p => p.Value is null ? new Parameter(zeros(1)) : new Parameter(zeros_like(p.Value)) { grad = p.Value.clone() });

            var result = GradientClipping.Clip(clipped.Values, expected.GetProperty("max_norm").GetDouble());

            if (name == "overflow")
            {
                // torch's norm is infinite here and its gradients 0; the true norm fits a double
                Assert.True(result.IsFinite);
                Close.To(1, Math.Sqrt(clipped.Values.Sum(p => Math.Pow(p.grad!.to(float64).norm().item<double>(), 2))), 1e-5, what: "norm after clipping");
                continue;
            }

            Assert.Equal(double.IsFinite(norm), result.IsFinite);
            Close.To(norm, result.Norm, 1e-7, 1e-6, name);
            foreach (var n in Names)
            {
                Assert.Equal(parameters[n] is null, clipped[n].grad is null);
                if (parameters[n] is { } before)
                {
                    // of a step that is to be skipped nothing is touched
                    Tensors.Close(result.IsFinite ? file.Read($"clipping/{name}/after/{n}") : before, clipped[n].grad!, 1e-6, what: $"{name} {n}");
                }
            }
        }
    }

    [Fact]
    public void Clip_InfiniteMaximum_OnlyMeasures()
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(zeros(2)) { grad = tensor([3f, 4f]) };
        var result = GradientClipping.Clip([parameter], double.PositiveInfinity);
        Assert.Equal(new GradientNorm(5, 1), result);
        Tensors.Close(tensor([3f, 4f]), parameter.grad!, 0);
    }
}
