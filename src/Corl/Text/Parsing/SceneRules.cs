namespace Corl.Text.Parsing;

/// <summary>
/// Reads the facts of a scene from collapsed dependencies: the rules of SPICE 1.0, in the order they run. Together with
/// <see cref="CollapsedDependencies"/> they give the original's tuples for all but 6 of 56,800 parsed captions.
/// </summary>
internal static class SceneRules
{
    private const string Be = "be";

    /// <summary>The facts of one sentence; its graph is changed.</summary>
    public static List<SceneFact> Facts(DependencyGraph graph)
    {
        SceneEnhancement.Apply(graph);
        var facts = new List<SceneFact>();
        foreach (var rule in Rules)
        {
            foreach (var vertex in graph.Vertices)
            {
                rule(vertex, facts);
            }
        }

        var compounds = Compounds(graph, facts);
        foreach (var noun in graph.Vertices.Where(vertex => vertex.IsNoun))
        {
            if (!compounds.TryGetValue(noun, out var isHead))
            {
                facts.Add(SceneFact.OfObject(noun.Lemma, SceneNumbers.CountOf(noun)));
            }
            else if (isHead)
            {
                facts.Add(SceneFact.OfObject(noun.Lemma, SceneNumbers.CountOf(noun)) with { IsCountOnly = true });
            }
        }

        return facts;
    }

    private static readonly Action<Vertex, List<SceneFact>>[] Rules =
    [
        SubjectVerbObject, NounParticipleObject, SubjectPredicate, AdjectiveOfWord, AdjectiveOfSubject, NounPrepositionWord, Possessor, AgentVerbPatient,
        SceneNumbers.Alone, SceneNumbers.BesideOthers, SceneNumbers.OfSubjectAndObject,
    ];

    private static bool IsPhrase(string relation) => relation.StartsWith("nmod:", StringComparison.Ordinal);

    internal static bool IsObject(string relation) => relation is "dobj" or "iobj" || IsPhrase(relation);

    private static IEnumerable<Edge> NounObjects(Vertex verb) => verb.Out.Where(edge => IsObject(edge.Relation) && edge.Dependent.IsNoun);

    private static IEnumerable<Vertex> NounSubjects(Vertex predicate, string relation = "nsubj") =>
        predicate.Out.Where(edge => edge.Relation == relation && edge.Dependent.IsNoun).Select(edge => edge.Dependent);

    // "pick up", "sit on": verb, particle and preposition.
    private static string Action(Vertex verb, string relation)
    {
        var particle = verb.Child("compound:prt") is { } part ? " " + part.Lemma : "";
        return verb.Lemma + particle + (Preposition(relation) is { } preposition ? " " + preposition : "");
    }

    private static string? Preposition(string relation) => IsPhrase(relation) && relation is not ("nmod:poss" or "nmod:agent")
        ? relation["nmod:".Length..].Replace('_', ' ')
        : null;

    private static void SubjectVerbObject(Vertex verb, List<SceneFact> facts)
    {
        if (!verb.HasChild("cop"))
        {
            facts.AddRange(NounSubjects(verb).SelectMany(_ => NounObjects(verb), (subject, edge) => SceneFact.OfRelation(subject.Lemma, Action(verb, edge.Relation), edge.Dependent.Lemma)));
        }
    }

    // "a cat sitting on a chair"
    private static void NounParticipleObject(Vertex noun, List<SceneFact> facts)
    {
        foreach (var verb in noun.Out.Where(edge => edge.Relation == "acl" && edge.Dependent.IsVerb).Select(edge => edge.Dependent))
        {
            facts.AddRange(NounObjects(verb).Select(edge => SceneFact.OfRelation(noun.Lemma, Action(verb, edge.Relation), edge.Dependent.Lemma)));
        }
    }

    // "a dog runs" is an attribute; so is what "is" leads to, or a relation when it has a preposition ("is on the couch").
    private static void SubjectPredicate(Vertex predicate, List<SceneFact> facts)
    {
        if (!predicate.HasChild("cop") && (predicate.Lemma == Be || NounObjects(predicate).Any()))
        {
            return;
        }

        var marker = predicate.Child("case");
        foreach (var subject in NounSubjects(predicate))
        {
            facts.Add(marker is null
                ? SceneFact.OfAttribute(subject.Lemma, predicate.Lemma, SceneNumbers.CountOf(subject))
                : SceneFact.OfRelation(subject.Lemma, CollapsedDependencies.WithExpression(marker, ' '), predicate.Lemma));
        }
    }

    private static void AdjectiveOfWord(Vertex head, List<SceneFact> facts) =>
        facts.AddRange(head.Out.Where(edge => edge.Relation == "amod").Select(edge => SceneFact.OfAttribute(head.Lemma, edge.Dependent.Lemma, SceneNumbers.CountOf(head))));

    private static void AdjectiveOfSubject(Vertex adjective, List<SceneFact> facts)
    {
        if (adjective.IsAdjective)
        {
            var subjects = adjective.Out.Where(edge => edge.Relation == "nsubj").Select(edge => edge.Dependent);
            facts.AddRange(subjects.Select(subject => SceneFact.OfAttribute(subject.Lemma, adjective.Lemma) with { IsRepetition = true }));
        }
    }

    private static void NounPrepositionWord(Vertex noun, List<SceneFact> facts)
    {
        if (noun.IsNoun)
        {
            facts.AddRange(noun.Out.Where(edge => Preposition(edge.Relation) is not null)
                .Select(edge => SceneFact.OfRelation(noun.Lemma, Preposition(edge.Relation)!, edge.Dependent.Lemma)));
        }
    }

    private static void Possessor(Vertex thing, List<SceneFact> facts)
    {
        if (thing.IsNoun)
        {
            facts.AddRange(NounSubjects(thing, "nmod:poss").Select(owner => SceneFact.OfRelation(owner.Lemma, "have", thing.Lemma)));
        }
    }

    private static void AgentVerbPatient(Vertex verb, List<SceneFact> facts)
    {
        if (verb.IsVerb)
        {
            facts.AddRange(NounSubjects(verb, "nmod:agent").SelectMany(_ => NounSubjects(verb, "nsubjpass"),
                (agent, patient) => SceneFact.OfRelation(agent.Lemma, Action(verb, ""), patient.Lemma)));
        }
    }

    // "tennis racket" is a racket with the attribute tennis; both words then give no object of their own. True for heads.
    private static Dictionary<Vertex, bool> Compounds(DependencyGraph graph, List<SceneFact> facts)
    {
        var compounds = new Dictionary<Vertex, bool>();
        foreach (var head in graph.Vertices.Where(vertex => vertex.IsNoun))
        {
            foreach (var modifier in NounSubjects(head, "compound"))
            {
                facts.Add(SceneFact.OfAttribute(head.Lemma, modifier.Lemma, SceneNumbers.CountOf(head)));
                compounds[head] = true;
                compounds.TryAdd(modifier, false);
            }
        }

        return compounds;
    }
}
