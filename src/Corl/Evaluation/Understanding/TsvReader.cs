using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Corl.Evaluation.Understanding;

/// <summary>
/// Reads tab-separated files, and their like, with the grammar of pandas: a field that begins with a quotation mark may hold separators
/// and line breaks, a doubled mark is one, marks elsewhere are text; short rows are filled up with missing values; empty lines are
/// skipped. One pass over the file; of the image column only places are kept.
/// </summary>
internal sealed class TsvReader
{
    /// <summary>Fields of the large column up to this many bytes are kept as text: they name another row.</summary>
    public const int ShortField = 64; // the kit's own limit

    // Ours. Real files have 20 columns and 9,000 rows; the longest question has some thousand bytes; all text together a few megabytes.
    private const int MaxColumns = 1000, MaxRows = 1_000_000, MaxField = 4 << 20;
    private const long MaxText = 512L << 20;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _path;
    private readonly string? _large;
    private readonly byte _separator;
    private readonly List<string> _header = [], _names = [];
    private readonly List<List<string?>> _columns = [];
    private readonly List<FieldSpan> _spans = [];
    private readonly ArrayBufferWriter<byte> _field = new();
    private State _state = State.RowStart;
    private long _start, _end, _text; // the current field's content; bytes of text kept
    private bool _isQuoted, _isBroken;
    private int _place, _rows, _largeAt = -1;

    private TsvReader(string path, string? large, byte separator) => (_path, _large, _separator) = (path, large, separator);

