namespace Corl.Evaluation.Judges;

/// <summary>What a judge charges, in any currency.</summary>
/// <param name="Input">Per million tokens read.</param>
/// <param name="Output">Per million tokens written.</param>
internal sealed record JudgePrice(decimal Input, decimal Output)
{
    private const decimal Million = 1_000_000;

    public static JudgePrice Free { get; } = new(0, 0);

    public decimal Of(long inputTokens, long outputTokens) => ((inputTokens * Input) + (outputTokens * Output)) / Million;
}

/// <summary>Counts over a judge's life.</summary>
/// <param name="Asked">Replies from the judge itself.</param>
/// <param name="Reused">Replies from the cache or from a recording.</param>
/// <param name="Repeats">Tries that failed and were repeated.</param>
/// <param name="InputTokens">Tokens read.</param>
/// <param name="OutputTokens">Tokens written.</param>
/// <param name="Cost">In the currency of the rates.</param>
internal sealed record JudgeCounts(long Asked, long Reused, long Repeats, long InputTokens, long OutputTokens, decimal Cost);

/// <summary>Adds up what a judge is asked; from any thread.</summary>
internal sealed class JudgeUsage
{
    private readonly Lock _lock = new();
    private JudgeCounts _counts = new(0, 0, 0, 0, 0, 0);

    public JudgeCounts Counts
    {
        get
        {
            lock (_lock)
            {
                return _counts;
            }
        }
    }

    public void Reply(JudgeReply reply) => Change(now => now with
    {
        Asked = now.Asked + 1,
        InputTokens = now.InputTokens + reply.InputTokens,
        OutputTokens = now.OutputTokens + reply.OutputTokens,
        Cost = now.Cost + reply.Cost,
    });

    public void Reused() => Change(now => now with { Reused = now.Reused + 1 });

    public void Repeat() => Change(now => now with { Repeats = now.Repeats + 1 });

    private void Change(Func<JudgeCounts, JudgeCounts> change)
    {
        lock (_lock)
        {
            _counts = change(_counts);
        }
    }
}
