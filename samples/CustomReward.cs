// A reward of your own is one class. This one likes short answers; it is added to the format reward as Eq. (5) adds rewards, and scores
// two answers to one question. Run it with: dotnet run samples/CustomReward.cs
#:project ../src/Corl/Corl.csproj
#:property PublishAot=false

using System.Globalization;
using Corl.Rewards;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var rewards = new RewardSum(new RewardTerm(new FormatReward()), new RewardTerm(new Concise(words: 11), Weight: 0.5));
var table = rewards.Score(new Candidates
{
    GroupSize = 2,
    Prompts = [""],
    Responses =
    [
        "<think> top left red star. So red. </think><answer> red </answer>",
        "<think> I see a star and the star is at the top on the left and it is red. </think><answer> red </answer>",
    ],
});

Console.WriteLine($"{string.Join('\t', table.Columns.Select(column => column.Name))}\ttotal");
for (var row = 0; row < table.Count; row++)
{
    Console.WriteLine($"{string.Join('\t', table.Columns.Select(column => $"{column.Values[row]:0.000}"))}\t{table.Total[row]:0.000}");
}

/// <summary>1 for answers of at most so many words, tags included; words / length for longer ones.</summary>
internal sealed class Concise(int words) : IReward
{
    // The key in recipes and logs.
    public string Name => "concise";

    // With one advantage per modality, this reward moves the text.
    public Modality Judges => Modality.Text;

    // One score per candidate, in order; null where the reward does not apply. It must not throw, whatever the policy wrote.
    public Scores Score(Candidates candidates)
    {
        var scores = new float?[candidates.Count];
        for (var row = 0; row < scores.Length; row++)
        {
            if (candidates.Responses?[row] is { } response)
            {
                var length = response.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
                scores[row] = Math.Min(1, (float)words / Math.Max(1, length));
            }
        }

        return scores;
    }
}
