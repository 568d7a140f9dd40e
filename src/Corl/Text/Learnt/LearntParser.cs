using Corl.Text.Parsing;

namespace Corl.Text.Learnt;

/// <summary>
/// Tags and parses a sentence together: a beam search over arc-standard actions (Bohnet and Nivre 2012), scored by a linear model, in which
/// the tagger's doubts are settled by the tree. Deterministic; safe for any number of threads.
/// </summary>
/// <param name="tagger">Proposes tags.</param>
/// <param name="weights">Scores actions.</param>
/// <param name="beam">Half-built trees that are kept.</param>
internal sealed class LearntParser(TagModel tagger, IFeatureWeights weights, int beam)
{
    private static readonly Lazy<LearntParser> Loaded = new(() => ParserFile.Shipped());

    /// <summary>The shipped parser, loaded once.</summary>
    public static LearntParser Shared => Loaded.Value;

    /// <summary>The words of a sentence with lemmas, tags, heads and relations.</summary>
    public ParsedToken[] Tokens(IReadOnlyList<string> forms)
    {
        var tree = Parse(forms);
        return [.. forms.Select((form, i) =>
        {
            var tag = Grammar.Tags[tree.Tags[i + 1]];
            return new ParsedToken(form, Lemmatizer.Lemma(form.ToLowerInvariant(), tag), tag, tree.Head(i + 1), Grammar.Relations[tree.Relation(i + 1)]);
        })];
    }

    /// <summary>The best tree of a sentence: the finished state.</summary>
    public ParseState Parse(IReadOnlyList<string> forms)
    {
        var row = new WordRow(forms);
        var guess = tagger.Tag(row, out var candidates);
        var states = new List<ParseState> { new(row.Count) };
        var search = new BeamSearch(weights, row, guess, candidates, beam);
        while (!states[0].IsDone)
        {
            states = search.Step(states);
        }

        return states[0];
    }
}

/// <summary>One sentence's beam search.</summary>
internal sealed class BeamSearch(IFeatureWeights weights, WordRow row, byte[] guess, (byte Tag, float Score)[][] candidates, int beam)
{
    private readonly ulong[] _features = new ulong[ParseFeatures.Most];
    private readonly float[] _scores = new float[ParseState.Actions];
    private readonly byte[] _allowed = new byte[ParseState.Actions];
    private readonly (float Score, int State, int Action)[] _best = new (float, int, int)[beam];

    /// <summary>The best states one action on, the best first.</summary>
    public List<ParseState> Step(List<ParseState> states)
    {
        var count = 0;
        for (var i = 0; i < states.Count; i++)
        {
            var allowed = _allowed.AsSpan(0, states[i].ActionsFrom(candidates, _allowed));
            Score(states[i], _scores);
            foreach (var action in allowed)
            {
                var score = states[i].Score + _scores[action];
                if (count == beam && score <= _best[count - 1].Score)
                {
                    continue;
                }

                // Insertion; of equal scores the earlier stays in front.
                var at = count < beam ? count++ : count - 1;
                for (; at > 0 && _best[at - 1].Score < score; at--)
                {
                    _best[at] = _best[at - 1];
                }

                _best[at] = (score, i, action);
            }
        }

        var next = new List<ParseState>(count);
        for (var i = 0; i < count; i++)
        {
            next.Add(states[_best[i].State].After(_best[i].Action, _best[i].Score));
        }

        return next;
    }

    /// <summary>The score of every action from a state: the model's, and for a tag what the tagger thinks of it.</summary>
    public void Score(ParseState state, float[] scores)
    {
        Array.Clear(scores);
        weights.Score(ParseFeatures.Extract(state, row, guess, _features), scores);
        if (state.Next <= state.Count)
        {
            foreach (var (tag, score) in candidates[state.Next])
            {
                scores[ParseState.FirstShift + tag] += score;
            }
        }
    }
}
