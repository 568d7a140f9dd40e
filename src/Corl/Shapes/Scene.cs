namespace Corl.Shapes;

/// <summary>One object of a scene: centre and radius in pixels.</summary>
internal sealed record SceneObject(ShapeKind Shape, ShapeColor Color, int Cell, double CentreX, double CentreY, double Radius)
{
    public int Column => Cell % 2;

    public int Row => Cell / 2;

    public string Phrase => World.Phrase(Shape, Color);

    /// <summary>Whether this object lies to <paramref name="other"/> as the relation says, by their cells.</summary>
    public bool Is(Relation relation, SceneObject other) => World.Holds(relation, Column - other.Column, Row - other.Row, 0);
}

/// <summary>What an image shows: objects in cell order on a background with a linear gradient (change over the whole side, in levels).</summary>
internal sealed record Scene(IReadOnlyList<SceneObject> Objects, int Background, int GradientX, int GradientY)
{
    private const ulong FreeSceneStream = 5;
    private static readonly int[] Gradients = [-8, 0, 0, 8];

    /// <summary>
    /// One to four independent objects in random cells: more than any prompt describes, so that a captioner learns to name whatever a
    /// policy paints.
    /// </summary>
    public static Scene Free(ulong seed)
    {
        var random = new CounterRng(seed, FreeSceneStream);
        var count = 1 + random.Below(World.Cells);
        var things = new (ShapeKind, ShapeColor)[count];
        for (var i = 0; i < count; i++)
        {
            things[i] = ((ShapeKind)random.Below(World.ShapeNames.Length), (ShapeColor)random.Below(World.ColorNames.Length));
        }

        return Place(ref random, things, random.Sample(Enumerable.Range(0, World.Cells), count));
    }

    /// <summary>Puts things into cells with a small random displacement and radius, then draws the background.</summary>
    public static Scene Place(ref CounterRng random, ReadOnlySpan<(ShapeKind Shape, ShapeColor Color)> things, ReadOnlySpan<int> cells)
    {
        var objects = new SceneObject[things.Length];
        for (var i = 0; i < things.Length; i++)
        {
            var cell = cells[i];
            var x = ((cell % 2) * World.Cell) + 8 + random.Uniform(-0.5, 0.5);
            var y = ((cell / 2) * World.Cell) + 8 + random.Uniform(-0.5, 0.5);
            objects[i] = new SceneObject(things[i].Shape, things[i].Color, cell, x, y, random.Uniform(5.25, 6.25));
        }

        Array.Sort(objects, (a, b) => a.Cell.CompareTo(b.Cell));
        return new Scene(objects, random.Below(World.Backgrounds.Length), random.Choice(Gradients), random.Choice(Gradients));
    }
}
