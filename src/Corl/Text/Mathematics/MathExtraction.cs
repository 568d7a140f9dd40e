using System.Text.RegularExpressions;

namespace Corl.Text.Mathematics;

/// <summary>
/// Where the answer stands in what was written: in the last box; else behind the last "answer is" or "answer:"; there, in the last
/// formula set in dollars or brackets, together with those that only "and", "or" or a comma separates from it; else the text as it is.
/// </summary>
internal static partial class MathExtraction
{
    private const int MaxNesting = 8; // of boxes; ours

    /// <summary>The answer and whether it is plain text, in which runs of letters are words.</summary>
    /// <param name="text">A normalised text.</param>
    public static (string Answer, bool IsPlain) Find(string text)
    {
        if (Boxed(text) is { } boxed)
        {
            return (boxed.Replace("$", "", StringComparison.Ordinal).Trim(), !boxed.Contains('\\', StringComparison.Ordinal) && Word().IsMatch(boxed));
        }

        text = AfterAnchor(text);
        return Formulas(text) ?? (Bare(text), true);
    }

    private static string? Boxed(string text)
    {
        string? found = null;
        for (var depth = 0; depth < MaxNesting && Boxes(found ?? text) is { Count: > 0 } boxes; depth++)
        {
            var inner = found ?? text;
            var first = boxes.Count - 1;
            while (first > 0 && IsSeparator(inner[boxes[first - 1].End..boxes[first].Start]))
            {
                first--;
            }

            found = string.Join(", ", boxes.Skip(first).Select(box => box.Content));
        }

        return found;
    }

    // Outermost boxes; one that is not closed goes to the end.
    private static List<(int Start, int End, string Content)> Boxes(string text)
    {
        var boxes = new List<(int, int, string)>();
        foreach (var match in Box().EnumerateMatches(text))
        {
            if (boxes.Count > 0 && match.Index < boxes[^1].Item2)
            {
                continue;
            }

            var (at, depth) = (match.Index + match.Length, 1);
            for (; at < text.Length && depth > 0; at++)
            {
                depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
            }

            boxes.Add((match.Index, at, text[(match.Index + match.Length)..(depth == 0 ? at - 1 : at)]));
        }

        return boxes;
    }

    private static bool IsSeparator(string gap) => Separator().IsMatch(gap);

    private static string AfterAnchor(string text)
    {
        var last = -1;
        foreach (var match in Anchor().EnumerateMatches(text))
        {
            last = match.Index + match.Length;
        }

        if (last < 0)
        {
            return text;
        }

        var rest = text[last..].TrimStart('}', ' ', '*', ':');
        rest = Correction().Match(rest) is { Success: true } correction ? correction.Groups[1].Value : rest;
        return Sentence().Match(rest) is { Success: true } sentence && sentence.Groups[1].Length > 0 ? sentence.Groups[1].Value : rest.Length > 0 ? rest : text;
    }

    private static (string, bool)? Formulas(string text)
    {
        // An odd dollar is money.
        var isMoney = text.Replace(@"\$", "", StringComparison.Ordinal).Count(c => c == '$') % 2 == 1;
        Match[] matches = [.. (isMoney ? BracketFormula() : AnyFormula()).Matches(text).Cast<Match>()];
        if (matches.Length == 0)
        {
            return null;
        }

        var first = matches.Length - 1;
        while (first > 0 && IsSeparator(text[(matches[first - 1].Index + matches[first - 1].Length)..matches[first].Index]))
        {
            first--;
        }

        var joined = string.Join(", ", matches.Skip(first).Select(match => match.Groups["math"].Value.Trim()));
        var behind = Behind().Match(text[(matches[^1].Index + matches[^1].Length)..]).Groups["unit"].Value;
        return behind.Length > 0 ? ($@"{joined} \text{{{behind}}}", false) : (joined, false);
    }

    // Without punctuation, quotes and bars around it.
    private static string Bare(string text)
    {
        text = text.TrimStart(' ', ',', ';', '!', '?', '`', '\'', '"', '*');
        return text.EndsWith("...", StringComparison.Ordinal) ? text : text.TrimEnd(' ', '.', ',', ';', '!', '?', '`', '\'', '"', '*');
    }

    [GeneratedRegex(@"\\[bf]box(?:ed)?\s*\{|\\boxed\s*\{", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Box();

    [GeneratedRegex(@"^[\s,;.$&]*(?:\\text\s*\{)?\s*(?:and|or)?\s*\}?[\s,;$&]*$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Separator();

    [GeneratedRegex(@"(?:answer\s+is|answer\s*:|answer\s*=|result\s+is|result\s*=|答案\s*[是:])\s*", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Anchor();

    [GeneratedRegex(@"^not .{1,80} but (.+)$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Correction();

    [GeneratedRegex(@"^(.*?)(?:\.(?:\s|$)|, not | \(?since | because |\s?I hope|$)", RegexOptions.CultureInvariant)]
    private static partial Regex Sentence();

    [GeneratedRegex(@"\$\$(?<math>[^$]+)\$\$|\$(?<math>(?:[^$\\]|\\.)+)\$|\\\((?<math>.+?)\\\)|\\\[(?<math>.+?)\\\]", RegexOptions.CultureInvariant)]
    private static partial Regex AnyFormula();

    [GeneratedRegex(@"\\\((?<math>.+?)\\\)|\\\[(?<math>.+?)\\\]", RegexOptions.CultureInvariant)]
    private static partial Regex BracketFormula();

    [GeneratedRegex(@"^\s?(?<unit>(?:square |cubic )?[A-Za-zΩ°%][A-Za-z/]*(?:\s*\^\s*\{?[23]\}?)?)\s*[.,]?$", RegexOptions.CultureInvariant)]
    private static partial Regex Behind();

    [GeneratedRegex("[A-Za-z]{2}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Word();
}
