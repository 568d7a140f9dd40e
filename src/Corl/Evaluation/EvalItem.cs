using Corl.Imaging;

namespace Corl.Evaluation;

/// <summary>One item: a question about images, or a prompt to draw.</summary>
/// <param name="Id">Its name in the data.</param>
/// <param name="Prompt">The user's turn, without image tags, as the model's conversation template gets it.</param>
internal sealed record EvalItem(string Id, string Prompt)
{
    /// <summary>Text before the conversation, or null for none.</summary>
    public string? SystemPrompt { get; init; }

    /// <summary>The images that go before the text. Read when they are needed, on any thread.</summary>
    public IReadOnlyList<ImageSource> Images { get; init; } = [];

    /// <summary>How many images are drawn; 0 for a question.</summary>
    public int Drawings { get; init; }
}

/// <summary>An image that is read when it is needed.</summary>
/// <param name="Name">What errors call it: the file, and the row or the key.</param>
/// <param name="Read">The file's bytes, PNG, JPEG or WebP; throws a <see cref="UserException"/> when they cannot be had.</param>
internal sealed record ImageSource(string Name, Func<byte[]> Read)
{
    /// <summary>The image, alpha dropped.</summary>
    /// <exception cref="UserException">It is missing or damaged; the message has its name.</exception>
    public RgbImage Decode() => ImageCodec.Decode(Read(), Name);
}
