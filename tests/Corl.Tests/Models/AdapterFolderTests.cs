using System.Text.Json.Nodes;
using Corl.Checkpoints;
using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Tests.Models;

/// <summary>Damaged and foreign adapter folders are refused with the file and the key.</summary>
public sealed class AdapterFolderTests
{
    private const string Q0 = "base_model.model.model.layers.0.self_attn.q_proj";

    [Theory]
    [InlineData("peft_type", "\"IA3\"", "LORA")]
    [InlineData("r", "0", "1 to")]
    [InlineData("r", "\"four\"", "r:")]
    [InlineData("bias", "\"all\"", "bias")]
    [InlineData("init_lora_weights", "\"pissa\"", "init_lora_weights")]
    [InlineData("use_qalora", "true", "use_qalora")]
    [InlineData("a_setting_of_tomorrow", "3", "a_setting_of_tomorrow")]
    [InlineData("target_modules", "[]", "target_modules")]
    [InlineData("target_modules", "[\"q_proj\", \"k_proj\"]", "missing key base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight")]
    [InlineData("target_modules", "[\"v_proj\"]", "unexpected key")]
    [InlineData("target_modules", "\"(\"", "regular expression")]
    [InlineData("lora_alpha", "-1", "alpha")]
    [InlineData("r", "3", "expected shape [3, 16], found [4, 16]")]
    public void Load_Setting_IsRefused(string key, string value, string part)
    {
        var error = Refused(settings => settings[key] = JsonNode.Parse(value), _ => { });
        Assert.Contains(part, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SettingsOffOrHarmless_AreAccepted() => Changed(
        settings =>
        {
            settings["a_setting_of_tomorrow"] = null;
            settings["another"] = false;
            settings["loftq_config"] = new JsonObject();
            settings["lora_dropout"] = 0.1;
        },
        _ => { },
        load => load().Dispose());

    [Fact]
    public void Load_Tensors_AreChecked()
    {
        Assert.Contains("missing key " + Q0 + ".lora_B.weight", Refused(_ => { }, t => t.Remove(Q0 + ".lora_B.weight")), StringComparison.Ordinal);
        Assert.Contains("unexpected key 'base_model.model.extra'", Refused(_ => { }, t => t["base_model.model.extra"] = zeros(1)), StringComparison.Ordinal);
        Assert.Contains("not finite", Refused(_ => { }, t => t[Q0 + ".lora_A.weight"] = full(4, 16, float.NaN)), StringComparison.Ordinal);
        Assert.Contains("type Int64", Refused(_ => { }, t => t[Q0 + ".lora_A.weight"] = zeros(4, 16, dtype: int64)), StringComparison.Ordinal);
        Assert.Contains("expected shape [4, 16], found [16, 4]", Refused(_ => { }, t => t[Q0 + ".lora_A.weight"] = zeros(16, 4)), StringComparison.Ordinal);
        Assert.Contains("belongs to another model", Refused(_ => { }, t => t["base_model.model.model.layers.7.self_attn.q_proj.lora_A.weight"] = zeros(4, 16)), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FileOrFolderMissing_IsNamed()
    {
        using var folder = new TemporaryFolder();
        using var golden = new LoraCase("rslora");
        Assert.Contains("adapter_config.json: not found", Assert.Throws<UserException>(() => AdapterFolder.Load(folder.Path, golden.Model, golden.Tables, CPU)).Message, StringComparison.Ordinal);
        File.Copy(Path.Combine(golden.Directory, "adapter_config.json"), folder.File("adapter_config.json"));
        Assert.Contains("adapter_model.safetensors: not found", Assert.Throws<UserException>(() => AdapterFolder.Load(folder.Path, golden.Model, golden.Tables, CPU)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_JanusNames_OfEveryKindAreUnderstood()
    {
        using var scope = NewDisposeScope();
        using var golden = new LoraCase("janus_suffixes");
        var model = (JanusPro)golden.Model;
        foreach (var names in new[] { LoraNames.Original, LoraNames.Native, LoraNames.Language })
        {
            using var folder = new TemporaryFolder();
            using var adapter = LoraAdapter.Create(model, names, new LoraConfig { TargetModules = ["q_proj"], ModulesToSave = ["lm_head"] }, 3, key => key.StartsWith("language_model.", StringComparison.Ordinal));
            AdapterFolder.Save(adapter, folder.Path, null);
            using var loaded = AdapterFolder.Load(folder.Path, model, CPU);
            Assert.Equal(adapter.Updates.Select(u => u.Place.Key), loaded.Updates.Select(u => u.Place.Key));
            Assert.Equal(["language_model.lm_head.weight"], loaded.SavedKeys);
        }
    }

    private static string Refused(Action<JsonObject> settings, Action<Dictionary<string, Tensor>> tensors)
    {
        var message = "";
        Changed(settings, tensors, load => message = Assert.Throws<UserException>(load).Message);
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private static void Changed(Action<JsonObject> settings, Action<Dictionary<string, Tensor>> tensors, Action<Func<LoraAdapter>> check)
    {
        using var scope = NewDisposeScope();
        using var golden = new LoraCase("rslora");
        using var folder = new TemporaryFolder();
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(golden.Directory, "adapter_config.json")))!.AsObject();
        json["target_modules"] = new JsonArray("q_proj", "v_proj");
        settings(json);
        File.WriteAllText(folder.File("adapter_config.json"), json.ToJsonString());
        using (var reader = CheckpointReader.Open(Path.Combine(golden.Directory, "adapter_model.safetensors")))
        {
            var values = reader.Tensors.Keys.ToDictionary(key => key, key => reader.Read(key).clone());
            tensors(values);
            Safetensors.Write(folder.File("adapter_model.safetensors"), values);
        }

        check(() => AdapterFolder.Load(folder.Path, golden.Model, golden.Tables, CPU));
    }
}
