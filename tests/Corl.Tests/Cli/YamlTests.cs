using Corl.Cli.Recipes;

namespace Corl.Tests.Cli;

public sealed class YamlTests
{
    public enum Way
    {
        OneAdvantage,
        PerModality,
    }

    public sealed record Inner
    {
        public required int GroupSize { get; init; }

        public double Beta { get; init; } = 0.5;

        public Way Way { get; init; }

        public IReadOnlyList<Way> Ways { get; init; } = [];
    }

    public sealed record Outer
    {
        public required Inner Stage { get; init; }

        public string? Captioner { get; init; }

        public string Name { get; init; } = "x";

        public bool Frozen { get; init; }

        public ulong Seed { get; init; }

        public IReadOnlyDictionary<string, double> Rewards { get; init; } = new Dictionary<string, double>();
    }

    [Fact]
    public void Read_EveryKind_GivesTypedValues()
    {
        var outer = Read("""
            stage: { group_size: 8, beta: 4e-6, way: per_modality, ways: [one_advantage, per_modality] }
            captioner: null
            frozen: true
            seed: 18446744073709551615
            rewards: { tim: 1, cycle: 0.8 }
            """);
        Assert.Equal((8, 4e-6, Way.PerModality), (outer.Stage.GroupSize, outer.Stage.Beta, outer.Stage.Way));
        Assert.Equal([Way.OneAdvantage, Way.PerModality], outer.Stage.Ways);
        Assert.Equal((null, "x", true, ulong.MaxValue), (outer.Captioner, outer.Name, outer.Frozen, outer.Seed));
        Assert.Equal(["tim", "cycle"], outer.Rewards.Keys); // order of the file
        Assert.Equal(0.8, outer.Rewards["cycle"]);
    }

    [Fact]
    public void Write_ThenRead_GivesTheSameSettings()
    {
        var outer = Read("""
            stage: { group_size: 8, way: per_modality, ways: [per_modality] }
            captioner: "a: \"b\" # c"
            rewards: { tim: 0.1 }
            """);
        var text = YamlBinder.Write(outer);
        var again = Read(text);
        Assert.Equal(text, YamlBinder.Write(again));
        Assert.Equal(outer with { Stage = again.Stage, Rewards = again.Rewards }, again);
        Assert.Equal((outer.Stage.Ways[0], outer.Rewards["tim"]), (again.Stage.Ways[0], again.Rewards["tim"]));
    }

    [Theory]
    [InlineData("stage: { group_size: 8, bta: 1 }", "r.yaml:1: unknown key 'stage.bta'; did you mean 'beta'?")]
    [InlineData("stage: { group_size: 8 }\nzzzzzz: 1", "r.yaml:2: unknown key 'zzzzzz'; known are stage, captioner, name, frozen, seed, rewards")]
    [InlineData("stage: { beta: 1 }", "r.yaml:1: 'stage.group_size' is missing")]
    [InlineData("stage: { group_size: 8.5 }", "r.yaml:1: 'stage.group_size' is '8.5', expected a whole number")]
    [InlineData("stage: { group_size: 8, beta: .nan }", "r.yaml:1: 'stage.beta' is '.nan', expected a finite number")]
    [InlineData("stage: { group_size: 8, beta: 1e999 }", "r.yaml:1: 'stage.beta' is '1e999', expected a finite number")]
    [InlineData("stage: { group_size: 8, way: both }", "r.yaml:1: 'stage.way' is 'both', expected one_advantage or per_modality")]
    [InlineData("stage: { group_size: 8, way: 1 }", "r.yaml:1: 'stage.way' is '1', expected one_advantage or per_modality")]
    [InlineData("stage: [8]", "r.yaml:1: 'stage' is a list, expected a mapping")]
    [InlineData("stage: { group_size: 8 }\nname: null", "r.yaml:2: 'name' needs a value")]
    [InlineData("stage: { group_size: 8 }\nfrozen: yes", "r.yaml:2: 'frozen' is 'yes', expected true or false")]
    [InlineData("- 1", "r.yaml: expected a list of 'key: value', got a list")]
    [InlineData("stage: &a { group_size: 8 }", "r.yaml:1: anchors (&name) are not used in recipes")]
    [InlineData("stage: !!python/object:os.system { group_size: 8 }", "r.yaml:1: tags (!name) are not used in recipes")]
    [InlineData("a: 1\n---\nb: 1", "r.yaml: expected one YAML document, got 2")]
    public void Read_Mistake_IsNamedWithItsLine(string text, string message) =>
        Assert.Equal(message, Assert.Throws<UserException>(() => Read(text)).Message);

    [Theory]
    [InlineData("stage: { group_size: 8, group_size: 4 }")]
    [InlineData("stage: { group_size: 8 ")]
    [InlineData("\t: : :")]
    public void Read_NotYamlOrDuplicateKey_IsRefused(string text) =>
        Assert.Matches("^r.yaml:[12]: not valid YAML: ", Assert.Throws<UserException>(() => Read(text)).Message);

    [Fact]
    public void Read_DeeplyNested_IsRefusedWithoutRecursion() =>
        Assert.Equal("r.yaml:1: nested deeper than 12 levels", Assert.Throws<UserException>(() => Read(new string('[', 50_000))).Message);

    [Fact]
    public void Read_ManyValues_IsRefused() =>
        Assert.Equal("r.yaml:1: more than 2000 values", Assert.Throws<UserException>(() => Read($"a: [{string.Join(',', Enumerable.Range(0, 5000))}]")).Message);

    [Fact]
    public void Set_DottedPath_OverridesWithItsType()
    {
        var tree = YamlTree.Parse("stage: { group_size: 8, beta: 1 }", "r.yaml");
        YamlTree.Set(tree, "stage.beta=0.02");
        YamlTree.Set(tree, "rewards.tim=2");
        YamlTree.Set(tree, "stage.ways=[per_modality]");
        var outer = YamlBinder.Read<Outer>(tree, "r.yaml");
        Assert.Equal((8, 0.02, 2.0), (outer.Stage.GroupSize, outer.Stage.Beta, outer.Rewards["tim"]));
        Assert.Equal([Way.PerModality], outer.Stage.Ways);
    }

    [Theory]
    [InlineData("stage.bta=1", "r.yaml: unknown key 'stage.bta'; did you mean 'beta'?")]
    [InlineData("stage.beta=much", "r.yaml: 'stage.beta' is 'much', expected a finite number")]
    [InlineData("stage.beta.x=1", "--set stage.beta.x=1: 'beta' is '1', it has no keys of its own")]
    [InlineData("stage.beta", "--set stage.beta: expected key=value, for example --set stage.group_size=4")]
    [InlineData("=1", "--set =1: expected key=value, for example --set stage.group_size=4")]
    [InlineData("a..b=1", "--set a..b=1: expected key=value, for example --set stage.group_size=4")]
    public void Set_Mistake_IsNamed(string assignment, string message)
    {
        var tree = YamlTree.Parse("stage: { group_size: 8, beta: 1 }", "r.yaml");
        Assert.Equal(message, Assert.Throws<UserException>(() =>
        {
            YamlTree.Set(tree, assignment);
            YamlBinder.Read<Outer>(tree, "r.yaml");
        }).Message);
    }

    private static Outer Read(string text) => YamlBinder.Read<Outer>(YamlTree.Parse(text, "r.yaml"), "r.yaml");
}
