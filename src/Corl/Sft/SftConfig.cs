using Corl.Training;

namespace Corl.Sft;

/// <summary>
/// Supervised fine-tuning as data: the paper's cold start (Table 3, no. 1). The paper names the data and gives no numbers, so what has no
/// default must be said by the recipe.
/// </summary>
public sealed record SftConfig : TrainingConfig
{
    /// <summary>Share of images that are shown without their prompt, so that guidance keeps its unconditional rows: 0.1, as Janus was trained.</summary>
    public double PromptDropout { get; init; } = 0.1;

    /// <summary>Weight of the images' loss.</summary>
    public double ImageWeight { get; init; } = 1;

    /// <summary>Weight of the answers' loss.</summary>
    public double TextWeight { get; init; } = 1;

    /// <summary>This configuration if a run can be made of it; otherwise the error says which setting to change.</summary>
    public SftConfig Validated()
    {
        RefuseProblems();
        return this;
    }

    /// <inheritdoc/>
    protected override IEnumerable<(bool IsWrong, string Problem)> Problems() =>
    [
        .. base.Problems(),
        (!(PromptDropout is >= 0 and < 1), $"prompt_dropout is {PromptDropout}, expected a share from 0 to below 1"),
        (!(ImageWeight >= 0 && double.IsFinite(ImageWeight)), $"image_weight is {ImageWeight}, expected 0 or more"),
        (!(TextWeight >= 0 && double.IsFinite(TextWeight)), $"text_weight is {TextWeight}, expected 0 or more"),
        (ImageWeight == 0 && TextWeight == 0, "image_weight and text_weight are both 0, so nothing would be trained"),
    ];
}
