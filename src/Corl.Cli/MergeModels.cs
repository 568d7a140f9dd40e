using System.Text.Json;
using System.Text.Json.Nodes;
using Corl.Checkpoints;
using Corl.Merging;
using Corl.Models;
using static TorchSharp.torch;

namespace Corl.Cli;

/// <summary>The models of a merge: where they are, which layout they have, and the files that go with the result. Owns the open files.</summary>
internal sealed class MergeModels : IDisposable
{
    private static readonly string[] CompanionEndings = [".json", ".jinja", ".model", ".txt"];
    private static readonly string[] TypeKeys = ["dtype", "torch_dtype"]; // of transformers 5 and 4
    private readonly List<IDisposable> _open = [];
    private readonly List<MergeSource> _sources = [];
    private readonly string? _settingsFolder, _tokenizerFolder;

    /// <summary>Opens every model. Paths count from the current folder, else from that of the configuration.</summary>
    /// <exception cref="UserException">A model is not there or cannot be read.</exception>
    public MergeModels(MergeConfig config, string? configFolder)
    {
        var paths = config.Models.ToDictionary(model => model, model => Find(model, configFolder));
        var layouts = paths.ToDictionary(pair => pair.Key, pair => LayoutOf(pair.Value));
        var isMixed = layouts.Values.All(layout => layout is not null) && layouts.Values.Distinct().Count() > 1;
        try
        {
            foreach (var model in config.Models)
            {
                _sources.Add(isMixed && layouts[model] == JanusLayout.Original ? Native(model, paths[model]) : Plain(model, paths[model]));
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        // Of mixed layouts the result has the native one, and so has its config.json.
        var settings = config.Models.FirstOrDefault(model => Directory.Exists(paths[model]) && (!isMixed || layouts[model] == JanusLayout.Native));
        _settingsFolder = settings is null ? null : paths[settings];
        _tokenizerFolder = config.Tokenizer is { } tokenizer ? paths[tokenizer] : _settingsFolder;
    }

    /// <summary>The models in the order of the configuration.</summary>
    public IReadOnlyList<MergeSource> Sources => _sources;

    /// <summary>Copies config.json with the type of the merged weights, and the tokenizer and processor files.</summary>
    public void CopyCompanions(string output, IReadOnlyList<TensorInfo> tensors)
    {
        if (_settingsFolder is null)
        {
            return; // plain files of weights
        }

        foreach (var path in Companions(_tokenizerFolder!))
        {
            AtomicFile.Write(Path.Combine(output, Path.GetFileName(path)), stream => stream.Write(File.ReadAllBytes(path)));
        }

        var config = Path.Combine(_settingsFolder, "config.json");
        if (File.Exists(config))
        {
            AtomicFile.WriteText(Path.Combine(output, "config.json"), WithType(config, tensors.MaxBy(tensor => tensor.Bytes)!.Dtype));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _open.ForEach(file => file.Dispose());

    private static IEnumerable<string> Companions(string folder) =>
        Directory.EnumerateFiles(folder).Where(path => CompanionEndings.Contains(Path.GetExtension(path)) && !path.EndsWith(".index.json", StringComparison.Ordinal)
            && Path.GetFileName(path) is not ("config.json" or "LICENSE.txt"));

    private static string WithType(string config, ScalarType type)
    {
        var text = File.ReadAllText(config);
        try
        {
            var root = JsonNode.Parse(text)!.AsObject();
            var name = type switch { ScalarType.BFloat16 => "bfloat16", ScalarType.Float16 => "float16", ScalarType.Float64 => "float64", _ => "float32" };
            var keys = TypeKeys.Where(root.ContainsKey).ToList();
            if (keys.All(key => root[key]?.ToString() == name))
            {
                return text;
            }

            keys.ForEach(key => root[key] = name);
            return root.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UserException($"{Quoted.Line(config)}: not a JSON object ({Quoted.Line(e.Message)})", e);
        }
    }

    private static string Find(string model, string? configFolder)
    {
        var path = Path.Exists(model) || configFolder is null ? model : Path.Combine(configFolder, model);
        return !Path.Exists(path) ? throw new UserException($"{Quoted.Line(model)}: no such file or folder; models are read from this machine, download them first")
            : File.Exists(Path.Combine(path, "adapter_config.json")) ? throw new UserException($"{Quoted.Line(model)}: an adapter; merging takes whole models, so add it to its base first")
            : path;
    }

    private static JanusLayout? LayoutOf(string path)
    {
        try
        {
            return Directory.Exists(path) && File.Exists(Path.Combine(path, "config.json")) ? JanusCheckpoint.LayoutOf(path) : null;
        }
        catch (UserException)
        {
            return null; // another model's folder: its tensors are merged by their names
        }
    }

    private MergeSource Plain(string model, string path)
    {
        var reader = CheckpointReader.OpenWeights(path);
        _open.Add(reader);
        return new MergeSource(model, reader.Tensors, reader.Read);
    }

    private MergeSource Native(string model, string path)
    {
        var view = new NativeView(path);
        _open.Add(view);
        return new MergeSource(model, view.Tensors, view.Read);
    }
}
