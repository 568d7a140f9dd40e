using System.Globalization;
using Corl.Tokenizers;
using static TorchSharp.torch;

namespace Corl.Models;

/// <summary>
/// BERTScore (Zhang et al. 2020): each token of one text is matched with the most similar token of the other by the cosine of their
/// contextual vectors. The reference code of the cycle reward uses its F where the paper uses SPICE. A text that has no tokens scores 0,
/// also after rescaling; a text too long for the model counts with its beginning.
/// </summary>
public sealed class BertScore : IDisposable
{
    private const int MaxCharacters = 1 << 16; // of a text that are read; ours: 512 tokens of plain text have 3,000
    private const int TokensAtOnce = 1 << 14;  // padded; ours: about 1 GB of activations of roberta-large
    private const int PairsAtOnce = 256;

    private readonly BertEncoder _encoder;
    private readonly Func<string, int[]> _encode;
    private readonly int _start, _end, _pad, _maxTokens, _layer;
    private readonly BertScoreOptions _options;
    private readonly TextSimilarity? _baseline;

    internal BertScore(string directory, BertScoreOptions options, BertEncoder encoder)
    {
        (_encoder, _options) = (encoder, options);
        var layers = encoder.Config.Layers;
        _layer = options.Layer ?? (options.Rules == BertScoreRules.BertScore ? BestLayer(encoder.IsRoberta, layers) : layers);
        if (_layer < 0 || _layer > layers)
        {
            throw new UserException($"BERTScore's layer is {_layer}; {directory} has the layers 0 to {layers}.");
        }

        var settings = TokenizerSettings(directory);
        _maxTokens = options.Rules == BertScoreRules.BertScore ? Math.Min(encoder.MaxTokens, settings.MaxTokens) : encoder.MaxTokens;
        _baseline = options.Baseline is { } file ? ReadBaseline(file, _layer) : null;
        if (encoder.IsRoberta)
        {
            var pairs = RobertaTokenizer.Load(directory, addsSpace: options.Rules == BertScoreRules.BertScore);
            _encode = text => pairs.Encode(text);
            (_start, _end, _pad) = (Id("<s>"), Id("</s>"), Id("<pad>"));
            Fit(pairs.VocabularySize);
            int Id(string token) => pairs.IdOf(token) ?? throw new UserException($"{directory}: the vocabulary lacks {token}; expected RoBERTa's.");
        }
        else
        {
            var pieces = settings.IsUncased ? WordPiece.Load(directory) : throw new UserException($"{directory}: tokenizer_config.json: do_lower_case is false; only uncased BERT vocabularies are read.");
            _encode = text => pieces.Encode(text, addSpecial: false);
            (_start, _end, _pad) = (pieces.Classify, pieces.Separator, pieces.Padding);
            Fit(pieces.VocabularySize);
        }

        void Fit(int size)
        {
            if (size > encoder.Config.Vocabulary)
            {
                throw new UserException($"{directory}: the model knows {encoder.Config.Vocabulary} tokens, but the tokenizer has {size}.");
            }
        }
    }

    /// <summary>
    /// Reads an encoder: a directory with config.json, the weights of BERT or RoBERTa, and vocab.txt (BERT) or vocab.json and merges.txt
    /// (RoBERTa).
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <param name="options">torchmetrics' conventions, the last layer, no idf, raw scores if null.</param>
    /// <param name="device">Where to; the CPU if null.</param>
    /// <exception cref="UserException">A file is missing or does not fit; names the file and the tensor or key.</exception>
    public static BertScore Load(string directory, BertScoreOptions? options = null, Device? device = null)
    {
        var encoder = BertEncoder.Load(directory, device);
        try
        {
            return new BertScore(directory, options ?? new(), encoder);
        }
        catch
        {
            encoder.Dispose();
            throw;
        }
    }

