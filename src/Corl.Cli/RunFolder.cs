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

    private string Recipe => Inside("recipe.yaml");

    private string About => Inside("run.json");

    /// <summary>Begins a run in a new or empty folder, or goes on with the same run in its own folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="resume">Whether to go on where an earlier run stopped.</param>
    /// <param name="recipe">The settings.</param>
    /// <param name="model">The model's folder.</param>
    /// <param name="data">The data.</param>
    /// <exception cref="UserException">The folder holds something else, or another run.</exception>
    public static RunFolder Open(string path, bool resume, Recipe recipe, string model, SampleSet data)
    {
        var folder = new RunFolder(path);
        var about = new RunAbout(
            typeof(RunFolder).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0],
            Devices.TorchVersion, model, data.Files[0].Path, data.Count, data.Fingerprint);
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

    // A run that was killed before run.json was there holds nothing but these.
    private bool IsBarelyBegun => Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).All(x => x.StartsWith(Recipe, StringComparison.Ordinal) || x.StartsWith(About, StringComparison.Ordinal));

    private string Inside(string name) => System.IO.Path.Combine(Path, name);

    private void CheckSame(string yaml, RunAbout about)
    {
        var before = JsonSerializer.Deserialize<RunAbout>(File.ReadAllText(About), Session.JsonStyle)!;
        if (before.Fingerprint != about.Fingerprint)
        {
            throw new UserException($"{Path}: the run was made with {before.Data} ({before.Rows} rows), these are other data: {about.Data} ({about.Rows} rows); {NotTheSame}");
        }

        var changed = yaml.Split('\n').Except(File.ReadAllText(Recipe).Split('\n')).FirstOrDefault();
        if (changed is not null)
        {
            throw new UserException($"{Path}: the run was made with other settings, now '{changed.Trim()}'; {NotTheSame}");
        }
    }

    private sealed record RunAbout(string Corl, string Libtorch, string Model, string Data, int Rows, string Fingerprint);
}
