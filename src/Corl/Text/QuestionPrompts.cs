namespace Corl.Text;

/// <summary>
/// The prompts that ask for a thought and an answer in tags, word for word as in the reference program (ULM-R1, Apache-2.0), so that its
/// checkpoints and ours see the same text.
/// </summary>
public static class QuestionPrompts
{
    private const string Reasoning = "Answer the question based on the image and your world knowledge.";

    private const string Tags = "Please write your thinking process inside <think> </think> tags, and provide your final answer ";

    private const string Strictly = "Your response MUST strictly follow this format: <think> ... </think>";

    /// <summary>The reference's system prompt for Janus-Pro.</summary>
    public const string SystemPrompt = "You are a helpful language and vision assistant. You are able to understand the visual content that the user provides, "
        + "and assist the user with a variety of tasks using natural language.";

    /// <summary>A question whose options stand in its text.</summary>
    public static string MultipleChoice(string question) =>
        $"{question}\n\n{Reasoning}\n\n{Tags}(option letter, e.g., A/B/C/D) inside <answer> </answer> tags.\n{Strictly}<answer>option letter</answer>";

    /// <summary>A question answered in one to three words.</summary>
    public static string OpenEnded(string question) =>
        $"{question}\n\n{Reasoning}\n\n{Tags}(only 1–3 words) inside <answer> </answer> tags.\n{Strictly}<answer>concise answer</answer>";

    /// <summary>Which species of a category the image shows.</summary>
    public static string Species(string category) =>
        $"Identify the species of the most prominent {category} in the image.\n\n{Tags}inside <answer> </answer> tags.\n{Strictly} <answer>species name</answer>";

    /// <summary>Boxes of every object of a category, in pixels of a 384 × 384 image.</summary>
    public static string Detection(string category) =>
        $"Detect all objects belonging to the category '{category}' in the image, and provide the bounding boxes (between 0 and 384, integer) and "
        + $"confidence (between 0 and 1, with two decimal places).\n\n{Tags}inside <answer> </answer> tags.\n{Strictly} "
        + "<answer>[{'Position': [x1, y1, x2, y2], 'Confidence': number}, ...]</answer>";
}
