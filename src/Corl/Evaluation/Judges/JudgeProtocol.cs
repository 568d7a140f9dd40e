using System.Text;
using System.Text.RegularExpressions;

namespace Corl.Evaluation.Judges;

/// <summary>
/// The words in which judges are asked: one text file per prompt, with slots such as {question}. A folder of the user's holds a
/// benchmark's own words; without one, ours stand in, which say the same in other words, and every result is marked so.
/// </summary>
internal sealed partial class JudgeProtocol
{
    private const int MaxBytes = 1 << 20; // ours: the longest known prompt has 4 kB
    private const string Ours = "protocol/";
    private readonly string? _folder;
    private readonly Dictionary<string, string> _texts = [];

    private JudgeProtocol(string? folder) => _folder = folder;

    /// <summary>What results are marked with: "paraphrase" or "folder NAME".</summary>
    public string Name => _folder is null ? "paraphrase" : $"folder {Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(_folder)))}";

    /// <summary>Whether the words are ours.</summary>
    public bool IsParaphrase => _folder is null;

    /// <summary>A folder of prompts, or ours when null.</summary>
    /// <exception cref="UserException">No such folder.</exception>
    public static JudgeProtocol Open(string? folder) => folder is null || Directory.Exists(folder)
        ? new JudgeProtocol(folder)
        : throw new UserException($"--protocol {Quoted.Line(folder)}: no such folder; expected one text file per prompt, for example {Path.Combine("wise", "user.txt")}");

    /// <summary>A prompt with its slots filled; what stands in the values is not looked at again.</summary>
    /// <param name="name">For example "wise/user"; the file is wise/user.txt.</param>
    /// <param name="slots">Every slot must occur in the prompt: a judge that is not shown the question cannot answer it.</param>
    /// <exception cref="UserException">The folder has no such file, or a slot is missing in it.</exception>
    public string Fill(string name, params IReadOnlyList<(string Slot, string Value)> slots)
    {
        var text = Text(name);
        if (slots.FirstOrDefault(slot => !text.Contains($"{{{slot.Slot}}}", StringComparison.Ordinal)).Slot is { } missing)
        {
            throw new UserException($"{FileOf(name)}: expected the slot {{{missing}}}, which the prompt has no place for");
        }

        return SlotName().Replace(text, match => slots.FirstOrDefault(slot => slot.Slot == match.Groups[1].Value) is { Slot: not null } found ? found.Value : match.Value);
    }

    private string FileOf(string name) => Path.Combine(_folder ?? "", name.Replace('/', Path.DirectorySeparatorChar) + ".txt");

    // The bytes of the file are the prompt: no line end is added or taken away.
    private string Text(string name)
    {
        lock (_texts)
        {
            return _texts.TryGetValue(name, out var known) ? known : _texts[name] = _folder is null ? Embedded(name) : Read(FileOf(name));
        }
    }

    private static string Read(string file)
    {
        if (!File.Exists(file))
        {
            throw new UserException($"{file}: no such prompt; a protocol folder holds every prompt of the benchmark (docs/judges.md lists them)");
        }

        return new FileInfo(file).Length <= MaxBytes ? File.ReadAllText(file, Encoding.UTF8) : throw new UserException($"{file}: {new FileInfo(file).Length} bytes; a prompt has at most {MaxBytes}");
    }

    private static string Embedded(string name)
    {
        using var stream = typeof(JudgeProtocol).Assembly.GetManifestResourceStream($"{Ours}{name}.txt") ?? throw new InvalidOperationException($"no prompt {name} is embedded");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"\{([a-z_]+)\}")]
    private static partial Regex SlotName();
}
