namespace Corl.Rewards;

/// <summary>What a <see cref="ProcessReward"/> can be told of a row; the names in snake_case are the keys of its lines and of the rows of <c>corl score</c>.</summary>
public enum RowField
{
    /// <summary>What the image should show.</summary>
    Prompt,

    /// <summary>What the generated image shows in words, where that is known.</summary>
    Caption,

    /// <summary>The generated image, a PNG in base64.</summary>
    Image,

    /// <summary>The image that the prompt describes, a PNG in base64.</summary>
    RealImage,

    /// <summary>What was asked.</summary>
    Question,

    /// <summary>The true answer.</summary>
    Answer,

    /// <summary>How the answer is judged: "MC" or "OE".</summary>
    Type,

    /// <summary>What the policy answered.</summary>
    Response,
}
