namespace Corl.Models;

/// <summary>How BERTScore treats what the paper leaves open; the two implementations in use differ.</summary>
public enum BertScoreRules
{
    /// <summary>Of torchmetrics, which the reference code calls: the tokens around a text are never matched, the last layer is read.</summary>
    Torchmetrics,

    /// <summary>Of the authors' bert-score: those tokens weigh nothing but may be matched, RoBERTa's texts begin with a space, and the layer is the one that agrees best with people.</summary>
    BertScore,
}

/// <summary>Options of <see cref="BertScore"/>.</summary>
public sealed record BertScoreOptions
{
    /// <summary>Whose conventions.</summary>
    public BertScoreRules Rules { get; init; }

    /// <summary>After how many layers the vectors are taken, 0 for the embeddings; null: as <see cref="Rules"/> say.</summary>
    public int? Layer { get; init; }

    /// <summary>
    /// Whether rare words of the references weigh more: log((N + 1) / (df + 1)) over the references of a call, so that a score depends on
    /// the others of its call; off for rewards.
    /// </summary>
    public bool Idf { get; init; }

    /// <summary>A file of the scores of unrelated texts, "LAYER,P,R,F" and a row per layer; scores are then (s − b) / (1 − b). Null: raw scores.</summary>
    public string? Baseline { get; init; }
}

/// <summary>How alike two texts are.</summary>
/// <param name="Precision">How well the candidate's tokens are found in the reference.</param>
/// <param name="Recall">How well the reference's tokens are found in the candidate.</param>
/// <param name="F">Their harmonic mean.</param>
public readonly record struct TextSimilarity(double Precision, double Recall, double F);
