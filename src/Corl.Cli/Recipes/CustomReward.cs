using System.Text.RegularExpressions;
using Corl.Rewards;

namespace Corl.Cli.Recipes;

/// <summary>A reward that is not built in: a class in an assembly, or a program of its own. A recipe that names one runs it.</summary>
internal sealed partial record CustomReward
{
    /// <summary>The type of a reward that is a program.</summary>
    public const string Process = "process";

    /// <summary>Full name of the class, or "process".</summary>
    public required string Type { get; init; }

    /// <summary>File of the assembly that has the class.</summary>
    public string? Assembly { get; init; }

    /// <summary>What the class's constructor is given, by the names of its parameters in snake_case.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Program and arguments.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Working directory of the program; null for the recipe's folder.</summary>
    public string? Folder { get; init; }

    /// <summary>What the program is told of a row; null for what fits the modality that it judges.</summary>
    public IReadOnlyList<RowField>? Fields { get; init; }

    /// <summary>What the program judges.</summary>
    public Modality Judges { get; init; }

    /// <summary>Longest wait for the program's next reply, in seconds.</summary>
    public double Timeout { get; init; } = 60;

    /// <summary>The same with paths that hold everywhere; refuses what cannot be a reward.</summary>
    /// <param name="name">Its key among the rewards.</param>
    /// <param name="folder">What relative paths are relative to.</param>
    /// <exception cref="UserException">Says which key is wrong.</exception>
    public CustomReward Resolved(string name, string folder)
    {
        const double Longest = 86_400; // seconds; a day
        var isProcess = Type == Process;
        var problem = this switch
        {
            _ when RewardModels.Names.Contains(name) => "this is the name of a built-in reward; give it another",
            _ when !Name().IsMatch(name) => "a name has at most 64 letters, digits, '-' and '_'; give it another with name",
            _ when isProcess && Command.Count == 0 => "a process needs its command, for example [python3, reward.py]",
            _ when isProcess && (Assembly ?? Settings.Keys.FirstOrDefault()) is not null => "a process has neither an assembly nor settings; give it arguments in its command",
            _ when !isProcess && Assembly is null => $"'{Quoted.Line(Type)}' is no built-in reward ({string.Join(", ", RewardModels.Names)}) and not {Process}; for a class of yours name its assembly",
            _ when !isProcess && (Command.Count > 0 || Folder is not null || Fields is not null) => $"a class has no command, folder or fields; these belong to a {Process}",
            _ when !(Timeout > 0 && Timeout <= Longest) => $"its timeout is {Timeout} s, expected more than 0 and at most {Longest}",
            _ => null,
        };
        return problem is not null ? throw new UserException($"reward '{Quoted.Line(name)}': {problem}") : this with
        {
            Assembly = Assembly is { } file ? Path.GetFullPath(file, folder) : null,
            Folder = isProcess ? Path.GetFullPath(Folder ?? ".", folder) : null,
        };
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex Name();
}
