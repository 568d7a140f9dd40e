using System.IO.Compression;

namespace Corl.Text.Learnt;

/// <summary>A sentence of a treebank.</summary>
/// <param name="Id">The caption's name, whose second part is its image.</param>
/// <param name="Forms">[n] words.</param>
/// <param name="Tags">[n] tags by number.</param>
/// <param name="Heads">[n] heads, from 1; 0 for the root.</param>
/// <param name="Relations">[n] relations by number.</param>
internal sealed record TreeSentence(string Id, string[] Forms, byte[] Tags, short[] Heads, byte[] Relations)
{
    /// <summary>What captions of one image share: train and test never do.</summary>
    public string Image => Id.Split('/') is [var set, var image, ..] ? $"{set}/{image}" : Id;

    /// <summary>Reads a file of CoNLL-U blocks, compressed with gzip.</summary>
    /// <exception cref="UserException">A line is not as expected.</exception>
    public static IEnumerable<TreeSentence> Read(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var id = "";
        List<string[]> words = [];
        for (var (line, number) = (reader.ReadLine(), 1); ; (line, number) = (reader.ReadLine(), number + 1))
        {
            if (line is { Length: > 0 } && line[0] != '#')
            {
                var fields = line.Split('\t');
                if (fields.Length < 7)
                {
                    throw new UserException($"{path}, line {number}: {fields.Length} fields, expected at least 7");
                }

                if (!fields[0].Contains('.'))
                {
                    words.Add(fields);
                }

                continue;
            }

            if (words.Count > 0)
            {
                yield return Sentence(id, words, $"{path}, line {number}");
                words.Clear();
            }

            if (line is null)
            {
                yield break;
            }

            if (line.StartsWith("# id = ", StringComparison.Ordinal))
            {
                id = line["# id = ".Length..];
            }
        }
    }

    private static TreeSentence Sentence(string id, List<string[]> words, string where)
    {
        byte Number(string[] names, string name) => Array.IndexOf(names, name) is >= 0 and var at ? (byte)at : throw new UserException($"{where}: '{name}' is no tag or relation of the grammar");
        return new TreeSentence(
            id,
            [.. words.Select(word => word[1])],
            [.. words.Select(word => Number(Grammar.Tags, word[3]))],
            [.. words.Select(word => short.TryParse(word[5], out var head) && head >= 0 && head <= words.Count ? head : throw new UserException($"{where}: head '{word[5]}'"))],
            [.. words.Select(word => Number(Grammar.Relations, word[6]))]);
    }
}

/// <summary>
/// Learns the tagger and the parser from a treebank: averaged perceptrons, the parser with beam search and the update at the step where the
/// gold tree is furthest behind (Huang et al. 2012). The parser sees tags as a tagger gives them that has not seen the sentence.
/// </summary>
/// <param name="sentences">The treebank.</param>
/// <param name="progress">Told what happens, a line at a time.</param>
internal sealed class ParserTraining(IReadOnlyList<TreeSentence> sentences, Action<string> progress)
{
    private const int Folds = 5;
    private const int TaggerRounds = 5;
    private const int FoldRounds = 4;
    private const int Beam = 8;
    private const ulong Seed = 0;

    /// <summary>The tagger's weights after <see cref="Run"/>.</summary>
    public LearningWeights Tagger { get; private set; } = new();

    /// <summary>The parser's weights after <see cref="Run"/>.</summary>
    public LearningWeights Parser { get; } = new();

    /// <summary>Learns; <paramref name="afterRound"/> is told the number of every round of the parser that ends.</summary>
    public void Run(int rounds, Action<int>? afterRound = null)
    {
        var (guesses, candidates) = Jackknifed();
        Tagger = LearnTagger(sentences, TaggerRounds);
        progress("tagger learnt");
        var row = sentences.Select(sentence => new WordRow(sentence.Forms)).ToArray();
        var gold = sentences.Select(GoldActions).ToArray();
        progress($"{gold.Count(actions => actions is null)} of {gold.Length} trees have crossing branches and are left out");
        for (var round = 0; round < rounds; round++)
        {
            var (right, seen) = (0, 0);
            foreach (var i in Order(sentences.Count, "parser", round))
            {
                if (gold[i] is { } actions)
                {
                    Parser.Now++;
                    right += Learn(row[i], guesses[i], candidates[i], actions) ? 1 : 0;
                    if (++seen % 10_000 == 0)
                    {
                        progress($"parser round {round + 1}/{rounds}: {seen} sentences, {100.0 * right / seen:F1} % right");
                    }
                }
            }

            progress($"parser round {round + 1}/{rounds}: {100.0 * right / seen:F1} % right");
            afterRound?.Invoke(round + 1);
        }
    }

    private (byte[][] Guesses, (byte Tag, float Score)[][][] Candidates) Jackknifed()
    {
        var (guesses, candidates) = (new byte[sentences.Count][], new (byte Tag, float Score)[sentences.Count][][]);
        var (right, covered, offered, words) = (0, 0, 0, 0);
        for (var fold = 0; fold < Folds; fold++)
        {
            bool IsOut(TreeSentence sentence) => Features.Of(sentence.Image) % Folds == (ulong)fold;
            var tagger = new TagModel(FeatureWeights.Of(LearnTagger([.. sentences.Where(sentence => !IsOut(sentence))], FoldRounds), fewestUpdates: 1, Grammar.Tags.Length));
            for (var i = 0; i < sentences.Count; i++)
            {
                if (!IsOut(sentences[i]))
                {
                    continue;
                }

                guesses[i] = tagger.Tag(new WordRow(sentences[i].Forms), out candidates[i]);
                for (var at = 1; at < guesses[i].Length; at++)
                {
                    var tag = sentences[i].Tags[at - 1];
                    (right, covered, offered, words) = (right + (guesses[i][at] == tag ? 1 : 0), covered + (candidates[i][at].Any(candidate => candidate.Tag == tag) ? 1 : 0), offered + candidates[i][at].Length, words + 1);
                    if (!candidates[i][at].Any(candidate => candidate.Tag == tag))
                    {
                        candidates[i][at] = [.. candidates[i][at], (tag, -TagModel.Margin)];
                    }
                }
            }
        }

        progress($"tagger on sentences it has not seen: {100.0 * right / words:F2} % right, {100.0 * covered / words:F2} % among {(double)offered / words:F2} candidates");
        return (guesses, candidates);
    }

