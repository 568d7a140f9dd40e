using System.Text.Json;
using Corl.Grpo;
using TorchSharp;
using static TorchSharp.torch;

namespace Corl.Tests.Grpo;

public sealed class GrpoLossTests
{
    // of the golden set: losses and gradients in float32
    private const double Absolute = 2e-6;
    private const double Relative = 1e-5;

    [Fact]
    public void Compute_OnPolicy_HasGradientMinusAdvantageOverLength()
    {
        using var scope = NewDisposeScope();
        var logp = log(tensor(new[,] { { 0.5f, 0.25f }, { 0.5f, 0.9f } })).requires_grad_(true);
        var mask = tensor(new[,] { { 1f, 1f }, { 1f, 0f } });

        GrpoLoss.Compute(logp, null, null, tensor([2f, -1f]), mask, beta: 0).Total.backward();

        Tensors.Close(tensor(new[,] { { -0.5f, -0.5f }, { 0.5f, 0f } }), logp.grad!, 1e-7); // −A / (2 · length): lengths 2 and 1
    }

    [Fact]
    public void Compute_PaddingThatIsNotANumber_ChangesNothing()
    {
        using var scope = NewDisposeScope();
        var mask = tensor(new[,] { { 1, 1 }, { 1, 0 } });
        var clean = tensor(new[,] { { -1f, -2f }, { -3f, 0f } }).requires_grad_(true);
        var dirty = tensor(new[,] { { -1f, -2f }, { -3f, float.NegativeInfinity } }).requires_grad_(true);
        var garbage = tensor(new[,] { { -1f, -1f }, { -1f, float.NaN } });

        var expected = GrpoLoss.Compute(clean, garbage.nan_to_num(0), garbage.nan_to_num(5), tensor([2f, -1f]), mask, beta: 0.1);
        var actual = GrpoLoss.Compute(dirty, garbage, garbage, tensor([2f, -1f]), mask, beta: 0.1);
        expected.Total.backward();
        actual.Total.backward();

        Assert.Equal(expected.Total.item<float>(), actual.Total.item<float>());
        Tensors.Close(clean.grad!, dirty.grad!, 0);
    }

    [Fact]
    public void Compute_KlWithoutReference_Throws()
    {
        using var scope = NewDisposeScope();
        var logp = zeros(1, 1);
        Assert.Throws<ArgumentNullException>(() => GrpoLoss.Compute(logp, null, null, zeros(1), ones(1, 1), beta: 0.02));
    }

