namespace Corl.Text;

/// <summary>
/// SPICE (Anderson et al. 2016): the F-score between the scene-graph tuples of a candidate caption and those of its reference; the text
/// half of Eq. (3). Deterministic and thread-safe; any text has a score.
/// </summary>
public sealed record Spice
{
    /// <summary>
    /// SPICE 1.0 as the original program gives it: captions read as its parser reads them, habits included, and synonyms by its numbers, a few
    /// of which two synsets share. <c>docs/spice.md</c> says how near it comes.
    /// </summary>
    public static Spice Java { get; } = new() { Parser = SpiceParser.Java, Synonyms = SynsetIds.Meteor };

    /// <summary>
    /// <see cref="Java"/> with a capital and a full stop on both sides, for training: the original's parser reads a caption differently
    /// for want of a full stop, and generated captions have none where prompts often have.
    /// </summary>
    public static Spice Captions { get; } = Java with { Form = CaptionForm.Stopped };

    /// <summary>For sound English: captions read by rules, each synset for itself.</summary>
    public static Spice Clean { get; } = new() { Parser = SpiceParser.Clean, Synonyms = SynsetIds.PartOfSpeech };

    /// <summary>For the Shapes world: its closed grammar, words matched exactly.</summary>
    public static Spice Shapes { get; } = new() { Parser = SpiceParser.Shapes };

    /// <summary>
    /// <see cref="Shapes"/> over multisets: "two stars" are two objects, so that surplus objects cost. Ours: set SPICE rewards drawing a
    /// second star where one was asked for.
    /// </summary>
    public static Spice ShapesMultiset { get; } = Shapes with { IsMultiset = true };

    /// <summary>How captions are read.</summary>
    public required SpiceParser Parser { get; init; }

    /// <summary>What is done to captions before they are read.</summary>
    public CaptionForm Form { get; init; }

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

    /// <summary>The scene graph of each caption: what <see cref="Graph"/> gives for it, several times as fast. Equal captions are read once.</summary>
    public SceneGraph[] Graphs(IReadOnlyList<string> captions)
    {
        string[] distinct = [.. captions.Distinct()];
        var facts = Parser.Facts([.. distinct.Select(caption => Form.Apply(caption))]);
        var graphs = distinct.Index().ToDictionary(caption => caption.Item, caption => new SceneGraph(facts[caption.Index], Synonyms));
        return [.. captions.Select(caption => graphs[caption])];
    }

    /// <summary>The scene graph of a caption, or of several references merged into one.</summary>
    public SceneGraph Graph(params IEnumerable<string> captions) => new(Parser.Facts([.. captions.Select(caption => Form.Apply(caption))]).SelectMany(facts => facts), Synonyms);
}
