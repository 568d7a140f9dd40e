using SkiaSharp;

namespace Corl.Reports;

/// <summary>Images in rows and columns as one PNG, without text: a row per prompt, a column per candidate.</summary>
public static class ImageGrid
{
    private const int Gap = 4;            // pixels between images
    private const int SmallSide = 96;     // images below this are enlarged by whole factors, so that their pixels stay sharp
    private const int MaxSide = 8_192;    // of the grid; more or larger images are scaled down to it

    /// <summary>Composes the grid.</summary>
    /// <param name="rows">PNG files by row; an empty one leaves its cell free.</param>
    /// <returns>Width and height in pixels, and the PNG file.</returns>
    public static (int Width, int Height, byte[] Png) Compose(IReadOnlyList<IReadOnlyList<ReadOnlyMemory<byte>>> rows)
    {
        SKBitmap?[][] bitmaps = [.. rows.Select(row => row.Select(png => Decode(png)).ToArray())];
        try
        {
            var side = bitmaps.SelectMany(row => row).OfType<SKBitmap>().Select(bitmap => Math.Max(bitmap.Width, bitmap.Height)).DefaultIfEmpty(1).Max();
            var columns = bitmaps.Select(row => row.Length).DefaultIfEmpty(1).Max();
            var largest = (MaxSide / Math.Max(columns, bitmaps.Length)) - Gap - 1;
            var cell = Math.Min(side * Math.Max(1, SmallSide / side), Math.Max(1, largest));
            var (width, height) = (Gap + (columns * (cell + Gap)), Gap + (bitmaps.Length * (cell + Gap)));
            using var surface = SKSurface.Create(new SKImageInfo(width, height, SKColorType.Rgba8888));
            surface.Canvas.Clear(SKColors.White);
            for (var row = 0; row < bitmaps.Length; row++)
            {
                for (var column = 0; column < bitmaps[row].Length; column++)
                {
                    Draw(surface.Canvas, bitmaps[row][column], Gap + (column * (cell + Gap)), Gap + (row * (cell + Gap)), (float)cell / side);
                }
            }

            using var image = surface.Snapshot();
            using var png = image.Encode(SKEncodedImageFormat.Png, quality: 100);
            return (width, height, png.ToArray());
        }
        finally
        {
            foreach (var bitmap in bitmaps.SelectMany(row => row))
            {
                bitmap?.Dispose();
            }
        }
    }

    /// <summary>Decodes a file; null when it is no image or one too large to show.</summary>
    internal static SKBitmap? Decode(ReadOnlyMemory<byte> file)
    {
        const long MaxPixels = 1 << 26; // as for training data
        using var data = SKData.CreateCopy(file.Span);
        using var codec = file.IsEmpty ? null : SKCodec.Create(data);
        return codec is null || (long)codec.Info.Width * codec.Info.Height > MaxPixels ? null : SKBitmap.Decode(codec);
    }

    private static void Draw(SKCanvas canvas, SKBitmap? bitmap, int x, int y, float scale)
    {
        if (bitmap is not null)
        {
            using var image = SKImage.FromBitmap(bitmap);
            canvas.DrawImage(image, SKRect.Create(x, y, bitmap.Width * scale, bitmap.Height * scale), scale < 1 ? new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear) : new SKSamplingOptions(SKFilterMode.Nearest));
        }
    }
}
