using Corl.Data;
using Corl.Models;
using Corl.Rollouts;
using Corl.Training;
using static TorchSharp.torch;

namespace Corl.Sft;

/// <summary>
/// What rows of the data show as completions: the codes of the real image after its prompt, and the reasoned answer after its question. A
/// row may have one of both, or both.
/// </summary>
/// <param name="policy">Gives prompts, preprocessing and the VQ tokenizer.</param>
/// <param name="config">What is trained.</param>
internal sealed class Demonstrations(Policy policy, SftConfig config)
{
    private const float Half = 0.5f; // mean and spread of a VQ tokenizer's pixels: [0, 1] → [−1, 1]
    private static readonly SamplingConfig AsIs = new();
    private readonly RowFilter _filter = new(policy, config);
    private readonly ImageInput _input = new(policy.Model.Config.ImageSize, [Half, Half, Half], [Half, Half, Half], Crop: true);

    /// <summary>Why a row shows nothing that the stage trains, or null.</summary>
    public string? Unfit(Sample sample) => (ImageProblem(sample), AnswerProblem(sample)) switch
    {
        (null, _) or (_, null) => null,
        ("", { } answer) => answer,
        ({ } image, "") => image,
        ({ } image, { } answer) => $"{image}; {answer}",
    };

    /// <summary>The images that the rows show; null where none does.</summary>
    /// <param name="samples">Usable rows.</param>
    /// <param name="step">Names the random numbers of the hidden prompts.</param>
    /// <param name="hides">Whether prompts are hidden, as in training.</param>
    public ImageCompletions? Images(IReadOnlyList<Sample> samples, long step, bool hides)
    {
        var rows = samples.Index().Where(row => ImageProblem(row.Item) is null).ToList();
        if (rows.Count == 0)
        {
            return null;
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        int[][] prompts = [.. rows.Select(row => Hidden(row.Index) ? policy.Prompt.Unconditional(Prompt(row.Item)) : Prompt(row.Item))];
        // The middle square fills the picture: a padded image would teach the model to paint grey bars.
        var codes = cat([.. rows.Chunk(config.PromptsAtOnce).Select(some => policy.Model.EncodeImages(_input.FromImages([.. some.Select(row => row.Item.RealImage!)], policy.Model.Device)))]);
        return new ImageCompletions(policy, prompts, new ImageRollout(codes, zeros_like(codes, dtype: ScalarType.Float32)), AsIs, legacyOffset: false) { GroupSize = 1 };

        bool Hidden(int row) => hides && CounterRng.Named(config.Seed, "sft/hidden_prompt", step, row).UniformAt(0) < config.PromptDropout;
        int[] Prompt(Sample sample) => policy.Prompt.TextToImage(sample.Prompt!);
    }

    /// <summary>The answers that the rows show; null where none does.</summary>
    public TextCompletions? Answers(IReadOnlyList<Sample> samples)
    {
        Sample[] rows = [.. samples.Where(sample => AnswerProblem(sample) is null)];
        if (rows.Length == 0)
        {
            return null;
        }

        using var scope = NewDisposeScope();
        int[][] answers = [.. rows.Select(sample => policy.Prompt.Answer(sample.Answer!))];
        var pixels = policy.Images.ToTensor([.. rows.Select(sample => sample.RealImage!)]).to(policy.Model.Device);
        return new TextCompletions(policy, [.. rows.Select(sample => policy.Prompt.Question(sample.Question!))], pixels, new TextRollout(answers, [.. answers.Select(ids => new float[ids.Length])]), AsIs) { GroupSize = 1 };
    }

    // "" where the stage does not train images at all
    private string? ImageProblem(Sample sample) =>
        !config.NeedsPrompts || config.ImageWeight == 0 ? ""
        : sample.RealImage is null ? "image is missing"
        : _filter.PromptProblem(sample);

    private string? AnswerProblem(Sample sample)
    {
        if (!config.NeedsQuestions || config.TextWeight == 0)
        {
            return "";
        }

        return _filter.QuestionProblem(sample)
            ?? (policy.Prompt.Answer(sample.Answer!).Length is var length && length > config.MaxCompletionLength
                ? $"answer has {length} tokens, more than max_completion_length {config.MaxCompletionLength}" : null);
    }
}
