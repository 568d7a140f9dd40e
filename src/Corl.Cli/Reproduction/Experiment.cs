namespace Corl.Cli.Reproduction;

/// <summary>How a model of an experiment comes about.</summary>
internal enum RunKind
{
    /// <summary>It is there already.</summary>
    Base,

    /// <summary>By reinforcement learning.</summary>
    Reinforce,

    /// <summary>By supervised fine-tuning.</summary>
    Sft,

    /// <summary>By merging the weights of two others.</summary>
    Merge,
}

/// <summary>A model of an experiment and where it comes from. Runs that several figures need are made once.</summary>
/// <param name="Name">Name of its folder.</param>
/// <param name="Kind">How it is made.</param>
internal sealed record ExperimentRun(string Name, RunKind Kind)
{
    /// <summary>The runs it begins from: none for the base, two for a merge, one otherwise.</summary>
    public IReadOnlyList<string> From { get; init; } = [];

    /// <summary>Its recipe's name, which is the same in recipes/ and in recipes/shapes/.</summary>
    public string Recipe { get; init; } = "";

    /// <summary>What differs from the recipe.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];

    /// <summary>The data sets it reads, below the folder of --data.</summary>
    public IReadOnlyList<string> Data { get; init; } = [];

    /// <summary>Seconds of a step in the Shapes world on two idle cores, as measured in the demo; of the pilot's and of fine-tuning's by what they do of it.</summary>
    public double SecondsPerStep { get; init; }
}

/// <summary>What a column measures, and so which model of a row it is measured of.</summary>
internal enum ColumnRole
{
    /// <summary>Images.</summary>
    Image,

    /// <summary>Multiple-choice answers.</summary>
    MultipleChoice,

    /// <summary>Open-ended answers.</summary>
    OpenEnded,

    /// <summary>Answers of both kinds by one model.</summary>
    Mixed,
}

/// <summary>A row of a table: the model that each kind of column measures; null where the paper has none.</summary>
/// <param name="Name">What was trained.</param>
/// <param name="Image">The run measured in images.</param>
/// <param name="MultipleChoice">The run measured in multiple-choice answers.</param>
/// <param name="OpenEnded">The run measured in open-ended answers.</param>
/// <param name="Mixed">The run measured in both.</param>
internal sealed record ExperimentRow(string Name, string? Image, string? MultipleChoice = null, string? OpenEnded = null, string? Mixed = null)
{
    /// <summary>The row of the paper's table that it stands for.</summary>
    public string InPaper { get; init; } = Name;

    /// <summary>A row of one model.</summary>
    public static ExperimentRow Of(string name, string run) => new(name, run, run, run, run);

    /// <summary>The run that a kind of column measures.</summary>
    public string? RunFor(ColumnRole role) => role switch
    {
        ColumnRole.Image => Image,
        ColumnRole.MultipleChoice => MultipleChoice,
        ColumnRole.OpenEnded => OpenEnded,
        _ => Mixed,
    };
}

/// <summary>Something that the paper reads from a figure or a table, as a comparison of two of its rows.</summary>
/// <param name="Text">In words.</param>
/// <param name="Row">The row that is ahead.</param>
/// <param name="Than">Of this one.</param>
/// <param name="Role">In these columns; null for all.</param>
internal sealed record Claim(string Text, string Row, string Than, ColumnRole? Role)
{
    /// <summary>Whether the claim is that there is no difference.</summary>
    public bool IsEqual { get; init; }
}

/// <summary>A figure or a table of the paper as an experiment.</summary>
/// <param name="Id">fig1, table1 to table4.</param>
/// <param name="Title">Its title.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Columns">Its columns in the Shapes world.</param>
/// <param name="Claims">What the paper reads from it.</param>
internal sealed record Experiment(string Id, string Title, IReadOnlyList<ExperimentRow> Rows, IReadOnlyList<ShapesColumn> Columns, IReadOnlyList<Claim> Claims);
