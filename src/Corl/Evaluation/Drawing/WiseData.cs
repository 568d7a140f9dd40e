using System.Globalization;

namespace Corl.Evaluation.Drawing;

/// <summary>One of WISE's prompts.</summary>
/// <param name="Id">1 to 1000.</param>
/// <param name="Prompt">What to draw.</param>
/// <param name="Explanation">What a right drawing shows; for the judge alone.</param>
/// <param name="Subcategory">The official file's.</param>
internal sealed record WisePrompt(int Id, string Prompt, string Explanation, string Subcategory);

/// <summary>The prompt files of WISE, in the version that the paper's numbers come from (WISE_legacy/data).</summary>
internal static class WiseData
{
    private const int MaxFileBytes = 1 << 26; // ours: the three files have 343 kB together

    /// <summary>Name and SHA-256 of the published files, at eb51174.</summary>
    private static readonly (string Name, string Sha256)[] Published =
    [
        ("cultural_common_sense.json", "7a59216c768698280cea37caa574b52f3faf054d73b398b9bb6b3161baf8e3aa"),
        ("spatio-temporal_reasoning.json", "e27d797885ad86e64d857d0cc93d33e04be572a8dcae95692a2c7e7876233f9a"),
        ("natural_science.json", "b262fae58e413c7a4bd3c3d5a089f8c6529feac227e4b6606be261a949035544"),
    ];

    /// <summary>Reads one of the files, or a folder with some of them.</summary>
    /// <param name="path">File or folder.</param>
    /// <returns>The prompts by id, the checksum of all files, and whether they are the published ones.</returns>
    /// <exception cref="UserException">Nothing there, or an entry is malformed; names file and key.</exception>
    public static (IReadOnlyList<WisePrompt> Prompts, string Checksum, bool IsPublished) Read(string path)
    {
        string[] files = Directory.Exists(path) ? [.. Published.Select(file => Path.Combine(path, file.Name)).Where(File.Exists)] : [path];
        if (files.Length == 0 || !File.Exists(files[0]))
        {
            throw new UserException($"{Quoted.Line(path)}: expected WISE's data folder with {string.Join(", ", Published.Select(file => file.Name))}, or one of these files");
        }

        List<WisePrompt> prompts = [];
        List<string> sums = [];
        foreach (var file in files)
        {
            var root = JsonAt.Open(file, MaxFileBytes);
            prompts.AddRange(root.Items().Select(Prompt));
            sums.Add(DrawnImages.Sha256(File.ReadAllBytes(file)));
        }

        if (prompts.GroupBy(prompt => prompt.Id).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new UserException($"{Quoted.Line(path)}: prompt_id {twice.Key} occurs {twice.Count()} times");
        }

        if (prompts.Count == 0)
        {
            throw new UserException($"{Quoted.Line(path)}: no prompts; expected a list of {{\"prompt_id\", \"Prompt\", \"Explanation\"}}");
        }

        var isPublished = sums.SequenceEqual(Published.Select(file => file.Sha256));
        return ([.. prompts.OrderBy(prompt => prompt.Id)], DrawnImages.Sha256(System.Text.Encoding.ASCII.GetBytes(string.Concat(sums))), isPublished);
    }

    private static WisePrompt Prompt(JsonAt entry)
    {
        var id = entry["prompt_id"].Integer(1, WiseCategory.Prompts);
        return new WisePrompt(id, entry["Prompt"].Text(), entry["Explanation"].Text(), entry.Find("Subcategory")?.Text() ?? "");
    }

    /// <summary>The name of a prompt in files.</summary>
    public static string IdOf(int prompt) => prompt.ToString(CultureInfo.InvariantCulture);
}
