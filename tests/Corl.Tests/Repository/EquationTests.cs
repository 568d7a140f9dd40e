using System.Text.RegularExpressions;

namespace Corl.Tests.Repository;

/// <summary>The paper's equations are each defined in one place, and the README's table points at files that exist.</summary>
public sealed partial class EquationTests
{
    [Theory]
    [InlineData(1, "src/Corl/Grpo/GroupAdvantage.cs")]
    [InlineData(2, "src/Corl/Grpo/GrpoLoss.cs")]
    [InlineData(3, "src/Corl/Rewards/CycleConsistencyReward.cs")]
    [InlineData(4, "src/Corl/Rewards/TextImageMatch.cs")]
    [InlineData(6, "src/Corl/Grpo/GrpoTrainer.cs")]
    [InlineData(5, "src/Corl/Rewards/RewardSum.cs")]
    public void Tag_EveryEquation_StandsOnceAndInItsFile(int number, string file)
    {
        var found =
            from source in Source.Files("src")
            from Match tag in Tag().Matches(File.ReadAllText(source))
            where tag.Groups["n"].Value == $"{number}"
            select Source.Relative(source);
        Assert.Equal([file], found);
    }

    [Fact]
    public void Readme_NamedFiles_Exist()
    {
        var readme = File.ReadAllText(Path.Combine(Source.Root, "README.md"));
        string[] named = [.. FileName().Matches(readme).Select(match => match.Groups["path"].Value).Distinct()];
        Assert.NotEmpty(named);
        Assert.DoesNotContain(named, name => !Path.Exists(Path.Combine(Source.Root, name)));
    }

    [GeneratedRegex(@"Eq\. \((?<n>\d)\):")]
    private static partial Regex Tag();

    [GeneratedRegex(@"[`(](?<path>(src|docs|recipes|samples|tests|bench|assets|LICENSE|THIRD-PARTY)[\w./-]*)[`)]")]
    private static partial Regex FileName();
}
