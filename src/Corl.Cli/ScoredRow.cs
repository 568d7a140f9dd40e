using Corl.Data;
using Corl.Imaging;

namespace Corl.Cli;

/// <summary>A row to score; what it lacks is null.</summary>
/// <param name="Prompt">What the image should show.</param>
/// <param name="Caption">What the image shows in words; with it no captioner is needed.</param>
/// <param name="Image">The generated image.</param>
/// <param name="RealImage">The image that the prompt describes.</param>
/// <param name="Question">What was asked.</param>
/// <param name="Response">What the policy answered.</param>
/// <param name="Answer">The true answer.</param>
/// <param name="Type">How the answer is judged.</param>
internal sealed record ScoredRow(string? Prompt, string? Caption, RgbImage? Image, RgbImage? RealImage, string? Question, string? Response, string? Answer, QuestionType Type)
{
    /// <summary>The columns or keys of a file of rows.</summary>
    public static readonly string[] Keys = ["prompt", "caption", "image", "real_image", "question", "response", "answer", "type"];

    /// <summary>Rows of one shape can be scored in one call.</summary>
    public (int Width, int Height, bool HasCaption, bool HasResponse) Shape => (Image?.Width ?? 0, Image?.Height ?? 0, Caption is not null, Response is not null);

    /// <summary>MC or OE; open-ended where nothing is said.</summary>
    /// <exception cref="UserException">Another word; the message begins with <paramref name="name"/>.</exception>
    public static QuestionType TypeOf(string? text, string name) => text is null
        ? QuestionType.OpenEnded
        : RowBuilder.ParseType(text) ?? throw new UserException($"{name}: type is '{Quoted.Line(text)}', expected MC or OE");
}