    private static LearningWeights LearnTagger(IReadOnlyList<TreeSentence> sentences, int rounds)
    {
        var weights = new LearningWeights();
        var rows = sentences.Select(sentence => new WordRow(sentence.Forms)).ToArray();
        var (buffer, scores) = (new ulong[TagModel.MostFeatures], new float[Grammar.Tags.Length]);
        for (var round = 0; round < rounds; round++)
        {
            foreach (var s in Order(sentences.Count, "tagger", round))
            {
                var before = new byte[rows[s].Count + 1];
                for (var i = 1; i < before.Length; i++)
                {
                    weights.Now++;
                    var features = TagModel.Extract(rows[s], before, i, buffer);
                    Array.Clear(scores);
                    weights.Score(features, scores);
                    var (best, gold) = (Best(scores), sentences[s].Tags[i - 1]);
                    before[i] = (byte)best;
                    if (best != gold)
                    {
                        weights.Update(features, gold, 1);
                        weights.Update(features, best, -1);
                    }
                }
            }
        }

        return weights;
    }

    private static int Best(float[] scores)
    {
        var best = 0;
        for (var i = 1; i < scores.Length; i++)
        {
            best = scores[i] > scores[best] ? i : best;
        }

        return best;
    }

    // Whether the best tree was the gold one; if not, moves the weights.
    private bool Learn(WordRow row, byte[] guess, (byte Tag, float Score)[][] candidates, int[] gold)
    {
        var search = new BeamSearch(Parser, row, guess, candidates, Beam);
        var (states, truth) = (new List<ParseState> { new(row.Count) }, new ParseState(row.Count));
        var scores = new float[ParseState.Actions];
        var (worst, length, wrong) = (0f, 0, (ParseState?)null);
        var isFollowed = true;
        for (var step = 0; step < gold.Length; step++)
        {
            search.Score(truth, scores);
            var followed = isFollowed ? states.Find(state => IsSame(state, truth)) : null;
            states = search.Step(states);
            truth = truth.After(gold[step], truth.Score + scores[gold[step]]);
            isFollowed = followed is not null && states.Exists(state => state.Parent == followed && state.Action == gold[step]);
            var behind = states[0].Score - truth.Score;
            if (!(isFollowed && IsSame(states[0], truth)) && (wrong is null || behind >= worst))
            {
                (worst, length, wrong) = (behind, step + 1, states[0]);
            }
        }

        if (IsSame(states[0], truth))
        {
            return true;
        }

        Move(row, guess, [.. gold.Take(length)], 1);
        Move(row, guess, Actions(wrong!), -1);
        return false;
    }

    private void Move(WordRow row, byte[] guess, int[] actions, float amount)
    {
        var state = new ParseState(row.Count);
        var features = new ulong[ParseFeatures.Most];
        foreach (var action in actions)
        {
            Parser.Update(ParseFeatures.Extract(state, row, guess, features), action, amount);
            state = state.After(action, 0);
        }
    }

    private static bool IsSame(ParseState? a, ParseState? b)
    {
        for (; a is not null && b is not null && a != b; (a, b) = (a.Parent, b.Parent))
        {
            if (a.Action != b.Action)
            {
                return false;
            }
        }

        return (a is null) == (b is null);
    }

    private static int[] Actions(ParseState state)
    {
        var actions = new List<int>();
        for (var at = state; at.Parent is not null; at = at.Parent)
        {
            actions.Add(at.Action);
        }

        actions.Reverse();
        return [.. actions];
    }

    // The actions that build a tree, or null when its branches cross.
    private static int[]? GoldActions(TreeSentence sentence)
    {
        var waiting = new int[sentence.Forms.Length + 1]; // children still to come
        foreach (var head in sentence.Heads)
        {
            waiting[head]++;
        }

        var state = new ParseState(sentence.Forms.Length);
        while (!state.IsDone)
        {
            var (top, below) = (state.Top, state.Below(state.Top));
            int action;
            if (below > 0 && sentence.Heads[below - 1] == top && waiting[below] == 0)
            {
                (action, waiting[top]) = (sentence.Relations[below - 1], waiting[top] - 1);
            }
            else if (below >= 0 && sentence.Heads[top - 1] == below && waiting[top] == 0 && (below > 0 || state.Next > state.Count))
            {
                (action, waiting[below]) = (ParseState.FirstRight + sentence.Relations[top - 1], waiting[below] - 1);
            }
            else if (state.Next <= state.Count)
            {
                action = ParseState.FirstShift + sentence.Tags[state.Next - 1];
            }
            else
            {
                return null;
            }

            state = state.After(action, 0);
        }

        return Actions(state);
    }

    private static int[] Order(int count, string purpose, int round)
    {
        var random = CounterRng.Named(Seed, purpose, round);
        return random.Sample(Enumerable.Range(0, count), count);
    }
}
