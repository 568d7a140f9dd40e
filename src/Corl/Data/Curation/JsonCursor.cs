using System.Text;
using System.Text.Json;

namespace Corl.Data.Curation;

/// <summary>
/// A place in a JSON file of any size. What is in memory is a window over the file that grows to the largest single value asked for, at
/// most 16 MB. Mistakes name the file and the byte.
/// </summary>
internal sealed class JsonCursor : IDisposable
{
    private const int FirstWindow = 1 << 16, LargestWindow = 1 << 24; // ours: 64 kB and 16 MB; an annotated item has a few kB
    private readonly FileStream _file;
    private readonly string _name;
    private byte[] _window = new byte[FirstWindow];
    private int _start, _end;
    private long _startInFile;
    private bool _isLast; // the window reaches the end of the file
    private JsonReaderState _state;

    public JsonCursor(string path, string name)
    {
        (_file, _name) = (new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0), name);
        Fill();
        if (_window.AsSpan(_start, _end - _start).StartsWith(Encoding.UTF8.Preamble))
        {
            Move(Encoding.UTF8.Preamble.Length);
        }
    }

    /// <summary>The next token; false at the end of the file.</summary>
    /// <param name="type">What it is.</param>
    /// <param name="name">Its text where it is a property's name.</param>
    public bool Next(out JsonTokenType type, out string? name)
    {
        while (true)
        {
            if (_isLast && _start == _end)
            {
                (type, name) = (JsonTokenType.None, null);
                return false;
            }

            var reader = Reader();
            try
            {
                if (reader.Read())
                {
                    (type, name) = (reader.TokenType, reader.TokenType == JsonTokenType.PropertyName ? reader.GetString() : null);
                    Accept(reader);
                    return true;
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: a name that is not Unicode
            {
                throw Malformed(reader, e);
            }

            if (_isLast)
            {
                (type, name) = (JsonTokenType.None, null);
                return false;
            }

            Fill();
        }
    }

    /// <summary>The whole of the next value, or null, with the closing bracket passed, where the list or object has ended.</summary>
    public byte[]? Value()
    {
        while (true)
        {
            var reader = Reader();
            try
            {
                if (reader.Read())
                {
                    if (reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject)
                    {
                        Accept(reader);
                        return null;
                    }

                    var from = (int)reader.TokenStartIndex;
                    if (reader.TrySkip())
                    {
                        var value = _window.AsSpan(_start + from, (int)reader.BytesConsumed - from).ToArray();
                        Accept(reader);
                        return value;
                    }
                }
                else if (_isLast)
                {
                    throw new UserException($"{_name}: the file ends in the middle of a value");
                }
            }
            catch (JsonException e)
            {
                throw Malformed(reader, e);
            }

            Fill();
        }
    }

    /// <summary>Passes over the next value, however large.</summary>
    public void Skip()
    {
        var depth = 0;
        do
        {
            if (!Next(out var type, out _))
            {
                throw new UserException($"{_name}: the file ends in the middle of a value");
            }

            depth += type switch
            {
                JsonTokenType.StartArray or JsonTokenType.StartObject => 1,
                JsonTokenType.EndArray or JsonTokenType.EndObject => -1,
                _ => 0,
            };
        }
        while (depth > 0);
    }

    /// <summary>The next line without its end; null at the end of the file.</summary>
    public byte[]? Line()
    {
        for (var looked = 0; ;)
        {
            var end = _window.AsSpan(_start + looked, _end - _start - looked).IndexOf((byte)'\n');
            if (end >= 0 || (_isLast && _end > _start))
            {
                var length = end >= 0 ? looked + end : _end - _start;
                var line = _window.AsSpan(_start, length).ToArray();
                Move(Math.Min(length + 1, _end - _start));
                return line;
            }

            if (_isLast)
            {
                return null;
            }

            looked = _end - _start;
            Fill();
        }
    }

    public void Dispose() => _file.Dispose();

    private Utf8JsonReader Reader() => new(_window.AsSpan(_start, _end - _start), _isLast, _state);

    private void Accept(in Utf8JsonReader reader)
    {
        _state = reader.CurrentState;
        Move((int)reader.BytesConsumed);
    }

    private void Move(int bytes) => (_start, _startInFile) = (_start + bytes, _startInFile + bytes);

    private void Fill()
    {
        _window.AsSpan(_start, _end - _start).CopyTo(_window);
        (_start, _end) = (0, _end - _start);
        if (_end == _window.Length)
        {
            if (_window.Length >= LargestWindow)
            {
                throw new UserException($"{_name}: the value at byte {_startInFile:N0} is longer than {LargestWindow:N0} bytes");
            }

            Array.Resize(ref _window, 2 * _window.Length);
        }

        var read = _file.Read(_window, _end, _window.Length - _end);
        _isLast = read == 0;
        _end += read;
    }

    private UserException Malformed(in Utf8JsonReader reader, Exception e)
    {
        var reason = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal) is >= 0 and var end ? e.Message[..end] : e.Message;
        return new UserException($"{_name}: not JSON at byte {_startInFile + reader.BytesConsumed:N0} ({Quoted.Line(reason.TrimEnd('.'))})", e);
    }
}
