namespace Corl.Evaluation.Judges;

/// <summary>Answers questions about other models' outputs. Safe to ask from many threads at once.</summary>
internal interface IJudge
{
    /// <summary>The model the user chose; null: each benchmark's own.</summary>
    string? Model { get; }

    /// <summary>How many questions may be open at once.</summary>
    int AtOnce { get; }

    /// <summary>What has been asked so far, and what it cost.</summary>
    JudgeUsage Usage { get; }

    /// <summary>Asks one question.</summary>
    /// <exception cref="JudgeUnavailableException">No reply came, however often it was tried. It must not become a verdict.</exception>
    /// <exception cref="UserException">The judge refuses to be asked: key, model or address are wrong, or a recording has no such reply.</exception>
    Task<JudgeReply> AskAsync(JudgeRequest request, CancellationToken cancel = default);
}

/// <summary>A judge's reply.</summary>
/// <param name="Text">What it said, as it came.</param>
/// <param name="InputTokens">Tokens read; 0 where the server does not say.</param>
/// <param name="OutputTokens">Tokens written; 0 where the server does not say.</param>
/// <param name="Cost">Price of the reply in the currency of the given rates; 0 when it was paid for before.</param>
internal sealed record JudgeReply(string Text, long InputTokens = 0, long OutputTokens = 0, decimal Cost = 0);

/// <summary>The judge did not answer, however often it was tried. An input-output error: the command ends with code 2 and can be run again.</summary>
internal sealed class JudgeUnavailableException(string message, Exception? inner = null) : IOException(message, inner);
