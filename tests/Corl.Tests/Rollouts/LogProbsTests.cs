using Corl.Checkpoints;
using Corl.Models;
using Corl.Rollouts;
using TorchSharp;
using static TorchSharp.torch;

namespace Corl.Tests.Rollouts;

/// <summary>Teacher-forced log-probabilities against the original code, and against those kept in sampling.</summary>
public sealed class LogProbsTests : IDisposable
{
    private const double Tolerance = 1e-4; // golden/janus/README.md
    private static readonly SpecialIds Ids = new(300, 301, 302, 303, 305); // golden/janus/tiny
    private readonly JanusPro _model = JanusCheckpoint.Load(GoldenFiles.Path("janus/tiny/native"));
    private readonly CheckpointReader _golden = Tensors.Golden("janus/scoring/scoring.safetensors");
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _golden.Dispose();
        _model.Dispose();
    }

    private int[][] ImagePrompts => Tensors.Rows(_golden.Read("image_prompt_ids"), _golden.Read("image_prompt_mask"));

    private int[][] Questions => Tensors.Rows(_golden.Read("text_prompt_ids"), _golden.Read("text_prompt_mask"));

    private int[][] Answers => Tensors.Rows(_golden.Read("completion_ids"), _golden.Read("completion_mask"));

    [Theory]
    [InlineData("image_logps", 1.0, false)]
    [InlineData("image_logps_temperature_0.7", 0.7, false)]
    [InlineData("image_logps_ulm_offset", 1.0, true)]
    [InlineData("image_logps_ulm_offset_temperature_0.7", 0.7, true)]
    public void Image_GivenCodes_EqualsTheStoredValues(string key, double temperature, bool legacyOffset)
    {
        using var noGrad = no_grad();
        Tensors.Close(_golden.Read(key), LogProbs.Image(_model, ImagePrompts, _golden.Read("image_ids"), Ids.Pad, temperature, legacyOffset).Logps, Tolerance);
    }

    [Theory]
    [InlineData("text_logps", 1.0)]
    [InlineData("text_logps_temperature_0.7", 0.7)]
    public void Text_GivenAnswers_EqualsTheStoredValues(string key, double temperature)
    {
        using var noGrad = no_grad();
        var images = _model.EmbedImages(_golden.Read("pixel_values").flatten(0, 1));
        var (logps, mask) = LogProbs.Text(_model, Questions, Answers, images, Ids, temperature);
        var expectedMask = _golden.Read("completion_mask").narrow(1, 0, mask.shape[1]).to_type(ScalarType.Float32);
        Tensors.Close(expectedMask, mask, 0);
        Tensors.Close(_golden.Read(key).narrow(1, 0, mask.shape[1]) * expectedMask, logps, Tolerance);
    }

    [Fact]
    public void Image_SampledWithoutGuidance_EqualsTheLogpsKeptInSampling()
    {
        using var noGrad = no_grad();
        int[][] prompts = [ImagePrompts[0], ImagePrompts[2]];
        var rollout = ImageSampler.Sample(_model, prompts, prompts, Ids.Pad, 3, new SamplingConfig { Guidance = 1 }, new Draws(1, "test"));
        int[][] rows = [.. prompts.SelectMany(p => Enumerable.Repeat(p, 3))];
        Tensors.Close(rollout.Logps, LogProbs.Image(_model, rows, rollout.Codes, Ids.Pad).Logps, Tolerance);
    }

    [Fact]
    public void Text_Sampled_EqualsTheLogpsKeptInSampling()
    {
        using var noGrad = no_grad();
        var images = _model.EmbedImages(_golden.Read("pixel_values").flatten(0, 1));
        var ids = Ids with { Eos = 273 }; // an id that this model of random weights draws now and then
        var rollout = TextSampler.Sample(_model, Questions, images, ids, 2, new SamplingConfig { MaxNewTokens = 60 }, new Draws(1, "test"));
        Assert.True(rollout.Ids.Select(ids => ids.Length).Distinct().Count() > 1, "rows should end at different tokens, so that dropping ended rows is exercised");
        int[][] rows = [.. Questions.SelectMany(q => Enumerable.Repeat(q, 2))];
        var (logps, _) = LogProbs.Text(_model, rows, rollout.Ids, images.repeat_interleave(2, 0), Ids);
        for (var i = 0; i < rows.Length; i++)
        {
            Tensors.Close(tensor(rollout.Logps[i]), logps[i].narrow(0, 0, rollout.Logps[i].Length), Tolerance);
        }
    }

    [Fact]
    public void Sample_AloneOrInABatch_DrawsTheSameTokens()
    {
        int[][] prompts = [ImagePrompts[0], ImagePrompts[2]];
        var config = new SamplingConfig();
        int[][] unconditional = [.. prompts.Select(p => p.Select((id, i) => i == 0 || i == p.Length - 1 ? id : Ids.Pad).ToArray())];
        var together = Tensors.Rows(ImageSampler.Sample(_model, prompts, unconditional, Ids.Pad, 2, config, new Draws(3, "test", 5)).Codes);
        for (var b = 0; b < 2; b++)
        {
            var alone = Tensors.Rows(ImageSampler.Sample(_model, [prompts[b]], [unconditional[b]], Ids.Pad, 2, config, new Draws(3, "test", 5, 2 * b)).Codes);
            Assert.Equal(together[(2 * b)..((2 * b) + 2)], alone);
        }

        var images = _model.EmbedImages(_golden.Read("pixel_values").flatten(0, 1));
        var short40 = config with { MaxNewTokens = 40 };
        var answers = TextSampler.Sample(_model, Questions, images, Ids, 1, short40, new Draws(3, "test", 5)).Ids;
        for (var i = 0; i < Questions.Length; i++)
        {
            Assert.Equal(answers[i], TextSampler.Sample(_model, [Questions[i]], images.narrow(0, i, 1), Ids, 1, short40, new Draws(3, "test", 5, i)).Ids[0]);
        }
    }

    [Fact]
    public void Draw_ManyUniforms_FollowsTheSoftmax()
    {
        const int Draws = 20_000;
        var logits = tensor(new[] { 0f, 1f, -1f, 2f });
        var uniforms = tensor(new Draws(0, "law").Uniforms(Draws, 1));
        var ids = Sampler.Draw(logits.expand(Draws, -1), uniforms, new SamplingConfig());
        var shares = ids.bincount(null, 4).to_type(ScalarType.Float64) / Draws;
        Tensors.Close(logits.softmax(0).to_type(ScalarType.Float64), shares, 0.015); // over 4 standard errors of the largest share
    }

    [Fact]
    public void Sampling_ManyTimes_KeepsNoTensorAlive()
    {
        int[][] prompts = [ImagePrompts[0]];
        var images = _model.EmbedImages(_golden.Read("pixel_values").flatten(0, 1));
        long before = 0;
        for (var i = 0; i < 4; i++)
        {
            using (var scope = NewDisposeScope())
            {
                _ = ImageSampler.Sample(_model, prompts, prompts, Ids.Pad, 2, new SamplingConfig(), new Draws(1, "test", i));
                _ = TextSampler.Sample(_model, Questions, images, Ids, 1, new SamplingConfig { MaxNewTokens = 9 }, new Draws(1, "test", i));
            }

            before = i == 0 ? DisposeScopeManager.Statistics.ThreadTotalLiveCount : before;
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
