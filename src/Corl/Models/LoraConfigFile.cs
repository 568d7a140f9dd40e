using System.Text.Json;
using System.Text.Json.Serialization;

namespace Corl.Models;

/// <summary>Reads and writes PEFT's adapter_config.json.</summary>
internal static class LoraConfigFile
{
    /// <summary>Name of the file in an adapter's folder.</summary>
    public const string Name = "adapter_config.json";

    private const int MaxBytes = 1 << 22; // ours: some tools list every module by name
    private const int MaxEntries = 1 << 16; // of a list or table

    // Settings that do not change what a stored adapter computes.
    private static readonly HashSet<string> Indifferent =
    [
        "task_type", "base_model_name_or_path", "revision", "auto_mapping", "inference_mode", "lora_dropout", "peft_version", "megatron_core", "qalora_group_size",
        "runtime_config", "ensure_weight_tying",
    ];

    // Starts of training after which the base is no longer the model that the adapter belongs to are not among them.
    private static readonly HashSet<string> Starts = ["gaussian", "eva", "orthogonal", "lora_ga"];

    private static readonly JsonSerializerOptions Style = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    /// <summary>Reads the settings of an adapter's folder.</summary>
    /// <returns>The settings and the name of the base model.</returns>
    /// <exception cref="UserException">Names the file and the key: it is no LoRA adapter, damaged, or uses a setting that is not supported.</exception>
    public static (LoraConfig Config, string? Base) Read(string directory)
    {
        var path = Path.Combine(directory, Name);
        if (!File.Exists(path))
        {
            throw new UserException($"{path}: not found; expected a PEFT adapter's folder with {Name} and {AdapterFolder.WeightsName}");
        }

        var root = JsonAt.Open(path, MaxBytes);
        if (root["peft_type"].Text() is var type && type != "LORA")
        {
            throw root.Error($"peft_type is {Quoted.Name(type)}, expected 'LORA'");
        }

        var (targets, target) = NamesOrPattern(root, "target_modules");
        var (excluded, exclude) = NamesOrPattern(root, "exclude_modules");
        var (layersPattern, layersText) = NamesOrPattern(root, "layers_pattern");
        var config = new LoraConfig
        {
            R = root["r"].Integer(1, int.MaxValue),
            Alpha = root.Find("lora_alpha")?.Number() ?? 8, // PEFT's default
            TargetModules = targets,
            TargetPattern = target,
            ExcludeModules = excluded,
            ExcludePattern = exclude,
            LayersToTransform = root.Find("layers_to_transform") is { } layers ? layers.Kind == JsonValueKind.Number ? [layers.Integer(0, int.MaxValue)] : [.. Few(layers).Select(x => x.Integer(0, int.MaxValue))] : null,
            LayersPattern = layersText is null ? layersPattern : [layersText],
            RankPattern = Table(root, "rank_pattern", x => x.Integer(1, int.MaxValue)),
            AlphaPattern = Table(root, "alpha_pattern", x => x.Number()),
            Rslora = root.Find("use_rslora")?.Flag() ?? false,
            Dora = root.Find("use_dora")?.Flag() ?? false,
            ModulesToSave = root.Find("modules_to_save") is { } saved ? [.. Few(saved).Select(x => x.Text())] : [],
        };
        RefuseOthers(root);
        return config.Problem() is { } problem ? throw root.Error(problem) : (config, root.Find("base_model_name_or_path")?.Text());
    }

    /// <summary>Writes the settings.</summary>
    public static void Write(string directory, LoraConfig config, string? baseModel)
    {
        var document = new SortedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["peft_type"] = "LORA",
            ["task_type"] = null,
            ["base_model_name_or_path"] = baseModel,
            ["revision"] = null,
            ["auto_mapping"] = null,
            ["inference_mode"] = true,
            ["r"] = config.R,
            ["lora_alpha"] = config.Alpha,
            ["lora_dropout"] = 0.0,
            ["bias"] = "none",
            ["fan_in_fan_out"] = false,
            ["init_lora_weights"] = true,
            ["use_rslora"] = config.Rslora,
            ["use_dora"] = config.Dora,
            ["target_modules"] = config.TargetPattern ?? (object)config.TargetModules,
            ["exclude_modules"] = config.ExcludePattern ?? (config.ExcludeModules.Count == 0 ? null : (object)config.ExcludeModules),
            ["modules_to_save"] = config.ModulesToSave.Count == 0 ? null : config.ModulesToSave,
            ["rank_pattern"] = config.RankPattern,
            ["alpha_pattern"] = config.AlphaPattern,
            ["layers_to_transform"] = config.LayersToTransform,
            ["layers_pattern"] = config.LayersPattern.Count == 0 ? null : config.LayersPattern,
        };
        AtomicFile.WriteText(Path.Combine(directory, Name), JsonSerializer.Serialize(document, Style) + "\n");
    }

    // A setting that is not known here is harmless only when it is off.
    private static void RefuseOthers(JsonAt root)
    {
        foreach (var (key, value) in root.Properties())
        {
            var isFine = key switch
            {
                "peft_type" or "r" or "lora_alpha" or "target_modules" or "exclude_modules" or "layers_to_transform" or "layers_pattern"
                    or "rank_pattern" or "alpha_pattern" or "use_rslora" or "use_dora" or "modules_to_save" => true,
                "bias" => value.Kind == JsonValueKind.String && value.Text() == "none",
                "init_lora_weights" => value.Kind is JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null || (value.Kind == JsonValueKind.String && Starts.Contains(value.Text())),
                "fan_in_fan_out" => true, // of linear layers PEFT itself sets it back to false
                _ => Indifferent.Contains(key) || IsOff(value),
            };
            if (!isFine)
            {
                throw root.Error($"the setting {Quoted.Name(key)} is not supported with this value; adapters without it are: plain LoRA, rank-stabilised LoRA and DoRA with bias none");
            }
        }
    }

    private static bool IsOff(JsonAt value) => value.Kind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.Count() == 0,
        JsonValueKind.Object => !value.Properties().Any(),
        _ => false,
    };

    private static (IReadOnlyList<string> Names, string? Pattern) NamesOrPattern(JsonAt root, string key) => root.Find(key) switch
    {
        null => ([], null),
        { Kind: JsonValueKind.String } text => ([], text.Text()),
        { } list => ([.. Few(list).Select(x => x.Text())], null),
    };

    private static Dictionary<string, T> Table<T>(JsonAt root, string key, Func<JsonAt, T> read) =>
        root.Find(key) is { } table ? table.Properties().Take(MaxEntries).ToDictionary(p => p.Key, p => read(p.Value)) : [];

    private static IEnumerable<JsonAt> Few(JsonAt list) =>
        list.Count() <= MaxEntries ? list.Items() : throw list.Error($"{list.Count()} entries; at most {MaxEntries} are read");
}
