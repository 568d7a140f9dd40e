namespace Corl.Merging;

/// <summary>The parameters of a merge for one tensor: a model's own come first, then those of its slice, then the common ones.</summary>
/// <param name="config">The merge.</param>
/// <param name="slice">The slice that the tensor belongs to.</param>
/// <param name="tensor">Its name.</param>
/// <param name="depth">Where its layer stands, from 0 to 1; 0 outside the layers.</param>
internal sealed class TensorSettings(MergeConfig config, MergeSlice slice, string tensor, double depth)
{
    /// <summary>The tensor's name.</summary>
    public string Tensor => tensor;

    /// <summary>The value of a parameter, or a fallback where none is set.</summary>
    public double Get(string name, double fallback, MergeInput? model = null) => Find(name, model) ?? fallback;

    /// <summary>A parameter that must be set.</summary>
    public double Need(string name, MergeInput? model = null) => Find(name, model)
        ?? throw new UserException($"the merge needs a '{name}'{(model is null ? "" : $" of {Quoted.Name(model.Model)}")} for tensor {Quoted.Name(tensor)}; write 'parameters: {{{name}: …}}' under the model or at the top level");

    /// <summary>A switch.</summary>
    public bool IsOn(string name, bool fallback) => Find(name, null) switch
    {
        null => fallback,
        0 => false,
        1 => true,
        var other => throw new UserException($"'{name}' is {other} for tensor {Quoted.Name(tensor)}, expected true or false"),
    };

    /// <summary>A share from 0 to 1.</summary>
    public double Share(string name, double fallback, MergeInput? model = null)
    {
        var value = Get(name, fallback, model);
        return value is >= 0 and <= 1 ? value : throw new UserException($"'{name}' is {value} for tensor {Quoted.Name(tensor)}, expected a number from 0 to 1");
    }

    private double? Find(string name, MergeInput? model) =>
        model?.Parameters.GetValueOrDefault(name)?.At(tensor, depth) ?? slice.Parameters.GetValueOrDefault(name)?.At(tensor, depth) ?? config.Parameters.GetValueOrDefault(name)?.At(tensor, depth);
}
