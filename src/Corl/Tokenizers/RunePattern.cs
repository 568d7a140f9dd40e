using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Corl.Tokenizers;

/// <summary>
/// A regular expression of a tokenizer.json, in the dialect of Oniguruma that Hugging Face's tokenizers use, made to run on .NET's engine
/// over one unit per code point (<see cref="AstralClasses"/>). Classes become sets of code points first, so that astral ranges, negation and
/// Unicode properties mean what they mean there. What .NET cannot express is refused by name: back-references, recursion, scripts.
/// </summary>
internal sealed class RunePattern
{
    // Ours: DeepSeek's longest pattern has 700 code points.
    private const int MaxLength = 8192;
    internal const int MaxDepth = 50;

    // DeepSeek-V3's longest pattern has 40,000, most of it from the categories of letters and symbols.
    private const int MaxExpandedLength = 1 << 20;

    // Oniguruma's ONIG_MAX_REPEAT_NUM.
    private const int MaxRepeat = 100_000;

    // Above this many parts the compiler's own time would be felt; such patterns are interpreted.
    private const int MaxCompiledParts = 500;

    // A match takes microseconds; one that takes this long backtracks without end.
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(2);

    private readonly List<object> _parts = []; // text for .NET's engine, and RuneSets
    private readonly PatternReader _reader;
    private readonly JsonAt _place;

    private RunePattern(string pattern, JsonAt place)
    {
        _place = place;
        _reader = new PatternReader(pattern, place);
    }

    public IEnumerable<RuneSet> Sets => _parts.OfType<RuneSet>();

    /// <summary>Reads a pattern; <paramref name="place"/> is where errors point to.</summary>
    public static RunePattern Parse(string pattern, JsonAt place)
    {
        if (pattern.Length > MaxLength)
        {
            throw place.Error($"the pattern has {pattern.Length} characters; at most {MaxLength} are read");
        }

        var parsed = new RunePattern(pattern, place);
        if (parsed._reader.Accept("(?i)"))
        {
            parsed._parts.Add("(?i)");
        }

        parsed.Alternatives(depth: 0);
        return parsed._reader.IsAtEnd ? parsed : throw parsed._reader.Wrong("a closing parenthesis without an opening one");
    }

    /// <summary>A pattern that matches exactly this text.</summary>
    public static RunePattern Literal(string text, JsonAt place)
    {
        var parsed = new RunePattern(text, place);
        while (!parsed._reader.IsAtEnd)
        {
            parsed.Character(parsed._reader.Next());
        }

        return parsed;
    }

    public Regex ToRegex(AstralClasses classes)
    {
        var text = new StringBuilder();
        foreach (var part in _parts)
        {
            text.Append(part is RuneSet set ? Class(set, classes) : part);
            if (text.Length > MaxExpandedLength)
            {
                throw _place.Error($"the pattern needs more than {MaxExpandedLength} characters once its classes are written out");
            }
        }

        var options = RegexOptions.CultureInvariant | RegexOptions.Multiline; // ^ and $ of Oniguruma are those of lines
        try
        {
            return new Regex(text.ToString(), _parts.Count > MaxCompiledParts ? options : options | RegexOptions.Compiled, MatchTimeout);
        }
        catch (ArgumentException error)
        {
            throw _place.Error($"the pattern is not understood ({error.Message.ReplaceLineEndings(" ")})", error);
        }
    }

    private void Alternatives(int depth)
    {
        if (depth > MaxDepth)
        {
            throw _reader.Wrong($"more than {MaxDepth} nested groups");
        }

        while (!_reader.IsAtEnd && !_reader.IsNext(')'))
        {
            if (_reader.Accept("|"))
            {
                _parts.Add("|");
                continue;
            }

            var start = _parts.Count;
            Atom(depth);
            Quantifiers(start);
        }
    }

    private void Atom(int depth)
    {
        var rune = _reader.Next();
        switch (rune)
        {
            case '(': Group(depth); break;
            case '[': _parts.Add(_reader.ClassBody(depth)); break;
            case '.': _parts.Add(RuneSet.Single('\n').Complement()); break;
            case '^' or '$': _parts.Add(((char)rune).ToString()); break;
            case '\\': Escape(); break;
            case '*' or '+' or '?': throw _reader.Wrong("a quantifier without anything to repeat");
            default: Character(rune); break;
        }
    }

    private void Group(int depth)
    {
        string[] openings = ["?:", "?=", "?!", "?<=", "?<!", "?>", "?i:", "?-i:"];
        var opening = openings.FirstOrDefault(_reader.Accept);
        if (opening is null && _reader.IsNext('?'))
        {
            throw _reader.Wrong("a kind of group that is not supported");
        }

        _parts.Add("(" + (opening ?? "?:")); // what a group captures is not used
        Alternatives(depth + 1);
        if (!_reader.Accept(")"))
        {
            throw _reader.Wrong("a group that is not closed");
        }

        _parts.Add(")");
    }

    private void Quantifiers(int start)
    {
        while (_reader.Quantifier(MaxRepeat) is { } quantifier)
        {
            var isPossessive = quantifier.Length == 1 && _reader.Accept("+");
            _parts.Insert(start, isPossessive ? "(?>(?:" : "(?:");
            _parts.Add($"){quantifier}{(isPossessive ? ")" : _reader.Accept("?") ? "?" : "")}");
        }
    }

    private void Escape()
    {
        var rune = _reader.Next();
        switch (rune)
        {
            case 'w': _parts.Add(RuneSet.WordAlone); break;
            case 'W': _parts.Add(RuneSet.WordAlone.Complement()); break;
            case 'A' or 'z' or 'Z': _parts.Add($"\\{(char)rune}"); break;
            case 'b': Boundary("(?!", "(?="); break;
            case 'B': Boundary("(?=", "(?!"); break;
            default:
                if (_reader.EscapedSet(rune) is { } set)
                {
                    _parts.Add(set);
                }
                else
                {
                    Character(_reader.EscapedCharacter(rune));
                }

                break;
        }
    }

    // Behind a word character the one look-ahead, behind another the other.
    private void Boundary(string afterWord, string afterOther)
    {
        var word = RuneSet.WordAlone;
        _parts.AddRange(["(?:(?<=", word, ")", afterWord, word, ")|(?<!", word, ")", afterOther, word, "))"]);
    }

    private void Character(int rune) => _parts.Add(rune > char.MaxValue ? RuneSet.Single(rune) : Regex.Escape(((char)rune).ToString()));

    private static string Class(RuneSet set, AstralClasses classes)
    {
        var text = new StringBuilder("[");
        foreach (var (first, last) in set.Ranges.Where(range => range.First <= char.MaxValue))
        {
            // The surrogate units stand for astral classes and are added below.
            Range(text, first, Math.Min(last, 0xD7FF));
            Range(text, Math.Max(first, 0xE000), Math.Min(last, char.MaxValue));
        }

        foreach (var (first, last) in RuneSet.Of(classes.UnitsOf(set).Select(unit => ((int)unit, (int)unit))).Ranges)
        {
            Range(text, first, last);
        }

        return text.Length == 1 ? "(?!)" : text.Append(']').ToString();

        static void Range(StringBuilder text, int first, int last)
        {
            if (first <= last)
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{first:X4}-\\u{last:X4}");
            }
        }
    }
}
