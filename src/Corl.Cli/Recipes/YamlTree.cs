using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Corl.Cli.Recipes;

/// <summary>Reads YAML from an untrusted file into a tree of bounded size, and changes single values of it.</summary>
internal static class YamlTree
{
    // A recipe has about fifty keys in three levels, a merge with a gradient nests ten; these bounds leave room and keep a hostile file cheap.
    private const int MaxBytes = 64 * 1024, MaxNodes = 2_000, MaxDepth = 12;

    /// <summary>The mapping that the file consists of.</summary>
    /// <exception cref="UserException">Not readable, not YAML, too large or too deep, anchors, tags, or a key given twice.</exception>
    public static YamlMappingNode Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserException($"{path}: no such recipe file");
        }

        return new FileInfo(path).Length > MaxBytes
            ? throw new UserException($"{path}: {new FileInfo(path).Length} bytes; a recipe has at most {MaxBytes}")
            : Parse(File.ReadAllText(path), path);
    }

    /// <summary>The mapping that <paramref name="text"/> consists of; <paramref name="name"/> stands in errors.</summary>
    public static YamlMappingNode Parse(string text, string name)
    {
        try
        {
            CheckBounds(text, name);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents switch
            {
                [] => [],
                [{ RootNode: YamlMappingNode root }] => root,
                [{ RootNode: YamlScalarNode { Value: "" } }] => [],
                [_] => throw new UserException($"{name}: expected a list of 'key: value', got {Kind(stream.Documents[0].RootNode)}"),
                _ => throw new UserException($"{name}: expected one YAML document, got {stream.Documents.Count}"),
            };
        }
        catch (YamlException e)
        {
            throw new UserException($"{name}:{e.Start.Line}: not valid YAML: {e.Message}", e);
        }
    }

    /// <summary>Applies "a.b=value": sets the value at a dotted path, making the mappings on the way.</summary>
    public static void Set(YamlMappingNode root, string assignment)
    {
        var equals = assignment.IndexOf('=', StringComparison.Ordinal);
        var path = equals > 0 ? assignment[..equals].Trim().Split('.') : [];
        if (path.Length is 0 or > MaxDepth || path.Any(string.IsNullOrWhiteSpace))
        {
            throw new UserException($"--set {assignment}: expected key=value, for example --set stage.group_size=4");
        }

        var name = $"--set {assignment}";
        var value = Parse($"value: {assignment[(equals + 1)..]}", name).Children.Single().Value;
        var at = root;
        foreach (var key in path[..^1])
        {
            if (!at.Children.TryGetValue(key, out var child))
            {
                at.Children[key] = child = new YamlMappingNode();
            }

            at = child as YamlMappingNode ?? throw new UserException($"{name}: '{key}' is {Kind(child)}, it has no keys of its own");
        }

        at.Children[path[^1]] = Detached(value);
    }

    public static string Kind(YamlNode node) => node switch
    {
        YamlMappingNode => "a mapping",
        YamlSequenceNode => "a list",
        YamlScalarNode scalar => $"'{scalar.Value}'",
        _ => "something else",
    };

    // Copied nodes carry no line number: they come from no file.
    private static YamlNode Detached(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new YamlMappingNode(mapping.Children.Select(x => KeyValuePair.Create(Detached(x.Key), Detached(x.Value)))),
        YamlSequenceNode list => new YamlSequenceNode(list.Children.Select(Detached)),
        YamlScalarNode scalar => new YamlScalarNode(scalar.Value) { Style = scalar.Style },
        _ => throw new InvalidOperationException($"unexpected node {node.NodeType}"),
    };

    // The parser is a state machine and needs no stack; the loader after it recurses and expands aliases, so it sees checked text only.
    private static void CheckBounds(string text, string name)
    {
        var parser = new Parser(new StringReader(text));
        int nodes = 0, depth = 0;
        while (parser.MoveNext())
        {
            var current = parser.Current!;
            depth += current.NestingIncrease;
            nodes += current is NodeEvent ? 1 : 0;
            var fault = current switch
            {
                AnchorAlias => "aliases (*name) are not used in recipes",
                NodeEvent { Anchor.IsEmpty: false } => "anchors (&name) are not used in recipes",
                NodeEvent { Tag.IsEmpty: false } => "tags (!name) are not used in recipes",
                _ when depth > MaxDepth => $"nested deeper than {MaxDepth} levels",
                _ when nodes > MaxNodes => $"more than {MaxNodes} values",
                _ => null,
            };
            if (fault is not null)
            {
                throw new UserException(string.Create(CultureInfo.InvariantCulture, $"{name}:{current.Start.Line}: {fault}"));
            }
        }
    }
}
