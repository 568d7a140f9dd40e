using static TorchSharp.torch;

namespace Corl.Checkpoints;

/// <summary>
/// Reads checkpoints: a safetensors file, a PyTorch file (zip archive or the older stream), a checkpoint cut into several such files with
/// an index, or a directory that holds one of these. Opening checks every header and every pickle and reads no weights; nothing in a
/// file is executed, and no size is believed before it is compared with the file.
/// </summary>
public sealed class CheckpointReader : IDisposable
{
    private readonly Dictionary<string, StoredTensor> _stored = [];
    private readonly Dictionary<string, TensorInfo> _tensors = [];
    private readonly Dictionary<string, string> _metadata = [];
    private readonly List<MappedFile> _files = [];
    private readonly string _path;
    private bool _isDisposed;

    private CheckpointReader(string path) => _path = path;

    /// <summary>Every tensor by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <summary>The text beside the tensors; of several files the first that has a key gives its value.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Opens a checkpoint with everything in it: the tensors of nested dictionaries, such as an optimizer's state, under joined names.</summary>
    /// <param name="path">A file, an index ("….index.json") or a directory. In a directory, safetensors come before .bin and one file before an index.</param>
    /// <exception cref="UserException">Nothing is there, or a file is no checkpoint, damaged or malicious; names the file, the tensor and the reason.</exception>
    public static CheckpointReader Open(string path) => Open(path, unwrap: false);

    /// <summary>
    /// Opens a checkpoint for its model alone: of {"state_dict": …, "optimizer": …} only what is under "state_dict" (or "model" or
    /// "module"), under its own names and without the "module." that data parallelism puts before all of them.
    /// </summary>
    /// <inheritdoc cref="Open(string)"/>
    public static CheckpointReader OpenWeights(string path) => Open(path, unwrap: true);

    /// <summary>
    /// The values of a tensor: stored type, on CPU, contiguous, owned by the caller's scope and alive after this reader is disposed.
    /// Where the file allows it, they are the file itself, mapped privately: no memory is used until they are read, and writing to them
    /// does not reach the file. Reading a tensor again, or another tensor of the same storage, gives the same memory: clone before
    /// changing it in place.
    /// </summary>
    public Tensor Read(string name)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _stored.TryGetValue(name, out var tensor) ? tensor.Read() : throw new UserException($"{Quoted.Line(_path)}: the checkpoint has no tensor {Quoted.Name(name)}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        foreach (var tensor in _stored.Values)
        {
            tensor.Storage.Dispose();
        }

        foreach (var file in _files)
        {
            file.Dispose();
        }
    }

    private static CheckpointReader Open(string path, bool unwrap)
    {
        var main = Directory.Exists(path) ? CheckpointFolder.Find(path) : path;
        var reader = new CheckpointReader(path);
        try
        {
            if (main.EndsWith(CheckpointFolder.IndexSuffix, StringComparison.Ordinal))
            {
                reader.AddShards(main, unwrap);
            }
            else
            {
                reader.Add(main, unwrap);
            }

            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    private void AddShards(string index, bool unwrap)
    {
        using var file = new MappedFile(index);
        var map = Named(file, ShardIndex.Read);
        var folder = Path.GetDirectoryName(Path.GetFullPath(index))!;
        var shards = map.Values.Distinct().Order(StringComparer.Ordinal).ToArray();
        if (CheckpointFolder.UnlistedShard(folder, shards) is { } unlisted)
        {
            throw new UserException($"{Quoted.Line(index)}: the file {Quoted.Name(unlisted)} is part of the set, but the index names no tensor of it; download the checkpoint again");
        }

        foreach (var shard in shards)
        {
            var path = Path.Combine(folder, shard);
            if (!File.Exists(path))
            {
                throw new UserException($"{Quoted.Line(index)}: the file {Quoted.Name(shard)} that it names is not there; download it into the same folder");
            }

            foreach (var name in Add(path, unwrap))
            {
                var place = map.GetValueOrDefault(name);
                if (place != shard)
                {
                    throw new UserException($"{Quoted.Line(path)}: tensor {Quoted.Name(name)} is in this file, but the index {(place is null ? "lacks it" : $"says {Quoted.Name(place)}")}; download the checkpoint again");
                }
            }
        }

        foreach (var (name, shard) in map)
        {
            if (!_stored.ContainsKey(name))
            {
                throw new UserException($"{Quoted.Line(index)}: tensor {Quoted.Name(name)} is not in {Quoted.Name(shard)}, where the index sends it; download the checkpoint again");
            }
        }
    }

    private List<string> Add(string path, bool unwrap)
    {
        var file = new MappedFile(path);
        _files.Add(file);
        var isSafetensors = path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase);
        var content = Named(file, mapped => isSafetensors ? SafetensorsHeader.Read(mapped) : TorchFile.Read(mapped, unwrap));
        var names = new List<string>(content.Tensors.Count);
        _stored.EnsureCapacity(_stored.Count + content.Tensors.Count);
        _tensors.EnsureCapacity(_tensors.Count + content.Tensors.Count);
        foreach (var tensor in content.Tensors)
        {
            var name = tensor.Info.Name;
            if (!_stored.TryAdd(name, tensor))
            {
                throw new UserException($"{Quoted.Line(path)}: tensor {Quoted.Name(name)} is also in {Quoted.Line(_tensors[name].File)}; one name must stand for one tensor");
            }

            _tensors.Add(name, tensor.Info);
            names.Add(name);
        }

        foreach (var (key, value) in content.Metadata)
        {
            _metadata.TryAdd(key, value);
        }

        return names;
    }

    private static T Named<T>(MappedFile file, Func<MappedFile, T> read)
    {
        try
        {
            return read(file);
        }
        catch (InvalidDataException error)
        {
            throw new UserException($"{Quoted.Line(file.Path)}: {error.Message}", error);
        }
    }
}
