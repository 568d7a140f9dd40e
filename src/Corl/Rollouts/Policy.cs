using Corl.Imaging;
using Corl.Models;
using Corl.Tokenizers;
using static TorchSharp.torch;

namespace Corl.Rollouts;

/// <summary>π: a Janus-Pro model with its tokenizer, prompts and image preprocessing, from one checkpoint directory.</summary>
public sealed class Policy : IDisposable
{
    private static readonly string[] CompanionFiles =
        ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "preprocessor_config.json", "processor_config.json", "generation_config.json", "chat_template.jinja", "chat_template.json"];

    private readonly string _directory;

    private Policy(JanusPro model, JanusPrompt prompt, JanusImages images, string directory)
    {
        (Model, Prompt, Images, _directory) = (model, prompt, images, directory);
        Ids = new SpecialIds(prompt.Bos, prompt.Eos, prompt.Pad, prompt.BeginOfImage, prompt.ImagePlaceholder);
    }

    /// <summary>The network.</summary>
    public JanusPro Model { get; }

    /// <summary>Tokenizer and prompt templates.</summary>
    public JanusPrompt Prompt { get; }

    /// <summary>Image preprocessing.</summary>
    public JanusImages Images { get; }

    /// <summary>The special ids of the vocabulary.</summary>
    public SpecialIds Ids { get; }

    /// <summary>Loads a checkpoint directory of either layout.</summary>
    /// <param name="directory">config.json, weights, tokenizer and preprocessing files.</param>
    /// <param name="device">Where the model goes; the CPU when null.</param>
    /// <param name="dtype">Type of the parameters; see <see cref="JanusCheckpoint.Load"/>.</param>
    /// <exception cref="UserException">Something is missing or broken; the message names the file.</exception>
    public static Policy Load(string directory, Device? device = null, ScalarType? dtype = null)
    {
        if (!Directory.Exists(directory))
        {
            throw new UserException($"{directory}: no such folder; expected a Janus-Pro checkpoint directory with config.json, weights and tokenizer.json");
        }

        var model = JanusCheckpoint.Load(directory, device, dtype);
        try
        {
            var prompt = JanusPrompt.Load(directory, model.Config.Vision.Tokens);
            var last = Math.Max(prompt.ImagePlaceholder, Math.Max(prompt.Pad, Math.Max(prompt.Bos, Math.Max(prompt.Eos, prompt.BeginOfImage))));
            return last < model.Config.Language.VocabularySize
                ? new Policy(model, prompt, JanusImages.FromDirectory(directory, model.Config.ImageSize), directory)
                : throw new UserException($"{directory}: the tokenizer has special id {last}, but the model only {model.Config.Language.VocabularySize} rows; tokenizer.json belongs to another model");
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Settings of the adapter with which the model computes; null without one.</summary>
    public LoraConfig? Adapter => Model.Adapter?.Config;

    /// <summary>Numbers in the adapter with which the model computes; 0 without one.</summary>
    public long AdapterParameters => Model.Adapter?.Parameters ?? 0;

    /// <summary>Puts a new low-rank adapter on the model; it changes nothing until it is trained.</summary>
    /// <param name="config">What is adapted, and how.</param>
    /// <param name="parts">Prefixes of the weights that may be adapted.</param>
    /// <param name="seed">Seed of its random factors.</param>
    /// <exception cref="UserException">The settings are wrong, or match nothing.</exception>
    public void AddAdapter(LoraConfig config, IReadOnlyList<string> parts, ulong seed) =>
        Model.Adapt(LoraAdapter.Create(Model, LoraNames.For(JanusCheckpoint.LayoutOf(_directory)), config, seed, key => IsIn(parts, key)));

    /// <summary>Puts a stored adapter on the model.</summary>
    /// <param name="directory">A folder as PEFT writes it: adapter_config.json and adapter_model.safetensors.</param>
    /// <exception cref="UserException">It is damaged, or belongs to another model; the message names the file and the key.</exception>
    public void LoadAdapter(string directory) => Model.Adapt(AdapterFolder.Load(directory, Model, Model.Device));

    /// <summary>Writes the adapter as a folder for PEFT and for <see cref="LoadAdapter"/>.</summary>
    /// <param name="directory">Made when it is not there.</param>
    /// <exception cref="InvalidOperationException">There is no adapter.</exception>
    public void SaveAdapter(string directory) =>
        AdapterFolder.Save(Model.Adapter ?? throw new InvalidOperationException("the policy has no adapter"), directory, _directory);

    /// <summary>Writes the adapter, if there is one, into the weights and takes it off the model.</summary>
    public void MergeAdapter()
    {
        if (Model.Adapter is not { } adapter)
        {
            return;
        }

        using var noGrad = no_grad();
        foreach (var (name, parameter) in Model.named_parameters().Where(p => adapter.Changes(p.name)))
        {
            using var scope = NewDisposeScope();
            parameter.copy_(adapter.Merged(name, parameter));
        }

        Model.Adapt(null);
    }

    /// <summary>Writes a checkpoint directory, an adapter merged into it, that loads again here and in transformers.</summary>
    /// <param name="directory">Made when it is not there.</param>
    /// <param name="dtype">Type stored.</param>
    /// <param name="layout">Names of the keys.</param>
    public void Save(string directory, ScalarType dtype, JanusLayout layout = JanusLayout.Native)
    {
        JanusCheckpoint.Save(Model, directory, layout, dtype, Ids);
        CopyCompanions(_directory, directory);
    }

    /// <summary>Copies the tokenizer and processor files of a checkpoint directory to another.</summary>
    internal static void CopyCompanions(string from, string to)
    {
        foreach (var name in CompanionFiles.Where(name => File.Exists(Path.Combine(from, name))))
        {
            AtomicFile.Write(Path.Combine(to, name), stream => stream.Write(File.ReadAllBytes(Path.Combine(from, name))));
        }
    }

    /// <summary>
    /// A frozen policy that keeps today's values of what training will change and shares everything else: π_ref. Under an adapter that
    /// is the base with the adapter as it is now, or without it while it changes nothing; no weight of the base is copied.
    /// </summary>
    /// <param name="parts">Prefixes of the parameters that training will change; of no account under an adapter.</param>
    public JanusPro Snapshot(IReadOnlyList<string> parts)
    {
        var parameters = Model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        bool Changes(string key) => Model.Adapter is { } adapter ? adapter.SavedKeys.Contains(key) : IsIn(parts, key);
        var frozen = new JanusPro(Model.Config, WeightSource.From((key, _) => Changes(key) ? parameters[key].detach().clone() : parameters[key].detach()));
        frozen.Adapt(Model.Adapter?.Copy());
        return frozen;
    }

    /// <summary>Whether a parameter belongs to one of the named parts.</summary>
    internal static bool IsIn(IReadOnlyList<string> parts, string key) => parts.Any(part => key == part || key.StartsWith(part + ".", StringComparison.Ordinal));

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}
