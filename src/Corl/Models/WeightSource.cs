using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Corl.Models;

/// <summary>
/// Gives a model each parameter that it asks for by checkpoint key and shape. So one constructor serves a fresh model, a loaded one
/// (the tensor of the file itself becomes the parameter: no random initialisation, no second copy) and one without storage.
/// </summary>
public sealed class WeightSource
{
    private readonly Func<string, long[], Tensor> _give;
    private readonly string _prefix;

    private WeightSource(Func<string, long[], Tensor> give, string prefix)
    {
        _give = give;
        _prefix = prefix;
    }

    /// <summary>Parameters made by a function of the key and the shape; the function gives up ownership of what it returns.</summary>
    public static WeightSource From(Func<string, long[], Tensor> give) => new(give, "");

    /// <summary>Parameters whose values are not set; on the device "meta" they have a shape and no memory.</summary>
    public static WeightSource Empty(Device device, ScalarType dtype = ScalarType.Float32) =>
        new((_, shape) => empty(shape, dtype, device), "");

    /// <summary>The source for the child <paramref name="name"/>.</summary>
    internal WeightSource At(string name) => new(_give, $"{_prefix}{name}.");

    /// <summary>The source for the child number <paramref name="index"/> of a list.</summary>
    internal WeightSource At(int index) => new(_give, $"{_prefix}{index}.");

    /// <summary>The parameter <paramref name="name"/> of the current module, frozen; what trains is decided by the trainer.</summary>
    internal Parameter Get(string name, params long[] shape)
    {
        var tensor = _give(_prefix + name, shape);
        if (!tensor.shape.AsSpan().SequenceEqual(shape))
        {
            throw new UserException($"{_prefix}{name}: expected shape [{string.Join(", ", shape)}], found [{string.Join(", ", tensor.shape)}]; the weights belong to a model of another size");
        }

        return new Parameter(tensor.DetachFromDisposeScope(), requires_grad: false);
    }
}
