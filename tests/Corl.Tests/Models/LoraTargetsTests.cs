using System.Diagnostics;
using Corl.Models;

namespace Corl.Tests.Models;

/// <summary>Which modules an adapter's settings mean: PEFT's documented rules, and patterns meant to do harm.</summary>
public sealed class LoraTargetsTests
{
    [Theory]
    [InlineData("q_proj", "model.layers.0.self_attn.q_proj", true)]
    [InlineData("self_attn.q_proj", "model.layers.0.self_attn.q_proj", true)]
    [InlineData("proj", "model.layers.0.self_attn.q_proj", false)] // an end begins after a dot
    [InlineData("q_proj", "q_proj", true)]
    [InlineData("q_proj", "model.q_proj.inner", false)]
    public void IsTarget_List_MatchesNamesAndTheirEnds(string target, string module, bool expected) =>
        Assert.Equal(expected, new LoraTargets(new LoraConfig { TargetModules = [target] }, "test").IsTarget(module));

    [Theory]
    [InlineData(@".*\.(q|v)_proj", "a.b.v_proj", true)]
    [InlineData(@"(q|v)_proj", "a.b.v_proj", false)] // the whole name must match
    [InlineData(@"a|a\.b", "a.b", true)]
    public void IsTarget_Pattern_MatchesTheWholeName(string pattern, string module, bool expected) =>
        Assert.Equal(expected, new LoraTargets(new LoraConfig { TargetPattern = pattern }, "test").IsTarget(module));

    [Fact]
    public void IsTarget_LayersExclusionsAndSavedModules_Restrict()
    {
        var targets = new LoraTargets(
            new LoraConfig { TargetModules = ["q_proj", "k_proj", "lm_head"], LayersToTransform = [1, 3], ExcludeModules = ["3.self_attn.k_proj"], ModulesToSave = ["lm_head"] }, "test");
        Assert.True(targets.IsTarget("model.layers.1.self_attn.q_proj"));
        Assert.True(targets.IsTarget("model.layers.3.self_attn.q_proj"));
        Assert.False(targets.IsTarget("model.layers.3.self_attn.k_proj"));
        Assert.False(targets.IsTarget("model.layers.2.self_attn.q_proj"));
        Assert.False(targets.IsTarget("lm_head"));
        Assert.True(targets.IsSaved("lm_head"));
        Assert.True(targets.IsSaved("lm_head.inner"));
        Assert.False(targets.IsSaved("model.norm"));
    }

    [Fact]
    public void IsTarget_LayersPattern_CountsInThatList()
    {
        var targets = new LoraTargets(new LoraConfig { TargetModules = ["fc"], LayersToTransform = [2], LayersPattern = ["outer"] }, "test");
        Assert.True(targets.IsTarget("m.outer.2.inner.5.fc"));
        Assert.False(targets.IsTarget("m.outer.5.inner.2.fc"));
    }

    [Fact]
    public void RankAndScale_Patterns_TheFirstEndThatMatchesCounts()
    {
        var targets = new LoraTargets(
            new LoraConfig { R = 4, Alpha = 8, RankPattern = new Dictionary<string, int> { ["down_proj"] = 16, [@"layers\.1\.mlp\.down_proj"] = 2 }, AlphaPattern = new Dictionary<string, double> { ["q_proj"] = 2 }, Rslora = true }, "test");
        Assert.Equal((16, 2.0), (targets.Rank("model.layers.1.mlp.down_proj"), targets.Scale("model.layers.1.mlp.down_proj"))); // 8 / √16
        Assert.Equal((4, 1.0), (targets.Rank("model.q_proj"), targets.Scale("model.q_proj")));                                  // 2 / √4
        Assert.Equal(4, targets.Rank("model.xdown_proj"));
    }

    [Theory]
    [InlineData("(")]
    [InlineData("a)(b")] // closes the bracket around it
    [InlineData("(?=a)a")]
    [InlineData(@"(a)\1")]
    [InlineData("((a{90}){90}){90}")]
    public void Constructor_UnusablePattern_IsRefused(string pattern)
    {
        var error = Assert.Throws<UserException>(() => new LoraTargets(new LoraConfig { TargetPattern = pattern }, "adapter_config.json"));
        Assert.StartsWith("adapter_config.json: target_modules: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IsTarget_CatastrophicPattern_TakesLinearTime()
    {
        var watch = Stopwatch.StartNew();
        Assert.False(new LoraTargets(new LoraConfig { TargetPattern = "(a+)+b" }, "test").IsTarget(new string('a', 5000)));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"{watch.Elapsed}"); // a backtracking matcher would not end
    }
}
