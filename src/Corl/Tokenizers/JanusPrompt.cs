using System.Text;

namespace Corl.Tokenizers;

/// <summary>
/// The prompts of Janus-Pro as ids: conversation template, image places, special tokens. Special tokens are found by content, because the
/// 1B and the 7B give them different ids; every prompt begins with exactly one bos, whether the tokenizer's files ask for it or not.
/// </summary>
public sealed class JanusPrompt
{
    /// <summary>The role of the questioner in Janus-Pro's prompts.</summary>
    public const string User = "<|User|>";

    /// <summary>The role of the model in Janus-Pro's prompts.</summary>
    public const string Assistant = "<|Assistant|>";

    /// <summary>The system prompt of DeepSeek's stock processor. CoRL trains without one, which is the default here.</summary>
    public const string StockSystemPrompt =
        "You are a helpful language and vision assistant. You are able to understand the visual content that the user provides, and assist the user with a variety of tasks using natural language.";

    private const long MaxConfigBytes = 16 << 20; // tokenizer_config.json repeats every added token
    private const int MaxImageTokens = 1 << 20;   // ours; Janus-Pro has 576

    private readonly string _imageTag;
    private readonly string _eosText;
    private readonly string _beginText;
    private readonly int[] _assistantIds, _userIds;
    private readonly bool _isPlain;
    private readonly bool _keepsPlaceholder;

    private JanusPrompt(HfTokenizer tokenizer, PromptFiles files, int imageTokens)
    {
        Tokenizer = tokenizer;
        ImageTokens = imageTokens;
        _imageTag = files.Content("image_token", files.Processor?.Find("image_tag")?.Text() ?? "<image_placeholder>");
        _eosText = files.Content("eos_token", "<｜end▁of▁sentence｜>");
        _beginText = files.Content("boi_token", "<begin_of_image>");
        Bos = files.Id(tokenizer, files.Content("bos_token", "<｜begin▁of▁sentence｜>"));
        Eos = files.Id(tokenizer, _eosText);
        Pad = files.Id(tokenizer, files.Content("pad_token", "<｜▁pad▁｜>"));
        BeginOfImage = files.Id(tokenizer, _beginText);
        EndOfImage = files.Id(tokenizer, files.Content("eoi_token", "<end_of_image>"));
        ImagePlaceholder = files.Id(tokenizer, _imageTag);
        _assistantIds = tokenizer.Encode(Assistant);
        _userIds = tokenizer.Encode(User + ":");
        _keepsPlaceholder = files.Processor?.Find("add_special_token")?.Flag() ?? false;
        _isPlain = files.Processor?.Find("sft_format") is { } format && format.Text() switch
        {
            "plain" => true,
            "deepseek" or "deepseek_old" => false,
            var other => throw format.Error($"expected deepseek, deepseek_old or plain, got {other}"),
        };
        if (files.Processor?.Find("num_image_tokens") is { } stated && stated.Integer(1, MaxImageTokens) != imageTokens)
        {
            throw stated.Error($"the model turns an image into {imageTokens} tokens, this file says {stated.Integer(1, MaxImageTokens)}");
        }
    }

    /// <summary>The tokenizer of the checkpoint.</summary>
    public HfTokenizer Tokenizer { get; }

    /// <summary>Id that begins every prompt.</summary>
    public int Bos { get; }

    /// <summary>Id that ends an answer.</summary>
    public int Eos { get; }

    /// <summary>Id that fills rows on the left, and the prompt in the unconditional rows of guidance.</summary>
    public int Pad { get; }

    /// <summary>Id after which image tokens come.</summary>
    public int BeginOfImage { get; }

    /// <summary>Id after an image to look at.</summary>
    public int EndOfImage { get; }

    /// <summary>Id whose embeddings are replaced by those of an image.</summary>
    public int ImagePlaceholder { get; }

    /// <summary>Tokens of one image to look at; 576 for Janus-Pro.</summary>
    public int ImageTokens { get; }

    /// <summary>The text that stands for an image in a message.</summary>
    internal string ImageTag => _imageTag;

    /// <summary>Reads tokenizer.json and, where they are there, tokenizer_config.json, special_tokens_map.json and processor_config.json.</summary>
    /// <param name="directory">A checkpoint directory of either layout.</param>
    /// <param name="imageTokens">Tokens of one image to look at, from the model's configuration.</param>
    /// <exception cref="UserException">A file is missing or malformed, or a special token is not in the vocabulary.</exception>
    public static JanusPrompt Load(string directory, int imageTokens) =>
        new(HfTokenizer.Load(directory), PromptFiles.Open(directory, MaxConfigBytes), imageTokens);

    /// <summary>A conversation as the text that the model reads.</summary>
    /// <param name="turns">The messages; every even one ends with a blank line, every odd one with the end-of-sentence token.</param>
    /// <param name="systemPrompt">Text before the conversation, or null for none.</param>
    public string Render(IReadOnlyList<ChatTurn> turns, string? systemPrompt = null)
    {
        var text = new StringBuilder();
        if (!_isPlain && !string.IsNullOrEmpty(systemPrompt))
        {
            text.Append(systemPrompt).Append("\n\n");
        }

        for (var i = 0; i < turns.Count; i++)
        {
            var content = Strip(turns[i].Content);
            if (_isPlain)
            {
                text.Append(content);
            }
            else if (content.Length == 0)
            {
                text.Append(turns[i].Role).Append(':'); // and no separator, which makes the prompt of an empty message one line
            }
            else
            {
                text.Append(turns[i].Role).Append(": ").Append(content).Append(i % 2 == 0 ? "\n\n" : _eosText);
            }
        }

        return Strip(text.ToString());
    }