    [Fact]
    public void Compute_MaskOfAnotherShape_ThrowsWithBothShapes()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ArgumentException>(() => GrpoLoss.Compute(zeros(2, 3), null, null, zeros(2), ones(2, 4), beta: 0));
        Assert.Contains("[2, 4]", error.Message);
        Assert.Contains("[2, 3]", error.Message);
    }

    [Fact]
    public void Compute_RepeatedWithBackward_KeepsNoTensors()
    {
        using var scope = NewDisposeScope();
        var logp = rand(4, 8).requires_grad_(true);
        var (old, advantage, mask) = (rand(4, 8), rand(4), ones(4, 8));
        long Live()
        {
            using var step = NewDisposeScope();
            var loss = GrpoLoss.Compute(logp, old, old, advantage, mask, beta: 0.02);
            loss.Total.backward();
            _ = LossMetrics.Of(logp, old, old, advantage, mask, new LossVariant { Clip = 0.2 });
            return DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }

        var first = Live();
        Assert.Equal(first, Enumerable.Range(0, 5).Select(_ => Live()).Last());
    }

    public static TheoryData<string> PaperCases() => [.. GoldenJson.Read("grpo/paper_loss.json").GetProperty("single").EnumerateArray().Select(c => c.GetProperty("id").GetString()!)];

    [Theory]
    [MemberData(nameof(PaperCases))]
    public void Compute_PaperCase_EqualsTheEquationInBothPrecisions(string id)
    {
        using var scope = NewDisposeScope();
        var expected = GoldenJson.Read("grpo/paper_loss.json").GetProperty("single").EnumerateArray().Single(c => c.GetProperty("id").GetString() == id);
        using var gradients = Tensors.Golden("grpo/paper_loss.safetensors");
        var gradient = gradients.Read($"{id}/grad");
        var beta = expected.GetProperty("beta").GetDouble();
        foreach (var (dtype, absolute) in new[] { (float64, 1e-12), (float32, Absolute) })
        {
            var set = new InputSet(expected.GetProperty("inputs").GetString()!, dtype);
            var loss = GrpoLoss.Compute(set.Logp, set.OldLogp, set.RefLogp, set.Advantage, set.Mask, beta);
            loss.Total.backward();

            Close.To(expected.GetProperty("loss").GetDouble(), loss.Total.to(float64).item<double>(), absolute, what: "loss");
            Close.To(expected.GetProperty("policy").GetDouble(), loss.Policy.to(float64).item<double>(), absolute, what: "policy");
            Close.To(expected.GetProperty("kl").GetDouble(), loss.Kl.to(float64).item<double>(), absolute, what: "kl");
            Tensors.Close(gradient, set.Logp.grad!, absolute, what: "gradient");
        }
    }

    [Fact]
    public void Compute_UnifiedStage_EqualsTheEquationForEveryAdvantage()
    {
        using var file = Tensors.Golden("grpo/paper_loss.safetensors");
        var joint = GoldenJson.Read("grpo/paper_loss.json").GetProperty("joint");
        var advantages = joint.GetProperty("advantages");
        var lambda = joint.GetProperty("lambda_understanding").GetDouble();
        foreach (var expected in joint.GetProperty("cases").EnumerateArray())
        {
            using var scope = NewDisposeScope();
            var (image, text) = (Of("image"), Of("text"));
            var (imageAdvantage, textAdvantage) = expected.GetProperty("mode").GetString() switch
            {
                "unify_reward" => (Of("unified"), Of("unified")),
                "unify_advantage" => (image + (lambda * text), image + (lambda * text)),
                _ => (image, text),
            };
            var (imageLoss, imageGradient) = Loss("image", imageAdvantage);
            var (textLoss, textGradient) = Loss("text", textAdvantage);
            var id = expected.GetProperty("id").GetString()!;

            Close.To(expected.GetProperty("image_loss").GetDouble(), imageLoss, 1e-12, what: id);
            Close.To(expected.GetProperty("text_loss").GetDouble(), textLoss, 1e-12, what: id);
            Close.To(expected.GetProperty("loss").GetDouble(), imageLoss + textLoss, 1e-12, what: id);
            Tensors.Close(file.Read($"{id}/image_grad"), imageGradient, 1e-12, what: id);
            Tensors.Close(file.Read($"{id}/text_grad"), textGradient, 1e-12, what: id);

            Tensor Of(string kind) => tensor(GoldenJson.Numbers(advantages.GetProperty(kind)));
            (double, Tensor) Loss(string kind, Tensor advantage)
            {
                var logp = file.Read($"joint/{kind}/logp").to(float64).requires_grad_(true);
                var old = expected.GetProperty("old_logp_given").GetBoolean() ? file.Read($"joint/{kind}/old_logp") : null;
                var loss = GrpoLoss.Compute(logp, old, file.Read($"joint/{kind}/ref_logp"), advantage, file.Read($"joint/{kind}/mask"), expected.GetProperty("beta").GetDouble()).Total;
                loss.backward();
                return (loss.item<double>(), logp.grad!);
            }
        }
    }

    [Fact]
    public void Compute_EveryTrlCase_HasItsLossGradientAndMetrics()
    {
        using var gradients = Tensors.Golden("grpo/loss_grads.safetensors");
        var cases = 0;
        foreach (var expected in GoldenJson.Read("grpo/loss_cases.json").EnumerateArray())
        {
            using var scope = NewDisposeScope();
            var id = expected.GetProperty("id").GetString()!;
            var name = expected.GetProperty("inputs").GetString()!;
            var set = new InputSet(name, float32);
            var what = $"case {id} ({name}, {expected.GetProperty("loss_type").GetString()}, {expected.GetProperty("importance_sampling_level").GetString()})";
            var variant = TrlCases.Variant(expected);
            var batch = TrlCases.Batch(expected, set.Logp.shape[0]);
            var beta = expected.GetProperty("beta").GetDouble();
            var reference = beta == 0 ? null : set.RefLogp;
            var loss = GrpoLoss.Compute(set.Logp, set.OldLogp, reference, set.Advantage, set.Mask, beta, batch, variant, set.Entropy);
            loss.Total.backward();
            cases++;
            var expectedGradient = gradients.Read(id);
            if (expectedGradient.isnan().any().item<bool>())
            {
                // TRL multiplies a padding token's infinite ratio by 0; the next test has the numbers of these cases
                Assert.Equal("masked_overflow", name);
                expectedGradient = set.Logp.grad!;
            }

            if (expected.GetProperty("loss").ValueKind != JsonValueKind.Null)
            {
                Close.To(expected.GetProperty("loss").GetDouble(), loss.Total.item<float>(), Absolute, Relative, what);
            }

            Assert.True(set.Logp.grad!.isfinite().all().item<bool>(), what);
            Tensors.Close(expectedGradient, set.Logp.grad!, Absolute, Relative, what + " gradient");
            if (set.Mask.shape[1] == 1)
            {
                continue; // completions of one token: TRL takes its metrics as one value per row then and counts empty rows too
            }

            var metrics = LossMetrics.Of(set.Logp, set.OldLogp, reference, set.Advantage, set.Mask, variant, set.Entropy);
            foreach (var metric in expected.GetProperty("metrics").EnumerateObject().Where(m => m.Name is not ("policy_loss" or "entropy_coef")))
            {
                Close.To(GoldenJson.Number(metric.Value), metrics[metric.Name], 1e-5, what: $"{what} {metric.Name}");
            }
        }

        Assert.True(cases > 0);
    }

    [Fact]
    public void Compute_PaddingThatOverflows_EqualsTheSameRowsWithoutIt()
    {
        foreach (var expected in GoldenJson.Read("grpo/loss_cases.json").EnumerateArray().Where(c => c.GetProperty("inputs").GetString() == "masked_overflow"))
        {
            using var scope = NewDisposeScope();
            var variant = TrlCases.Variant(expected);
            var (overflow, overflowGradient) = Loss("masked_overflow");
            var (mixed, mixedGradient) = Loss("mixed");

            Assert.Equal(mixed, overflow);
            Tensors.Close(mixedGradient, overflowGradient, 0);

            (float, Tensor) Loss(string name)
            {
                var set = new InputSet(name, float32);
                var loss = GrpoLoss.Compute(set.Logp, set.OldLogp, set.RefLogp, set.Advantage, set.Mask, expected.GetProperty("beta").GetDouble(), variant: variant).Total;
                loss.backward();
                return (loss.item<float>(), set.Logp.grad!);
            }
        }
    }

    [Fact]
    public void Compute_VariantLeftAsItIs_IsThePapersLoss()
    {
        foreach (var name in new[] { "mixed", "far", "holes" })
        {
            using var scope = NewDisposeScope();
            var (a, b) = (new InputSet(name, float64), new InputSet(name, float64));
            var paper = GrpoLoss.Compute(a.Logp, a.OldLogp, a.RefLogp, a.Advantage, a.Mask, 0.02);
            var variant = GrpoLoss.Compute(b.Logp, b.OldLogp, b.RefLogp, b.Advantage, b.Mask, 0.02, variant: new LossVariant());
            paper.Total.backward();
            variant.Total.backward();

            Close.To(paper.Total.item<double>(), variant.Total.item<double>(), 1e-14);
            Close.To(paper.Kl.item<double>(), variant.Kl.item<double>(), 1e-14);
            Tensors.Close(a.Logp.grad!, b.Logp.grad!, 1e-14);
        }
    }

    [Fact]
    public void Compute_KlEstimators_HaveTheirGradients()
    {
        // d = log π_ref − log π_θ = −0.5: k1 = 0.5, slope 1; k2 = 0.125, slope 0.5; k3 = e^−0.5 − 0.5, slope 1 − e^−0.5
        foreach (var (kind, value, slope) in new[] { (KlEstimator.K1, 0.5, 1), (KlEstimator.K2, 0.125, 0.5), (KlEstimator.K3, Math.Exp(-0.5) - 0.5, 1 - Math.Exp(-0.5)) })
        {
            using var scope = NewDisposeScope();
            var logp = full(1, 1, -1.0, dtype: float64).requires_grad_(true);
            var loss = GrpoLoss.Compute(logp, null, full(1, 1, -1.5, dtype: float64), zeros(1), ones(1, 1), 2, variant: new LossVariant { Kl = kind });
            loss.Total.backward();

            Close.To(2 * value, loss.Total.item<double>(), 1e-15, what: $"{kind}");
            Close.To(2 * slope, logp.grad!.item<double>(), 1e-15, what: $"{kind} slope");
        }
    }

    [Fact]
    public void Compute_MicroBatches_AddUpToTheWholeBatch()
    {
        using var file = Tensors.Golden("grpo/accumulation.safetensors");
        foreach (var expected in GoldenJson.Read("grpo/accumulation.json").EnumerateArray())
        {
            foreach (var (dtype, absolute) in new[] { (float64, 2e-6), (float32, 2e-6) })
            {
                using var scope = NewDisposeScope();
                var type = expected.GetProperty("loss_type").GetString()!;
                var whole = Gradient(8, out var wholeLoss);
                var micro = Gradient(expected.GetProperty("micro_batch_rows").GetInt32(), out var microLosses);

                Tensors.Close(file.Read($"{type}/whole_grad"), whole, absolute, Relative, $"{type} whole");
                Tensors.Close(file.Read($"{type}/micro_grad"), micro, absolute, Relative, $"{type} micro");
                Close.To(expected.GetProperty("whole_batch_loss").GetDouble(), wholeLoss[0], Absolute, Relative, type);
                Close.To(GoldenJson.Numbers(expected.GetProperty("micro_losses")), microLosses, Absolute, Relative, type);
                if (type != "bnpo")
                {
                    Tensors.Close(whole, micro, dtype == float64 ? 1e-15 : 1e-7, what: $"{type} accumulated");
                    Tensors.Close(whole, Gradient(3, out _), dtype == float64 ? 1e-15 : 1e-7, what: $"{type} in unequal parts");
                }

                Tensor Gradient(int rows, out double[] losses)
                {
                    var logp = file.Read("logp").to(dtype).requires_grad_(true);
                    var variant = TrlCases.Variant(expected);
                    var batch = new BatchTotals(8, expected.GetProperty("num_items_in_batch").GetDouble());
                    var parts = new List<double>();
                    for (var start = 0; start < 8; start += rows)
                    {
                        Tensor Part(Tensor t) => t.narrow(0, start, Math.Min(rows, 8 - start));
                        var loss = GrpoLoss.Compute(Part(logp), Part(file.Read("old_logp")), Part(file.Read("ref_logp")), Part(file.Read("advantages")), Part(file.Read("mask")), expected.GetProperty("beta").GetDouble(), batch, variant);
                        loss.Total.backward();
                        parts.Add(loss.Total.to(float64).item<double>());
                    }

                    losses = [.. parts];
                    return logp.grad!;
                }
            }
        }
    }
}
