namespace Corl.Models;

/// <summary>Sizes of a Llama decoder; defaults are LlamaConfig's, which the original Janus files leave unsaid.</summary>
/// <param name="VocabularySize">V.</param>
/// <param name="HiddenSize">D.</param>
/// <param name="IntermediateSize">Width of the feed-forward block.</param>
/// <param name="Layers">Number of layers.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key and value heads; divides <paramref name="Heads"/>.</param>
/// <param name="HeadWidth">d, width of one head.</param>
/// <param name="MaxPositions">Longest sequence the model was made for, tokens.</param>
/// <param name="RopeTheta">Base of the rotary angles.</param>
/// <param name="RmsEpsilon">ε of the norms.</param>
public sealed record LlamaConfig(
    int VocabularySize, int HiddenSize, int IntermediateSize, int Layers, int Heads, int KvHeads, int HeadWidth,
    int MaxPositions = 16384, double RopeTheta = 10000, double RmsEpsilon = 1e-6);

/// <summary>Sizes of the image tower.</summary>
/// <param name="Width">Width of the tower.</param>
/// <param name="Layers">Blocks that run.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="PatchSize">Side of a patch, pixels.</param>
/// <param name="ImageSize">Side of an image, pixels.</param>
/// <param name="MlpWidth">Width of the feed-forward block.</param>
/// <param name="NormEpsilon">ε of the norms.</param>
/// <param name="HasPool">Whether the unused pooling head is carried along.</param>
public sealed record VisionConfig(
    int Width, int Layers, int Heads, int PatchSize, int ImageSize, int MlpWidth, double NormEpsilon = 1e-6, bool HasPool = false)
{
    /// <summary>I: patches per image.</summary>
    public int Tokens => ImageSize / PatchSize * (ImageSize / PatchSize);
}

/// <summary>Sizes of the VQ tokenizer.</summary>
/// <param name="Channels">Channels at the highest resolution.</param>
/// <param name="Multipliers">Channel multiplier per resolution, highest first; each after the first halves the image.</param>
/// <param name="ResidualBlocks">Residual blocks per resolution of the encoder; the decoder has one more.</param>
/// <param name="LatentChannels">Channels between encoder and codes.</param>
/// <param name="Codes">C: entries of the code table.</param>
/// <param name="CodeWidth">Width of a code.</param>
public sealed record VqConfig(int Channels, IReadOnlyList<int> Multipliers, int ResidualBlocks, int LatentChannels, int Codes, int CodeWidth)
{
    /// <summary>Pixels per code along one side.</summary>
    public int Reduction => 1 << (Multipliers.Count - 1);

    /// <summary>Side of the square grid of <paramref name="codes"/> codes.</summary>
    /// <exception cref="ArgumentException">The count is no square.</exception>
    internal static long GridSide(long codes)
    {
        var side = (long)Math.Round(Math.Sqrt(codes));
        return side * side == codes ? side : throw new ArgumentException($"an image is a square grid of codes, got {codes} codes", nameof(codes));
    }
}

/// <summary>The special ids of a model's vocabulary, always found by content.</summary>
/// <param name="Bos">Begin of sentence.</param>
/// <param name="Eos">End of sentence.</param>
/// <param name="Pad">Padding; also stands for the prompt in unconditional rows.</param>
/// <param name="BeginOfImage">Opens an image.</param>
/// <param name="Placeholder">Stands for one image token.</param>
public sealed record SpecialIds(int Bos, int Eos, int Pad, int BeginOfImage, int Placeholder);

/// <summary>All sizes of a Janus-Pro model, whichever of the two file layouts they came from.</summary>
public sealed record JanusConfig
{
    /// <summary>The decoder.</summary>
    public required LlamaConfig Language { get; init; }

    /// <summary>The image tower.</summary>
    public required VisionConfig Vision { get; init; }

    /// <summary>The VQ tokenizer.</summary>
    public required VqConfig Vq { get; init; }

    /// <summary>Linear layers between tower and decoder.</summary>
    public int AlignerDepth { get; init; } = 2;

    /// <summary>Linear layers between codes and decoder.</summary>
    public int CodeAlignerDepth { get; init; } = 2;

    /// <summary>Width inside the image head.</summary>
    public required int ImageHeadWidth { get; init; }

    /// <summary>Whether lm_head may be taken from the embedding when the file lacks it.</summary>
    public bool TiedHead { get; init; }

    /// <summary>Side of a generated image, pixels.</summary>
    public int ImageSize => Vision.ImageSize;

    /// <summary>Codes of a generated image.</summary>
    public int ImageCodes => ImageSize / Vq.Reduction * (ImageSize / Vq.Reduction);

    /// <summary>Refuses sizes that no Janus-Pro model can have.</summary>
    /// <param name="where">File named in the error.</param>
    /// <exception cref="UserException">Names the field.</exception>
    internal JanusConfig Checked(string where)
    {
        void Need(bool holds, string what) => _ = holds ? true : throw new UserException($"{where}: {what}");
        Need(Language.Heads % Language.KvHeads == 0, $"num_attention_heads {Language.Heads} is no multiple of num_key_value_heads {Language.KvHeads}");
        Need(Language.HeadWidth % 2 == 0, $"head_dim {Language.HeadWidth} must be even for rotary positions");
        Need(Vision.Width % Vision.Heads == 0, $"the image tower's width {Vision.Width} is no multiple of its {Vision.Heads} heads");
        Need(Vision.ImageSize % Vision.PatchSize == 0, $"image size {Vision.ImageSize} is no multiple of patch size {Vision.PatchSize}");
        Need(Vision.ImageSize % Vq.Reduction == 0, $"image size {Vision.ImageSize} is no multiple of {Vq.Reduction}, the VQ model's reduction");
        Need(Vq.Channels % 32 == 0, $"VQ base channels {Vq.Channels} must be a multiple of the 32 groups of its norms");
        return this;
    }
}
