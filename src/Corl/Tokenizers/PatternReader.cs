using System.Globalization;
using System.Text;

namespace Corl.Tokenizers;

/// <summary>Reads a regular expression code point by code point: its classes, escapes and quantifiers.</summary>
internal sealed class PatternReader(string pattern, JsonAt place)
{
    private readonly int[] _runes = [.. pattern.EnumerateRunes().Select(rune => rune.Value)];
    private int _at;

    public bool IsAtEnd => _at == _runes.Length;

    public bool IsNext(char character) => !IsAtEnd && _runes[_at] == character;

    public int Next() => !IsAtEnd ? _runes[_at++] : throw Wrong("the end where more is expected");

    public bool Accept(string text)
    {
        var isThere = _at + text.Length <= _runes.Length && text.Select((c, i) => _runes[_at + i] == c).All(same => same);
        _at += isThere ? text.Length : 0;
        return isThere;
    }

    public UserException Wrong(string what) => place.Error($"the pattern has {what} (at code point {_at} of {_runes.Length})");

    /// <summary>The quantifier that comes next, in .NET's spelling and without what makes it lazy or possessive; null when none does.</summary>
    public string? Quantifier(int maxRepeat)
    {
        if (IsNext('*') || IsNext('+') || IsNext('?'))
        {
            return ((char)_runes[_at++]).ToString();
        }

        var end = IsNext('{') ? Array.IndexOf(_runes, '}', _at) : -1;
        var bounds = end < 0 ? [] : Text(_at + 1, end).Split(',');
        if (bounds.Length is 0 or > 2 || bounds.All(b => b.Length == 0) || bounds.Any(b => b.Any(c => !char.IsAsciiDigit(c))))
        {
            return null; // a brace that repeats nothing stands for itself
        }

        const int MaxDigits = 9; // of an int
        var numbers = bounds.Select(b => b.Length == 0 ? 0 : b.Length > MaxDigits ? int.MaxValue : int.Parse(b, CultureInfo.InvariantCulture)).ToArray();
        if (numbers.Max() > maxRepeat)
        {
            throw Wrong($"a repetition of more than {maxRepeat} times");
        }

        _at = end + 1;
        var upper = bounds.Length == 1 ? "" : bounds[1].Length == 0 ? "," : $",{numbers[1]}";
        return upper.Length == 0 && IsNext('?')
            ? throw Wrong("{n}?, which engines read in different ways")
            : $"{{{numbers[0]}{upper}}}";
    }

    /// <summary>The set that a backslash and this letter make, inside and outside of classes; null when they make a character.</summary>
    public RuneSet? EscapedSet(int rune) => rune switch
    {
        's' => RuneSet.WhiteSpace,
        'S' => RuneSet.WhiteSpace.Complement(),
        'd' => RuneSet.Category("Nd"),
        'D' => RuneSet.Category("Nd")!.Complement(),
        'w' => RuneSet.Word,
        'W' => RuneSet.Word.Complement(),
        'h' => RuneSet.HexDigits,
        'H' => RuneSet.HexDigits.Complement(),
        'p' or 'P' => Property(rune == 'P'),
        _ => null,
    };

    private RuneSet Property(bool isNegated)
    {
        if (Accept("{^"))
        {
            isNegated = !isNegated;
        }
        else if (!Accept("{"))
        {
            throw Wrong("\\p without a name in braces");
        }

        var end = Array.IndexOf(_runes, '}', _at);
        var name = end < 0 ? "" : Text(_at, end);
        var set = RuneSet.Category(name) ?? throw Wrong($"the property '{name}', which is not supported");
        _at = end + 1;
        return isNegated ? set.Complement() : set;
    }

    public int EscapedCharacter(int rune) => rune switch
    {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'f' => '\f',
        'v' => '\v',
        'a' => '\a',
        'e' => 0x1B,
        'x' when Accept("{") => Hexadecimal(1, 6, "}"),
        'x' => Hexadecimal(1, 2, ""),
        'u' => Hexadecimal(4, 4, ""),
        _ when rune < 0x80 && char.IsAsciiLetterOrDigit((char)rune) => throw Wrong($"\\{(char)rune}, which is not supported"),
        _ => rune,
    };

    private int Hexadecimal(int least, int most, string closing)
    {
        var start = _at;
        while (!IsAtEnd && _at - start < most && _runes[_at] < 0x80 && char.IsAsciiHexDigit((char)_runes[_at]))
        {
            _at++;
        }

        var value = _at - start < least ? -1 : _runes[start.._at].Aggregate(0, (sum, digit) => (sum * 16) + Convert.ToInt32(((char)digit).ToString(), 16));
        return Rune.IsValid(value) && Accept(closing) ? value : throw Wrong("a hexadecimal character that is not one");
    }

    /// <summary>The set of a class whose opening bracket has been read.</summary>
    public RuneSet ClassBody(int depth)
    {
        if (depth > RunePattern.MaxDepth)
        {
            throw Wrong($"more than {RunePattern.MaxDepth} nested classes");
        }

        var isNegated = Accept("^");
        var ranges = new List<(int, int)>();
        RuneSet? left = null; // of &&
        for (var isFirst = true; ; isFirst = false)
        {
            if (!isFirst && Accept("]"))
            {
                break;
            }

            if (Accept("&&"))
            {
                left = Both(left, ranges);
                ranges = [];
            }
            else if (Accept("[:"))
            {
                ranges.AddRange(Posix().Ranges);
            }
            else if (Accept("["))
            {
                ranges.AddRange(ClassBody(depth + 1).Ranges);
            }
            else
            {
                ranges.AddRange(ClassItem());
            }
        }

        var set = Both(left, ranges);
        return isNegated ? set.Complement() : set;

        static RuneSet Both(RuneSet? left, List<(int, int)> ranges) => left is null ? RuneSet.Of(ranges) : left.Intersect(RuneSet.Of(ranges));
    }

    private IEnumerable<(int, int)> ClassItem()
    {
        var first = ClassCharacter(out var set);
        if (set is not null)
        {
            return set.Ranges;
        }

        var isRange = _at + 1 < _runes.Length && _runes[_at] == '-' && _runes[_at + 1] is not (']' or '[');
        if (!isRange)
        {
            return [(first, first)];
        }

        _at++;
        var last = ClassCharacter(out set);
        return set is null && last >= first ? [(first, last)] : throw Wrong("a range without an end, or one that ends before it starts");
    }

    private int ClassCharacter(out RuneSet? set)
    {
        var rune = Next();
        set = null;
        if (rune != '\\')
        {
            return rune;
        }

        rune = Next();
        set = EscapedSet(rune);
        return set is not null ? 0 : rune == 'b' ? '\b' : EscapedCharacter(rune);
    }

    private RuneSet Posix()
    {
        var isNegated = Accept("^");
        var end = Array.IndexOf(_runes, ':', _at);
        var name = end < 0 ? "" : Text(_at, end);
        _at = end + 1;
        var set = Accept("]") ? RuneSet.Posix(name) : null;
        return set is null ? throw Wrong($"the class [:{name}:], which is not supported") : isNegated ? set.Complement() : set;
    }

    private string Text(int start, int end) => string.Concat(_runes[start..end].Select(char.ConvertFromUtf32));
}
