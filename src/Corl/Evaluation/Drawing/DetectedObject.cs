namespace Corl.Evaluation.Drawing;

/// <summary>A box in pixels; the far edges are exclusive.</summary>
internal readonly record struct Box(float Left, float Top, float Right, float Bottom)
{
    /// <summary>
    /// Intersection over union with both sides taken one pixel longer. Differences are in single precision, the rest in double, as the
    /// official script computes it.
    /// </summary>
    public static double Overlap(Box a, Box b)
    {
        var common = new Box(Math.Max(a.Left, b.Left), Math.Max(a.Top, b.Top), Math.Min(a.Right, b.Right), Math.Min(a.Bottom, b.Bottom)).Area;
        var union = a.Area + b.Area - common;
        return union != 0 ? common / union : 0;
    }

    private double Area => Math.Max((double)(Right - Left) + 1, 0) * Math.Max((double)(Bottom - Top) + 1, 0);
}

/// <summary>An object found in an image.</summary>
/// <param name="Class">Name of its class.</param>
/// <param name="Box">Where it is.</param>
/// <param name="Score">How sure the detector is, 0 to 1.</param>
internal sealed record DetectedObject(string Class, Box Box, float Score)
{
    /// <summary>Its colour, where the detector knows it; null where a classifier has to look at it.</summary>
    public string? Color { get; init; }

    /// <summary>[H · W] which pixels of the image belong to it; null: unknown.</summary>
    public bool[]? Mask { get; init; }
}
