using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Checkpoints;

/// <summary>Loads stored weights into a module, strictly: TorchSharp's own loading broadcasts wrong shapes silently.</summary>
public static class StateDict
{
    // Ours: the first few tell what is wrong, a wrong layout would fill screens.
    private const int MaxNames = 20;

    /// <summary>Copies every stored tensor of a checkpoint to the parameter or buffer of the same name.</summary>
    /// <param name="module">Receives the values, in its own types and on its own devices.</param>
    /// <param name="checkpoint">Where the values are.</param>
    /// <param name="ignored">Stored names that the module need not have.</param>
    /// <exception cref="UserException">Names every key that is missing, unexpected or of the wrong shape; the module is then partly loaded.</exception>
    public static void Load(Module module, CheckpointReader checkpoint, Func<string, bool>? ignored = null)
    {
        var file = checkpoint.Tensors.Values.FirstOrDefault()?.File ?? "the checkpoint";
        Load(module, name => checkpoint.Tensors.ContainsKey(name) ? checkpoint.Read(name) : null, checkpoint.Tensors.Keys.Where(name => ignored is null || !ignored(name)), file);
    }

    /// <summary>Copies values to every parameter and buffer of a module.</summary>
    /// <param name="module">Receives the values, in its own types and on its own devices.</param>
    /// <param name="read">Gives the value for a key of the module, which is disposed after it is copied; null when there is none.</param>
    /// <param name="stored">The keys that are stored: each one must be a key of the module.</param>
    /// <param name="source">What is loaded, for the error message.</param>
    /// <exception cref="UserException">Names every key that is missing, unexpected or of the wrong shape; the module is then partly loaded.</exception>
    public static void Load(Module module, Func<string, Tensor?> read, IEnumerable<string> stored, string source)
    {
        using var noGrad = no_grad();
        var missing = new List<string>();
        var misfits = new List<string>();
        var targets = module.state_dict();
        foreach (var (name, target) in targets)
        {
            using var scope = NewDisposeScope();
            var value = read(name);
            if (value is null)
            {
                missing.Add(Quoted.Name(name));
                continue;
            }

            scope.Attach(value);
            if (!value.shape.AsSpan().SequenceEqual(target.shape))
            {
                misfits.Add($"{Quoted.Name(name)} is [{string.Join(", ", value.shape)}] instead of [{string.Join(", ", target.shape)}]");
            }
            else
            {
                target.copy_(value);
            }
        }

        var unexpected = stored.Where(name => !targets.ContainsKey(name)).Select(Quoted.Name).ToList();
        string[] problems = [.. Problem("missing", missing), .. Problem("unexpected", unexpected), .. Problem("mis-shaped", misfits)];
        if (problems.Length > 0)
        {
            throw new UserException($"{Quoted.Line(source)}: does not fit the model: {string.Join("; ", problems)}");
        }
    }

    private static IEnumerable<string> Problem(string kind, List<string> names)
    {
        if (names.Count > 0)
        {
            var rest = names.Count > MaxNames ? $" and {names.Count - MaxNames} more" : "";
            yield return $"{names.Count} {kind}: {string.Join(", ", names.Take(MaxNames))}{rest}";
        }
    }
}
