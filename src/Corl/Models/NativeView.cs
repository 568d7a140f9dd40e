using Corl.Checkpoints;
using static TorchSharp.torch;

namespace Corl.Models;

/// <summary>A checkpoint of the original layout under the names and shapes of the native one; what only the original stores is left out.</summary>
internal sealed class NativeView : IDisposable
{
    private readonly CheckpointReader _reader;
    private readonly Dictionary<string, (string Original, int Part, int Parts)> _places = [];
    private readonly Dictionary<string, TensorInfo> _tensors = [];

    /// <summary>Opens a checkpoint directory.</summary>
    /// <exception cref="UserException">It cannot be read, or has keys that the original layout does not have.</exception>
    public NativeView(string directory)
    {
        _reader = CheckpointReader.OpenWeights(directory);
        try
        {
            foreach (var info in _reader.Tensors.Values)
            {
                Add(directory, info);
            }
        }
        catch
        {
            _reader.Dispose();
            throw;
        }
    }

    /// <summary>Every tensor by its native name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <summary>The values of a tensor; they belong to the caller's scope.</summary>
    public Tensor Read(string name)
    {
        using var scope = NewDisposeScope();
        var (original, part, parts) = _places[name];
        var whole = _reader.Read(original);
        return (parts == 1 ? whole : whole.narrow(0, part * (whole.shape[0] / parts), whole.shape[0] / parts)).reshape(_tensors[name].Shape).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private void Add(string directory, TensorInfo info)
    {
        string[] names;
        try
        {
            names = JanusKeys.ToNative(info.Name);
        }
        catch (ArgumentException e)
        {
            throw new UserException($"{Quoted.Line(directory)}: {Quoted.Name(info.Name)} is no key of the original Janus-Pro layout", e);
        }

        foreach (var (part, name) in names.Index())
        {
            _places.Add(name, (info.Name, part, names.Length));
            _tensors.Add(name, info with { Name = name, Shape = JanusCheckpoint.NativeShape(info.Name, info.Shape, names.Length) });
        }
    }
}
