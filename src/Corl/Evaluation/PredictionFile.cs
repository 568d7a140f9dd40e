using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Corl.Evaluation;

/// <summary>
/// The predictions of a run as JSON Lines: a header, then one line for each item. A batch is written and flushed to the disk before the
/// next begins; a line that a kill cut in two is dropped when the file is opened again, and its item is asked again.
/// </summary>
internal sealed class PredictionFile : IDisposable
{
    // Ours: an answer has at most some ten thousand characters; a longer line is no prediction.
    private const int MaxLine = 16 << 20;

    internal static readonly JsonSerializerOptions Style = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // answers stay readable
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    private readonly Dictionary<string, Prediction> _done;
    private readonly FileStream _lock, _stream;

    private PredictionFile(FileStream key, FileStream stream, Dictionary<string, Prediction> done) => (_lock, _stream, _done) = (key, stream, done);

    /// <summary>The predictions that are on the disk, by item.</summary>
    public IReadOnlyDictionary<string, Prediction> Done => _done;

    /// <summary>The file of one shard in a run's folder.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="shard">1 to <paramref name="shards"/>.</param>
    /// <param name="shards">How many processes share the work.</param>
    public static string PathOf(string folder, int shard = 1, int shards = 1) =>
        Path.Combine(folder, shards == 1 ? "predictions.jsonl" : string.Create(CultureInfo.InvariantCulture, $"predictions-{shard:D3}-of-{shards:D3}.jsonl"));

    /// <summary>Begins a file, or goes on with one that has the same header.</summary>
    /// <exception cref="UserException">The file belongs to another run, is damaged, or cannot be written.</exception>
    public static PredictionFile Open(string path, PredictionHeader header)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            // Beside the file, because readers may open that one; a killed process leaves the lock's file but not the lock.
            var key = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            try
            {
                return OpenLocked(path, header, key);
            }
            catch
            {
                key.Dispose();
                throw;
            }
        }
        catch (IOException error)
        {
            throw new UserException($"{path}: the predictions cannot be written ({Quoted.Line(error.Message)}); is another process at work on the same shard?", error);
        }
    }

    private static PredictionFile OpenLocked(string path, PredictionHeader header, FileStream key)
    {
        var (found, done, end) = File.Exists(path) ? Read(path) : (null, [], 0);
        if (found is not null && header.Difference(found) is { } difference)
        {
            throw new UserException($"{path}: made with another {difference}; name a new --out, or repeat the earlier settings");
        }

        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        stream.SetLength(end); // without the half of a line that a kill left
        stream.Position = end;
        var file = new PredictionFile(key, stream, done);
        if (found is null)
        {
            file.Write([JsonSerializer.SerializeToUtf8Bytes(header, Style)]);
        }

        return file;
    }

    /// <summary>The predictions of all shards in a folder.</summary>
    /// <exception cref="UserException">There is none, or a shard belongs to another run.</exception>
    public static IReadOnlyList<Prediction> ReadShards(string folder, PredictionHeader header)
    {
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "predictions*.jsonl").Order(StringComparer.Ordinal).ToArray() : [];
        Dictionary<string, Prediction> all = [];
        foreach (var path in files)
        {
            var (found, done, _) = Read(path);
            if (found is not null && header.Difference(found) is { } difference)
            {
                throw new UserException($"{path}: made with another {difference}; shards of one run must agree");
            }

            foreach (var (id, prediction) in done)
            {
                all.TryAdd(id, prediction);
            }
        }

        return files.Length > 0 ? [.. all.Values] : throw new UserException($"{folder}: holds no predictions*.jsonl");
    }

    /// <summary>The predictions of one file, whatever its header says.</summary>
    /// <exception cref="UserException">A line is no prediction.</exception>
    public static IReadOnlyList<Prediction> ReadAny(string path) => [.. Read(path).Done.Values];

    /// <summary>Adds a batch; when this returns it survives a kill and a power cut.</summary>
    public void Append(IReadOnlyList<Prediction> batch)
    {
        Write([.. batch.Select(prediction => JsonSerializer.SerializeToUtf8Bytes(prediction, Style))]);
        foreach (var prediction in batch)
        {
            _done[prediction.Id] = prediction;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _lock.Dispose();
    }

    private void Write(byte[][] lines)
    {
        byte[] bytes = [.. lines.SelectMany(line => (byte[])[.. line, (byte)'\n'])];
        _stream.Write(bytes);
        _stream.Flush(flushToDisk: true);
    }

    // The header (null when not even that was written whole), the predictions, and where the last whole line ends.
    private static (PredictionHeader? Header, Dictionary<string, Prediction> Done, long End) Read(string path)
    {
        PredictionHeader? header = null;
        Dictionary<string, Prediction> done = [];
        var number = 0;
        long end = 0;
        foreach (var line in WholeLines(path))
        {
            number++;
            try
            {
                if (header is null)
                {
                    header = JsonSerializer.Deserialize<PredictionHeader>(line, Style);
                }
                else
                {
                    var prediction = JsonSerializer.Deserialize<Prediction>(line, Style) ?? throw new JsonException("null");
                    done[prediction.Id] = prediction;
                }
            }
            catch (JsonException error)
            {
                throw new UserException($"{path}: line {number} is no {(number == 1 ? "header" : "prediction")} ({Quoted.Line(error.Message)}); delete the file to begin again", error);
            }

            end += line.Length + 1;
        }

        return (header, done, end);
    }

    private static IEnumerable<byte[]> WholeLines(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        List<byte> line = [];
        var buffer = new byte[1 << 16]; // few system calls
        for (int count; (count = stream.Read(buffer)) > 0;)
        {
            for (var i = 0; i < count; i++)
            {
                if (buffer[i] == '\n')
                {
                    yield return [.. line];
                    line.Clear();
                }
                else if (line.Count < MaxLine)
                {
                    line.Add(buffer[i]);
                }
                else
                {
                    throw new UserException($"{path}: a line of more than {MaxLine} bytes; not a file of predictions");
                }
            }
        }
    }
}
