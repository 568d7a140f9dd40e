using System.Globalization;

namespace Corl.Text;

/// <summary>
/// Facts of the sentences of the Shapes world, "a red star left of a blue circle". A colour and a number wait for the next shape; a
/// relation joins the shapes before and after it, said one way on each axis ("left of" becomes "right of", "above" becomes "below").
/// </summary>
internal static class ShapesSentence
{
    private static readonly HashSet<string> Colours = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "black"];
    private static readonly Dictionary<string, int> Numbers = new() { ["two"] = 2, ["three"] = 3, ["four"] = 4 };
    private static readonly Dictionary<string, string> Opposite = new() { ["left of"] = "right of", ["above"] = "below" };

    private static readonly Dictionary<string, string> Shapes = new[] { "circle", "square", "triangle", "star", "cross", "diamond" }
        .SelectMany(shape => new[] { (Word: shape, shape), (Word: shape == "cross" ? "crosses" : shape + "s", shape) })
        .ToDictionary(pair => pair.Word, pair => pair.shape);

    public static IReadOnlyList<SceneFact> Facts(string caption)
    {
        var facts = new List<SceneFact>();
        var words = caption.ToLowerInvariant().Split([',', '.', ' ', '\n', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
        var (colour, relation, last, count) = ((string?)null, (string?)null, (string?)null, 1);
        for (var i = 0; i < words.Length; i++)
        {
            var word = words[i];
            if (Colours.Contains(word))
            {
                colour = word;
            }
            else if (Numbers.TryGetValue(word, out var number))
            {
                count = number;
            }
            else if (word is "above" or "below")
            {
                relation = word;
            }
            else if (word is "left" or "right" && i + 1 < words.Length && words[i + 1] == "of")
            {
                relation = word + " of";
            }
            else if (Shapes.TryGetValue(word, out var shape))
            {
                AddObject(facts, shape, colour, count);
                if (relation is not null && last is not null)
                {
                    facts.Add(Opposite.TryGetValue(relation, out var opposite)
                        ? SceneFact.OfRelation(shape, opposite, last)
                        : SceneFact.OfRelation(last, relation, shape));
                }

                (colour, relation, last, count) = (null, null, shape, 1);
            }
        }

        return facts;
    }

    private static void AddObject(List<SceneFact> facts, string shape, string? colour, int count)
    {
        facts.Add(SceneFact.OfObject(shape, count));
        if (colour is not null)
        {
            facts.Add(SceneFact.OfAttribute(shape, colour, count));
        }

        if (count > 1)
        {
            facts.Add(SceneFact.OfNumber(shape, count.ToString(CultureInfo.InvariantCulture), count));
        }
    }
}
