using System.Reflection;
using System.Text.Json;
using Corl.Cli.Recipes;
using Corl.Data;
using Corl.Training;

namespace Corl.Cli;

/// <summary>
/// The folder of a training run: recipe.yaml (every setting), run.json (versions, data, model), metrics.jsonl and TensorBoard events,
/// completions and samples, checkpoints to resume from, policy or adapter (the result), summary.json and report.html.
/// </summary>
internal sealed record RunFolder(string Path)
{
    private const string NotTheSame = "a resumed run must be the same run; name a new --out to start another";

    public string Policy => Inside(TrainingRun.PolicyFolder);

    public string Adapter => Inside(TrainingRun.AdapterFolder);

    public string Summary => Inside("summary.json");

    public string Report => Inside("report.html");

    private const int NamedFiles = 3; // of a data set of many

    private string Recipe => Inside("recipe.yaml");

    private string About => Inside("run.json");

    /// <summary>Begins a run in a new or empty folder, or goes on with the same run in its own folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="resume">Whether to go on where an earlier run stopped.</param>
    /// <param name="recipe">The settings.</param>
    /// <param name="model">The model's folder.</param>
    /// <param name="data">The data.</param>
    /// <param name="heldOut">The rows that are evaluated on; null for none.</param>
    /// <exception cref="UserException">The folder holds something else, or another run.</exception>
    public static RunFolder Open(string path, bool resume, TrainingRecipe recipe, string model, SampleSet data, SampleSet? heldOut = null)
    {
        var folder = new RunFolder(path);
        var about = new RunAbout(
            recipe.Settings.Name,
            typeof(RunFolder).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0],
            Devices.TorchVersion, model, string.Join(", ", data.Files.Take(NamedFiles).Select(file => file.Path)) + (data.Files.Count > NamedFiles ? ", …" : ""),
            data.Count, data.Fingerprint, recipe.Settings.Seed, recipe is SftRecipe ? "sft" : "grpo", recipe.Settings.TotalSteps(data.Count), heldOut?.Fingerprint);
        if (resume && File.Exists(folder.About))
        {
            folder.CheckSame(recipe.ToYaml(), about);
            return folder;
        }

        if (!resume || !folder.IsBarelyBegun)
        {
            OutputFolder.Prepare(path, "name a new folder, or go on with the run in it with --resume");
        }

        AtomicFile.WriteText(folder.Recipe, recipe.ToYaml());
        AtomicFile.WriteText(folder.About, JsonSerializer.Serialize(about, Session.JsonStyle) + "\n"); // last: it marks a folder as a run's
        return folder;
    }

    /// <summary>Whether a folder is a run's.</summary>
    public static bool IsRun(string path) => File.Exists(new RunFolder(path).About);

    /// <summary>What the run was made with.</summary>
    /// <exception cref="UserException">run.json cannot be read.</exception>
    public RunAbout ReadAbout()
    {
        try
        {
            return JsonSerializer.Deserialize<RunAbout>(File.ReadAllText(About), Session.JsonStyle) ?? throw new JsonException("empty");
        }
        catch (JsonException e)
        {
            throw new UserException($"{About}: not a run's description ({e.Message.ReplaceLineEndings(" ")})", e);
        }
    }

    // A run that was killed before run.json was there holds nothing but these.
    private bool IsBarelyBegun => Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).All(x => x.StartsWith(Recipe, StringComparison.Ordinal) || x.StartsWith(About, StringComparison.Ordinal));

    private string Inside(string name) => System.IO.Path.Combine(Path, name);

    private void CheckSame(string yaml, RunAbout about)
    {
        var before = ReadAbout();
        if (before.Fingerprint != about.Fingerprint)
        {
            throw new UserException($"{Path}: the run was made with {before.Data} ({before.Rows} rows), these are other data: {about.Data} ({about.Rows} rows); {NotTheSame}");
        }

        if (before.HeldOut != about.HeldOut)
        {
            throw new UserException($"{Path}: the run was evaluated on other rows; {NotTheSame}");
        }

        var changed = yaml.Split('\n').Except(File.ReadAllText(Recipe).Split('\n')).FirstOrDefault();
        if (changed is not null)
        {
            throw new UserException($"{Path}: the run was made with other settings, now '{changed.Trim()}'; {NotTheSame}");
        }
    }

    /// <summary>run.json.</summary>
    internal sealed record RunAbout(string Name, string Corl, string Libtorch, string Model, string Data, int Rows, string Fingerprint, ulong Seed, string Kind, long Steps, string? HeldOut);
}
