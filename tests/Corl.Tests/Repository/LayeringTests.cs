using System.Text.RegularExpressions;

namespace Corl.Tests.Repository;

/// <summary>Holds the table of docs/architecture.md against the source: a folder uses only folders of lower rows.</summary>
public sealed partial class LayeringTests
{
    private static readonly string[][] Rows =
    [
        ["Checkpoints", "Imaging", "Text", "Distributed", "Reports"],
        ["Tokenizers"],
        ["Models", "Data", "Merging"],
        ["Rollouts"],
        ["Rewards", "Training"],
        ["Grpo", "Sft", "Evaluation"],
        ["Shapes"],
        ["Cli"],
    ];

    [Fact]
    public void Folders_UseOnlyLowerRows()
    {
        var rows = Rows.SelectMany((names, row) => names.Select(name => (name, row))).ToDictionary(x => x.name, x => x.row);
        var wrong =
            from file in Source.Files("src")
            let folder = FolderOf(file)
            from Match use in CorlName().Matches(File.ReadAllText(file))
            let used = use.Groups["folder"].Value
            where rows.ContainsKey(used) && used != folder && rows[used] >= (folder.Length == 0 ? 0 : rows[folder]) // the root namespace uses no folder
            select $"{Source.Relative(file)} uses {used}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void Namespaces_AreFolders()
    {
        var wrong =
            from file in Source.Files("src")
            where Path.GetFileName(file) is not "GlobalUsings.cs"
            let expected = Path.GetDirectoryName(Source.Relative(file))!.Replace("src/", "", StringComparison.Ordinal).Replace('/', '.')
            let actual = NamespaceLine().Match(File.ReadAllText(file)).Groups["name"].Value
            where actual != expected
            select $"{Source.Relative(file)}: namespace {actual}, expected {expected}";
        Assert.Empty(wrong);
    }

    // "" for src/Corl/Devices.cs, "Grpo" for src/Corl/Grpo/GrpoLoss.cs, "Cli" for everything in src/Corl.Cli.
    private static string FolderOf(string file) =>
        Source.Relative(file).Split('/') is [_, "Corl", var folder, _, ..] ? folder : Source.Relative(file).StartsWith("src/Corl.Cli/", StringComparison.Ordinal) ? "Cli" : "";

    [GeneratedRegex(@"\bCorl\.(?<folder>[A-Z]\w+)")]
    private static partial Regex CorlName();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();
}
