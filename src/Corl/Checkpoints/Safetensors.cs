using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using static TorchSharp.torch;

namespace Corl.Checkpoints;

/// <summary>
/// Writes safetensors files as the reference implementation does: tensors by falling element size and then by name, so that each one
/// is aligned; the header padded with spaces to a multiple of 8; "format": "pt" in the metadata, without which transformers refuses a
/// file. Tensors that share memory are written once per name. Files are written atomically, one tensor in memory at a time.
/// </summary>
public static class Safetensors
{
    /// <summary>The name of a checkpoint's only file, as transformers looks for it.</summary>
    public const string SingleFile = "model.safetensors";

    private static readonly JsonWriterOptions HeaderOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes tensors, on any device and of any layout, to one file.</summary>
    /// <exception cref="UserException">The disk is full, or the place cannot be written to; an older file is then unchanged.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var byName = new Dictionary<string, Tensor>(tensors);
        Write(path, Declarations(byName), name => byName[name].alias(), metadata);
    }

    /// <summary>Writes tensors that are produced one at a time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Name, type and shape of every tensor.</param>
    /// <param name="read">Gives the values of a tensor, of the declared type and shape; it is disposed after it is written.</param>
    /// <param name="metadata">Text beside the tensors.</param>
    public static void Write(string path, IEnumerable<TensorInfo> tensors, Func<string, Tensor> read, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var ordered = tensors.OrderByDescending(tensor => Dtypes.Size(tensor.Dtype)).ThenBy(tensor => tensor.Name, StringComparer.Ordinal).ToArray();
        var header = Header(ordered, metadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (var tensor in ordered)
            {
                WriteValues(stream, tensor, read);
            }
        });
    }

    /// <summary>Writes tensors to one file, or to several with an index when they do not fit <paramref name="maxShardBytes"/>.</summary>
    /// <inheritdoc cref="WriteSharded(string, IEnumerable{TensorInfo}, Func{string, Tensor}, long, IReadOnlyDictionary{string, string})"/>
    public static void WriteSharded(string directory, IEnumerable<KeyValuePair<string, Tensor>> tensors, long maxShardBytes = DefaultShardBytes, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var byName = new Dictionary<string, Tensor>(tensors);
        WriteSharded(directory, Declarations(byName), name => byName[name].alias(), maxShardBytes, metadata);
    }

    /// <summary>
    /// Writes tensors that are produced one at a time to "model.safetensors", or to "model-00001-of-0000K.safetensors" … with
    /// "model.safetensors.index.json". Each file is atomic, the set is not: to replace a checkpoint write into a new directory.
    /// </summary>
    /// <param name="directory">Where to; created when missing.</param>
    /// <param name="tensors">Name, type and shape of every tensor; shards are filled in this order.</param>
    /// <param name="read">Gives the values of a tensor, of the declared type and shape; it is disposed after it is written.</param>
    /// <param name="maxShardBytes">Data per file; a single tensor may exceed it.</param>
    /// <param name="metadata">Text beside the tensors, in every file.</param>
    public static void WriteSharded(
        string directory, IEnumerable<TensorInfo> tensors, Func<string, Tensor> read, long maxShardBytes = DefaultShardBytes, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxShardBytes);
        var shards = Shards(tensors, maxShardBytes);
        var weightMap = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < shards.Count; i++)
        {
            var file = shards.Count == 1 ? SingleFile : string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:00000}-of-{shards.Count:00000}.safetensors");
            Write(Path.Combine(directory, file), shards[i], read, metadata);
            shards[i].ForEach(tensor => weightMap.Add(tensor.Name, file));
        }

        if (shards.Count > 1)
        {
            var index = new { metadata = new { total_size = shards.Sum(shard => shard.Sum(tensor => tensor.Bytes)) }, weight_map = weightMap };
            AtomicFile.WriteText(Path.Combine(directory, SingleFile + CheckpointFolder.IndexSuffix), JsonSerializer.Serialize(index, IndexOptions));
        }
    }

    // What transformers 4 and huggingface_hub cut checkpoints into: 5 GB.
    internal const long DefaultShardBytes = 5_000_000_000;

    private static readonly JsonSerializerOptions IndexOptions = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static IEnumerable<TensorInfo> Declarations(Dictionary<string, Tensor> tensors) => tensors.Select(pair => new TensorInfo(pair.Key, pair.Value.dtype, pair.Value.shape));

    private static List<List<TensorInfo>> Shards(IEnumerable<TensorInfo> tensors, long maxShardBytes)
    {
        var shards = new List<List<TensorInfo>> { new() };
        var bytes = 0L;
        foreach (var tensor in tensors)
        {
            if (bytes + tensor.Bytes > maxShardBytes && shards[^1].Count > 0)
            {
                shards.Add([]);
                bytes = 0;
            }

            shards[^1].Add(tensor);
            bytes += tensor.Bytes;
        }

        return shards;
    }

    private static byte[] Header(TensorInfo[] ordered, IReadOnlyDictionary<string, string>? metadata)
    {
        var text = new SortedDictionary<string, string>(metadata?.ToDictionary() ?? [], StringComparer.Ordinal);
        text.TryAdd("format", "pt");
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, HeaderOptions))
        {
            json.WriteStartObject();
            json.WritePropertyName(SafetensorsHeader.MetadataKey);
            JsonSerializer.Serialize(json, text);
            var offset = 0L;
            foreach (var tensor in ordered)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", Dtypes.SafetensorsName(tensor.Dtype));
                json.WritePropertyName("shape");
                JsonSerializer.Serialize(json, tensor.Shape);
                json.WritePropertyName("data_offsets");
                JsonSerializer.Serialize(json, new[] { offset, offset += tensor.Bytes });
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        const int Alignment = sizeof(ulong); // data then start at a multiple of every element's size
        var length = (buffer.WrittenCount + Alignment - 1) / Alignment * Alignment;
        if (length > SafetensorsHeader.MaxBytes)
        {
            throw new UserException($"{ordered.Length} tensors need a header of {length} bytes, but {SafetensorsHeader.MaxBytes} are allowed; write several files");
        }

        buffer.GetSpan(Alignment).Fill((byte)' ');
        buffer.Advance(length - buffer.WrittenCount);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteValues(Stream stream, TensorInfo declared, Func<string, Tensor> read)
    {
        const int ChunkElements = 1 << 24; // ours: a span of it fits an int for every type
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var tensor = read(declared.Name);
        scope.Attach(tensor);
        if (tensor.dtype != declared.Dtype || !tensor.shape.AsSpan().SequenceEqual(declared.Shape))
        {
            throw new ArgumentException($"tensor '{declared.Name}' was declared as {declared.Dtype} [{string.Join(", ", declared.Shape)}], but is {tensor.dtype} [{string.Join(", ", tensor.shape)}]", nameof(read));
        }

        var flat = tensor.detach().cpu().contiguous().view(-1); // [elements]
        for (var done = 0L; done < declared.Count; done += ChunkElements)
        {
            using var chunk = flat.narrow(0, done, Math.Min(ChunkElements, declared.Count - done));
            stream.Write(chunk.bytes);
        }
    }
}
