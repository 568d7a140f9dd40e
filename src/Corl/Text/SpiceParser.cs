using Corl.Text.Parsing;

namespace Corl.Text;

/// <summary>Reads the facts of a scene out of a caption. Deterministic, thread-safe, total: any text gives some list of facts.</summary>
public sealed class SpiceParser
{
    private readonly Func<string, IReadOnlyList<SceneFact>> _facts;

    private SpiceParser(string name, Func<string, IReadOnlyList<SceneFact>> facts) => (Name, _facts) = (name, facts);

    /// <summary>The closed grammar of the Shapes world (<c>docs/shapes.md</c> §3): everything but its words is passed over.</summary>
    public static SpiceParser Shapes { get; } = new("shapes", ShapesSentence.Facts);

    /// <summary>
    /// Image captions and prompts in plain English: tags and dependencies by rules, then the extraction rules of SPICE 1.0. The rules aim at
    /// sound English, where the original program's statistical parser has habits of its own.
    /// </summary>
    public static SpiceParser Captions { get; } = new("rules", caption =>
        [.. CaptionTokenizer.Sentences(caption).SelectMany(sentence => SceneRules.Facts(CollapsedDependencies.Of(CaptionParser.Parse(sentence))))]);

    /// <summary>The name that goes into the log beside the score.</summary>
    public string Name { get; }

    /// <summary>The facts that <paramref name="caption"/> states, in the order that the graph is built in.</summary>
    public IReadOnlyList<SceneFact> Facts(string caption) => _facts(caption);
}
