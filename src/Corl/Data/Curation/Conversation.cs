using System.Text.RegularExpressions;

namespace Corl.Data.Curation;

/// <summary>
/// Problems stored as a conversation: conversations[0].value asks, conversations[1].value reasons and ends in the answer. What only asks
/// for a form of answer is taken off the question, choices become a list, and the answer is cut from the end of the reasoning.
/// </summary>
internal static partial class Conversation
{
    private const int LongestTurn = 50_000; // characters; ours: ten times the longest reasoning of these sets

    /// <summary>Reads the first question and its answer.</summary>
    public static Adapted Read(JsonAt item, string id, string? image, int? row)
    {
        var turns = item["conversations"].Items().Take(2).Select(turn => turn["value"].Text()).ToArray();
        if (turns.Length < 2)
        {
            return Adapted.Unfit("no answer");
        }

        if (turns.Any(turn => turn.Length > LongestTurn))
        {
            return Adapted.Unfit("the conversation is too long");
        }

        var (question, choices) = Question(turns[0]);
        if (FinalAnswer(turns[1]) is not var (reasoning, answer) || question.Length == 0)
        {
            return Adapted.Unfit(question.Length == 0 ? "no question" : "no final answer");
        }

        var correct = choices.Length == 0 ? 0 : Choice(choices, answer);
        return choices.Length > 0 && SourceAdapters.Fault(choices, correct) is { } fault ? Adapted.Unfit(fault) : Adapted.As(new Problem
        {
            Id = id,
            Question = question,
            Choices = choices,
            Correct = correct,
            Answer = choices.Length == 0 ? answer : null,
            Rationale = reasoning.Length > 0 ? reasoning : null,
            Image = image,
            Row = row,
        });
    }

    /// <summary>The question itself and its choices, in order of their letters.</summary>
    internal static (string Question, string[] Choices) Question(string text)
    {
        text = Placeholder().Replace(text, "");
        var start = text.LastIndexOf("Question:", StringComparison.Ordinal);
        text = (start < 0 ? text : text[(start + "Question:".Length)..]).Trim();
        var list = text.LastIndexOf("Choices:", StringComparison.Ordinal);
        if (list < 0)
        {
            return (text, []);
        }

        var lines = ChoiceLine().Matches(text[list..]);
        var isInOrder = lines.Select((line, i) => line.Groups[1].Value[0] - 'A' == i).All(isInPlace => isInPlace);
        return (text[..list].Trim(), isInOrder ? [.. lines.Select(line => line.Groups[2].Value.Trim())] : []);
    }

    /// <summary>What stands before and in the last "Answer: …", "The answer is …", \boxed{…} or "#### …"; null where there is none.</summary>
    internal static (string Reasoning, string Answer)? FinalAnswer(string text)
    {
        var last = Final().Matches(text).LastOrDefault();
        if (last is null)
        {
            return null;
        }

        var answer = (last.Groups["boxed"] is { Success: true } boxed ? boxed : last.Groups["plain"]).Value.Trim().TrimEnd('.').Trim().Trim('$').Trim();
        return answer.Length == 0 ? null : (Repeated().Replace(text[..last.Index].Trim(), "").Trim(), answer);
    }

    // A letter, alone or before its text, or the text of one choice.
    private static int Choice(string[] choices, string answer)
    {
        var letter = Letter().Match(answer);
        return letter.Success ? SourceAdapters.NumberOf(letter.Groups[1].Value[0]) : Array.FindIndex(choices, choice => string.Equals(choice, answer, StringComparison.OrdinalIgnoreCase));
    }

    [GeneratedRegex(@"<image>|<ImageHere>|<img>.{0,300}?</img>", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^[ \t]*\(?([A-N])[.:)][ \t]*(\S.*)$", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex ChoiceLine();

    [GeneratedRegex(@"\\boxed\{(?<boxed>[^{}]{1,200})\}|(?:(?:\b[Tt]he )?(?:[Ff]inal |[Cc]orrect )?\b[Aa]nswer(?:(?: is)?[ \t]{0,20}:| is\b)|^[ \t]{0,20}\#{4})[ \t]{0,20}(?<plain>[^\n]{1,200}?)[ \t]{0,20}\.?[ \t]{0,20}$", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Final();

    // "So the answer is C" before "Answer: C", or what is left of it.
    [GeneratedRegex(@"\b(?:So|Therefore|Thus|Hence),?(?: the answer is:? \(?[A-N]\)?\.?)?\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Repeated();

    [GeneratedRegex(@"\A\(?([A-N])(?:\)|[.:]|\z)", RegexOptions.CultureInvariant)]
    private static partial Regex Letter();
}
