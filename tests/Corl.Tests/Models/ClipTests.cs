using System.Text.Json;
using Corl.Imaging;
using Corl.Models;
using Corl.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Corl.Tests.Models;

/// <summary>CLIP in miniature, in the layouts of transformers and of OpenCLIP.</summary>
public sealed class ClipTests
{
    private static readonly string Folder = GoldenFiles.Path("reward-models");
    private static readonly string Tiny = Path.Combine(Folder, "clip/tiny"), Open = Path.Combine(Folder, "clip/open_clip_tiny");

    [Fact]
    public void Features_StoredInputs_EqualTheReference()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var clip = ClipModel.Load(Tiny);
        using var golden = Tensors.Golden("reward-models/clip/tiny/forward.safetensors");
        var (pixels, ids) = (golden.Read("pixel_values"), golden.Read("input_ids"));
        var real = golden.Read("attention_mask").unsqueeze(-1);
        Same("vision.last_hidden_state", clip.Vision.Tokens(pixels));
        Same("vision.pooler_output", clip.Vision.Forward(pixels));
        Tensors.Close(golden.Read("text.last_hidden_state") * real, clip.Text.Tokens(ids) * real, 2e-5, 1e-4, "text");
        Same("text.pooler_output", clip.Text.Forward(ids));
        var (images, texts) = (clip.ImageFeatures(pixels), clip.TextFeatures(ids));
        Same("image_features", images);
        Same("text_features", texts);
        var logits = clip.LogitScale * nn.functional.normalize(images).matmul(nn.functional.normalize(texts).t());
        Tensors.Close(golden.Read("logits_per_image"), logits, 1e-3, what: "logits");

