namespace Corl.Text;

/// <summary>
/// One thing a caption states, before synonyms are merged: that an object is there, that it has an attribute, or that it stands in a
/// relation to another object.
/// </summary>
/// <param name="Subject">The object, by its lemma: "star".</param>
/// <param name="Attribute">Its attribute ("red"), or null.</param>
/// <param name="Relation">Its relation ("left of"), or null.</param>
/// <param name="Target">What the relation leads to, or null.</param>
public readonly record struct SceneFact(string Subject, string? Attribute, string? Relation, string? Target)
{
    /// <summary>How many objects the fact speaks of: 3 in "three blue squares". Only the multiset score reads it.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Whether <see cref="Attribute"/> is a number; the multiset score counts the objects instead.</summary>
    public bool IsNumber { get; init; }

    /// <summary>Whether the object is known from its attributes already, so that only the multiset score reads the fact.</summary>
    internal bool IsCountOnly { get; init; }

    /// <summary>Whether an earlier fact says the same of the same object, so that the multiset score does not count it again.</summary>
    internal bool IsRepetition { get; init; }

    /// <summary>"There is a star."</summary>
    public static SceneFact OfObject(string name, int count = 1) => new(name, null, null, null) { Count = count };

    /// <summary>"The star is red."</summary>
    public static SceneFact OfAttribute(string name, string attribute, int count = 1) => new(name, attribute, null, null) { Count = count };

    /// <summary>"There are three stars."</summary>
    public static SceneFact OfNumber(string name, string number, int count) => new(name, number, null, null) { Count = count, IsNumber = true };

    /// <summary>"The star is left of the circle."</summary>
    public static SceneFact OfRelation(string subject, string relation, string target) => new(subject, null, relation, target);
}
