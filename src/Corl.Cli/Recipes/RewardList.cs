using System.Text.Json;
using YamlDotNet.RepresentationModel;

namespace Corl.Cli.Recipes;

/// <summary>
/// Rewards as a list, <c>rewards: [format, { type: MyRewards.Brightness, assembly: ./MyRewards.dll, weight: 0.5 }]</c>, which says in one
/// place what otherwise stands in two: weights under <c>rewards</c>, and what is behind custom rewards under <c>judges.custom</c>.
/// </summary>
internal static class RewardList
{
    private const string Rewards = "rewards", Judges = "judges", Custom = "custom";
    private const string Type = "type", Name = "name", Weight = "weight";
    private static readonly string[] Paths = ["assembly", "folder"];

    /// <summary>Puts a list of rewards into the two sections; leaves a mapping as it is.</summary>
    /// <param name="recipe">The tree of a recipe.</param>
    /// <param name="file">Its name in errors.</param>
    /// <param name="folder">What relative paths are relative to.</param>
    public static void Spread(YamlMappingNode recipe, string file, string folder)
    {
        if (!recipe.Children.TryGetValue(Rewards, out var node) || node is not YamlSequenceNode list)
        {
            return;
        }

        var weights = new YamlMappingNode();
        foreach (var item in list)
        {
            var entry = item is YamlScalarNode ? new YamlMappingNode(Type, item) : item as YamlMappingNode ?? throw YamlBinder.Wrong(item, file, $"a reward is {YamlTree.Kind(item)}, expected a name or {{ type: …, weight: … }}");
            var name = Add(recipe, entry, file, folder);
            if (!weights.Children.TryAdd(name, entry.Children.TryGetValue(Weight, out var weight) ? weight : "1"))
            {
                throw YamlBinder.Wrong(item, file, $"two rewards are called '{name}'; give one another name");
            }
        }

        recipe.Children[Rewards] = weights;
    }

    // What is behind a custom reward goes to judges.custom; the reward's name.
    private static string Add(YamlMappingNode recipe, YamlMappingNode entry, string file, string folder)
    {
        string? Text(string key) => !entry.Children.TryGetValue(key, out var value) ? null
            : value is YamlScalarNode { Value: { Length: > 0 } text } ? text : throw YamlBinder.Wrong(value, file, $"'{key}' of a reward is {YamlTree.Kind(value)}, expected text");
        var type = Text(Type) ?? throw YamlBinder.Wrong(entry, file, $"a reward has no type; built in are {string.Join(", ", RewardModels.Names)}, others are a class with its assembly or {CustomReward.Process}");
        if (RewardModels.Names.Contains(type))
        {
            return entry.Children.Keys.OfType<YamlScalarNode>().FirstOrDefault(key => key.Value is not (Type or Weight)) is { } surplus
                ? throw YamlBinder.Wrong(surplus, file, $"the built-in reward '{type}' has a weight and no '{surplus.Value}'; its settings are those of judges")
                : type;
        }

        if (entry.Children.Count == 1)
        {
            throw YamlBinder.Wrong(entry, file, $"unknown reward '{type}'; {NearestKey.Suggest(type, RewardModels.Names)}");
        }

        var name = Text(Name) ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(type.Split('.', '+')[^1]);
        var settings = new YamlMappingNode(entry.Children.Where(pair => pair.Key is not YamlScalarNode { Value: Name or Weight }));
        foreach (var path in Paths.Where(path => Text(path) is not null))
        {
            settings.Children[path] = Path.GetFullPath(Text(path)!, folder);
        }

        if (type == CustomReward.Process && Text("folder") is null)
        {
            settings.Children["folder"] = Path.GetFullPath(folder);
        }

        Section(Section(recipe, Judges, file), Custom, file).Children[name] = settings;
        return name;
    }

    private static YamlMappingNode Section(YamlMappingNode node, string key, string file)
    {
        if (!node.Children.TryGetValue(key, out var section))
        {
            node.Children[key] = section = new YamlMappingNode();
        }

        return section as YamlMappingNode ?? throw YamlBinder.Wrong(section, file, $"'{key}' is {YamlTree.Kind(section)}, expected a mapping");
    }
}
