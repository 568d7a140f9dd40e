using System.Globalization;
using Corl.Merging;
using YamlDotNet.RepresentationModel;
using static TorchSharp.torch;

namespace Corl.Cli.Recipes;

/// <summary>Reads a merge from YAML in mergekit's form: <c>docs/merging.md</c> has the keys. A key that is not known is an error.</summary>
internal sealed class MergeFile
{
    private static readonly string[] TopKeys = ["merge_method", "base_model", "models", "slices", "parameters", "dtype", "out_dtype", "tokenizer_source"];

    private static readonly Dictionary<string, ScalarType> Types = new()
    {
        ["float64"] = ScalarType.Float64,
        ["float32"] = ScalarType.Float32,
        ["float16"] = ScalarType.Float16,
        ["bfloat16"] = ScalarType.BFloat16,
    };

    private readonly string _file;

    private MergeFile(string file) => _file = file;

    /// <summary>Reads a file.</summary>
    /// <exception cref="UserException">Names the file, the line and the key.</exception>
    public static MergeConfig Read(string path) => new MergeFile(path).Config(YamlTree.Read(path));

    /// <summary>The method of a name, with "-" for "_" where somebody likes it.</summary>
    public static MergeMethod? Method(string name) =>
        Enum.GetValues<MergeMethod>().Cast<MergeMethod?>().FirstOrDefault(method => CheckpointMerge.NameOf(method!.Value) == name.Replace('-', '_'));

    /// <summary>The names of all methods.</summary>
    public static IEnumerable<string> Methods => Enum.GetValues<MergeMethod>().Select(CheckpointMerge.NameOf);

    /// <summary>A parameter of the command line, "lambda=2".</summary>
    public static (string Name, MergeSetting Setting) Assignment(string text)
    {
        var tree = new YamlMappingNode();
        YamlTree.Set(tree, text);
        return new MergeFile($"--set {text}").Parameters(tree).Select(pair => (pair.Key, pair.Value)).Single();
    }

    private MergeConfig Config(YamlMappingNode root)
    {
        var keys = Keys(root, "", TopKeys);
        var models = keys.GetValueOrDefault("models");
        var slices = keys.GetValueOrDefault("slices");
        if ((models is null) == (slices is null))
        {
            throw Wrong(root, "expected 'models' or 'slices', one of them");
        }

        var methodNode = keys.GetValueOrDefault("merge_method") ?? throw Wrong(root, "'merge_method' is missing");
        var name = Text(methodNode, "merge_method");
        var origin = keys.TryGetValue("base_model", out var node) ? Text(node, "base_model") : null;
        var config = new MergeConfig
        {
            Method = Method(name) ?? throw Wrong(methodNode, $"unknown merge_method '{name}'; {NearestKey.Suggest(name, Methods)}"),
            Base = origin,
            Slices = models is not null ? [new MergeSlice([.. Items(models, "models").Select(model => Input(model, "models", ranged: false).Input)])] : [.. Items(slices!, "slices").Select(Slice)],
            Parameters = keys.TryGetValue("parameters", out var common) ? Parameters(common) : MergeSetting.None,
            Dtype = keys.TryGetValue("dtype", out var dtype) ? Type(dtype, "dtype") : null,
            OutDtype = keys.TryGetValue("out_dtype", out var stored) ? Type(stored, "out_dtype") : null,
        };
        return keys.TryGetValue("tokenizer_source", out var tokenizer) ? config with { Tokenizer = TokenizerOf(tokenizer, config) } : config;
    }

    private MergeSlice Slice(YamlNode node)
    {
        var keys = Keys(node, "slices", ["sources", "parameters"]);
        var sources = Items(keys.GetValueOrDefault("sources") ?? throw Wrong(node, "'slices' needs 'sources'"), "sources").Select(source => Input(source, "sources", ranged: true)).ToList();
        return sources.Count > 0 && sources.All(source => source.Layers == sources[0].Layers)
            ? new MergeSlice([.. sources.Select(source => source.Input)]) { Layers = sources[0].Layers, Parameters = keys.TryGetValue("parameters", out var common) ? Parameters(common) : MergeSetting.None }
            : throw Wrong(node, "the sources of a slice need one and the same 'layer_range'; layers are merged in their own places");
    }

