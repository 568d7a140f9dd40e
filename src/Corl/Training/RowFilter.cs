using Corl.Data;
using Corl.Rollouts;

namespace Corl.Training;

/// <summary>Says why a row of the data cannot be used by a stage.</summary>
internal sealed class RowFilter(Policy policy, TrainingConfig settings)
{
    /// <summary>Why a row lacks something that the stage needs, or null.</summary>
    public string? Unfit(Sample sample) =>
        (settings.NeedsPrompts ? PromptProblem(sample) : null) ?? (settings.NeedsQuestions ? QuestionProblem(sample) : null);

    /// <summary>Why the row's prompt cannot be drawn, or null.</summary>
    public string? PromptProblem(Sample sample) => Long(sample.Prompt, policy.Prompt.TextToImage) is { } prompt ? $"prompt {prompt}" : null;

    /// <summary>Why the row's question cannot be asked, or null.</summary>
    public string? QuestionProblem(Sample sample)
    {
        var wanted = settings.Tasks switch { StageTasks.Mcq => QuestionType.MultipleChoice, StageTasks.Oe => QuestionType.OpenEnded, _ => sample.Type };
        return sample.Type != wanted ? $"question is {sample.Type}, the stage trains {wanted}"
            : sample.RealImage is null ? "image is missing"
            : sample.Answer is null ? "answer is missing"
            : Long(sample.Question, text => policy.Prompt.Question(text)) is { } question ? $"question {question}" : null;
    }

    private string? Long(string? text, Func<string, int[]> encode) =>
        string.IsNullOrWhiteSpace(text) ? "is empty"
        : encode(text).Length is var length && length > settings.MaxPromptLength ? $"has {length} tokens, more than max_prompt_length {settings.MaxPromptLength}" : null;
}
