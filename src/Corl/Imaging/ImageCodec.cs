using System.Runtime.InteropServices;
using SkiaSharp;

namespace Corl.Imaging;

/// <summary>
/// Image files to RGB and back, with the results of Pillow's convert("RGB"): alpha is dropped without compositing, colour profiles and
/// EXIF orientation are ignored. PNG is decoded here, because the codec library premultiplies, rescales and colour-manages what the models'
/// training pipelines did not; JPEG and WebP come from SkiaSharp.
/// </summary>
public static class ImageCodec
{
    // Ours: 8192², a quarter of a gigabyte as RGBA. Pillow warns above 89,478,485 pixels.
    private const long MaxPixels = 1L << 26;

    // The largest side a JPEG can state; it also keeps the resampling windows of extreme aspect ratios small.
    private const long MaxSide = ushort.MaxValue;

    // A JPEG block of 8×8 pixels takes at least one bit, so a byte of file cannot hold more pixels than this.
    private const long MaxJpegPixelsPerByte = 8 * 64 * 2;

    /// <summary>Decodes a PNG, JPEG or WebP file.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="name">What errors call it: a path, or a row and column of a data file.</param>
    /// <param name="applyOrientation">Turn the image as its EXIF orientation says. Off by default: the models' own processors ignore it.</param>
    /// <returns>[H, W] image.</returns>
    /// <exception cref="UserException">The format is another one, the image has too many pixels, or the file is truncated or damaged.</exception>
    public static RgbImage Decode(ReadOnlyMemory<byte> bytes, string name, bool applyOrientation = false)
    {
        var (image, orientation) = PngDecoder.Recognises(bytes.Span) ? (PngDecoder.Decode(bytes, name, out var turned), turned) : DecodeWithSkia(bytes, name);
        return applyOrientation ? ExifOrientation.Apply(image, orientation) : image;
    }

    /// <summary>Encodes an image as an 8-bit RGB PNG file.</summary>
    public static byte[] EncodePng(RgbImage image) => Encode(image, "PNG", SKColorType.Rgb888x, pixels => pixels.Encode(SKPngEncoderOptions.Default));

    /// <summary>Encodes an image as a JPEG file with full colour resolution.</summary>
    internal static byte[] EncodeJpeg(RgbImage image)
    {
        const int Quality = 95; // Pillow's advice for the highest useful one
        return Encode(image, "JPEG", SKColorType.Rgba8888, pixels => pixels.Encode(new SKJpegEncoderOptions(Quality, SKJpegEncoderDownsample.Downsample444, SKJpegEncoderAlphaOption.Ignore)));
    }

    private static byte[] Encode(RgbImage image, string format, SKColorType type, Func<SKPixmap, SKData?> encode)
    {
        var rgbx = new byte[image.Width * image.Height * 4];
        for (int from = 0, to = 0; from < image.Pixels.Length; from += 3, to += 4)
        {
            image.Pixels.AsSpan(from, 3).CopyTo(rgbx.AsSpan(to));
            rgbx[to + 3] = byte.MaxValue;
        }

        var handle = GCHandle.Alloc(rgbx, GCHandleType.Pinned);
        try
        {
            using var pixmap = new SKPixmap(new SKImageInfo(image.Width, image.Height, type, SKAlphaType.Opaque), handle.AddrOfPinnedObject());
            using var data = encode(pixmap) ?? throw new InvalidOperationException($"{format} encoder refused {image.Width}×{image.Height} pixels");
            return data.ToArray();
        }
        finally
        {
            handle.Free();
        }
    }

    /// <summary>Refuses sizes that no memory should be reserved for.</summary>
    internal static void CheckSize(long width, long height, string name)
    {
        if (width < 1 || height < 1 || width > MaxSide || height > MaxSide || width * height > MaxPixels)
        {
            throw new UserException($"{name}: image of {width}×{height} pixels; sides from 1 to {MaxSide} and at most {MaxPixels} pixels in all are read. Scale it down first.");
        }
    }

    private static (RgbImage Image, int Orientation) DecodeWithSkia(ReadOnlyMemory<byte> bytes, string name)
    {
        var isJpeg = bytes.Span.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]);
        var isWebP = bytes.Length > 12 && bytes.Span.StartsWith("RIFF"u8) && bytes.Span[8..].StartsWith("WEBP"u8);
        if (!isJpeg && !isWebP)
        {
            throw new UserException($"{name}: expected a PNG, JPEG or WebP image, got {(bytes.IsEmpty ? "an empty file" : $"{bytes.Length} bytes that start with {Convert.ToHexString(bytes.Span[..Math.Min(4, bytes.Length)])}")}.");
        }

        var format = isJpeg ? "JPEG" : "WebP";
        using var data = SKData.CreateCopy(bytes.Span);
        using var codec = SKCodec.Create(data) ?? throw new UserException($"{name}: the {format} header is truncated or damaged.");
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        CheckSize(width, height, name);
        if (isJpeg && (long)width * height > bytes.Length * MaxJpegPixelsPerByte)
        {
            throw new UserException($"{name}: JPEG of {width}×{height} pixels in only {bytes.Length} bytes; the file is truncated.");
        }

        var rgba = new byte[width * height * 4];
        var handle = GCHandle.Alloc(rgba, GCHandleType.Pinned);
        try
        {
            // Unpremultiplied: with premultiplication, dark and transparent pixels would lose their colour before alpha is dropped.
            var info = new SKImageInfo(width, height, SKColorType.Rgba8888, isJpeg ? SKAlphaType.Opaque : SKAlphaType.Unpremul, colorspace: null);
            var result = codec.GetPixels(info, handle.AddrOfPinnedObject());
            if (result != SKCodecResult.Success)
            {
                throw new UserException($"{name}: the {format} pixel data is truncated or damaged ({result}).");
            }
        }
        finally
        {
            handle.Free();
        }

        return (new RgbImage(width, height, WithoutAlpha(rgba)), (int)codec.EncodedOrigin);
    }

    private static byte[] WithoutAlpha(byte[] rgba)
    {
        var rgb = new byte[rgba.Length / 4 * 3];
        for (int from = 0, to = 0; to < rgb.Length; from += 4, to += 3)
        {
            rgba.AsSpan(from, 3).CopyTo(rgb.AsSpan(to));
        }

        return rgb;
    }
}
