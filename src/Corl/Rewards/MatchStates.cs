namespace Corl.Rewards;

/// <summary>What stands for the image and for the prompt in Eq. (4).</summary>
public enum MatchStates
{
    /// <summary>Last hidden states while the model looks at the finished image and reads the prompt; what the reference code does.</summary>
    UnderstandingHidden,

    /// <summary>Last hidden states while the model draws: those of the prompt and those that have read each image code.</summary>
    GenerationHidden,

    /// <summary>The embeddings that go into the language model: the aligned image tokens and the words.</summary>
    InputEmbedding,
}

/// <summary>Which text tokens count in Eq. (4), and how the image tokens are found.</summary>
public enum MatchSpans
{
    /// <summary>The prompt's own tokens; the image tokens by their placeholders.</summary>
    Prompt,

    /// <summary>Everything behind the image, the template's tail included.</summary>
    AfterImage,

    /// <summary>
    /// The reference code's constants, right only for its own template: image tokens from position 5, text tokens from the fifth after
    /// the image's last, which drops the first words of the prompt and keeps the template's tail.
    /// </summary>
    Fixed,
}
