namespace Corl.Shapes;

/// <summary>What a prompt asks for: at least (for <see cref="PromptKind.Counting"/> exactly) this many of a shape, in a colour if one is said.</summary>
internal sealed record Wanted(ShapeKind Shape, ShapeColor? Color, int Count);

/// <summary>A prompt's meaning; the relation is between the first and the second wanted object.</summary>
internal sealed record PromptMeaning(PromptKind Kind, IReadOnlyList<Wanted> Include, Relation? Relation);

/// <summary>One record of the Shapes data set: a prompt, its meaning and a scene that satisfies it.</summary>
/// <param name="Seed">What everything of the record follows from.</param>
/// <param name="Prompt">The prompt, for example "a photo of a red star left of a blue circle".</param>
/// <param name="Core">The prompt without its template.</param>
/// <param name="Meaning">The prompt's meaning, which the verdicts read.</param>
/// <param name="Scene">A scene that the prompt describes.</param>
internal sealed record ShapesRecord(ulong Seed, string Prompt, string Core, PromptMeaning Meaning, Scene Scene)
{
    private static readonly string[] Templates = ["a photo of ", "", "an image of ", "a picture of ", "a photo showing "];
    private static readonly ShapeKind[] Shapes = Enum.GetValues<ShapeKind>();
    private static readonly ShapeColor[] Colors = Enum.GetValues<ShapeColor>();

    /// <summary>The record of a seed.</summary>
    /// <param name="seed">Any number; <see cref="Seeds"/> keeps training and tests apart.</param>
    /// <param name="kind">The kind of prompt; drawn when null.</param>
    /// <param name="plain">Whether the template is the first one ("a photo of …") instead of a drawn one, as in ShapesEval.</param>
    public static ShapesRecord Of(ulong seed, PromptKind? kind = null, bool plain = false)
    {
        var random = new CounterRng(seed);
        var drawn = kind ?? (PromptKind)random.Below(World.KindNames.Length);
        var shapes = random.Sample(Shapes, 3);
        var colors = random.Sample(Colors, 3);
        var cells = random.Sample(Enumerable.Range(0, World.Cells), World.Cells);
        var (core, meaning, things) = Describe(ref random, drawn, shapes, colors, cells);
        var template = Templates[plain ? 0 : random.Below(Templates.Length)];
        var scene = Scene.Place(ref random, things, cells.AsSpan(0, things.Length));
        return new ShapesRecord(seed, template + core, core, meaning, scene);
    }

    private static (string Core, PromptMeaning Meaning, (ShapeKind, ShapeColor)[] Things) Describe(
        ref CounterRng random, PromptKind kind, ShapeKind[] shapes, ShapeColor[] colors, int[] cells)
    {
        switch (kind)
        {
            case PromptKind.Counting:
                var count = 2 + random.Below(3);
                ShapeColor? color = random.Below(2) == 1 ? colors[0] : null;
                var plural = World.PluralNames[(int)shapes[0]];
                return (
                    color is { } said ? $"{World.Number(count)} {World.Name(said)} {plural}" : $"{World.Number(count)} {plural}",
                    new PromptMeaning(kind, [new Wanted(shapes[0], color, count)], null),
                    [.. Enumerable.Repeat((shapes[0], colors[0]), count)]);
            case PromptKind.Position:
                var named = random.Below(2) == 1;
                var relation = (Relation)random.Below(World.RelationNames.Length);
                (cells[0], cells[1]) = CellsOf(relation, random.Below(2), random.Below(2));
                return Listing(kind, 2, named, $" {World.RelationNames[(int)relation]} ", relation, shapes, colors);
            default:
                var objects = kind switch { PromptKind.Single or PromptKind.Colors => 1, PromptKind.Three => 3, _ => 2 };
                return Listing(kind, objects, kind is PromptKind.Colors or PromptKind.Attribute or PromptKind.Three, " and ", null, shapes, colors);
        }
    }

    // The relation fixes both objects' columns (rows); their rows (columns) are free.
    private static (int First, int Second) CellsOf(Relation relation, int a, int b) => relation switch
    {
        Relation.LeftOf => (a * 2, (b * 2) + 1),
        Relation.RightOf => ((a * 2) + 1, b * 2),
        Relation.Above => (a, 2 + b),
        _ => (2 + a, b),
    };

    private static (string Core, PromptMeaning Meaning, (ShapeKind, ShapeColor)[] Things) Listing(
        PromptKind kind, int objects, bool named, string joint, Relation? relation, ShapeKind[] shapes, ShapeColor[] colors)
    {
        Wanted[] wanted = [.. Enumerable.Range(0, objects).Select(i => new Wanted(shapes[i], named ? colors[i] : null, 1))];
        string[] phrases = [.. wanted.Select(w => World.Phrase(w.Shape, w.Color))];
        var core = objects == 1 ? phrases[0] : string.Join(", ", phrases[..^1]) + joint + phrases[^1];
        return (core, new PromptMeaning(kind, wanted, relation), [.. Enumerable.Range(0, objects).Select(i => (shapes[i], colors[i]))]);
    }
}

/// <summary>Where each purpose's seeds begin; none of them meet at the sizes in use.</summary>
internal static class Seeds
{
    public const ulong Training = 0;
    public const ulong VqTest = 10_000_000;
    public const ulong ShapesEval = 20_000_000;
    public const ulong ShapesEvalPerTask = 100_000;
    public const ulong ShapesQa = 30_000_000;
    public const ulong CaptionerTest = 40_000_000;
    public const ulong Reinforcement = 50_000_000;
    public const ulong Validation = 60_000_000;
}
