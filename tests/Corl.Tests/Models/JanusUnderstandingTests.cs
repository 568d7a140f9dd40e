using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Tests.Models;

/// <summary>The understanding path against the original code's intermediate outputs, from both checkpoint layouts.</summary>
public sealed class JanusUnderstandingTests
{
    private const double Tolerance = 1e-4; // golden/janus/README.md

    public static TheoryData<string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var layout in new[] { "native", "original" }.Where(name => Directory.Exists(GoldenFiles.Path($"janus/tiny/{name}"))))
            {
                foreach (var file in Directory.EnumerateFiles(GoldenFiles.Path("janus/understanding"), "*.safetensors"))
                {
                    data.Add(layout, Path.GetFileNameWithoutExtension(file));
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Understanding_EveryIntermediateOutput_EqualsTheOriginalCode(string layout, string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = JanusCheckpoint.Load(GoldenFiles.Path($"janus/tiny/{layout}"));
        using var golden = Tensors.Golden($"janus/understanding/{name}.safetensors");
        void Same(string key, Tensor actual) => Tensors.Close(golden.Read(key), actual, Tolerance, what: key);

        var pixels = golden.Read("pixel_values").flatten(0, 1);
        Same("tower_output", model.Vision.Forward(pixels, (i, x) =>
        {
            if (golden.Tensors.ContainsKey(i < 0 ? "tower_embeddings" : $"tower_block_{i}"))
            {
                Same(i < 0 ? "tower_embeddings" : $"tower_block_{i}", x);
            }
        }));
        var images = model.EmbedImages(pixels);
        Same("aligner_output", images);

        var mask = golden.Read("attention_mask").to_type(ScalarType.Bool);
        var used = images[golden.Read("images_emb_mask").to_type(ScalarType.Bool).view(images.shape[0], -1)]; // a row without image still has a zero image
        var embeds = JanusPro.PlaceImages(model.EmbedText(golden.Read("input_ids")), golden.Read("images_seq_mask").to_type(ScalarType.Bool), used);
        Tensor Real(Tensor x) => x * mask.unsqueeze(-1); // padding is zero in the files: what stands there is undefined
        Same("inputs_embeds", Real(embeds));
        var last = model.Hidden(embeds, mask, cache: null, (i, x) => Same($"hidden_after_layer_{i}", Real(x)));
        Same("last_hidden_state", Real(last));
        var logits = model.TextLogits(last);
        if (golden.Tensors.ContainsKey("logits"))
        {
            Same("logits", logits);
        }
        else
        {
            Same("logits_last8", logits.narrow(1, logits.shape[1] - 8, 8));
        }
    }

    [Fact]
    public void Hidden_TokenChanged_LeavesEarlierStatesToTheBit()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = JanusCheckpoint.Load(GoldenFiles.Path("janus/tiny/native"));
        var ids = arange(20, 40, ScalarType.Int64).unsqueeze(0);
        var changed = ids.clone();
        changed[0, 12] = 7;
        var (before, after) = (model.Hidden(model.EmbedText(ids)), model.Hidden(model.EmbedText(changed)));
        Assert.True(before.narrow(1, 0, 12).Equals(after.narrow(1, 0, 12)));
        Assert.False(before.narrow(1, 12, 1).Equals(after.narrow(1, 12, 1)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hidden_TokenByTokenWithCache_EqualsOnePass(bool padded)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = JanusCheckpoint.Load(GoldenFiles.Path("janus/tiny/native"));
        var ids = arange(0, 60, ScalarType.Int64).view(2, 30);
        var real = ones(2, 30, dtype: ScalarType.Bool);
        if (padded)
        {
            real[1, ..6] = false;
        }

        var embeds = model.EmbedText(ids);
        var whole = model.Hidden(embeds, padded ? real : null);
        using var cache = model.NewCache(2, 30, padded);
        var parts = new List<Tensor> { model.Hidden(embeds.narrow(1, 0, 10), padded ? real.narrow(1, 0, 10) : null, cache) };
        for (var t = 10; t < 30; t++)
        {
            parts.Add(model.Hidden(embeds.narrow(1, t, 1), null, cache));
        }

        Tensors.Close(whole * real.unsqueeze(-1), cat(parts, 1) * real.unsqueeze(-1), 1e-4);
    }

    [Fact]
    public void Micro_OtherNumbersEverywhere_EqualsTheOriginalCode()
    {
        foreach (var folder in new[] { "original-zip", "original-sharded", "original-legacy", "native-sharded" }.Where(f => Directory.Exists(GoldenFiles.Path($"janus/micro/{f}"))))
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            using var model = JanusCheckpoint.Load(GoldenFiles.Path($"janus/micro/{folder}"));
            using var golden = Tensors.Golden("janus/micro/golden.safetensors");
            void Same(string key, Tensor actual) => Tensors.Close(golden.Read(key), actual, Tolerance, what: $"{folder} {key}");
            var ids = golden.Read("input_ids");
            var embeds = JanusPro.PlaceImages(model.EmbedText(ids), ids.eq(53), model.EmbedImages(golden.Read("pixel_values").flatten(0, 1))); // 53: the micro model's placeholder
            Same("inputs_embeds", embeds);
            var hidden = model.Hidden(embeds);
            Same("logits", model.TextLogits(hidden));
            Same("gen_head_logits_last_position", model.ImageLogits(hidden.select(1, -1)));
            Same("gen_aligner", model.EmbedCodes(arange(16, ScalarType.Int64)));
            Tensors.Close(golden.Read("vq_decode.pixels"), model.DecodeCodes(golden.Read("vq_decode.ids")), 1e-5, what: $"{folder} vq_decode.pixels");
        }
    }
}