        void Same(string name, Tensor actual) => Tensors.Close(golden.Read(name), actual, 2e-5, 1e-4, name);
    }

    [Fact]
    public void TextFeatures_ManyEnds_ArePooledByTheRuleOfTheConfiguration()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var golden = Tensors.Golden("reward-models/clip/tiny/forward.safetensors");
        foreach (var (end, rule) in new[] { ((int?)null, "eos2"), (999, "eos_real") })
        {
            // The model with one token more, whose embedding is that of token 5.
            const string Words = "text_model.embeddings.token_embedding.weight";
            var (config, input) = ClipConfig.Load(Tiny);
            using var weights = new RenamedWeights(Tiny, ClipKeys.Key);
            var source = WeightSource.From((key, _) => key == Words ? cat([weights.Read(key), weights.Read(key)[5..6]]) : weights.Read(key, ".qkv.", [".q_proj.", ".k_proj.", ".v_proj."]));
            using var clip = new ClipModel(config with { Vocabulary = config.Vocabulary + 1, End = end }, ClipTokenizer.Load(Tiny), input, source);
            Tensors.Close(golden.Read($"pooling.features_{rule}"), clip.TextFeatures(golden.Read("pooling.input_ids")), 2e-5, 1e-4, rule);
            Tensors.Close(golden.Read($"added_token.features_{rule}"), clip.TextFeatures(golden.Read("added_token.input_ids")), 2e-5, 1e-4, rule);
        }
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("quick_gelu.", true)]
    public void Load_OpenClipLayout_EqualsTheReference(string prefix, bool isQuick)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(Open))
        {
            File.Copy(file, folder.File(Path.GetFileName(file)));
        }

        var config = File.ReadAllText(Path.Combine(Open, "open_clip_config.json"));
        File.Delete(folder.File("open_clip_config.json"));
        File.WriteAllText(folder.File("open_clip_config.json"), config.Replace("\"embed_dim\"", isQuick ? "\"quick_gelu\": true, \"embed_dim\"" : "\"embed_dim\"", StringComparison.Ordinal));
        using var clip = ClipModel.Load(folder.Path, Tiny);
        using var golden = Tensors.Golden("reward-models/clip/open_clip_tiny/forward.safetensors");
        var (images, texts) = (clip.ImageFeatures(golden.Read("pixel_values")), clip.TextFeatures(golden.Read("input_ids")));
        Tensors.Close(golden.Read($"{prefix}image_features"), images, 2e-5, 1e-4, "images");
        Tensors.Close(golden.Read($"{prefix}text_features"), texts, 2e-5, 1e-4, "texts");
        Tensors.Close(golden.Read($"{prefix}cosine"), ClipModel.Cosine(images, texts), 1e-5, what: "cosine");
    }

    [Fact]
    public void Cosine_ImageFilesAndCaptions_EqualsTorchmetrics()
    {
        using var scope = NewDisposeScope();
        using var clip = ClipModel.Load(Tiny);
        using var golden = Tensors.Golden("reward-models/clip/tiny/forward.safetensors");
        var scores = JsonElement.Parse(File.ReadAllText(Path.Combine(Tiny, "clip_score.json")));
        RgbImage[] images = [.. scores.GetProperty("images").EnumerateArray().Select(name => Image(name.GetString()!))];
        Tensors.Close(golden.Read("pixel_values"), clip.Input.FromImages(images, CPU), 1e-6, what: "pixels");
        var texts = clip.EncodeTexts([.. scores.GetProperty("captions").EnumerateArray().Select(text => text.GetString()!)]);
        var features = cat([.. images.Select(image => clip.EncodeImages(Pixels(image)))]);
        var cosines = nn.functional.normalize(features).matmul(nn.functional.normalize(texts).t()) * 100;
        float[] expected = [.. scores.GetProperty("all_pairs_100_cos").EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(value => value.GetSingle())];
        Tensors.Close(tensor(expected, cosines.shape), cosines, 1e-3, what: "100 cos");

        var overlong = scores.GetProperty("overlong_caption");
        var cut = ClipModel.Cosine(features[..1], clip.EncodeTexts([overlong.GetProperty("text").GetString()!])).item<float>();
        Assert.Equal(overlong.GetProperty("score_if_cut_to_context_minus_1_plus_end").GetDouble(), 100 * cut, 1e-3);
    }

    public static TheoryData<string> FullSizes => new(Directory.GetFiles(Path.Combine(Folder, "keys"), "*clip-*.json").Select(path => Path.GetFileName(path)!));

    [Theory]
    [MemberData(nameof(FullSizes))]
    public void Constructor_FullSizes_TakesTheReleasedKeysAndShapes(string file)
    {
        using var scope = NewDisposeScope();
        var listed = JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, "keys", file)));
        var stored = listed.GetProperty("tensors").EnumerateObject().ToDictionary(x => x.Name, x => x.Value.EnumerateArray().Select(size => size.GetInt64()).ToArray());
        var config = listed.TryGetProperty("config", out var open)
            ? ClipConfig.ReadOpenClip(JsonAt.Parse("open_clip_config.json", JsonSerializer.SerializeToUtf8Bytes(open)))
            : HuggingFace(stored);
        using var clip = new ClipModel(config, ClipTokenizer.Load(Tiny), new ImageInput(config.ImageSize, [0.5f], [0.5f]), WeightSource.Empty(META));
        Assert.Equal(stored.Values.Sum(shape => shape.Aggregate(1L, (a, b) => a * b)), clip.parameters().Sum(parameter => parameter.numel()));
        var shapes = clip.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter.shape);
        Assert.All(stored, pair => Assert.Equal(Expected(ClipKeys.Key(pair.Key)!), pair.Value));

        long[] Expected(string key) => key switch
        {
            _ when key.EndsWith(".turned", StringComparison.Ordinal) => [.. shapes[key.Replace(".turned", ".weight", StringComparison.Ordinal)].Reverse()],
            _ when Whole(key) is var whole && whole != key => [shapes[whole][0] / 3, .. shapes[whole][1..]],
            _ => shapes[key],
        };

        static string Whole(string key) => new[] { ".q_proj.", ".k_proj.", ".v_proj." }.Aggregate(key, (text, third) => text.Replace(third, ".qkv.", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_MissingTensor_IsRefusedByName()
    {
        using var folder = new TemporaryFolder();
        using (var scope = NewDisposeScope())
        using (var weights = Tensors.Golden("reward-models/clip/tiny/model.safetensors"))
        {
            Corl.Checkpoints.Safetensors.Write(folder.File("model.safetensors"), weights.Tensors.Keys.Where(key => key != "text_projection.weight").Select(key => KeyValuePair.Create(key, weights.Read(key))));
        }

        File.Copy(Path.Combine(Tiny, "config.json"), folder.File("config.json"));
        Assert.Contains("text_projection.weight", Assert.Throws<UserException>(() => ClipModel.Load(folder.Path, Tiny)).Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("config.json"), File.ReadAllText(Path.Combine(Tiny, "config.json")).Replace("\"hidden_size\": 48", "\"hidden_size\": 49", StringComparison.Ordinal));
        Assert.Contains("no multiple of its 4 heads", Assert.Throws<UserException>(() => ClipModel.Load(folder.Path, Tiny)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_ManyCalls_KeepsNoTensors()
    {
        using var scope = NewDisposeScope();
        using var clip = ClipModel.Load(Tiny);
        var images = zeros(3, 3, 40, 32);
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 3; i++)
        {
            clip.EncodeImages(images).Dispose();
            clip.EncodeTexts(["a dog", ""]).Dispose();
        }

        Assert.Equal(live, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void FromImages_StripOrPoint_StaysBounded()
    {
        using var scope = NewDisposeScope();
        using var clip = ClipModel.Load(Tiny);
        // Resized to 32 rows the strip would have 96 million pixels.
        RgbImage[] images = [new(3_000_000, 1, new byte[9_000_000]), new(1, 1, [1, 2, 3])];
        Assert.Equal([2, 3, 32, 32], clip.Input.FromImages(images, CPU).shape);
        Assert.True(isfinite(clip.EncodeImages(zeros(1, 3, 1, 1))).all().item<bool>());
    }

    // The sizes that the shapes of a released model tell; heads are 64 wide in all of them.
    private static ClipConfig HuggingFace(Dictionary<string, long[]> stored)
    {
        const int HeadWidth = 64;
        var patch = stored["vision_model.embeddings.patch_embedding.weight"];
        var side = (int)Math.Sqrt(stored["vision_model.embeddings.position_embedding.weight"][0] - 1);
        return new ClipConfig
        {
            Vision = Tower("vision_model"),
            Text = Tower("text_model"),
            ImageSize = side * (int)patch[2],
            PatchSize = (int)patch[2],
            Vocabulary = (int)stored["text_model.embeddings.token_embedding.weight"][0],
            Context = (int)stored["text_model.embeddings.position_embedding.weight"][0],
            Projection = (int)stored["text_projection.weight"][0],
        };

        TransformerConfig Tower(string name)
        {
            var mlp = stored[$"{name}.encoder.layers.0.mlp.fc1.weight"];
            return new((int)mlp[1], stored.Keys.Count(key => key.StartsWith(name, StringComparison.Ordinal) && key.EndsWith(".fc1.bias", StringComparison.Ordinal)), (int)mlp[1] / HeadWidth, (int)mlp[0], 1e-5, true);
        }
    }

    private static RgbImage Image(string relative) => ImageCodec.Decode(File.ReadAllBytes(Path.Combine(Folder, relative)), relative);

    // [1, 3, H, W] in [−1, 1]
    internal static Tensor Pixels(RgbImage image)
    {
        using var scope = NewDisposeScope();
        return ((ImageInput.AsTensor(image).unsqueeze(0).to_type(ScalarType.Float32) / 127.5) - 1).MoveToOuterDisposeScope();
    }
}
