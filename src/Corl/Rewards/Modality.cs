namespace Corl.Rewards;

/// <summary>What a reward judges: with one advantage per modality, image rewards drive the image tokens and text rewards the text tokens.</summary>
public enum Modality
{
    /// <summary>The generated image (text to image, T2I).</summary>
    Image,

    /// <summary>The written answer (multimodal to text, MM2T).</summary>
    Text,
}
