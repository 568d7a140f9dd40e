using Corl.Text.Learnt;
using Corl.Text.Parsing;

namespace Corl.Text;

/// <summary>Reads the facts of a scene out of a caption. Deterministic, thread-safe, total: any text gives some list of facts.</summary>
public sealed class SpiceParser
{
    private readonly Func<IReadOnlyList<string>, IReadOnlyList<SceneFact>[]> _facts;

    private SpiceParser(string name, Func<IReadOnlyList<string>, IReadOnlyList<SceneFact>[]> facts) => (Name, _facts) = (name, facts);

    /// <summary>The closed grammar of the Shapes world (<c>docs/shapes.md</c> §3): everything but its words is passed over.</summary>
    public static SpiceParser Shapes { get; } = new("shapes", captions => [.. captions.Select(ShapesSentence.Facts)]);

    /// <summary>
    /// Image captions and prompts in plain English: tags and dependencies as the original program's parser gives them, learnt from 56,800 captions
    /// that it parsed, then the extraction rules of SPICE 1.0.
    /// </summary>
    public static SpiceParser Java { get; } = Learnt(() => LearntParser.Shared);

    /// <summary>The same with tags and dependencies by rules that aim at sound English.</summary>
    public static SpiceParser Clean { get; } = new("clean", captions =>
        [.. captions.Select(caption => CaptionTokenizer.Sentences(caption).SelectMany(sentence => SceneRules.Facts(CollapsedDependencies.Of(CaptionParser.Parse(sentence)))).ToArray())]);

    /// <summary>The same with another learnt parser than the shipped one.</summary>
    internal static SpiceParser Learnt(Func<LearntParser> parser) => new("java", captions =>
    {
        var sentences = captions.Select(TreebankTokenizer.Sentences).ToArray();
        var parsed = parser().Tokens([.. sentences.SelectMany(words => words)]).AsEnumerable().GetEnumerator();
        IReadOnlyList<SceneFact> Facts(int count) => [.. Enumerable.Range(0, count).SelectMany(_ => parsed.MoveNext() ? SceneRules.Facts(CollapsedDependencies.Of(parsed.Current)) : [])];
        return [.. sentences.Select(words => Facts(words.Count))];
    });

    /// <summary>The name that goes into the log beside the score.</summary>
    public string Name { get; }

    /// <summary>The facts that <paramref name="caption"/> states, in the order that the graph is built in.</summary>
    public IReadOnlyList<SceneFact> Facts(string caption) => _facts([caption])[0];

    /// <summary>The facts of each caption: what <see cref="Facts(string)"/> gives, several times as fast.</summary>
    public IReadOnlyList<SceneFact>[] Facts(IReadOnlyList<string> captions) => _facts(captions);
}
