namespace Corl.Evaluation.Understanding;

/// <summary>A short answer that was read from a long one.</summary>
/// <param name="Result">The short answer; empty when all calls failed.</param>
/// <param name="IsPrefetched">Whether no judge was needed.</param>
/// <param name="Replies">What the judge said.</param>
internal sealed record Extract(Cell Result, bool IsPrefetched, IReadOnlyList<string> Replies)
{
    /// <summary>Who read it, for a verdict's reason.</summary>
    public string Reader => IsPrefetched ? "the answer says" : Replies.Count > 0 ? "the judge reads" : "stand-in for the judge:";
}

/// <summary>What MathVista, MathVerse and MathVision share: a judge shortens the answer.</summary>
internal static class MathExtraction
{
    private const int Calls = 5; // each warmer by half a degree
    private const double Warmer = 0.5;

    /// <summary>The first reply that is no failed call.</summary>
    public static async Task<Extract> Ask(KitScoring scoring, int row, string prompt, (string, string)[] slots, CancellationToken interrupt)
    {
        List<string> replies = [];
        for (var call = 0; call < Calls; call++)
        {
            var reply = await scoring.Ask(row, prompt, slots, call, call * Warmer, KitScoring.ShortReply, replies, interrupt);
            if (!KitScoring.IsFailure(reply))
            {
                return new Extract(Cell.Of(reply), IsPrefetched: false, replies);
            }
        }

        return new Extract(Cell.Of(""), IsPrefetched: false, replies);
    }

    /// <summary>The options of a row's list column, lettered from A.</summary>
    /// <exception cref="UserException">The column holds no list.</exception>
    public static List<(string Letter, string Text)> Choices(KitScoring scoring, int row) =>
        PythonLiteral.List(scoring.Text(row, "choices")) is { } choices
            ? [.. choices.Select((text, place) => ($"{(char)('A' + place)}", text))]
            : throw new UserException($"{scoring.Task.Title}: index {Quoted.Name(scoring.Text(row, "index"))}: 'choices' is no list: {Quoted.Name(scoring.Text(row, "choices"))}");
}
