namespace Corl.Shapes;

/// <summary>One connected blob of an image; shape and colour are null when no template or no palette colour fits.</summary>
/// <param name="Shape">What it is.</param>
/// <param name="Color">Its colour.</param>
/// <param name="CentreX">Centroid, pixels from the left.</param>
/// <param name="CentreY">Centroid, pixels from the top.</param>
/// <param name="Radius">Radius of the best template, pixels.</param>
/// <param name="Overlap">Intersection over union with the best template, 0 to 1.</param>
internal sealed record Detection(ShapeKind? Shape, ShapeColor? Color, double CentreX, double CentreY, double Radius, double Overlap);

/// <summary>
/// Finds the objects of a 32 × 32 image without any learning: blobs that stand out from the border's colour, named by the nearest palette
/// colour and by the outline that overlaps best. Exact on clean renders.
/// </summary>
internal static class Detector
{
    private const double MinContrast = 45; // RGB distance of foreground to background
    private const int MinArea = 20; // pixels; smaller blobs are noise
    private const int MinCore = 8; // pixels of an eroded blob that are enough for its colour
    private const double MaxColorDistance = 75; // RGB distance to the nearest palette colour
    private const double MinOverlap = 0.70;
    private const double MinRadius = 3.5; // pixels; renders have 5.25 to 6.25
    private const double MaxRadius = 8;
    private const int Samples = 2; // per pixel side, of the templates

    /// <summary>The blobs of an image in raster order of their first pixel.</summary>
    /// <param name="pixels">Row-major RGB, <see cref="World.ImageBytes"/> bytes.</param>
    public static List<Detection> Detect(ReadOnlySpan<byte> pixels)
    {
        var background = Border(pixels);
        var foreground = new bool[World.Size * World.Size];
        for (var i = 0; i < foreground.Length; i++)
        {
            foreground[i] = Distance(ColorAt(pixels, i), background) > MinContrast;
        }

        List<Detection> found = [];
        for (var i = 0; i < foreground.Length; i++)
        {
            if (foreground[i] && Flood(foreground, i) is { Count: >= MinArea } blob)
            {
                found.Add(Classify(pixels, blob, background));
            }
        }

        return found;
    }

    // The channel medians of the outermost ring of pixels.
    private static (double R, double G, double B) Border(ReadOnlySpan<byte> pixels)
    {
        List<int> ring = [];
        for (var i = 0; i < World.Size * World.Size; i++)
        {
            if (i % World.Size is 0 or World.Size - 1 || i / World.Size is 0 or World.Size - 1)
            {
                ring.Add(i);
            }
        }

        return MedianColor(pixels, ring);
    }

    // Takes the 4-connected blob of a pixel out of the map.
    private static List<int> Flood(bool[] foreground, int start)
    {
        List<int> blob = [start];
        foreground[start] = false;
        for (var next = 0; next < blob.Count; next++)
        {
            var (x, y) = (blob[next] % World.Size, blob[next] / World.Size);
            Visit(x > 0, blob[next] - 1);
            Visit(x < World.Size - 1, blob[next] + 1);
            Visit(y > 0, blob[next] - World.Size);
            Visit(y < World.Size - 1, blob[next] + World.Size);
        }

        return blob;

        void Visit(bool isInside, int pixel)
        {
            if (isInside && foreground[pixel])
            {
                foreground[pixel] = false;
                blob.Add(pixel);
            }
        }
    }

