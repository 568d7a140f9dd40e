using YamlDotNet.RepresentationModel;

namespace Corl.Cli.Recipes;

/// <summary>Recipe files, those that ship with the program among them.</summary>
internal static class ShippedRecipes
{
    /// <summary>Whether the recipe of a name is one of supervised fine-tuning.</summary>
    public static bool IsSft(string name) => name.EndsWith("-sft", StringComparison.Ordinal);

    /// <summary>The names of the recipes that ship with the program.</summary>
    public static IEnumerable<string> Names =>
        Directory.EnumerateFiles(Folder, "*.yaml", SearchOption.AllDirectories)
            .Select(file => Path.ChangeExtension(Path.GetRelativePath(Folder, file), null).Replace('\\', '/')).Order(StringComparer.Ordinal);

    /// <summary>Reads a recipe file and the overrides of <c>--set</c>.</summary>
    /// <param name="path">The file, or the name of a recipe that ships with the program.</param>
    /// <param name="overrides">"key=value" in order.</param>
    /// <param name="file">The file that was read.</param>
    /// <param name="rewards">Entries of a list of rewards that take the place of the recipe's; null for the recipe's.</param>
    /// <exception cref="UserException">Names the file, the line and the key.</exception>
    public static T Read<T>(string path, IEnumerable<string> overrides, out string file, IEnumerable<YamlNode>? rewards = null) where T : TrainingRecipe
    {
        file = File.Exists(path) ? path : Shipped(path) ?? path;
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var tree = YamlTree.Read(file);
        RewardList.Spread(tree, file, folder);
        foreach (var assignment in overrides)
        {
            YamlTree.Set(tree, assignment);
            RewardList.Spread(tree, file, folder);
        }

        if (rewards is not null)
        {
            tree.Children["rewards"] = new YamlSequenceNode(rewards);
            RewardList.Spread(tree, "--reward", Directory.GetCurrentDirectory());
        }

        var recipe = YamlBinder.Read<T>(tree, file);
        return recipe.Lora?.Problem() is { } problem ? throw new UserException($"{file}: lora: {problem}") : recipe;
    }

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "recipes");

    private static string? Shipped(string name)
    {
        var stem = name.EndsWith(".yaml", StringComparison.Ordinal) ? name[..^".yaml".Length] : name;
        stem = stem.StartsWith("recipes/", StringComparison.Ordinal) ? stem["recipes/".Length..] : stem;
        return Names.Contains(stem) ? Path.Combine(Folder, stem + ".yaml") : null;
    }
}
