namespace Corl.Text;

/// <summary>
/// The response format of §3.3.1: one think block, then one answer block. The format is judged strictly, the answer is found leniently:
/// accuracy does not depend on format. Tags are case-sensitive. Linear time on any text.
/// </summary>
public static class AnswerTags
{
    internal const string ThinkOpen = "<think>", ThinkClose = "</think>", AnswerOpen = "<answer>", AnswerClose = "</answer>";
    internal static readonly string[] All = [ThinkOpen, ThinkClose, AnswerOpen, AnswerClose];

    /// <summary>
    /// 1 when the response, but for outer white space, is exactly a think block and an answer block with nothing but white space between
    /// them and both contents non-blank; each tag occurs once.
    /// </summary>
    public static Verdict StrictFormat(string response)
    {
        var body = PythonText.Trim(response);
        Span<int> at = stackalloc int[All.Length];
        for (var i = 0; i < All.Length; i++)
        {
            at[i] = body.IndexOf(All[i], StringComparison.Ordinal);
            if (at[i] < 0)
            {
                return Verdict.Of(false, "missing " + All[i]);
            }

            if (body[(at[i] + All[i].Length)..].Contains(All[i], StringComparison.Ordinal))
            {
                return Verdict.Of(false, "repeated " + All[i]);
            }
        }

        var (think, thinkEnd, answer, answerEnd) = (at[0], at[1], at[2], at[3]);
        if (!(think < thinkEnd && thinkEnd < answer && answer < answerEnd))
        {
            return Verdict.Of(false, "wrong order");
        }

        var fault = think != 0 ? "text before think"
            : answerEnd + AnswerClose.Length != body.Length ? "text after answer"
            : !PythonText.IsBlank(body[(thinkEnd + ThinkClose.Length)..answer]) ? "text between blocks"
            : PythonText.IsBlank(body[ThinkOpen.Length..thinkEnd]) ? "blank think"
            : PythonText.IsBlank(body[(answer + AnswerOpen.Length)..answerEnd]) ? "blank answer"
            : null;
        return Verdict.Of(fault is null, fault ?? "well formed");
    }

    /// <summary>
    /// The answer of a response, cleaned of wrappers: the answer block outside the think blocks; equal blocks count as one; without any,
    /// what follows an unclosed answer tag; without that, the text outside the tags.
    /// </summary>
    /// <returns>The answer, null when several blocks differ (hedging); and how it was found.</returns>
    public static (string? Answer, string Rule) Extract(string response)
    {
        var rest = Blocks(response, ThinkOpen, ThinkClose, out _);
        Blocks(rest, AnswerOpen, AnswerClose, out var blocks);
        if (blocks.Count > 0)
        {
            var first = AnswerCleaning.Clean(blocks[0]);
            foreach (var other in blocks.Skip(1))
            {
                if (AnswerCleaning.Clean(other) != first)
                {
                    return (null, "several different answers");
                }
            }

            return (first, blocks.Count == 1 ? "answer block" : "equal answer blocks");
        }

        var open = rest.IndexOf(AnswerOpen, StringComparison.Ordinal);
        return open >= 0
            ? (AnswerCleaning.Clean(rest[(open + AnswerOpen.Length)..]), "unclosed answer")
            : (AnswerCleaning.Clean(WithoutTags(rest)), "text outside the tags");
    }

    /// <summary>The true answer in a data row: the first answer block, or the whole text when there is none.</summary>
    public static string Truth(string solution)
    {
        Blocks(solution, AnswerOpen, AnswerClose, out var blocks);
        return PythonText.Trim(blocks.Count > 0 ? blocks[0] : solution).ToString();
    }

    internal static string WithoutTags(string text)
    {
        foreach (var tag in All)
        {
            text = text.Replace(tag, "", StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>The contents of the closed blocks, each opened by the first free tag and closed by the next one; returns what is outside.</summary>
    internal static string Blocks(string text, string open, string close, out List<string> contents)
    {
        contents = [];
        var outside = new System.Text.StringBuilder();
        var from = 0;
        while (text.IndexOf(open, from, StringComparison.Ordinal) is var start and >= 0)
        {
            var end = text.IndexOf(close, start + open.Length, StringComparison.Ordinal);
            if (end < 0)
            {
                break; // no later block can be closed either
            }

            outside.Append(text, from, start - from);
            contents.Add(text[(start + open.Length)..end]);
            from = end + close.Length;
        }

        return from == 0 ? text : outside.Append(text, from, text.Length - from).ToString();
    }
}
