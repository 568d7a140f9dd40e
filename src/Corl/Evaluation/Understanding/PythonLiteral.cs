using System.Globalization;
using System.Text;

namespace Corl.Evaluation.Understanding;

/// <summary>Lists and dictionaries of texts and numbers as Python writes them, which the data sets hold in their cells. Read, never executed.</summary>
internal ref struct PythonLiteral
{
    private const int MaxItems = 10_000; // ours; real lists have at most some tens

    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private PythonLiteral(ReadOnlySpan<char> text) => _text = text;

    /// <summary>The items of a list or tuple of texts and numbers, each as str() shows it; null when the text is none.</summary>
    public static List<string>? List(string text)
    {
        var reader = new PythonLiteral(text);
        if (!reader.Takes('[', out var close))
        {
            return null;
        }

        List<string> items = [];
        while (!reader.Closes(close))
        {
            if (items.Count == MaxItems || reader.Scalar() is not { } item || !reader.Separates(close))
            {
                return null;
            }

            items.Add(item);
        }

        return reader.IsAtEnd ? items : null;
    }

    /// <summary>The entries of a dictionary whose keys and values are texts or numbers; null when the text is none.</summary>
    public static Dictionary<string, string>? Dictionary(string text)
    {
        var reader = new PythonLiteral(text);
        if (!reader.Takes('{', out var close))
        {
            return null;
        }

        Dictionary<string, string> entries = [];
        while (!reader.Closes(close))
        {
            if (entries.Count == MaxItems || reader.Scalar() is not { } key || !reader.TakesColon() || reader.Scalar() is not { } value || !reader.Separates(close))
            {
                return null;
            }

            entries[key] = value;
        }

        return reader.IsAtEnd ? entries : null;
    }

    private bool IsAtEnd
    {
        get
        {
            Skip();
            return _at == _text.Length;
        }
    }

    private readonly char Next => _at < _text.Length ? _text[_at] : '\0';

    private void Skip()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }

    private bool Takes(char open, out char close)
    {
        Skip();
        close = Next switch { '[' => ']', '(' => ')', '{' => '}', _ => '\0' };
        var isWanted = Next == open || (open == '[' && Next == '(');
        _at++;
        return isWanted;
    }

    private bool Closes(char close)
    {
        Skip();
        if (Next != close)
        {
            return false;
        }

        _at++;
        return true;
    }

    // A comma, or the end in sight.
    private bool Separates(char close)
    {
        Skip();
        if (Next == ',')
        {
            _at++;
            return true;
        }

        return Next == close;
    }

    private bool TakesColon()
    {
        Skip();
        return Next == ':' && ++_at > 0;
    }

    private string? Scalar()
    {
        Skip();
        if (Next is '\'' or '"')
        {
            return Quotation();
        }

        var start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(Next) || Next is '.' or '+' or '-' or '_'))
        {
            _at++;
        }

        var word = _text[start.._at].ToString();
        return word is "None" or "True" or "False" ? word
            : PythonNumber.Integer(word) is { } whole ? whole.ToString(CultureInfo.InvariantCulture)
            : PythonNumber.Real(word) is { } real && word.Any(char.IsAsciiDigit) ? PythonNumber.Show(real)
            : null;
    }

    private string? Quotation()
    {
        var mark = _text[_at++];
        var text = new StringBuilder();
        while (_at < _text.Length && Next != mark)
        {
            if (Next != '\\')
            {
                text.Append(_text[_at++]);
                continue;
            }

            _at++;
            if (!Escape(text))
            {
                return null;
            }
        }

        return _at++ < _text.Length ? text.ToString() : null;
    }

    private bool Escape(StringBuilder text)
    {
        var c = Next;
        _at++;
        var digits = c switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0)
        {
            if (_at + digits > _text.Length || !int.TryParse(_text.Slice(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || code is < 0 or > 0x10FFFF)
            {
                return false;
            }

            _at += digits;
            text.Append(Rune.IsValid(code) ? new Rune(code).ToString() : $"{(char)code}");
            return true;
        }

        var plain = c switch { 'n' => "\n", 't' => "\t", 'r' => "\r", '\\' => "\\", '\'' => "'", '"' => "\"", '\n' => "", _ => null };
        text.Append(plain ?? $"\\{c}"); // an unknown escape stays as it is, as in Python
        return c != '\0';
    }
}
