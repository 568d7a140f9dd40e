namespace Corl.Imaging;

/// <summary>An 8-bit RGB image.</summary>
/// <param name="Width">W in pixels.</param>
/// <param name="Height">H in pixels.</param>
/// <param name="Pixels">3 · W · H bytes, row by row from the top, red, green, blue of each pixel.</param>
public sealed record RgbImage(int Width, int Height, byte[] Pixels);
