using System.Text.RegularExpressions;

namespace Corl.Tests.Repository;

/// <summary>The paper's equations are each defined in one place.</summary>
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

    [GeneratedRegex(@"Eq\. \((?<n>\d)\):")]
    private static partial Regex Tag();
}
