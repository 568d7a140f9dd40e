using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Corl.Data.Curation;

/// <summary>
/// Problems of one source in a file of JSON Lines, read one by one in any order, so that a source of a million problems needs no memory
/// for them. The file is ours and made anew by every run.
/// </summary>
internal sealed class ProblemStore : IDisposable
{
    private static readonly byte[] LineEnd = "\n"u8.ToArray();
    private readonly List<(long Offset, int Length)> _places = [];
    private readonly SafeFileHandle _handle;

    private ProblemStore(string path, IEnumerable<Problem> problems)
    {
        AtomicFile.Write(path, stream =>
        {
            var at = 0L;
            foreach (var problem in problems)
            {
                var bytes = JsonSerializer.SerializeToUtf8Bytes(problem);
                stream.Write(bytes);
                stream.Write(LineEnd);
                _places.Add((at, bytes.Length));
                at += bytes.Length + LineEnd.Length;
            }
        });
        _handle = File.OpenHandle(path);
    }

    public int Count => _places.Count;

    public static ProblemStore Write(string path, IEnumerable<Problem> problems) => new(path, problems);

    public Problem Read(int index)
    {
        var (offset, length) = _places[index];
        var bytes = new byte[length];
        for (var read = 0; read < length;)
        {
            var got = RandomAccess.Read(_handle, bytes.AsSpan(read), offset + read);
            read += got > 0 ? got : throw new EndOfStreamException("a work file became shorter while it was read");
        }

        return JsonSerializer.Deserialize<Problem>(bytes)!;
    }

    public void Dispose() => _handle.Dispose();
}
