namespace Corl.Shapes;

/// <summary>The canonical description of a scene, which is what the captioner learns to say.</summary>
internal static class SceneCaption
{
    /// <summary>
    /// "a red star", "three blue squares"; two different objects by their relation, a column's difference first; otherwise a list of the
    /// groups of equal objects, in order of their first cell.
    /// </summary>
    public static string Of(IReadOnlyList<SceneObject> objects)
    {
        if (objects.Count == 0)
        {
            return "nothing";
        }

        var groups = objects.GroupBy(o => (o.Shape, o.Color)).ToArray(); // keeps the order of first appearance
        if (objects.Count == 2 && groups.Length == 2)
        {
            var relation = objects[0].Column < objects[1].Column ? Relation.LeftOf : objects[0].Column > objects[1].Column ? Relation.RightOf : Relation.Above;
            return $"{objects[0].Phrase} {World.RelationNames[(int)relation]} {objects[1].Phrase}";
        }

        string[] parts =
        [
            .. groups.Select(g => g.Count() is var n && n == 1
                ? World.Phrase(g.Key.Shape, g.Key.Color)
                : $"{World.Number(n)} {World.Name(g.Key.Color)} {World.PluralNames[(int)g.Key.Shape]}"),
        ];
        return parts.Length == 1 ? parts[0] : string.Join(", ", parts[..^1]) + " and " + parts[^1];
    }
}
