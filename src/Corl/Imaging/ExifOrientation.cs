using System.Buffers.Binary;

namespace Corl.Imaging;

/// <summary>The orientation tag of EXIF: how an image has to be turned to stand upright.</summary>
internal static class ExifOrientation
{
    /// <summary>The image lies as it should.</summary>
    public const int Upright = 1;

    // EXIF 2.32, table 4: tag 0x0112, one SHORT from 1 to 8.
    private const ushort Tag = 0x0112;
    private const ushort Short = 3;

    /// <summary>Finds the tag in the TIFF block of an eXIf chunk; 1 when there is none or the block is damaged.</summary>
    public static int Parse(ReadOnlySpan<byte> tiff)
    {
        const int HeaderSize = 8, EntrySize = 12;
        if (tiff.Length < HeaderSize || !(tiff.StartsWith("II"u8) || tiff.StartsWith("MM"u8)))
        {
            return Upright;
        }

        var isLittle = tiff[0] == 'I';
        var directory = isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (directory > tiff.Length - 2)
        {
            return Upright;
        }

        var entries = tiff[((int)directory + 2)..];
        for (var left = Word(tiff[(int)directory..], isLittle); left > 0 && entries.Length >= EntrySize; left--, entries = entries[EntrySize..])
        {
            if (Word(entries, isLittle) == Tag && Word(entries[2..], isLittle) == Short)
            {
                return Word(entries[8..], isLittle) is var value and >= 1 and <= 8 ? value : Upright;
            }
        }

        return Upright;
    }

    /// <summary>Turns and mirrors the image as the orientation says.</summary>
    public static RgbImage Apply(RgbImage image, int orientation)
    {
        if (orientation == Upright)
        {
            return image;
        }

        var swapsAxes = orientation >= 5;
        var (width, height) = swapsAxes ? (image.Height, image.Width) : (image.Width, image.Height);
        var pixels = new byte[image.Pixels.Length];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (sourceX, sourceY) = orientation switch
                {
                    2 => (width - 1 - x, y),
                    3 => (width - 1 - x, height - 1 - y),
                    4 => (x, height - 1 - y),
                    5 => (y, x),
                    6 => (y, width - 1 - x),
                    7 => (height - 1 - y, width - 1 - x),
                    _ => (height - 1 - y, x),
                };
                image.Pixels.AsSpan(((sourceY * image.Width) + sourceX) * 3, 3).CopyTo(pixels.AsSpan(((y * width) + x) * 3, 3));
            }
        }

        return new RgbImage(width, height, pixels);
    }

    private static ushort Word(ReadOnlySpan<byte> bytes, bool isLittle) => isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
}
