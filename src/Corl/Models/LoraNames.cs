using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>
/// How an adapter's files name a model's weights: a table from keys of the original layout to the names there, several for a fused
/// weight and none for one that is unknown there.
/// </summary>
internal sealed record LoraNames(string Title, Func<string, string[]> Of)
{
    /// <summary>Keys are names.</summary>
    public static readonly LoraNames Original = new("original", key => [key]);

    /// <summary>transformers' Janus classes.</summary>
    public static readonly LoraNames Native = new("native", JanusKeys.ToNative);

    /// <summary>The language model alone, as a Llama of its own.</summary>
    public static readonly LoraNames Language = new("language model", key => key.StartsWith(LanguagePart, StringComparison.Ordinal) ? [key[LanguagePart.Length..]] : []);

    private const string LanguagePart = "language_model.", Weight = ".weight";

    /// <summary>The names that fit a checkpoint of a layout.</summary>
    public static LoraNames For(JanusLayout layout) => layout == JanusLayout.Native ? Native : Original;

    /// <summary>All layers and tables of a model that can be adapted.</summary>
    public IEnumerable<LoraPlace> Places(Module model)
    {
        foreach (var (path, module) in model.named_modules())
        {
            var weight = module switch { Dense layer => layer.Weight, Table table => table.Weight, _ => null };
            var names = weight is null ? [] : Of(path + Weight);
            for (var i = 0; i < names.Length; i++)
            {
                var rows = weight!.shape[0] / names.Length;
                yield return new LoraPlace(names[i][..^Weight.Length], path + Weight, i * rows, rows, weight.shape[1], module is Table, names.Length == 1);
            }
        }
    }

    /// <summary>The weights of the modules that are trained whole, as they are in the model.</summary>
    /// <exception cref="UserException">Only some of the parts of a fused weight would be.</exception>
    public IEnumerable<LoraSaved> Saved(Module model, LoraTargets targets)
    {
        foreach (var (key, parameter) in model.named_parameters())
        {
            var names = Of(key);
            var saved = names.Where(name => targets.IsSaved(name[..Math.Max(0, name.LastIndexOf('.'))])).ToArray();
            if (saved.Length > 0 && saved.Length < names.Length)
            {
                throw new UserException($"modules_to_save: {saved[0]} is stored together with {string.Join(" and ", names.Except(saved))}; name all of them");
            }

            for (var i = 0; i < saved.Length; i++)
            {
                var rows = parameter.shape[0] / saved.Length;
                yield return new LoraSaved(saved[i], key, i * rows, parameter.detach().narrow(0, i * rows, rows));
            }
        }
    }
}
