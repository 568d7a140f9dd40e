using Corl.Checkpoints;
using Corl.Cli.Recipes;
using Corl.Merging;
using static TorchSharp.torch;

namespace Corl.Tests.Merging;

/// <summary>Every merge of the golden set, which mergekit made.</summary>
public sealed class MergekitTests
{
    // What mergekit cannot do and this project defines: docs/merging.md.
    private static readonly string[] DefinedHere = ["refused_density_rounds_to_zero", "refused_density_left_to_default", "refused_weight_zero", "refused_slerp_scalar"];

    public static IEnumerable<TheoryDataRow<string, string>> Cases =>
        from entry in GoldenJson.Read("merging/mergekit/cases.json").EnumerateArray()
        let kind = entry.GetProperty("kind").GetString()!
        let name = entry.GetProperty("name").GetString()!
        where File.Exists(ConfigFile(kind, name)) // the copies have some of the cases
        select new TheoryDataRow<string, string>(kind, name);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Merge_EveryConfiguration_GivesMergekitsWeights(string kind, string name)
    {
        if (name.StartsWith("refused_", StringComparison.Ordinal) && !DefinedHere.Contains(name))
        {
            Assert.Throws<UserException>(() => Merged(kind, name));
            return;
        }

        using var scope = NewDisposeScope();
        var merged = Merged(kind, name);
        Assert.All(merged.Values, tensor => Assert.True(tensor.isfinite().all().item<bool>()));
        if (DefinedHere.Contains(name) || name.StartsWith("defect_", StringComparison.Ordinal))
        {
            return;
        }

        using var expected = Tensors.Golden($"merging/mergekit/{kind}/merged/{name}.safetensors");
        Assert.Equal(expected.Tensors.Keys.Order(), merged.Keys.Order());
        foreach (var (tensor, info) in expected.Tensors)
        {
            var values = expected.Read(tensor);
            Assert.Equal(info.Dtype, merged[tensor].dtype);
            if (tensor is not ("opposite_experts" or "constant_delta") || !name.Contains("model_stock", StringComparison.Ordinal)) // 0 / 0 there, a law in MergeLawTests
            {
                // 1e-6 as the golden page has it; in bfloat16 a unit of the last of 8 places.
                Tensors.Close(values, merged[tensor], info.Dtype == ScalarType.BFloat16 ? 0 : 1e-6, info.Dtype == ScalarType.BFloat16 ? 1 / 128.0 : 0, tensor);
            }
        }
    }

    [Fact]
    public void Merge_WeightZero_IsZeroAndNotTheCommonWeight()
    {
        using var scope = NewDisposeScope();
        var merged = Merged("state_dicts", "defect_weight_zero_replaced_by_common"); // weights 0 and 1
        using var second = Tensors.Golden("merging/mergekit/state_dicts/expert2.safetensors");
        Assert.All(merged, pair => Tensors.Close(second.Read(pair.Key), pair.Value, 0));
    }

    [Fact]
    public void Merge_BreadcrumbsOfSmallTensors_MayKeepThem()
    {
        using var scope = NewDisposeScope();
        var config = MergeFile.Read(ConfigFile("state_dicts", "breadcrumbs_default_gamma"));
        var kept = Merged("state_dicts", "breadcrumbs_default_gamma", config with { Parameters = new Dictionary<string, MergeSetting> { ["breadcrumbs_small"] = MergeSetting.Of(1) } });
        using var origin = Tensors.Golden("merging/mergekit/state_dicts/base.safetensors");
        Assert.All(kept, pair => Assert.False(pair.Value.Equals(origin.Read(pair.Key))));
    }

    private static string ConfigFile(string kind, string name) => GoldenFiles.Path($"merging/mergekit/{kind}/configs/{name}.yml");

    private static Dictionary<string, Tensor> Merged(string kind, string name, MergeConfig? changed = null)
    {
        var config = changed ?? MergeFile.Read(ConfigFile(kind, name));
        var readers = config.Models.ToDictionary(model => model, model => CheckpointReader.OpenWeights(GoldenFiles.Path($"merging/mergekit/{kind}/{model}")));
        try
        {
            var merge = new CheckpointMerge(config, readers.Select(pair => new MergeSource(pair.Key, pair.Value.Tensors, pair.Value.Read))) { Draw = GoldenDraw(kind, name) };
            return merge.Tensors.ToDictionary(info => info.Name, info => merge.Merge(info.Name));
        }
        finally
        {
            foreach (var reader in readers.Values)
            {
                reader.Dispose();
            }
        }
    }

    // The masks that mergekit was given, and a check that it was asked for the same probabilities.
    private static Draw GoldenDraw(string kind, string name) => (tensor, _, model, probabilities) =>
    {
        using var masks = Tensors.Golden($"merging/mergekit/{kind}/masks/{name}.safetensors");
        var key = $"{Path.GetFileNameWithoutExtension(model)}/{tensor}";
        Tensors.Close(masks.Read($"keep_probability/{key}").view(probabilities.shape), probabilities, 1e-6, what: key);
        return masks.Read($"mask/{key}").view(probabilities.shape).to(ScalarType.Float32);
    };
}
