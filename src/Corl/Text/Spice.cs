namespace Corl.Text;

/// <summary>
/// SPICE (Anderson et al. 2016): the F-score between the scene-graph tuples of a candidate caption and those of its reference; the text
/// half of Eq. (3). Deterministic and thread-safe; any text has a score.
/// </summary>
public sealed record Spice
{
    /// <summary>For captions and prompts in plain English, synonyms merged with WordNet.</summary>
    public static Spice Captions { get; } = new() { Parser = SpiceParser.Captions, Synonyms = SynsetIds.PartOfSpeech };

    /// <summary>For the Shapes world: its closed grammar, words matched exactly.</summary>
    public static Spice Shapes { get; } = new() { Parser = SpiceParser.Shapes };

    /// <summary>
    /// <see cref="Shapes"/> over multisets: "two stars" are two objects, so that surplus objects cost. Ours: set SPICE rewards drawing a
    /// second star where one was asked for.
    /// </summary>
    public static Spice ShapesMultiset { get; } = Shapes with { IsMultiset = true };

    /// <summary>How captions are read.</summary>
    public required SpiceParser Parser { get; init; }

    /// <summary>How synonyms are found in WordNet; null: words match exactly.</summary>
    public SynsetIds? Synonyms { get; init; }

    /// <summary>Whether objects are counted (see <see cref="ShapesMultiset"/>); otherwise tuples form a set, as in the paper.</summary>
    public bool IsMultiset { get; init; }

    /// <summary>Scores a candidate caption against one reference.</summary>
    public SpiceScore Score(string candidate, string reference) => Score(Graph(candidate), Graph(reference));

    /// <summary>Scores graphs made by <see cref="Graph"/>: a prompt's graph serves all of its candidates.</summary>
    public SpiceScore Score(SceneGraph candidate, SceneGraph reference) => IsMultiset
        ? SpiceScore.OfMultisets(candidate.CompileMultiset(), reference.CompileMultiset())
        : SpiceScore.OfSets(candidate.Compile(), reference.Compile());

    /// <summary>Both graphs' tuples, which of them match, and the score by kind of tuple.</summary>
    public SpiceReport Explain(string candidate, string reference) => new(Graph(candidate).Compile(), Graph(reference).Compile());

    /// <summary>The scene graph of a caption, or of several references merged into one.</summary>
    public SceneGraph Graph(params IEnumerable<string> captions) => new(captions.SelectMany(Parser.Facts), Synonyms);
}
