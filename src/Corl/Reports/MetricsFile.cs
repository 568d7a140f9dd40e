using System.Buffers;
using System.Text.Json;

namespace Corl.Reports;

/// <summary>
/// metrics.jsonl: one object per step, "step" first, then the numbers in the order of their names. A line is written in one piece and is
/// on the disk before the call returns, so whatever ends the process, the file holds whole lines and at most one broken one at its end.
/// JSON has no NaN and infinities: they are written as the strings "NaN", "Infinity" and "-Infinity".
/// </summary>
internal sealed class MetricsFile : IDisposable
{
    public const string Name = "metrics.jsonl";
    private const long MaxFileBytes = 1L << 32; // ours: 4 GB, some ten million steps
    private const int MaxLineBytes = 1 << 20;
    private readonly FileStream _file;

    /// <summary>Opens a log; of one that is there, lines after <paramref name="lastStep"/> and a broken end are cut off.</summary>
    public MetricsFile(string path, long lastStep)
    {
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            _file.SetLength(Scan(_file, lastStep, row: null));
            _file.Seek(0, SeekOrigin.End);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public void Append(long step, IReadOnlyDictionary<string, double> values)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteNumber("step", step);
            foreach (var (name, value) in values.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                if (double.IsFinite(value))
                {
                    json.WriteNumber(name, value);
                }
                else
                {
                    json.WriteString(name, double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
                }
            }

            json.WriteEndObject();
        }

        line.Write("\n"u8);
        _file.Write(line.WrittenSpan);
        _file.Flush(flushToDisk: true);
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Reads a log; a broken line at its end is left out.</summary>
    public static IReadOnlyList<MetricRow> Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        List<MetricRow> rows = [];
        Scan(file, long.MaxValue, rows.Add);
        return rows;
    }

    /// <summary>Walks the lines up to <paramref name="lastStep"/> and returns where the next one begins.</summary>
    private static long Scan(FileStream file, long lastStep, Action<MetricRow>? row)
    {
        if (file.Length > MaxFileBytes)
        {
            throw new UserException($"{file.Name}: {file.Length:N0} bytes, expected a metrics log of at most {MaxFileBytes:N0}");
        }

        var end = 0L;
        using var reader = new StreamReader(file, leaveOpen: true);
        while (reader.ReadLine() is { Length: <= MaxLineBytes } line && Parse(line) is { } parsed && parsed.Step <= lastStep)
        {
            var next = end + System.Text.Encoding.UTF8.GetByteCount(line) + 1;
            if (next > file.Length)
            {
                break; // the line feed is missing: the process ended while this line was written
            }

            end = next;
            row?.Invoke(parsed);
        }

        return end;
    }

    private static MetricRow? Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var values = new Dictionary<string, double>();
            foreach (var property in document.RootElement.EnumerateObject().Where(property => property.Name != "step"))
            {
                values[property.Name] = property.Value.ValueKind == JsonValueKind.Number ? property.Value.GetDouble()
                    : property.Value.GetString() switch { "NaN" => double.NaN, "Infinity" => double.PositiveInfinity, "-Infinity" => double.NegativeInfinity, _ => throw new JsonException() };
            }

            return new MetricRow(document.RootElement.GetProperty("step").GetInt64(), values);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }
}
