namespace Corl.Data;

/// <summary>
/// Which column or key holds which part of a row. Null means the first that is there of the known names: those of x2x_rft
/// (real_image, prompt, qa_problem, qa_solution, qa_type), of mcot_r1 (image, problem, solution) and of image folders (file_name).
/// </summary>
public sealed record ColumnNames
{
    /// <summary>Known names only.</summary>
    public static ColumnNames Default { get; } = new();

    /// <summary>The image: bytes, a struct of bytes and path, a path, or a list of these, of which the first is taken.</summary>
    public string? Image { get; init; }

    /// <summary>The caption to draw.</summary>
    public string? Prompt { get; init; }

    /// <summary>The question.</summary>
    public string? Question { get; init; }

    /// <summary>The true answer.</summary>
    public string? Answer { get; init; }

    /// <summary>How the question is judged: MC or OE.</summary>
    public string? Type { get; init; }

    internal static string[] Known(DataField field) => field switch
    {
        DataField.Image => ["real_image", "image", "images", "file_name"],
        DataField.Prompt => ["prompt", "caption"],
        DataField.Question => ["qa_problem", "problem", "question"],
        DataField.Answer => ["qa_solution", "solution", "answer"],
        _ => ["qa_type", "type"],
    };

    internal string? Chosen(DataField field) => field switch
    {
        DataField.Image => Image,
        DataField.Prompt => Prompt,
        DataField.Question => Question,
        DataField.Answer => Answer,
        _ => Type,
    };

    /// <summary>The column of a field among those of a file, or null when no known name is there.</summary>
    internal string? Find(DataField field, IReadOnlyCollection<string> columns, string file)
    {
        if (Chosen(field) is not { } name)
        {
            return Known(field).FirstOrDefault(columns.Contains);
        }

        return columns.Contains(name) ? name : throw new UserException(
            $"{file}: no column '{name}' for the {Word(field)}; the columns are {List(columns)}. Name the right one in the recipe's columns.");
    }

    /// <summary>Refuses a file that cannot give what is needed, naming the columns that are there.</summary>
    internal static void Require(SampleParts found, SampleParts required, IReadOnlyCollection<string> columns, string file)
    {
        foreach (var (part, field) in Parts)
        {
            if (required.HasFlag(part) && !found.HasFlag(part))
            {
                throw new UserException($"{file}: no column for the {Word(field)} (looked for {string.Join(", ", Known(field))}); the columns are {List(columns)}. Name the right one in the recipe's columns.");
            }
        }

        if ((found & (SampleParts.Prompt | SampleParts.Question)) == 0)
        {
            throw new UserException($"{file}: neither a prompt nor a question column (looked for {string.Join(", ", [.. Known(DataField.Prompt), .. Known(DataField.Question)])}); the columns are {List(columns)}. Name the right one in the recipe's columns.");
        }
    }

    internal static string Word(DataField field) => field switch
    {
        DataField.Image => "image",
        DataField.Prompt => "prompt",
        DataField.Question => "question",
        DataField.Answer => "answer",
        _ => "question type",
    };

    internal static readonly (SampleParts Part, DataField Field)[] Parts =
        [(SampleParts.Prompt, DataField.Prompt), (SampleParts.RealImage, DataField.Image), (SampleParts.Question, DataField.Question), (SampleParts.Answer, DataField.Answer)];

    private static string Short(string column)
    {
        const int Longest = 60; // letters of a name that are shown
        return Quoted.Line(column.Length <= Longest ? column : column[..Longest] + "…");
    }

    private static string List(IReadOnlyCollection<string> columns)
    {
        const int Shown = 40; // one screen line or two; a wider table is named by its first columns
        return columns.Count == 0 ? "none" : string.Join(", ", columns.Take(Shown).Select(Short)) + (columns.Count > Shown ? $" and {columns.Count - Shown} more" : "");
    }
}
