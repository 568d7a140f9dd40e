namespace Corl.Rewards;

/// <summary>How generated and real images are brought to one size before LPIPS compares them; Pillow's bilinear filter in each case.</summary>
public enum PerceptualSize
{
    /// <summary>224 × 224, whatever the aspect ratio: what the reference code does.</summary>
    Square,

    /// <summary>The shorter side to 224, the middle cut out: nothing is stretched, something may be lost.</summary>
    Crop,

    /// <summary>The real image to the size of the generated one.</summary>
    AsGenerated,
}