    private enum State
    {
        RowStart,
        FieldStart,
        Plain,
        Quoted,
        QuoteInQuoted,
        AfterReturn,
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">UTF-8, with or without a byte order mark.</param>
    /// <param name="large">Name of the column whose fields are not kept, or null.</param>
    /// <param name="separator">What stands between fields: a tab in the kit's files.</param>
    /// <exception cref="UserException">No such file, no UTF-8, more fields in a row than in the first, an open quotation, or too large.</exception>
    public static TsvContent Read(string path, string? large = "image", char separator = '\t')
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            return new TsvReader(path, large, (byte)separator).Read(stream);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read ({Quoted.Line(error.Message)})", error);
        }
    }

    private TsvContent Read(Stream stream)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5); // the published checksums are MD5
        var buffer = new byte[1 << 20];
        long at = 0;
        for (int count; (count = stream.Read(buffer)) > 0;)
        {
            md5.AppendData(buffer, 0, count);
            var from = at == 0 && buffer.AsSpan(0, count).StartsWith("\uFEFF"u8) ? 3 : 0;
            for (var i = from; i < count; i++)
            {
                Take(buffer[i], at + i);
            }

            at += count;
        }

        Finish(at);
        if (_names.Count == 0)
        {
            throw new UserException($"{_path}: is empty; expected a header line with tab-separated names");
        }

        // A large field makes its whole column text.
        var columns = _names.Select((name, i) => (name, Cell.Typed([.. _columns[i].Select(Cell.Of)], isText: i == _largeAt))).ToArray();
        return new TsvContent(new KitTable(columns), _spans, Convert.ToHexStringLower(md5.GetHashAndReset()));
    }

    private void Take(byte c, long at)
    {
        if (_state == State.AfterReturn)
        {
            _state = State.RowStart;
            if (c == '\n')
            {
                return;
            }
        }

        switch (_state)
        {
            case State.RowStart when c is (byte)'\n' or (byte)' ': // pandas skips lines of blanks, and blanks before a row's first field
                return;
            case State.RowStart when c == '\r':
                _state = State.AfterReturn;
                return;
            case State.RowStart:
            case State.FieldStart:
                BeginField(c, at);
                return;
            case State.Quoted:
                TakeQuoted(c, at);
                return;
            case State.QuoteInQuoted when c == '"':
                Push(c);
                _state = State.Quoted;
                return;
            default: // Plain, or what follows a closing mark
                if (!EndsField(c, at))
                {
                    _isBroken |= _state == State.QuoteInQuoted;
                    Push(c);
                    _state = State.Plain;
                }

                return;
        }
    }

    private void BeginField(byte c, long at)
    {
        (_start, _end, _isQuoted, _isBroken) = (at, at, c == '"', false);
        if (_isQuoted)
        {
            (_start, _state) = (at + 1, State.Quoted);
        }
        else if (!EndsField(c, at))
        {
            Push(c);
            _state = State.Plain;
        }
    }

    private void TakeQuoted(byte c, long at)
    {
        if (c == '"')
        {
            (_end, _state) = (at, State.QuoteInQuoted);
        }
        else
        {
            Push(c);
        }
    }

    private bool EndsField(byte c, long at)
    {
        if (c != _separator && c is not ((byte)'\n' or (byte)'\r'))
        {
            return false;
        }

        EndField(_state == State.QuoteInQuoted ? _end : at);
        if (c == _separator)
        {
            _state = State.FieldStart;
        }
        else
        {
            EndRow();
            _state = c == '\r' ? State.AfterReturn : State.RowStart;
        }

        return true;
    }

    private void Finish(long at)
    {
        if (_state == State.Quoted)
        {
            throw new UserException($"{_path}: row {_rows + 1}: a quoted field that begins at byte {_start} never ends; the file is cut off or its quotation marks are not doubled");
        }

        if (_state is State.FieldStart)
        {
            (_start, _isQuoted, _isBroken) = (at, false, false);
        }

        if (_state is not (State.RowStart or State.AfterReturn))
        {
            EndField(_state == State.QuoteInQuoted ? _end : at);
            EndRow();
        }
    }

    private void Push(byte c)
    {
        var limit = IsLarge ? ShortField + 1 : MaxField;
        if (_field.WrittenCount < limit)
        {
            _field.Write([c]);
        }
        else if (!IsLarge)
        {
            throw new UserException($"{_path}: row {_rows + 1}: a field of more than {MaxField} bytes; only the images may be that large");
        }
    }

    private bool IsLarge => _names.Count > 0 && _place == _largeAt;

    private void EndField(long end)
    {
        var isLong = IsLarge && _field.WrittenCount > ShortField;
        var text = isLong ? null : Decoded();
        _text += _field.WrittenCount;
        _field.ResetWrittenCount();
        if (_names.Count == 0) // the header's own row
        {
            _header.Add(text!);
            if (_header.Count > MaxColumns)
            {
                throw new UserException($"{_path}: more than {MaxColumns} columns; not a benchmark's file");
            }

            return;
        }

        if (_place >= _names.Count)
        {
            throw new UserException($"{_path}: row {_rows + 1} has more than the {_names.Count} fields of the header");
        }

        if (_text > MaxText)
        {
            throw new UserException($"{_path}: more than {MaxText} bytes of text beside the images; not a benchmark's file");
        }

        if (IsLarge)
        {
            if (isLong && _isBroken)
            {
                throw new UserException($"{_path}: row {_rows + 1}: text behind the closing quotation mark of an image");
            }

            _spans.Add(new FieldSpan(_start, end - _start, _isQuoted));
        }

        _columns[_place++].Add(text);
    }

    private void EndRow()
    {
        if (_names.Count == 0)
        {
            TakeHeader();
            return;
        }

        for (; _place < _names.Count; _place++)
        {
            if (_place == _largeAt)
            {
                _spans.Add(default);
            }

            _columns[_place].Add(null);
        }

        _place = 0;
        if (++_rows > MaxRows)
        {
            throw new UserException($"{_path}: more than {MaxRows} rows; not a benchmark's file");
        }
    }

    private void TakeHeader()
    {
        if (_header.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new UserException($"{_path}: column {Quoted.Name(twice.Key)} occurs {twice.Count()} times");
        }

        _names.AddRange(_header);
        _columns.AddRange(_names.Select(_ => new List<string?>()));
        _largeAt = _large is null ? -1 : _names.IndexOf(_large);
        _place = 0;
    }

    private string Decoded()
    {
        try
        {
            return Strict.GetString(_field.WrittenSpan);
        }
        catch (DecoderFallbackException error)
        {
            throw new UserException($"{_path}: row {_rows + 1}, field {_place + 1}: not UTF-8", error);
        }
    }

}