    /// <summary>The ids of a rendered conversation: bos, and every image tag made as long as an image.</summary>
    /// <returns>[L] ids.</returns>
    public int[] Encode(string rendered)
    {
        var ids = Tokenizer.Encode(rendered);
        var prompt = new List<int>(ids.Length + ImageTokens + 3);
        if (ids.Length == 0 || ids[0] != Bos)
        {
            prompt.Add(Bos);
        }

        foreach (var id in ids)
        {
            if (id != ImagePlaceholder)
            {
                prompt.Add(id);
                continue;
            }

            prompt.AddRange(_keepsPlaceholder ? [id, BeginOfImage] : [BeginOfImage]);
            prompt.AddRange(Enumerable.Repeat(ImagePlaceholder, ImageTokens));
            prompt.Add(EndOfImage);
        }

        return [.. prompt];
    }

    /// <summary>The prompt of an image to draw.</summary>
    /// <param name="prompt">The description.</param>
    /// <returns>[L] ids, from bos to the begin-of-image token after which the image's tokens come.</returns>
    public int[] TextToImage(string prompt) => TextToImage(prompt, User, Assistant);

    /// <summary>The same with other names of the two speakers.</summary>
    internal int[] TextToImage(string prompt, string user, string assistant) => Encode(Render([new(user, prompt), new(assistant, "")]) + _beginText);

    /// <summary>The prompt of a question about images.</summary>
    /// <param name="question">The question; image tags that it holds stay where they are, otherwise the images come first.</param>
    /// <param name="systemPrompt">Text before the conversation, or null for none.</param>
    /// <param name="images">How many images the question is about.</param>
    /// <returns>[L] ids, from bos to the colon after which the answer comes.</returns>
    /// <exception cref="UserException">The question holds image tags, but not one for each image.</exception>
    public int[] Question(string question, string? systemPrompt = null, int images = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(images);
        var tags = question.Split(_imageTag).Length - 1;
        if (tags > 0 && tags != images)
        {
            throw new UserException($"The question holds {tags} × {_imageTag} for {images} image(s): write one for each image, or none.");
        }

        var content = tags > 0 ? question : string.Concat(Enumerable.Repeat(_imageTag + "\n", images)) + question;
        return Encode(Render([new(User, content), new(Assistant, "")], systemPrompt));
    }

    /// <summary>The prompt without its condition, for guidance: all but bos and the final begin-of-image token become pad.</summary>
    /// <param name="ids">[L] ids of <see cref="TextToImage(string)"/>.</param>
    /// <returns>[L] ids.</returns>
    public int[] Unconditional(int[] ids)
    {
        if (ids.Length < 2 || ids[0] != Bos || ids[^1] != BeginOfImage)
        {
            throw new ArgumentException("expected a prompt from bos to begin-of-image", nameof(ids));
        }

        return [Bos, .. Enumerable.Repeat(Pad, ids.Length - 2), BeginOfImage];
    }

    /// <summary>The ids of an answer as supervised training shows it: after the prompt's colon, closed by eos.</summary>
    /// <returns>[L] ids; only eos for an empty answer.</returns>
    public int[] Answer(string text)
    {
        var content = Strip(text);
        return [.. Tokenizer.Encode(content.Length == 0 ? "" : " " + content), Eos];
    }

    /// <summary>
    /// Where the words of a prompt stand: behind the image and its line break (or, in a prompt to draw, behind the user's turn), before the
    /// blank line and the assistant's turn.
    /// </summary>
    /// <param name="questionIds">[L] ids of <see cref="Question"/> or <see cref="TextToImage(string)"/>, padded on the left or not.</param>
    /// <returns>First position and number of tokens; length 0 for an empty prompt.</returns>
    /// <exception cref="ArgumentException">There is neither an image nor a user's turn, or no assistant's turn behind it.</exception>
    public (int Start, int Length) PromptSpan(ReadOnlySpan<int> questionIds)
    {
        var start = questionIds.LastIndexOf(EndOfImage) + 1;
        var user = questionIds.IndexOf(_userIds);
        start = start == 0 && user >= 0 ? user + _userIds.Length : start;
        var end = questionIds.LastIndexOf(_assistantIds);
        if (start == 0 || end < start)
        {
            throw new ArgumentException("expected an image or the user's turn, and then the assistant's turn", nameof(questionIds));
        }

        if (start < end && IsLineBreak(questionIds[start]))
        {
            start++;
        }

        while (end > start && IsLineBreak(questionIds[end - 1]))
        {
            end--;
        }

        return (start, end - start);
    }

    private bool IsLineBreak(int id) => Tokenizer.Decode([id], skipSpecial: false) is { Length: > 0 } text && text.All(character => character == '\n');

    // White space as the reference strips it: Python's, which counts the four separators U+001C to U+001F.
    private static string Strip(string text)
    {
        var (start, end) = (0, text.Length);
        while (start < end && IsSpace(text[start]))
        {
            start++;
        }

        while (end > start && IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[start..end];

        static bool IsSpace(char character) => char.IsWhiteSpace(character) || character is >= '\u001C' and <= '\u001F';
    }
}
