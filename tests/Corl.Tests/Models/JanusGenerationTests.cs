using Corl.Checkpoints;
using Corl.Models;
using Corl.Rollouts;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Corl.Tests.Models;

/// <summary>Image generation, the VQ model and text sampling against the original code.</summary>
public sealed class JanusGenerationTests : IDisposable
{
    private readonly JanusPro _model = JanusCheckpoint.Load(GoldenFiles.Path("janus/tiny/native"));
    private readonly CheckpointReader _golden = Tensors.Golden("janus/generation/generation.safetensors");
    private readonly JsonElement _cases = JsonDocument.Parse(File.ReadAllText(GoldenFiles.Path("janus/generation/cases.json"))).RootElement;
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _golden.Dispose();
        _model.Dispose();
    }

    private int Pad => _cases.GetProperty("pad_id").GetInt32();

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(x => x.GetInt32())];

    private ImageRollout Greedy(int[][] conditional, int[][] unconditional, double guidance, int groupSize = 1) =>
        ImageSampler.Sample(_model, conditional, unconditional, Pad, groupSize, new SamplingConfig { Guidance = guidance, Greedy = true }, new Draws(0, "test"));

    [Fact]
    public void Sample_GreedyAtEachGuidance_EqualsTheOriginalCode()
    {
        foreach (var single in _cases.GetProperty("singles").EnumerateArray())
        {
            var (conditional, unconditional) = (Ints(single.GetProperty("conditional_row")), Ints(single.GetProperty("unconditional_row")));
            Assert.Equal(Ints(single.GetProperty("greedy_image_ids")), Tensors.Row(Greedy([conditional], [unconditional], 5).Codes, null, 0));
            Assert.Equal(Ints(single.GetProperty("greedy_image_ids_cfg1")), Tensors.Row(Greedy([conditional], [unconditional], 1).Codes, null, 0));
            Assert.Equal(Ints(single.GetProperty("greedy_image_ids_cfg0")), Tensors.Row(Greedy([conditional], [unconditional], 0).Codes, null, 0));
        }
    }

    [Fact]
    public void Sample_PaddedBatchWithGroups_EqualsTheSingleRuns()
    {
        var singles = _cases.GetProperty("singles").EnumerateArray().ToList();
        var codes = Greedy([.. singles.Select(s => Ints(s.GetProperty("conditional_row")))], [.. singles.Select(s => Ints(s.GetProperty("unconditional_row")))], 5, groupSize: 2).Codes;
        for (var i = 0; i < singles.Count; i++)
        {
            Assert.Equal(Ints(singles[i].GetProperty("greedy_image_ids")), Tensors.Row(codes, null, 2 * i));
            Assert.Equal(Ints(singles[i].GetProperty("greedy_image_ids")), Tensors.Row(codes, null, (2 * i) + 1));
        }
    }

    [Fact]
    public void ImageLogits_FirstSteps_EqualTheOriginalCode()
    {
        using var noGrad = no_grad();
        var n = 0;
        foreach (var single in _cases.GetProperty("singles").EnumerateArray())
        {
            var codes = tensor(Ints(single.GetProperty("greedy_image_ids")).Select(i => (long)i).ToArray()).unsqueeze(0);
            Tensor Logits(string row)
            {
                var ids = tensor(Ints(single.GetProperty(row)).Select(i => (long)i).ToArray()).unsqueeze(0);
                var hidden = _model.Hidden(cat([_model.EmbedText(ids), _model.EmbedCodes(codes)], 1));
                return _model.ImageLogits(hidden.narrow(1, ids.shape[1] - 1, 5)).squeeze(0);
            }

            Tensors.Close(_golden.Read($"single{n}.logits_cond"), Logits("conditional_row"), 1e-4);
            Tensors.Close(_golden.Read($"single{n}.logits_uncond"), Logits("unconditional_row"), 1e-4);
            n++;
        }
    }

    [Fact]
    public void Vq_DecodeAndEncode_EqualTheOriginalCode()
    {
        using var noGrad = no_grad();
        var ids = _golden.Read("vq_decode.ids");
        Tensors.Close(_golden.Read("vq_decode.quantized"), _model.Vq.Quantized(ids), 1e-6);
        Tensors.Close(_golden.Read("vq_decode.pixels"), _model.DecodeCodes(ids), 1e-5);
        var pixels = _golden.Read("vq_encode.pixels");
        Tensors.Close(_golden.Read("vq_encode.latent"), _model.Vq.Raw(pixels), 1e-4);
        Assert.Equal(Tensors.Rows(_golden.Read("vq_encode.ids")), Tensors.Rows(_model.EncodeImages(pixels)));
        Tensors.Close(_golden.Read("gen_aligner"), _model.EmbedCodes(arange(64, ScalarType.Int64)), 1e-5);
    }

    [Fact]
    public void GroupNorm_WithGradients_EqualsWithout()
    {
        var ids = _golden.Read("vq_decode.ids");
        Tensor plain;
        using (no_grad())
        {
            plain = _model.DecodeCodes(ids);
        }

        Tensors.Close(plain, _model.DecodeCodes(ids), 1e-5);
    }

    [Fact]
    public void Text_GreedyInPaddedBatches_EqualsTheOriginalCode()
    {
        var cases = JsonDocument.Parse(File.ReadAllText(GoldenFiles.Path("janus/understanding/cases.json"))).RootElement;
        foreach (var one in cases.EnumerateObject().Where(c => c.Value.ValueKind == JsonValueKind.Object && c.Value.TryGetProperty("greedy_ids", out _)))
        {
            var expected = one.Value.GetProperty("greedy_ids").EnumerateArray().Select(Ints).ToArray();
            Assert.Equal(expected, Answers(one.Name, endId: -1, length: expected[0].Length)); // −1: the stored run has no end token
            var stop = one.Value.GetProperty("eos_stop");
            var end = stop.GetProperty("eos_token_id").GetInt32();
            int[][] cut = [.. expected.Select(ids => Array.IndexOf(ids, end) is >= 0 and var at ? ids[..(at + 1)] : ids)];
            Assert.Equal(cut, Answers(one.Name, end, expected[0].Length));
        }
    }

    private int[][] Answers(string name, int endId, int length)
    {
        using var golden = Tensors.Golden($"janus/understanding/{name}.safetensors");
        var images = _model.EmbedImages(golden.Read("pixel_values").flatten(0, 1));
        var used = images[golden.Read("images_emb_mask").to_type(ScalarType.Bool).view(images.shape[0], -1)].unsqueeze(0);
        var questions = Tensors.Rows(golden.Read("input_ids"), golden.Read("attention_mask"));
        var rollout = TextSampler.Sample(_model, questions, used, new SpecialIds(300, endId, 302, 303, 305), 1, new SamplingConfig { Greedy = true, MaxNewTokens = length }, new Draws(0, "test"));
        return [.. rollout.Ids];
    }
}