    private (MergeInput Input, (int First, int End)? Layers) Input(YamlNode node, string path, bool ranged)
    {
        var keys = Keys(node, path, ranged ? ["model", "layer_range", "parameters"] : ["model", "parameters"]);
        var model = Text(keys.GetValueOrDefault("model") ?? throw Wrong(node, $"'{path}' needs 'model'"), "model");
        var input = new MergeInput(model, keys.TryGetValue("parameters", out var own) ? Parameters(own) : MergeSetting.None);
        if (!ranged)
        {
            return (input, null);
        }

        var ends = Items(keys.GetValueOrDefault("layer_range") ?? throw Wrong(node, $"'{path}' needs 'layer_range'"), "layer_range").Select(end => Number(end, "layer_range")).ToList();
        return ends is [>= 0 and < int.MaxValue, > 0 and < int.MaxValue] && ends.All(double.IsInteger)
            ? (input, ((int)ends[0], (int)ends[1]))
            : throw Wrong(node, "'layer_range' is the first layer and the one after the last, for example [0, 24]");
    }

    private Dictionary<string, MergeSetting> Parameters(YamlNode node) => Keys(node, "parameters", [.. MergeSetting.Names]).ToDictionary(pair => pair.Key, pair => Setting(pair.Value, pair.Key));

    // A value, a list of values, or a list of cases.
    private MergeSetting Setting(YamlNode node, string key)
    {
        if (node is YamlMappingNode)
        {
            return new MergeSetting([Case(node, key)]);
        }

        return node is YamlSequenceNode { Children: [YamlMappingNode, ..] } cases
            ? new MergeSetting([.. cases.Children.Select(child => Case(child, key))])
            : new MergeSetting([new MergeCase(null, Values(node, key))]);
    }

    private MergeCase Case(YamlNode node, string key)
    {
        var keys = Keys(node, key, ["filter", "value"]);
        return new MergeCase(
            keys.TryGetValue("filter", out var filter) ? Text(filter, "filter") : null,
            Values(keys.GetValueOrDefault("value") ?? throw Wrong(node, $"a case of '{key}' needs 'value'"), key));
    }

    private double[] Values(YamlNode node, string key) => node is YamlSequenceNode { Children.Count: > 0 } list ? [.. list.Children.Select(child => Number(child, key))] : [Number(node, key)];

    private double Number(YamlNode node, string key) => node is not YamlScalarNode { Value: { } text }
        ? throw Wrong(node, $"'{key}' is {YamlTree.Kind(node)}, expected a number")
        : text.ToLowerInvariant() switch
        {
            "true" => 1,
            "false" => 0,
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) => value,
            _ => throw Wrong(node, $"'{key}' is '{text}', expected a number, true or false"),
        };

    private ScalarType Type(YamlNode node, string key)
    {
        var name = Text(node, key);
        return Types.TryGetValue(name, out var type) ? type : throw Wrong(node, $"'{key}' is '{name}', expected {string.Join(", ", Types.Keys)}");
    }

    private string TokenizerOf(YamlNode node, MergeConfig config)
    {
        var name = Text(node, "tokenizer_source");
        return name == "base" && config.Base is not null ? config.Base
            : config.Models.Contains(name) ? name
            : throw Wrong(node, $"'tokenizer_source' is '{name}', expected 'base' or one of the models; vocabularies are not united");
    }

    private Dictionary<string, YamlNode> Keys(YamlNode node, string path, string[] known)
    {
        var found = new Dictionary<string, YamlNode>();
        foreach (var (keyNode, value) in (node as YamlMappingNode ?? throw Wrong(node, $"'{path}' is {YamlTree.Kind(node)}, expected a mapping")).Children)
        {
            var key = Text(keyNode, path);
            if (!known.Contains(key))
            {
                throw Wrong(keyNode, $"unknown key '{(path.Length == 0 ? key : $"{path}.{key}")}'; {NearestKey.Suggest(key, known)}");
            }

            if (value is not YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: "" or "~" or "null" })
            {
                found.Add(key, value);
            }
        }

        return found;
    }

    private IList<YamlNode> Items(YamlNode node, string path) => node is YamlSequenceNode { Children.Count: > 0 } list ? list.Children : throw Wrong(node, $"'{path}' is {YamlTree.Kind(node)}, expected a list");

    private string Text(YamlNode node, string path) => node is YamlScalarNode { Value: { Length: > 0 } text } ? text : throw Wrong(node, $"'{path}' is {YamlTree.Kind(node)}, expected text");

    private UserException Wrong(YamlNode node, string what) => new(node.Start.Line > 0 && !node.Start.Equals(YamlDotNet.Core.Mark.Empty) && !_file.StartsWith("--set", StringComparison.Ordinal) ? $"{_file}:{node.Start.Line}: {what}" : $"{_file}: {what}");
}
