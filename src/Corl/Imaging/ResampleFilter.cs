namespace Corl.Imaging;

/// <summary>The resampling filters of Pillow, by the numbers it and image processor configurations give them.</summary>
public enum ResampleFilter
{
    /// <summary>Windowed sine, radius 3.</summary>
    Lanczos = 1,

    /// <summary>Triangle, radius 1.</summary>
    Bilinear = 2,

    /// <summary>Cubic convolution with a = −0.5, radius 2.</summary>
    Bicubic = 3,

    /// <summary>Average of the covered pixels, radius 0.5.</summary>
    Box = 4,

    /// <summary>Hamming-windowed sine, radius 1.</summary>
    Hamming = 5,
}
