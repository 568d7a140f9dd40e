namespace Corl.Text.Learnt;

/// <summary>Weights of a linear model: from shipped ones, or while they are learnt.</summary>
internal interface IFeatureWeights
{
    /// <summary>Adds every feature's weight of every class to <paramref name="scores"/>.</summary>
    void Score(ReadOnlySpan<ulong> features, Span<float> scores);
}
