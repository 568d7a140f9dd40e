namespace Corl.Merging;

/// <summary>How the weights of several models become one; docs/merging.md has the formulas.</summary>
internal enum MergeMethod
{
    /// <summary>The rule of CoRL's mixed-format evaluation: bodies are averaged, outliers kept whole.</summary>
    Gaussian,

    /// <summary>The same thought with the spread of the deltas kept; ours, an experiment.</summary>
    GaussianMoment,

    /// <summary>Deltas of unit norm, averaged, with the harmonic mean of their norms; the reference code's other rule.</summary>
    Fnorm,

    /// <summary>Weighted mean.</summary>
    Linear,

    /// <summary>Sum of weighted deltas (Ilharco et al. 2023).</summary>
    TaskArithmetic,

    /// <summary>The largest deltas of each model, those of the majority's sign alone (Yadav et al. 2023).</summary>
    Ties,

    /// <summary>Deltas dropped at random, the rest rescaled (Yu et al. 2024).</summary>
    DareLinear,

    /// <summary>The same with the majority's sign.</summary>
    DareTies,

    /// <summary>Without the smallest and the very largest deltas (Davari and Belilovsky 2024).</summary>
    Breadcrumbs,

    /// <summary>The same with the majority's sign.</summary>
    BreadcrumbsTies,

    /// <summary>Deltas dropped at random, large ones less often (Deep et al. 2024), with the majority's sign.</summary>
    Della,

    /// <summary>The same without a vote on signs.</summary>
    DellaLinear,

    /// <summary>Along the great circle from the base to the other model.</summary>
    Slerp,

    /// <summary>The same between two models with weights, or between their deltas.</summary>
    Nuslerp,

    /// <summary>Between the base and the mean, by the angle between the deltas (Jang et al. 2024).</summary>
    ModelStock,
}
