using Corl.Shapes;

namespace Corl.Cli.Reproduction;

/// <summary>A column of a table in the Shapes world. It is no benchmark of the paper, only what stands in its place.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="StandsFor">The paper's column in whose place it stands.</param>
/// <param name="Role">Which model of a row it measures.</param>
/// <param name="Value">The share, 0 to 1.</param>
/// <param name="Trials">Of how many images or answers it is a share, by the size of the benchmarks.</param>
internal sealed record ShapesColumn(string Name, string StandsFor, ColumnRole Role, Func<ShapesMeasures, double> Value, Func<ShapesSize, int> Trials)
{
    private static readonly Func<ShapesSize, int>
        PerTask = size => size.PromptsPerTask * Corl.Shapes.ShapesEval.ImagesPerPrompt,
        Images = size => PerTask(size) * World.Tasks.Length,
        Questions = size => size.QuestionsPerType,
        BothKinds = size => 2 * size.QuestionsPerType;

    public static ShapesColumn Overall { get; } = new("ShapesEval", "GenEval", ColumnRole.Image, x => x.Images!.Overall, Images);

    public static ShapesColumn Strict { get; } = new("strict", "DPG", ColumnRole.Image, x => x.Images!.Strict, Images);

    public static ShapesColumn McqTagged { get; } = new("MCQ tagged", "WeMath", ColumnRole.MultipleChoice, x => x.Sampled!.McqTagged, Questions);

    public static ShapesColumn McqLenient { get; } = new("MCQ lenient", "MMMU", ColumnRole.MultipleChoice, x => x.Greedy!.McqLenient, Questions);

    public static ShapesColumn OpenTagged { get; } = new("open-ended tagged", "LogicVista", ColumnRole.OpenEnded, x => x.Sampled!.OpenEndedTagged, Questions);

    public static ShapesColumn OpenLenient { get; } = new("open-ended lenient", "MMVet", ColumnRole.OpenEnded, x => x.Greedy!.OpenEndedLenient, Questions);

    public static ShapesColumn MixedTagged { get; } = new("both tagged", "MathVista", ColumnRole.Mixed, x => (x.Sampled!.McqTagged + x.Sampled.OpenEndedTagged) / 2, BothKinds);

    public static ShapesColumn MixedLenient { get; } = new("both lenient", "MathVerse", ColumnRole.Mixed, x => (x.Greedy!.McqLenient + x.Greedy.OpenEndedLenient) / 2, BothKinds);

    /// <summary>The columns of Figure 1 and Table 3: two of each kind.</summary>
    public static IReadOnlyList<ShapesColumn> Paradigms { get; } = [Overall, Strict, McqLenient, McqTagged, OpenLenient, OpenTagged];

    /// <summary>The columns of Table 1.</summary>
    public static IReadOnlyList<ShapesColumn> Drawing { get; } =
    [
        Task("two objects", "GenEval two objects", PromptKind.Two), Task("counting", "GenEval counting", PromptKind.Counting),
        Task("position", "GenEval position", PromptKind.Position), Task("attribute binding", "GenEval color attribution", PromptKind.Attribute), Overall, Strict,
    ];

    /// <summary>The columns of Table 2.</summary>
    public static IReadOnlyList<ShapesColumn> Answering { get; } = [McqLenient, McqTagged, OpenLenient, OpenTagged, MixedLenient, MixedTagged];

    private static ShapesColumn Task(string name, string standsFor, PromptKind kind) => new(name, standsFor, ColumnRole.Image, x => x.Images!.Tasks[kind], PerTask);
}

/// <summary>What was measured of a model in the Shapes world; null where it was not needed.</summary>
internal sealed record ShapesMeasures(ShapesEvalScores? Images, ShapesQaScores? Greedy, ShapesQaScores? Sampled);
