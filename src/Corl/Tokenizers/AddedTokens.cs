using System.Buffers;
using System.Globalization;

namespace Corl.Tokenizers;

/// <summary>A token that is found in the text before anything else is done to it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="IsSpecial">Left out when decoding without special tokens.</param>
/// <param name="IsSingleWord">Found only where no word character stands next to it.</param>
/// <param name="TakesSpaceBefore">White space before it belongs to it (lstrip).</param>
/// <param name="TakesSpaceAfter">White space after it belongs to it (rstrip).</param>
/// <param name="IsNormalized">Found in the normalised text, in its own normalised form.</param>
internal sealed record AddedToken(int Id, string Content, bool IsSpecial, bool IsSingleWord, bool TakesSpaceBefore, bool TakesSpaceAfter, bool IsNormalized);

/// <summary>Cuts added tokens out of text: leftmost first, of several the longest.</summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<(int Node, char Unit), int> _edges = [];
    private readonly List<AddedToken?> _ends = [null];
    private readonly SearchValues<char> _firstUnits;

    /// <param name="tokens">The tokens and their contents in units (<see cref="CodePointText.Units"/>); of two equal contents the first counts.</param>
    public AddedTokens(IEnumerable<(AddedToken Token, string Units)> tokens)
    {
        foreach (var (token, units) in tokens.Where(token => token.Units.Length > 0))
        {
            var node = 0;
            foreach (var unit in units)
            {
                if (!_edges.TryGetValue((node, unit), out var next))
                {
                    _edges.Add((node, unit), next = _ends.Count);
                    _ends.Add(null);
                }

                node = next;
            }

            _ends[node] ??= token;
        }

        _firstUnits = SearchValues.Create([.. _edges.Keys.Where(edge => edge.Node == 0).Select(edge => edge.Unit)]);
    }

    /// <summary>Adds the tokens found in the piece and what lies between them.</summary>
    public void Cut(Piece piece, List<Piece> output)
    {
        var units = piece.Text.Units;
        var (done, at) = (piece.Start, piece.Start);
        while (at < piece.End)
        {
            var skip = units.AsSpan(at, piece.End - at).IndexOfAny(_firstUnits);
            if (skip < 0)
            {
                break;
            }

            at += skip;
            if (Longest(units, at, piece.End) is not (var token, var end))
            {
                at++;
                continue;
            }

            if (!token.IsSingleWord || (!IsWord(piece, at - 1) && !IsWord(piece, end)))
            {
                var (start, stop) = WithSpace(token, units, piece.End, done, at, end);
                if (start > done)
                {
                    output.Add(piece with { Start = done, End = start });
                }

                output.Add(new Piece(piece.Text, start, stop, token.Id));
                done = stop;
            }

            at = end;
        }

        if (done < piece.End)
        {
            output.Add(piece with { Start = done });
        }
    }

    private (AddedToken Token, int End)? Longest(string units, int start, int limit)
    {
        (AddedToken, int)? found = null;
        var node = 0;
        for (var at = start; at < limit && _edges.TryGetValue((node, units[at]), out node); at++)
        {
            if (_ends[node] is { } token)
            {
                found = (token, at + 1);
            }
        }

        return found;
    }

    private static (int Start, int Stop) WithSpace(AddedToken token, string units, int limit, int done, int start, int stop)
    {
        while (token.TakesSpaceBefore && start > done && char.IsWhiteSpace(units[start - 1]))
        {
            start--;
        }

        while (token.TakesSpaceAfter && stop < limit && char.IsWhiteSpace(units[stop]))
        {
            stop++;
        }

        return (start, stop);
    }

    // \w of Rust's regex: letters, marks, decimal and letter numbers, connectors, and the two joiners.
    private static bool IsWord(Piece piece, int unit)
    {
        if (unit < piece.Start || unit >= piece.End)
        {
            return false;
        }

        var rune = piece.Text.CodePointAt(unit);
        return rune is 0x200C or 0x200D || CharUnicodeInfo.GetUnicodeCategory(rune) is <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
    }
}
