namespace Corl.Text;

/// <summary>Takes the wrapping off an answer: "Answer: **(B)**." says no more than "(B)".</summary>
internal static class AnswerCleaning
{
    private const string Prefix = "answer", EndPunctuation = ".,;:!?";

    private static readonly (string Left, string Right)[] Wrappers =
        [("**", "**"), ("__", "__"), ("`", "`"), ("$", "$"), ("\"", "\""), ("'", "'"), ("“", "”"), ("‘", "’")];

    /// <summary>
    /// Form KC; then, until nothing changes: outer white space, a leading "Answer:", one pair of each wrapper, \boxed{…} or \text{…} around
    /// the whole, punctuation at the end.
    /// </summary>
    /// <remarks>A window over one normalised string shrinks (a part of a normalised text is normalised), so that deep wrapping costs no copies.</remarks>
    public static string Clean(string text)
    {
        var whole = UnicodeForms.Compatibility(text);
        int[]? braces = null; // the closing brace of each opening one, made when first needed
        var notPrefixedAt = -1; // where a search for "Answer:" failed, so that it is not repeated there
        var (start, end) = (0, whole.Length);
        while (true)
        {
            var before = (start, end);
            TrimSpace(whole, ref start, ref end);
            if (start != notPrefixedAt && !SkipPrefix(whole, ref start, end))
            {
                notPrefixedAt = start;
            }

            foreach (var (left, right) in Wrappers)
            {
                var inside = whole.AsSpan(start, end - start);
                if (inside.Length >= left.Length + right.Length && inside.StartsWith(left, StringComparison.Ordinal) && inside.EndsWith(right, StringComparison.Ordinal))
                {
                    (start, end) = (start + left.Length, end - right.Length);
                }
            }

            Unbox(whole, ref start, ref end, ref braces);
            end = start + whole.AsSpan(start, end - start).TrimEnd(EndPunctuation).Length;
            if ((start, end) == before)
            {
                return whole[start..end];
            }
        }
    }

    private static void TrimSpace(string text, ref int start, ref int end)
    {
        while (start < end && PythonText.IsSpace(text[start]))
        {
            start++;
        }

        while (end > start && PythonText.IsSpace(text[end - 1]))
        {
            end--;
        }
    }

    private static bool SkipPrefix(string text, ref int start, int end)
    {
        if (!text.AsSpan(start, end - start).StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var at = SkipSpace(text, start + Prefix.Length, end);
        if (at == end || text[at] != ':')
        {
            return false;
        }

        start = SkipSpace(text, at + 1, end);
        return true;
    }

    private static void Unbox(string text, ref int start, ref int end, ref int[]? braces)
    {
        var window = text.AsSpan(start, end - start);
        var command = window.StartsWith(@"\boxed", StringComparison.Ordinal) ? 6 : window.StartsWith(@"\text", StringComparison.Ordinal) ? 5 : 0;
        if (command == 0 || window[^1] != '}')
        {
            return;
        }

        var open = SkipSpace(text, start + command, end);
        if (text[open] == '{' && (braces ??= MatchBraces(text))[open] == end - 1)
        {
            (start, end) = (open + 1, end - 1);
        }
    }

    private static int[] MatchBraces(string text)
    {
        var closing = new int[text.Length];
        var open = new Stack<int>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '{')
            {
                open.Push(i);
            }
            else if (text[i] == '}' && open.TryPop(out var match))
            {
                closing[match] = i;
            }
        }

        return closing;
    }

    private static int SkipSpace(string text, int at, int end)
    {
        while (at < end && PythonText.IsSpace(text[at]))
        {
            at++;
        }

        return at;
    }
}
