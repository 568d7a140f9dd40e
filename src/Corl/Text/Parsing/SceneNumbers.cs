using System.Globalization;

namespace Corl.Text.Parsing;

/// <summary>
/// The numbers of plural nouns (rule 9 of SPICE): three patterns that between them see most plurals, but not the second plural object of
/// a verb with a plural subject.
/// </summary>
internal static class SceneNumbers
{
    private const int MaxCount = 20; // ours: more objects than a caption can mean to count

    private static readonly Dictionary<string, int> Words =
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
            .Split(' ').Select((word, i) => (word, i)).ToDictionary(pair => pair.word, pair => pair.i + 1);

    /// <summary>How many objects a noun speaks of: its number, 2 for "a couple of" and "a pair of", otherwise 1.</summary>
    public static int CountOf(Vertex noun)
    {
        if (Number(noun) is not { } number)
        {
            return 1;
        }

        if (number.Out.Exists(edge => edge is { Relation: "mwe", Dependent.Word: "couple" or "pair" }))
        {
            return 2;
        }

        return Words.TryGetValue(number.Lemma, out var count) ? count
            : int.TryParse(number.Lemma, NumberStyles.None, CultureInfo.InvariantCulture, out count) ? Math.Clamp(count, 1, MaxCount) : 1;
    }

    /// <summary>A plural that is the root, or the subject of a verb without a plural object.</summary>
    public static void Alone(Vertex noun, List<SceneFact> facts)
    {
        if (noun.IsPlural && (noun.IsRoot || noun.In.Exists(edge => edge.Relation == "nsubj" && PluralObject(edge.Head) is null)))
        {
            AddNumber(noun, facts);
        }
    }

    /// <summary>A plural that is neither root nor subject, unless it is the object of a verb with a plural subject.</summary>
    public static void BesideOthers(Vertex noun, List<SceneFact> facts)
    {
        if (noun.IsPlural && !noun.IsRoot && !noun.In.Exists(edge => edge.Relation == "nsubj")
            && noun.In.Exists(edge => !SceneRules.IsObject(edge.Relation) || PluralSubject(edge.Head) is null))
        {
            AddNumber(noun, facts);
        }
    }

    /// <summary>The first plural subject and the first plural object of a verb that has both.</summary>
    public static void OfSubjectAndObject(Vertex verb, List<SceneFact> facts)
    {
        if (PluralSubject(verb) is { } subject && PluralObject(verb) is { } target)
        {
            AddNumber(subject, facts);
            AddNumber(target, facts);
        }
    }

    private static Vertex? PluralSubject(Vertex verb) => verb.Out.Find(edge => edge.Relation == "nsubj" && edge.Dependent.IsPlural)?.Dependent;

    private static Vertex? PluralObject(Vertex verb) => verb.Out.Find(edge => SceneRules.IsObject(edge.Relation) && edge.Dependent.IsPlural
        && (edge.Relation is "dobj" or "iobj" || edge.Dependent.HasChild("case")))?.Dependent;

    private static Vertex? Number(Vertex noun) =>
        noun.Out.Find(edge => edge.Relation == "nummod" && edge.Dependent.IsBefore(noun))?.Dependent ?? noun.Child("det:qmod");

    private static void AddNumber(Vertex noun, List<SceneFact> facts)
    {
        if (Number(noun) is { } number)
        {
            facts.Add(SceneFact.OfNumber(noun.Lemma, number.Lemma, CountOf(noun)));
        }
    }
}
