using System.Text.Json;
using Corl.Checkpoints;
using Corl.Models;
using Corl.Training;
using static TorchSharp.torch;

namespace Corl.Tests.Models;

/// <summary>Adapters against PEFT: logits, gradients, training, merged weights and files; and hostile files.</summary>
public sealed class LoraTests
{
    public static TheoryData<string> Cases => [.. LoraCase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Load_PeftsAdapter_LogitsGradientsAndTrainingAreItsOwn(string name)
    {
        using var scope = NewDisposeScope();
        using var golden = new LoraCase(name);
        using var adapter = golden.Load();
        adapter.Attach(golden.Model);
        Tensors.Close(golden.Expected("logits"), golden.Logits(), 1e-5, what: "logits");
        Assert.Equal(LoraCase.Facts(name).GetProperty("trainable_parameters").GetInt64(), adapter.Parameters);

        var trained = adapter.Trained(golden.Model).ToDictionary(t => FileKey(golden, t.Name), t => t.Parameter);
        foreach (var parameter in trained.Values)
        {
            parameter.requires_grad = true;
        }

        using var optimizer = new AdamW(trained.Select(t => (t.Key, t.Value)));
        foreach (var loss in LoraCase.Facts(name).GetProperty("losses").EnumerateArray())
        {
            using var step = NewDisposeScope();
            var isFirst = optimizer.State().Any() is false;
            var own = golden.Loss();
            Close.To(loss.GetDouble(), own.item<float>(), 2e-5);
            optimizer.ZeroGrad();
            own.backward();
            foreach (var key in isFirst ? golden.Starting("grad/") : [])
            {
                Tensors.Close(golden.Expected("grad/" + key), trained[key].grad!, 1e-6, what: key);
            }

            optimizer.Step(1e-2);
        }

        Assert.Equal(golden.Starting("after_5_steps/").Order(StringComparer.Ordinal), trained.Keys.Order(StringComparer.Ordinal));
        foreach (var (key, parameter) in trained)
        {
            Tensors.Close(golden.Expected("after_5_steps/" + key), parameter, 2e-5, what: key);
        }

        Tensors.Close(golden.Expected("logits_after_5_steps"), golden.Logits(), 2e-5, 2e-5, what: "logits after 5 steps");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Merged_PeftsAdapter_ChangesItsWeightsAndNoOthers(string name)
    {
        using var scope = NewDisposeScope();
        using var golden = new LoraCase(name);
        using var adapter = golden.Load();
        var weights = golden.Model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        var merged = golden.Starting("merged/").ToDictionary(golden.KeyOf, key => golden.Expected("merged/" + key));
        foreach (var (key, weight) in weights)
        {
            if (merged.TryGetValue(key, out var expected))
            {
                Tensors.Close(expected, adapter.Merged(key, weight), 1e-6, what: key);
            }
            else if (!key.StartsWith("vision_model.", StringComparison.Ordinal) && name != "fresh") // golden merges list the language model alone; B = 0 changes nothing
            {
                Assert.False(adapter.Changes(key), key);
            }

            weight.copy_(adapter.Merged(key, weight));
        }

        Tensors.Close(golden.Expected("logits_merged"), golden.Logits(), 1e-5, what: "logits");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Save_PeftsAdapter_HasItsKeysAndBits(string name)
    {
        using var scope = NewDisposeScope();
        using var golden = new LoraCase(name);
        using var adapter = golden.Load();
        using var folder = new TemporaryFolder();
        AdapterFolder.Save(adapter, folder.Path, "base");
        using var written = CheckpointReader.Open(folder.File("adapter_model.safetensors"));
        using var original = CheckpointReader.Open(Path.Combine(golden.Directory, "adapter_model.safetensors"));
        Assert.Equal(original.Tensors.Keys.Where(k => !k.EndsWith(".base_layer.weight", StringComparison.Ordinal)).Order(StringComparer.Ordinal), written.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.All(written.Tensors.Keys, key => Assert.True(original.Read(key).Equals(written.Read(key)), key));
        Assert.Empty(AdapterFolder.Problems(folder.Path));
        Assert.Empty(AdapterFolder.Problems(golden.Directory));

        // Every setting that PEFT wrote and that is written here has PEFT's value.
        var (theirs, ours) = (Settings(golden.Directory), Settings(folder.Path));
        foreach (var setting in ours.EnumerateObject().Where(s => s.Name is not ("task_type" or "base_model_name_or_path")))
        {
            Assert.True(JsonElement.DeepEquals(theirs.GetProperty(setting.Name), setting.Value), setting.Name);
        }
    }

    [Fact]
    public void Create_OnTrainedPartsAlone_StoresNamesThatMeanTheSameToPeft()
    {
        using var golden = new LoraCase("janus_suffixes");
        var config = new LoraConfig { TargetModules = ["q_proj", "v_proj"], Dora = true };
        using var all = LoraAdapter.Create(golden.Model, LoraNames.Native, config, seed: 1);
        using var language = LoraAdapter.Create(golden.Model, LoraNames.Native, config, seed: 1, key => key.StartsWith("language_model.", StringComparison.Ordinal));
        Assert.Equal(6, all.Updates.Count); // two layers and one block of the tower, q and v each
        Assert.Equal(config.TargetModules, all.Config.TargetModules);
        Assert.Equal(4, language.Updates.Count);
        Assert.Equal(language.Updates.Select(u => u.Place.Name), language.Config.TargetModules);

        using var folder = new TemporaryFolder();
        AdapterFolder.Save(language, folder.Path, null);
        using var loaded = AdapterFolder.Load(folder.Path, golden.Model, golden.Tables, CPU);
        Assert.Equal(language.Parameters, loaded.Parameters);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Create_Fresh_IsExactlyTheBaseAndDependsOnTheSeedAlone(bool dora)
    {
        using var scope = NewDisposeScope();
        using var golden = new LoraCase("janus_suffixes");
        var before = golden.Logits();
        var config = new LoraConfig { TargetModules = ["q_proj", "down_proj", "embed_tokens", "lm_head"], R = 3, Dora = dora };
        using var adapter = LoraAdapter.Create(golden.Model, LoraNames.Native, config, seed: 5);
        using var again = LoraAdapter.Create(golden.Model, LoraNames.Native, config, seed: 5);
        adapter.Attach(golden.Model);
        Tensors.Close(before, golden.Logits(), dora ? 1e-5 : 0); // DoRA divides the norm by itself
        Assert.All(adapter.Updates.Zip(again.Updates), pair => Assert.True(pair.First.A.Equals(pair.Second.A) && pair.First.B.Equals(pair.Second.B)));
        Assert.Equal(dora, adapter.Copy() is not null);
    }

    [Fact]
    public void Fused_UpdatesOfSomeRows_EqualMergedRows()
    {
        using var scope = NewDisposeScope();
        using var golden = new LoraCase("janus_suffixes");
        using var adapter = golden.Load();
        var model = (JanusPro)golden.Model;
        foreach (var (_, parameter) in model.named_parameters())
        {
            parameter.copy_(parameter.numel() == 0 ? parameter : randn(parameter.shape) * 0.3);
        }

        var pixels = rand(2, 3, 8, 8);
        adapter.Attach(model);
        var adapted = model.EmbedImages(pixels);
        LoraAdapter.Detach(model);
        Assert.False(adapted.allclose(model.EmbedImages(pixels), 1e-3));
        foreach (var (name, parameter) in model.named_parameters())
        {
            parameter.copy_(adapter.Merged(name, parameter));
        }

        Tensors.Close(model.EmbedImages(pixels), adapted, 1e-5, 1e-5);
    }

    private static string FileKey(LoraCase golden, string name) =>
        "base_model.model." + (golden.IsJanus && name.StartsWith("language_model.", StringComparison.Ordinal) ? JanusKeys.ToNative(name)[0] : name);

    private static JsonElement Settings(string folder) => JsonElement.Parse(File.ReadAllBytes(Path.Combine(folder, "adapter_config.json")));
}
