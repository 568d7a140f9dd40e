namespace Corl.Shapes;

/// <summary>What an object is; the order is that of the vocabulary, which random choices index.</summary>
internal enum ShapeKind
{
    Circle,
    Square,
    Triangle,
    Star,
    Cross,
    Diamond,
}

/// <summary>What colour an object has; the order is that of the palette, which random choices index.</summary>
internal enum ShapeColor
{
    Red,
    Orange,
    Yellow,
    Green,
    Blue,
    Purple,
    Pink,
    Black,
}

/// <summary>The kinds of prompt: the six tasks of ShapesEval in its order, then one that only training uses.</summary>
internal enum PromptKind
{
    Single,
    Two,
    Counting,
    Colors,
    Position,
    Attribute,
    Three,
}

/// <summary>How one object lies to another.</summary>
internal enum Relation
{
    LeftOf,
    RightOf,
    Above,
    Below,
}

/// <summary>
/// The Shapes world's words, colours and measures (<c>docs/shapes.md</c> §2, §3): 32 × 32 pixels in 2 × 2 cells, at most one object in a
/// cell. Every scene, prompt and question is a pure function of a 64-bit seed.
/// </summary>
internal static class World
{
    /// <summary>Pixels of an image's side.</summary>
    public const int Size = 32;

    /// <summary>Pixels of a cell's side.</summary>
    public const int Cell = 16;

    /// <summary>Cells of an image: number c has column c % 2 and row c / 2.</summary>
    public const int Cells = 4;

    /// <summary>Bytes of an image.</summary>
    public const int ImageBytes = Size * Size * 3;

    /// <summary>Singular words by <see cref="ShapeKind"/>.</summary>
    public static readonly string[] ShapeNames = ["circle", "square", "triangle", "star", "cross", "diamond"];

    /// <summary>Plural words by <see cref="ShapeKind"/>.</summary>
    public static readonly string[] PluralNames = ["circles", "squares", "triangles", "stars", "crosses", "diamonds"];

    /// <summary>Words by <see cref="ShapeColor"/>.</summary>
    public static readonly string[] ColorNames = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "black"];

    /// <summary>sRGB bytes by <see cref="ShapeColor"/>.</summary>
    public static readonly Rgb[] Palette =
    [
        new(214, 40, 40), new(245, 140, 25), new(243, 222, 44), new(46, 160, 67), new(45, 85, 220), new(140, 55, 175), new(250, 140, 190), new(30, 30, 30),
    ];

    /// <summary>sRGB bytes of the backgrounds.</summary>
    public static readonly Rgb[] Backgrounds = [new(238, 238, 238), new(222, 232, 240), new(240, 232, 220), new(226, 238, 226)];

    /// <summary>Where a cell is, in words, by its number.</summary>
    public static readonly string[] CellNames = ["top left", "top right", "bottom left", "bottom right"];

    /// <summary>Words by <see cref="Relation"/>.</summary>
    public static readonly string[] RelationNames = ["left of", "right of", "above", "below"];

    /// <summary>Words by <see cref="PromptKind"/>.</summary>
    public static readonly string[] KindNames = ["single", "two", "counting", "colors", "position", "attribute", "three"];

    /// <summary>The six tasks of ShapesEval.</summary>
    public static readonly PromptKind[] Tasks = [.. Enum.GetValues<PromptKind>().Where(kind => kind != PromptKind.Three)];

    private static readonly string[] NumberNames = ["", "", "two", "three", "four"];

    public static string Name(ShapeKind shape) => ShapeNames[(int)shape];

    public static string Name(ShapeColor color) => ColorNames[(int)color];

    /// <summary>The word of a count of 2 to 4.</summary>
    public static string Number(int count) => NumberNames[count];

    /// <summary>"an orange star", "a star".</summary>
    public static string Phrase(ShapeKind shape, ShapeColor? color)
    {
        var words = color is { } said ? $"{Name(said)} {Name(shape)}" : Name(shape);
        return (words[0] is 'a' or 'e' or 'i' or 'o' or 'u' ? "an " : "a ") + words;
    }

    /// <summary>Whether a displacement (first minus second; v down) satisfies a relation by more than <paramref name="margin"/>.</summary>
    public static bool Holds(Relation relation, double dx, double dy, double margin) => relation switch
    {
        Relation.LeftOf => dx < -margin,
        Relation.RightOf => dx > margin,
        Relation.Above => dy < -margin,
        _ => dy > margin,
    };
}

/// <summary>A colour in sRGB bytes.</summary>
internal readonly record struct Rgb(byte R, byte G, byte B);
