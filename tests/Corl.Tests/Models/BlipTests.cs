using System.Text.Json;
using Corl.Checkpoints;
using Corl.Imaging;
using Corl.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Corl.Tests.Models;

/// <summary>BLIP captioners of transformers in miniature: one trained for a moment, one with large random weights.</summary>
public sealed class BlipTests
{
    private static readonly string Folder = GoldenFiles.Path("reward-models");

    public static TheoryData<string> Models => new(Directory.GetDirectories(Path.Combine(Folder, "blip")).Where(path => File.Exists(Path.Combine(path, "captions.json"))).Select(path => Path.GetFileName(path)!));

    [Theory]
    [MemberData(nameof(Models))]
    public void Forward_StoredImages_EqualsTheReference(string model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var blip = Load(model);
        using var golden = Tensors.Golden($"reward-models/blip/{model}/forward.safetensors");
        var image = blip.EncodeImages(golden.Read("pixel_values"));
        Tensors.Close(golden.Read("vision.last_hidden_state"), image, 2e-5, 1e-4);
        Tensors.Close(golden.Read("decoder.logits"), blip.Logits(golden.Read("decoder.input_ids"), image), 2e-5, 1e-4, "decoder");
        Tensors.Close(golden.Read("prompt.logits"), blip.Logits(golden.Read("prompt.input_ids"), image), 2e-5, 1e-4, "prompt");
        var (ids, real) = (golden.Read("padded.input_ids"), golden.Read("padded.attention_mask").unsqueeze(-1));
        Tensors.Close(golden.Read("padded.logits") * real, blip.Logits(ids, image.narrow(0, 0, ids.shape[0])) * real, 2e-5, 1e-4, "padded");
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void CaptionIds_Greedy_EqualsTheReference(string model)
    {
        using var scope = NewDisposeScope();
        using var blip = Load(model);
        foreach (var row in Captions(model).GetProperty("cases").EnumerateArray())
        {
            var image = Image(row.GetProperty("image").GetString()!);
            var greedy = row.GetProperty("greedy");
            Equal(greedy.GetProperty("max_new_tokens_50"), blip.CaptionIds(image)[0]);
            Equal(greedy.GetProperty("max_new_tokens_30"), blip.CaptionIds(image, new CaptionOptions { MaxNewTokens = 30 })[0]);
            Equal(greedy.GetProperty("max_new_tokens_5"), blip.CaptionIds(image, new CaptionOptions { MaxNewTokens = 5 })[0]);
            Equal(greedy.GetProperty("default_max_length"), blip.CaptionIds(image, new CaptionOptions { MaxNewTokens = 20 })[0]);
            Assert.Equal(row.GetProperty("text_clean_up").GetString(), blip.Caption(image)[0]);
            foreach (var prompted in row.GetProperty("prompted").EnumerateArray())
            {
                var options = new CaptionOptions { Prompt = prompted.GetProperty("prompt").GetString()!, MaxNewTokens = 30 };
                Equal(prompted.GetProperty("ids"), blip.CaptionIds(image, options)[0]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Write_BeamSearch_EqualsTheReference(string model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var blip = Load(model);
        foreach (var row in Captions(model).GetProperty("cases").EnumerateArray())
        {
            var image = Image(row.GetProperty("image").GetString()!);
            Equal(row.GetProperty("beam3").GetProperty("ids"), blip.CaptionIds(image, new CaptionOptions { Beams = 3, MaxNewTokens = 30 })[0]);
            var prompted = row.GetProperty("beam3_prompt_max20_min5");
            var prompt = prompted.GetProperty("prompt").GetString()!;
            var promptTokens = 1 + blip.Tokenizer.Encode(prompt, addSpecial: false).Length;
            Equal(prompted.GetProperty("ids"), blip.CaptionIds(image, new CaptionOptions { Prompt = prompt, Beams = 3, MaxNewTokens = 20 - promptTokens, MinLength = 5 })[0]);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void CaptionIds_BatchOfAll_EqualsOneByOne(string model)
    {
        using var scope = NewDisposeScope();
        using var blip = Load(model);
        var captions = Captions(model);
        var images = cat([.. captions.GetProperty("cases").EnumerateArray().Select(row => Image(row.GetProperty("image").GetString()!))]);
        foreach (var (stored, ids) in captions.GetProperty("batch_greedy_max_new_tokens_50").EnumerateArray().Zip(blip.CaptionIds(images)))
        {
            Equal(stored, ids);
        }
    }

    [Fact]
    public void Load_EveryLayout_GivesTheSameCaptioner()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var folder = Path.Combine(Folder, "blip/captioner");
        using var expected = BlipCaptioner.Load(folder);
        var image = expected.Input.FromPixels(Image("blip/images/scene_0.png"));
        var ids = tensor(new long[] { 379, 146, 243 }).unsqueeze(0);
        foreach (var file in new[] { "pytorch_model.bin", "original_layout.pth" })
        {
            using var other = BlipCaptioner.Load(folder, Path.Combine(folder, file));
            Tensors.Close(expected.Logits(ids, expected.EncodeImages(image)), other.Logits(ids, other.EncodeImages(image)), 0, what: file);
        }
    }

    [Fact]
    public void Save_LoadedAgain_IsTheSameCaptioner()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var expected = Load("captioner");
        expected.Save(folder.Path);

        using var saved = BlipCaptioner.Load(folder.Path);
        using var file = CheckpointReader.Open(folder.Path);
        using var original = Tensors.Golden("reward-models/blip/captioner/model.safetensors");

        Assert.Equal(original.Tensors.Keys.Order(), file.Tensors.Keys.Order());
        Assert.Equal(expected.Config, saved.Config);
        var image = Image("blip/images/scene_1.png");
        Assert.Equal(expected.Caption(image), saved.Caption(image));
    }

    [Fact]
    public void Load_MissingTensor_IsRefusedByName()
    {
        using var folder = new TemporaryFolder();
        using var blip = Load("captioner");
        blip.Save(folder.Path);
        using (var scope = NewDisposeScope())
        {
            Safetensors.Write(folder.File("model.safetensors"), blip.named_parameters().Skip(1).Select(pair => KeyValuePair.Create(pair.name, (Tensor)pair.parameter)));
        }

        var error = Assert.Throws<UserException>(() => BlipCaptioner.Load(folder.Path));
        Assert.Contains(blip.named_parameters().First().name, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blip-image-captioning-base")]
    [InlineData("blip-image-captioning-large")]
    public void Constructor_FullSizes_HasTheReleasedKeysAndShapes(string name)
    {
        var listed = JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, $"keys/{name}.json")));
        var isLarge = name.EndsWith("large", StringComparison.Ordinal);
        var config = new BlipConfig
        {
            ImageSize = 384,
            PatchSize = 16,
            VisionWidth = isLarge ? 1024 : 768,
            VisionLayers = isLarge ? 24 : 12,
            VisionHeads = isLarge ? 16 : 12,
            VisionMlpWidth = isLarge ? 4096 : 3072,
            Vocabulary = 30524,
            TextWidth = 768,
            TextLayers = 12,
            TextHeads = 12,
            TextMlpWidth = 3072,
            Positions = 512,
            Start = 30522,
            Stop = 102,
            Pad = 0,
        };
        using var tokens = Load("captioner");
        using var blip = new BlipCaptioner(config, tokens.Tokenizer, tokens.Input, WeightSource.Empty(META));
        var shapes = blip.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter.shape);
        string[] tied = ["text_decoder.cls.predictions.decoder.weight", "text_decoder.cls.predictions.decoder.bias"];
        var expected = listed.GetProperty("tensors").EnumerateObject().Where(tensor => !tied.Contains(tensor.Name)).ToDictionary(tensor => tensor.Name, tensor => tensor.Value.EnumerateArray().Select(size => size.GetInt64()).ToArray());
        Assert.Equal(expected.Keys.Order(), shapes.Keys.Order());
        Assert.All(expected, pair => Assert.Equal(pair.Value, shapes[pair.Key]));
        Assert.Equal(listed.GetProperty("unique_parameters").GetInt64(), blip.parameters().Sum(parameter => parameter.numel()));
    }

    [Fact]
    public void Logits_Thawed_GradientReachesEveryParameter()
    {
        using var scope = NewDisposeScope();
        using var blip = Load("captioner");
        foreach (var parameter in blip.parameters())
        {
            parameter.requires_grad = true;
        }

        using var golden = Tensors.Golden("reward-models/blip/captioner/forward.safetensors");
        var ids = golden.Read("decoder.input_ids");
        var logits = blip.Logits(ids, blip.EncodeImages(golden.Read("pixel_values")))[.., ..^1];
        var targets = ids[.., 1..].masked_fill(ids[.., 1..] == 0, -100);
        var loss = nn.functional.cross_entropy(logits.reshape(-1, logits.shape[2]), targets.reshape(-1), ignore_index: -100);
        loss.backward();
        Assert.Equal(Captions("captioner").GetProperty("loss_of_decoder_input_ids").GetDouble(), loss.item<float>(), 1e-4);
        Assert.All(blip.named_parameters(), pair => Assert.True(pair.parameter.grad is { } grad && grad.abs().sum().item<float>() > 0, pair.name));
    }

    [Fact]
    public void CaptionIds_ManyCalls_KeepsNoTensors()
    {
        using var scope = NewDisposeScope();
        using var blip = Load("captioner");
        var images = cat([Image("blip/images/scene_0.png"), Image("blip/images/scene_2.png")]);
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 3; i++)
        {
            blip.CaptionIds(images);
            blip.CaptionIds(images, new CaptionOptions { Beams = 2 });
        }

        Assert.Equal(live, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void FromPixels_HostileValues_StayDefined()
    {
        using var scope = NewDisposeScope();
        using var blip = Load("captioner");
        var images = full(3, 3, 48, 48, float.NaN);
        images[1] = full(3, 48, 48, float.PositiveInfinity);
        images[2] = full(3, 48, 48, -7f);
        Assert.True(isfinite(blip.Input.FromPixels(images)).all().item<bool>());
        Assert.Equal(3, blip.Caption(images).Count);
        Assert.Single(blip.Caption(full(1, 3, 1, 1, float.NaN)));
    }

    private static BlipCaptioner Load(string model) => BlipCaptioner.Load(Path.Combine(Folder, "blip", model));

    private static JsonElement Captions(string model) => JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, $"blip/{model}/captions.json")));

    // [1, 3, H, W] in [−1, 1]
    private static Tensor Image(string relative)
    {
        using var scope = NewDisposeScope();
        var image = ImageCodec.Decode(File.ReadAllBytes(Path.Combine(Folder, relative)), relative);
        return ((ImageInput.AsTensor(image).unsqueeze(0).to_type(ScalarType.Float32) / 127.5) - 1).MoveToOuterDisposeScope();
    }

    // Rows of a batch are filled up with the pad id 0.
    private static void Equal(JsonElement expected, int[] actual) => Assert.Equal(expected.EnumerateArray().Select(id => id.GetInt32()).Reverse().SkipWhile(id => id == 0).Reverse(), actual);
}