    /// <summary>Compares texts pair by pair.</summary>
    /// <param name="candidates">N texts.</param>
    /// <param name="references">N texts.</param>
    /// <returns>N scores in the order of the texts; a pair's does not depend on the others unless <see cref="BertScoreOptions.Idf"/> is set.</returns>
    public IReadOnlyList<TextSimilarity> Score(IReadOnlyList<string> candidates, IReadOnlyList<string> references)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(references.Count, candidates.Count);
        return Score(candidates, [.. references.Select(text => (IReadOnlyList<string>)[text])]);
    }

    /// <summary>Compares each text with several others; the best of each number counts.</summary>
    /// <param name="candidates">N texts.</param>
    /// <param name="references">For each of them at least one text.</param>
    /// <returns>N scores.</returns>
    public IReadOnlyList<TextSimilarity> Score(IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(references.Count, candidates.Count);
        var ids = candidates.Concat(references.SelectMany(texts => texts)).Distinct().ToDictionary(text => text, Ids);
        var weights = _options.Idf ? Weights([.. references.SelectMany(texts => texts).Select(text => ids[text])]) : null;
        var pairs = candidates.Zip(references).SelectMany((both, row) => both.Second.Select(reference => (Row: row, Candidate: both.First, Reference: reference)));
        var best = new TextSimilarity?[candidates.Count];
        foreach (var part in pairs.Chunk(PairsAtOnce))
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var vectors = Embed([.. part.SelectMany(pair => new[] { pair.Candidate, pair.Reference }).Distinct()], ids);
            foreach (var (row, candidate, reference) in part)
            {
                var score = Compare(ids[candidate], vectors[candidate], ids[reference], vectors[reference], weights);
                best[row] = best[row] is { } other ? new(Math.Max(other.Precision, score.Precision), Math.Max(other.Recall, score.Recall), Math.Max(other.F, score.F)) : score;
            }
        }

        return [.. best.Select(score => score ?? default)];
    }

    /// <inheritdoc/>
    public void Dispose() => _encoder.Dispose();

    /// <summary>The ids of a text, with the tokens around it.</summary>
    internal int[] Ids(string text)
    {
        text = text.Length <= MaxCharacters ? text : text[..MaxCharacters];
        text = _options.Rules == BertScoreRules.BertScore ? text.Trim() : text;
        return [_start, .. _encode(text).Take(_maxTokens - 2), _end];
    }

    /// <summary>log((N + 1) / (df + 1)) of every token of the references; the key −1 has that of all others.</summary>
    internal static Dictionary<int, double> Weights(IReadOnlyList<int[]> references)
    {
        var weights = references.SelectMany(ids => ids.Distinct()).CountBy(id => id).ToDictionary(pair => pair.Key, pair => Math.Log((references.Count + 1.0) / (pair.Value + 1.0)));
        weights[-1] = Math.Log(references.Count + 1.0);
        return weights;
    }

    // Each text's unit vectors [S, D], without padding; texts of like length are read together.
    private Dictionary<string, Tensor> Embed(string[] texts, Dictionary<string, int[]> ids)
    {
        var vectors = new Dictionary<string, Tensor>();
        string[] ordered = [.. texts.OrderBy(text => ids[text].Length)];
        for (int at = 0, count; at < ordered.Length; at += count)
        {
            count = 1;
            while (at + count < ordered.Length && (count + 1) * ids[ordered[at + count]].Length <= TokensAtOnce)
            {
                count++;
            }

            var part = ordered[at..(at + count)];
            var longest = ids[part[^1]].Length;
            long[] padded = [.. part.SelectMany(text => ids[text].Concat(Enumerable.Repeat(_pad, longest - ids[text].Length)).Select(id => (long)id))];
            bool[] real = [.. part.SelectMany(text => Enumerable.Range(0, longest).Select(i => i < ids[text].Length))];
            var states = _encoder.Forward(tensor(padded, [count, longest], device: _encoder.Device), tensor(real, [count, longest], device: _encoder.Device), _layer);
            var units = nn.functional.normalize(states, dim: 2).cpu();
            for (var i = 0; i < count; i++)
            {
                vectors[part[i]] = units[i].narrow(0, 0, ids[part[i]].Length);
            }
        }

        return vectors;
    }

    private TextSimilarity Compare(int[] candidate, Tensor candidateVectors, int[] reference, Tensor referenceVectors, Dictionary<int, double>? idf)
    {
        if (candidate.Length <= 2 || reference.Length <= 2)
        {
            return default;
        }

        using var scope = NewDisposeScope();
        // No match is worse than 0: torchmetrics has zero vectors around and behind a text, bert-score behind the texts that a batch pads.
        var cosines = candidateVectors.matmul(referenceVectors.t()).clamp_min_(0); // [S, S']
        cosines = _options.Rules == BertScoreRules.Torchmetrics ? cosines[1..^1, 1..^1] : cosines;

        var precision = Mean(cosines.amax([1]), candidate, idf);
        var recall = Mean(cosines.amax([0]), reference, idf);
        var f = precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
        return _baseline is not { } b ? new(precision, recall, f) : new(Rescaled(precision, b.Precision), Rescaled(recall, b.Recall), Rescaled(f, b.F));

        static double Rescaled(double score, double baseline) => (score - baseline) / (1 - baseline);
    }

    // The weighted mean over the tokens of a text; those around it weigh nothing.
    private static double Mean(Tensor matches, int[] ids, Dictionary<int, double>? idf)
    {
        var values = matches.data<float>().ToArray();
        var first = values.Length == ids.Length ? 1 : 0;
        var (sum, total) = (0.0, 0.0);
        for (var i = 1; i < ids.Length - 1; i++)
        {
            var weight = idf is null ? 1 : idf.TryGetValue(ids[i], out var known) ? known : idf[-1];
            sum += weight * values[i - 1 + first];
            total += weight;
        }

        return total > 0 ? sum / total : 0;
    }

    // bert-score's table of the layers that agree best with people's judgement; the last layer of other sizes.
    private static int BestLayer(bool isRoberta, int layers) => (isRoberta, layers) switch
    {
        (false, 12) => 9,
        (false, 24) => 18,
        (true, 12) => 10,
        (true, 24) => 17,
        _ => layers,
    };

    private static (int MaxTokens, bool IsUncased) TokenizerSettings(string directory)
    {
        const int MinTokens = 3; // a token between the two around it
        var file = Path.Combine(directory, "tokenizer_config.json");
        if (!File.Exists(file))
        {
            return (int.MaxValue, true);
        }

        var root = NetworkConfig.Open(file);
        var limit = root.Find("model_max_length")?.Number() ?? int.MaxValue; // some files have 1e30 for none
        return ((int)Math.Clamp(limit, MinTokens, int.MaxValue), root.Find("do_lower_case")?.Flag() ?? true);
    }

    private static TextSimilarity ReadBaseline(string file, int layer)
    {
        const int MaxBytes = 1 << 20; // ours: 25 rows have 1 kB
        if (!File.Exists(file) || new FileInfo(file).Length > MaxBytes)
        {
            throw new UserException($"{file}: no such file, or larger than {MaxBytes} bytes; expected \"LAYER,P,R,F\" and a row per layer.");
        }

        foreach (var line in File.ReadLines(file).Skip(1))
        {
            var cells = line.Split(',');
            if (int.TryParse(cells[0], CultureInfo.InvariantCulture, out var number) && number == layer)
            {
                double[] values = [.. cells.Skip(1).Select(cell => double.TryParse(cell, CultureInfo.InvariantCulture, out var value) ? value : double.NaN)];
                return values.Length == 3 && values.All(value => value < 1)
                    ? new(values[0], values[1], values[2])
                    : throw new UserException($"{file}: layer {layer}: expected three numbers below 1, got '{string.Join(',', cells.Skip(1))}'.");
            }
        }

        throw new UserException($"{file}: no row for layer {layer}.");
    }
}
