using System.Text.RegularExpressions;
using Corl.Cli;

namespace Corl.Tests.Repository;

/// <summary>What the README says can be typed can be typed, and the files it names exist.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(Source.Root, "README.md"));

    public static IEnumerable<TheoryDataRow<string>> Commands =>
        Command().Matches(Readme).Select(match => match.Groups["arguments"].Value).Distinct().Select(line => new TheoryDataRow<string>(line));

    [Theory]
    [MemberData(nameof(Commands))]
    public void Command_EveryLine_Parses(string arguments)
    {
        string[] split = [.. arguments.Split('"').SelectMany((part, i) => i % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        Assert.Empty(Program.Build().Parse(split).Errors);
    }

    [Fact]
    public void NamedFiles_Exist()
    {
        string[] named = [.. FileName().Matches(Readme).Select(match => match.Groups["path"].Value).Distinct()];
        Assert.True(named.Length > 20);
        Assert.DoesNotContain(named, name => !Path.Exists(Path.Combine(Source.Root, name)));
    }

    [Fact]
    public void Pages_OfDocs_AreAllNamed()
    {
        var pages = Directory.EnumerateFiles(Path.Combine(Source.Root, "docs"), "*.md").Select(Source.Relative);
        Assert.Empty(pages.Where(page => !Readme.Contains($"({page})", StringComparison.Ordinal)).ToArray());
    }

    [GeneratedRegex(@"^(corl|dotnet run -c Release --project src/Corl\.Cli --) (?<arguments>.+)$", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"[`(](?<path>(src|docs|recipes|samples|tests|bench|assets|LICENSE|THIRD-PARTY)[\w./-]*)[`)]")]
    private static partial Regex FileName();
}