    private static Detection Classify(ReadOnlySpan<byte> pixels, List<int> blob, (double R, double G, double B) background)
    {
        var core = Eroded(blob);
        var color = MedianColor(pixels, core.Count >= MinCore ? core : blob);
        var nearest = Enumerable.Range(0, World.Palette.Length).MinBy(k => Distance(World.Palette[k], color));
        var alpha = SoftMask(pixels, blob, background, color);
        double area = 0, sumX = 0, sumY = 0;
        foreach (var i in blob)
        {
            area += alpha[i];
            sumX += alpha[i] * ((i % World.Size) + 0.5);
            sumY += alpha[i] * ((i / World.Size) + 0.5);
        }

        var (x, y) = (sumX / area, sumY / area);
        var (best, radius, shape) = (0.0, 0.0, ShapeKind.Circle);
        foreach (var kind in Enum.GetValues<ShapeKind>())
        {
            var r = Math.Sqrt(area / ShapeGeometry.UnitAreas[(int)kind]);
            var overlap = Overlap(alpha, area, kind, x, y - (ShapeGeometry.CentroidDrops[(int)kind] * r), r);
            if (overlap > best)
            {
                (best, radius, shape) = (overlap, r, kind);
            }
        }

        var isNamed = best >= MinOverlap && Distance(World.Palette[nearest], color) <= MaxColorDistance && radius is >= MinRadius and <= MaxRadius;
        return new Detection(isNamed ? shape : null, isNamed ? (ShapeColor)nearest : null, x, y, radius, best);
    }

    // The pixels whose four neighbours belong to the blob too.
    private static List<int> Eroded(List<int> blob)
    {
        var isIn = new bool[World.Size * World.Size];
        foreach (var i in blob)
        {
            isIn[i] = true;
        }

        return
        [
            .. blob.Where(i => i % World.Size is > 0 and < World.Size - 1 && i / World.Size is > 0 and < World.Size - 1
                && isIn[i - 1] && isIn[i + 1] && isIn[i - World.Size] && isIn[i + World.Size]),
        ];
    }

    // How far each pixel of the blob is on the way from the background's colour to the blob's, 0 to 1; 0 elsewhere.
    private static double[] SoftMask(
        ReadOnlySpan<byte> pixels, List<int> blob, (double R, double G, double B) background, (double R, double G, double B) color)
    {
        var axis = (R: color.R - background.R, G: color.G - background.G, B: color.B - background.B);
        var squared = Math.Max((axis.R * axis.R) + (axis.G * axis.G) + (axis.B * axis.B), 1);
        var alpha = new double[World.Size * World.Size];
        foreach (var i in blob)
        {
            var pixel = ColorAt(pixels, i);
            var along = ((pixel.R - background.R) * axis.R) + ((pixel.G - background.G) * axis.G) + ((pixel.B - background.B) * axis.B);
            alpha[i] = Math.Clamp(along / squared, 0, 1);
        }

        return alpha;
    }

    private static double Overlap(double[] alpha, double area, ShapeKind shape, double centreX, double centreY, double radius)
    {
        double common = 0, template = 0;
        for (var i = 0; i < alpha.Length; i++)
        {
            var coverage = ShapeGeometry.Coverage(shape, centreX, centreY, radius, i % World.Size, i / World.Size, Samples);
            template += coverage;
            common += Math.Min(alpha[i], coverage);
        }

        return common / (area + template - common); // the union: Σ max = Σ a + Σ b − Σ min
    }

    private static Rgb ColorAt(ReadOnlySpan<byte> pixels, int pixel) => new(pixels[pixel * 3], pixels[(pixel * 3) + 1], pixels[(pixel * 3) + 2]);

    private static double Distance(Rgb a, (double R, double G, double B) b) =>
        Math.Sqrt(((a.R - b.R) * (a.R - b.R)) + ((a.G - b.G) * (a.G - b.G)) + ((a.B - b.B) * (a.B - b.B)));

    private static (double R, double G, double B) MedianColor(ReadOnlySpan<byte> pixels, List<int> where)
    {
        var values = new byte[where.Count];
        Span<double> medians = stackalloc double[3];
        for (var channel = 0; channel < 3; channel++)
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = pixels[(where[i] * 3) + channel];
            }

            Array.Sort(values);
            medians[channel] = (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2.0;
        }

        return (medians[0], medians[1], medians[2]);
    }
}
