using Corl.Evaluation.Judges;

namespace Corl.Evaluation.Understanding;

/// <summary>Corrections of rules that do not measure what they mean to; each makes the number another than the official one.</summary>
/// <param name="List">MathVista: answers that are lists or texts can be right. Officially they never are.</param>
/// <param name="Symbolic">MathVision: roots, π and variables are compared as mathematics. Officially only texts and rational numbers can be equal.</param>
/// <param name="Groups">WeMath: rates are shares of the groups that are there. Officially of 525, whatever the data.</param>
/// <param name="Capabilities">MM-Vet: an item with a single capability counts once for it. Officially twice.</param>
internal sealed record KitFixes(bool List = false, bool Symbolic = false, bool Groups = false, bool Capabilities = false)
{
    /// <summary>The corrections in use, by their names on the command line.</summary>
    public IEnumerable<string> Names => new (bool, string)[] { (List, "list"), (Symbolic, "symbolic"), (Groups, "groups"), (Capabilities, "capabilities") }.Where(fix => fix.Item1).Select(fix => fix.Item2);
}

/// <summary>How the rules of a benchmark judged a row.</summary>
/// <param name="Score">0 to 1.</param>
/// <param name="Reason">Why.</param>
/// <param name="Extracted">What was read from the prediction.</param>
internal sealed record KitVerdict(double Score, string Reason, string? Extracted = null)
{
    /// <summary>Parts of the table that the row counts in.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>What the judge said, in order.</summary>
    public IReadOnlyList<string> Replies { get; init; } = [];

    public static KitVerdict Of(bool isRight, string reason, string? extracted = null) => new(isRight ? 1 : 0, reason, extracted);
}

/// <summary>What the rules of a benchmark give.</summary>
/// <param name="Overall">The number of the paper's table.</param>
/// <param name="Parts">The kit's table.</param>
/// <param name="Verdicts">[rows] in the order of the table.</param>
internal sealed record KitScores(double? Overall, IReadOnlyList<ScoreRow> Parts, IReadOnlyList<KitVerdict> Verdicts);

/// <summary>What the rules of a benchmark work on.</summary>
/// <param name="Task">The benchmark.</param>
/// <param name="Profile">The kit's state.</param>
/// <param name="Table">The rows that have a prediction, typed as the kit reads its own files again; column "prediction" is what is scored.</param>
/// <param name="Fixes">Corrections.</param>
/// <param name="Judge">Who judges; null for none.</param>
/// <param name="Protocol">The words in which a judge is asked.</param>
/// <param name="Interrupt">Ends the waiting for a judge.</param>
internal sealed record KitScoring(KitTask Task, KitProfile Profile, KitTable Table, KitFixes Fixes, IJudge? Judge, JudgeProtocol Protocol, CancellationToken Interrupt)
{
    private const int MatchTokens = 2048; // the kit's longest reply where it sets none

    /// <summary>Longest reply where one short answer is wanted.</summary>
    public const int ShortReply = 128;

    /// <summary>The model that is asked.</summary>
    public string? JudgeModel => Judge is null ? null : Judge.Model ?? (Profile == KitProfile.Head ? Task.UsualJudge.Head : Task.UsualJudge.May2025);

    /// <summary>A row's cell as text.</summary>
    public string Text(int row, string column) => Table[row, column].Text;

    /// <summary>Judges every row; several may wait for their replies at once. The first failure ends all.</summary>
    public async Task<T[]> EachRow<T>(Func<int, CancellationToken, Task<T>> judge)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Interrupt);
        Exception? first = null;
        var verdicts = await System.Threading.Tasks.Task.WhenAll(Enumerable.Range(0, Table.Count).Select(Guarded));
        return first is null ? verdicts as T[] : throw first;

        async Task<T?> Guarded(int row)
        {
            try
            {
                return await judge(row, stop.Token);
            }
            catch (Exception error)
            {
                Interlocked.CompareExchange(ref first, error, null);
                await stop.CancelAsync();
                return default;
            }
        }
    }

    /// <summary>Asks the judge about a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="prompt">Name of the prompt in the protocol.</param>
    /// <param name="slots">What fills it.</param>
    /// <param name="attempt">0 for the first time.</param>
    /// <param name="temperature">Of the judge.</param>
    /// <param name="maxTokens">Longest reply.</param>
    /// <param name="replies">Gets the reply.</param>
    /// <param name="interrupt">Ends the waiting.</param>
    public async Task<string> Ask(int row, string prompt, (string Slot, string Value)[] slots, int attempt, double temperature, int? maxTokens, List<string> replies, CancellationToken interrupt)
    {
        var stage = prompt.Split('/')[^1];
        var request = new JudgeRequest
        {
            Label = $"{Task.Name}/{Text(row, "index")}{(stage == "score" ? "/score" : "")}",
            Model = JudgeModel!,
            Temperature = temperature,
            MaxTokens = maxTokens ?? MatchTokens,
            Attempt = attempt,
            Messages = [new JudgeMessage(JudgeRole.User, Protocol.Fill(prompt, slots))],
        };
        var reply = (await Judge!.AskAsync(request, interrupt)).Text;
        replies.Add(reply);
        return reply;
    }

    /// <summary>Whether a reply is the kit's note of a call that failed.</summary>
    public static bool IsFailure(string reply) => reply.Contains(OptionInference.ApiFailure, StringComparison.Ordinal);
}
