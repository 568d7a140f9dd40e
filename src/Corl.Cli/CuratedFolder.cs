using System.Text.Json;

namespace Corl.Cli;

/// <summary>
/// The folder of a curated set: data or metadata.jsonl with images, recipe.yaml (every setting), curation.json (the numbers; it appears
/// last), report.html, README.md, and answers, where models' answers are kept.
/// </summary>
internal sealed record CuratedFolder(string Path)
{
    public string Work => Inside("work");

    /// <summary>What models answered: kept, so that nothing is asked twice.</summary>
    public string Answers => Inside("answers");

    public string PassRates => System.IO.Path.Combine(Answers, "pass-rates.jsonl");

    public string Judge => System.IO.Path.Combine(Answers, "judge");

    public string Report => Inside("report.html");

    public string Card => Inside("README.md");

    /// <summary>Whether the set is whole.</summary>
    public bool IsDone => File.Exists(Summary);

    private string Summary => Inside("curation.json");

    private string Recipe => Inside("recipe.yaml");

    /// <summary>Begins a set in a new or empty folder, or goes on with the same one in its own folder.</summary>
    public static CuratedFolder Open(string path, bool resume, string recipe)
    {
        var folder = new CuratedFolder(path);
        if (resume && File.Exists(folder.Recipe))
        {
            if (File.ReadAllText(folder.Recipe) != recipe)
            {
                throw new UserException($"{path}: the set was begun with other settings (its recipe.yaml); name a new --out to make another");
            }

            return folder;
        }

        OutputFolder.Prepare(path, "name a new folder, or go on with the set in it with --resume");
        AtomicFile.WriteText(folder.Recipe, recipe);
        return folder;
    }

    /// <summary>Removes the work files of the sources.</summary>
    public void RemoveWork() => Directory.Delete(Work, recursive: true);

    public void WriteSummary(CurationSummary summary) => AtomicFile.WriteText(Summary, JsonSerializer.Serialize(summary, Session.JsonStyle) + "\n");

    public JsonElement ReadSummary()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Summary));
        return document.RootElement.Clone();
    }

    private string Inside(string name) => System.IO.Path.Combine(Path, name);
}
