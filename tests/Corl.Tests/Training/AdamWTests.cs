using Corl.Training;
using TorchSharp.Modules;
using AdamW = Corl.Training.AdamW;
using static TorchSharp.torch;

namespace Corl.Tests.Training;

public sealed class AdamWTests
{
    private static readonly string[] Names = ["matrix", "vector", "cube"];

    public static TheoryData<string> Trajectories() =>
        [.. GoldenJson.Read("grpo/optimizer.json").GetProperty("trajectories").EnumerateArray().Select(t => t.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Trajectories))]
    public void Step_GoldenTrajectory_FollowsTorch(string name)
    {
        using var scope = NewDisposeScope();
        using var file = Tensors.Golden("grpo/optimizer.safetensors");
        var expected = GoldenJson.Read("grpo/optimizer.json").GetProperty("trajectories").EnumerateArray().Single(t => t.GetProperty("name").GetString() == name);
        var rates = GoldenJson.Numbers(expected.GetProperty("learning_rates"));
        var norms = GoldenJson.Numbers(expected.GetProperty("total_norms"));
        var clip = GoldenJson.Number(expected.GetProperty("max_grad_norm"));
        var parameters = Names.Select(n => (n, new Parameter(file.Read($"trajectories/start/{n}").clone()))).ToArray();
        using var optimizer = new AdamW(parameters) { WeightDecay = expected.GetProperty("weight_decay").GetDouble() };
        for (var step = 0; step < rates.Length; step++)
        {
            foreach (var (n, parameter) in parameters)
            {
                parameter.grad = file.Read($"trajectories/grad/{n}")[step].clone();
            }

            if (!double.IsNaN(clip))
            {
                Close.To(norms[step], GradientClipping.Clip(optimizer.Parameters, clip).Norm, 0, 1e-6, "norm");
            }

            optimizer.Step(rates[step]);
            foreach (var (n, parameter) in parameters)
            {
                Tensors.Close(file.Read($"trajectories/{name}/{n}")[step], parameter, 1e-6, what: $"{n} after step {step}");
            }
        }

        var state = optimizer.State().ToDictionary();
        foreach (var n in Names)
        {
            Tensors.Close(file.Read($"trajectories/{name}/exp_avg/{n}"), state[n + ".exp_avg"], 1e-6, 1e-6, n);
            Tensors.Close(file.Read($"trajectories/{name}/exp_avg_sq/{n}"), state[n + ".exp_avg_sq"], 1e-6, 1e-6, n);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Step_StateElsewhere_EqualsStateBesideTheParametersToTheBit(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var start = randn(70_000).to(dtype); // more than a slice
        var (here, there) = (new Parameter(start.clone()), new Parameter(start.clone()));
        using var plain = new AdamW([("w", here)]) { WeightDecay = 0.1 };
        using var apart = new AdamW([("w", there)], stateOn: CPU) { WeightDecay = 0.1 };
        for (var step = 0; step < 3; step++)
        {
            var gradient = randn(70_000).to(dtype);
            (here.grad, there.grad) = (gradient, gradient.clone());
            plain.Step(1e-3);
            apart.Step(1e-3);
        }

        Assert.True(here.Equals(there) && !here.Equals(start));
        Assert.Equal(dtype == ScalarType.Float32, apart.Weights.Single().Value.Equals(there)); // a float32 copy of its own, rounded into the weight

        var resumed = new Parameter(start.clone());
        using var again = new AdamW([("w", resumed)], stateOn: CPU) { WeightDecay = 0.1 };
        var (weights, state) = (apart.Weights.ToDictionary(), apart.State().ToDictionary());
        again.Restore(name => weights[name], name => state.GetValueOrDefault(name)?.alias());
        Assert.True(resumed.Equals(there));
    }

    [Fact]
    public void Step_MissingGradients_LeavesParametersAndTheirStepCounts()
    {
        using var scope = NewDisposeScope();
        using var file = Tensors.Golden("grpo/optimizer.safetensors");
        var expected = GoldenJson.Read("grpo/optimizer.json").GetProperty("missing");
        var norms = GoldenJson.Numbers(expected.GetProperty("total_norms"));
        var parameters = Names.Select(n => (n, new Parameter(file.Read($"missing/start/{n}").clone()))).ToArray();
        using var optimizer = new AdamW(parameters) { WeightDecay = expected.GetProperty("weight_decay").GetDouble() };
        for (var step = 0; step < norms.Length; step++)
        {
            optimizer.ZeroGrad();
            foreach (var (n, parameter) in parameters)
            {
                if (expected.GetProperty("steps_with_gradient").GetProperty(n).EnumerateArray().Any(s => s.GetInt32() == step))
                {
                    parameter.grad = file.Read($"missing/grad/{n}")[step].clone();
                }
            }

            Tensors.Close(norms[step], GradientClipping.Clip(optimizer.Parameters, expected.GetProperty("max_grad_norm").GetDouble()).Norm, 0, 1e-6, "norm");
            optimizer.Step(expected.GetProperty("learning_rate").GetDouble());
            foreach (var (n, parameter) in parameters)
            {
                Tensors.Close(file.Read($"missing/path/{n}")[step], parameter, 1e-6, what: $"{n} after step {step}");
            }
        }

        Tensors.Close(file.Read("missing/start/cube"), parameters[2].Item2, 0);
        var state = optimizer.State().ToDictionary();
        foreach (var count in expected.GetProperty("optimizer_steps").EnumerateObject())
        {
            Assert.Equal(count.Value.GetInt64(), state.TryGetValue(count.Name + ".step", out var steps) ? steps.item<long>() : 0);
        }
    }

    [Fact]
    public void Step_BFloat16Parameters_UpdatesFloat32Masters()
    {
        using var file = Tensors.Golden("grpo/optimizer.safetensors");
        foreach (var expected in GoldenJson.Read("grpo/optimizer.json").GetProperty("low_precision").EnumerateArray())
        {
            using var scope = NewDisposeScope();
            var rate = expected.GetProperty("learning_rate").GetDouble();
            var key = rate switch { 4e-6 => "4e-06", 1e-6 => "1e-06", _ => rate.ToString("g") };
            var parameter = new Parameter(file.Read("low_precision/start").clone());
            using var optimizer = new AdamW([("w", parameter)]);
            for (var step = 0; step < expected.GetProperty("steps").GetInt32(); step++)
            {
                parameter.grad = file.Read("low_precision/grad")[step].clone();
                optimizer.Step(rate);
            }

            var master = optimizer.Weights.Single().Value;
            Assert.Equal(bfloat16, parameter.dtype);
            Assert.Equal(float32, master.dtype);
            Tensors.Close(file.Read($"low_precision/lr{key}/fp32_master"), master, 1e-6);
            Tensors.Close(master.to(bfloat16), parameter, 0);
            Assert.Equal(1, master.ne(file.Read("low_precision/start").to(float32)).to(float32).mean().item<float>());
        }
    }

    [Fact]
    public void Step_ParameterLargerThanASlice_EqualsTheSameElementsInSmallParameters()
    {
        using var scope = NewDisposeScope();
        manual_seed(0);
        foreach (var dtype in new[] { float32, bfloat16 })
        {
            var start = randn(3, 70_000).to(dtype); // 210,000 elements: four slices, the last one short
            var large = new Parameter(start.clone());
            var small = Enumerable.Range(0, 30).Select(i => ($"{i}", new Parameter(start.view(30, 7000)[i].clone()))).ToArray();
            using var one = new AdamW([("w", large)]) { WeightDecay = 0.1 };
            using var many = new AdamW(small) { WeightDecay = 0.1 };
            for (var step = 0; step < 3; step++)
            {
                var gradient = randn(3, 70_000).to(dtype);
                large.grad = gradient;
                foreach (var (i, (_, parameter)) in small.Index())
                {
                    parameter.grad = gradient.view(30, 7000)[i].clone();
                }

                one.Step(1e-2);
                many.Step(1e-2);
            }

            Tensors.Close(stack(small.Select(p => (Tensor)p.Item2).ToArray()).view(3, 70_000), large, 0, 1e-6);
        }
    }

    [Fact]
    public void Restore_StateOfAnotherOptimizer_ContinuesBitForBit()
    {
        using var scope = NewDisposeScope();
        manual_seed(0);
        var gradients = randn(6, 2, 5);
        foreach (var dtype in new[] { float32, bfloat16 })
        {
            var start = randn(2, 5).to(dtype);
            (string, Parameter)[] Fresh() => [("a", new Parameter(start.clone())), ("b", new Parameter(start.clone())), ("never", new Parameter(start.clone()))];
            var (whole, first, second) = (Fresh(), Fresh(), Fresh());
            using var uninterrupted = new AdamW(whole) { WeightDecay = 0.1 };
            using var before = new AdamW(first) { WeightDecay = 0.1 };
            using var after = new AdamW(second) { WeightDecay = 0.1 };
            void Run(AdamW optimizer, (string, Parameter)[] parameters, int from, int to)
            {
                for (var step = from; step < to; step++)
                {
                    optimizer.ZeroGrad();
                    parameters[0].Item2.grad = gradients[step].to(dtype);
                    parameters[1].Item2.grad = step % 2 == 0 ? gradients[step].to(dtype) : null;
                    optimizer.Step(0.01 / (step + 1));
                }
            }

            Run(uninterrupted, whole, 0, 6);
            Run(before, first, 0, 3);
            var (weights, state) = (before.Weights.ToDictionary(), before.State().ToDictionary());
            after.Restore(name => weights[name], key => state.GetValueOrDefault(key));
            Run(after, second, 3, 6);

            foreach (var ((name, expected), (_, actual)) in uninterrupted.Weights.Zip(after.Weights))
            {
                Tensors.Close(expected, actual, 0, what: name);
            }

            foreach (var ((_, expected), (_, actual)) in whole.Zip(second))
            {
                Tensors.Close(expected, actual, 0);
            }
        }
    }

    [Fact]
    public void Restore_StateOfAnotherShape_ThrowsWithKeyAndShapes()
    {
        using var scope = NewDisposeScope();
        using var optimizer = new AdamW([("w", new Parameter(zeros(2, 3)))]);
        var error = Assert.Throws<UserException>(() => optimizer.Restore(_ => zeros(3), _ => null));
        Assert.Contains("\"w\"", error.Message);
        Assert.Contains("[3]", error.Message);
        Assert.Contains("[2, 3]", error.Message);
    }

    [Fact]
    public void Step_Repeated_KeepsNoTensors()
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(rand(300, 300));
        using var optimizer = new AdamW([("w", parameter)]) { WeightDecay = 0.1 };
        long Live()
        {
            using var step = NewDisposeScope();
            parameter.grad = ones(300, 300);
            GradientClipping.Clip(optimizer.Parameters, 1);
            optimizer.Step(0.1);
            optimizer.ZeroGrad();
            return Tensor.TotalCount;
        }

        Live();
        var second = Live();
        Assert.Equal(second, Enumerable.Range(0, 20).Select(_ => Live()).Last());
    }

    [Fact]
    public void Constructor_NothingToTrain_Throws() => Assert.Throws<UserException>(() => new AdamW([]));
}
