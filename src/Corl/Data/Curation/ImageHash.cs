using System.Numerics;
using Corl.Imaging;

namespace Corl.Data.Curation;

/// <summary>
/// A hash of how an image looks: brightness on a grid of 17 × 16 cells, one bit for each pair of neighbours in a row, 256 bits
/// (the difference hash of N. Krawetz, 2013, on a finer grid). Scaling and compression change few bits.
/// </summary>
internal readonly record struct ImageHash(ulong A, ulong B, ulong C, ulong D)
{
    private const int Size = 16;
    private const int Red = 299, Green = 587, Blue = 114; // thousandths of brightness, ITU-R BT.601

    public static ImageHash Of(RgbImage image)
    {
        var pixels = Resize.Bilinear(image, Size + 1, Size).Pixels;
        var words = new ulong[4];
        for (var y = 0; y < Size; y++)
        {
            for (var x = 0; x < Size; x++)
            {
                var bit = (y * Size) + x;
                words[bit / 64] |= Brightness(pixels, x, y) > Brightness(pixels, x + 1, y) ? 1UL << (bit % 64) : 0;
            }
        }

        return new ImageHash(words[0], words[1], words[2], words[3]);
    }

    /// <summary>How many bits differ, 0 to 256.</summary>
    public int Distance(ImageHash other) => BitOperations.PopCount(A ^ other.A) + BitOperations.PopCount(B ^ other.B) + BitOperations.PopCount(C ^ other.C) + BitOperations.PopCount(D ^ other.D);

    private static int Brightness(byte[] pixels, int x, int y)
    {
        var at = ((y * (Size + 1)) + x) * 3;
        return (Red * pixels[at]) + (Green * pixels[at + 1]) + (Blue * pixels[at + 2]);
    }
}
