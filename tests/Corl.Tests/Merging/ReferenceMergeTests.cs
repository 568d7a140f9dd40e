using Corl.Checkpoints;
using Corl.Merging;
using static TorchSharp.torch;

namespace Corl.Tests.Merging;

/// <summary>The merging rules of the reference code, tensor by tensor.</summary>
public sealed class ReferenceMergeTests
{
    public static IEnumerable<TheoryDataRow<string, string>> Cases =>
        from entry in GoldenJson.Read("merging/ulm_r1/cases.json").EnumerateArray()
        where entry.TryGetProperty("tensor", out _)
        select new TheoryDataRow<string, string>(entry.GetProperty("tensor").GetString()!, entry.GetProperty("rule").GetString()!);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Merge_EveryTensor_GivesTheReferenceRule(string name, string rule)
    {
        using var scope = NewDisposeScope();
        using var inputs = Tensors.Golden("merging/ulm_r1/inputs.safetensors");
        using var outputs = Tensors.Golden("merging/ulm_r1/outputs.safetensors");
        var method = rule == "fnorm" ? MergeMethod.Fnorm : MergeMethod.Gaussian;
        var parameters = new Dictionary<string, MergeSetting>();
        if (rule.StartsWith("gaussian_lambda", StringComparison.Ordinal))
        {
            parameters["lambda"] = MergeSetting.Of(int.Parse(rule["gaussian_lambda".Length..]));
        }

        MergeSource Source(string part) => new(part, new[] { inputs.Tensors[$"{name}/{part}"] with { Name = name } }.ToDictionary(info => info.Name), _ => inputs.Read($"{name}/{part}"));
        Tensor Merged() => new CheckpointMerge(MergeConfig.Of(method, "base", ["expert1", "expert2"], parameters), [Source("base"), Source("expert1"), Source("expert2")]).Merge(name);

        if (name.StartsWith("shape_", StringComparison.Ordinal) || !is_floating_point(inputs.Tensors[$"{name}/base"].Dtype))
        {
            Assert.Throws<UserException>(Merged); // shapes that only broadcast are refused, too
            return;
        }

        var merged = Merged();
        var key = outputs.Tensors.ContainsKey($"{name}/{rule}/computed_in_fp32") ? $"{name}/{rule}/computed_in_fp32" : $"{name}/{rule}";
        if (!outputs.Tensors.ContainsKey(key) || (rule == "fnorm" && name.StartsWith("zero_delta", StringComparison.Ordinal)))
        {
            Assert.True(merged.isfinite().all().item<bool>()); // more than two dimensions, and experts that changed nothing: laws in MergeLawTests
            return;
        }

        var expected = outputs.Read(key);
        Assert.Equal(expected.dtype, merged.dtype);
        Tensors.Close(expected, merged, 1e-6);
    }

    [Fact]
    public void Merge_KeysThatNotAllHave_AreRefusedByName()
    {
        using var scope = NewDisposeScope();
        MergeSource Source(string name, params string[] keys) => new(name, keys.ToDictionary(key => key, key => new TensorInfo(key, ScalarType.Float32, [2])), _ => zeros(2));
        var error = Assert.Throws<UserException>(() => new CheckpointMerge(MergeConfig.Of(MergeMethod.Gaussian, "base", ["a", "b"]), [Source("base", "w", "old"), Source("a", "w", "new"), Source("b", "w", "old")]));
        Assert.Equal("the models do not fit together: 'old' is not in 'a'; 'new' of 'a' is not in 'base'; merge models of one architecture", error.Message);
    }
}
