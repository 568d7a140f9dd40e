namespace Corl.Shapes;

/// <summary>
/// The six outlines in units of the radius, u to the right and v down. The renderer and the detector's templates share them.
/// </summary>
internal static class ShapeGeometry
{
    private const double Tip = 1.12; // the star's outer radius
    private const double Notch = 0.5; // the star's inner radius
    private static readonly double NotchX = Notch * Math.Cos(Math.PI / 5);
    private static readonly double NotchY = Notch * Math.Sin(Math.PI / 5);

    // Directions of the star's five points, the first one up.
    private static readonly (double U, double V)[] Points = [.. Enumerable.Range(0, 5).Select(k => (Math.Sin(2 * Math.PI * k / 5), -Math.Cos(2 * Math.PI * k / 5)))];

    /// <summary>Areas at radius 1, by <see cref="ShapeKind"/>.</summary>
    public static readonly double[] UnitAreas =
    [
        Math.PI, 1.76 * 1.76, 1.85, 5 * Tip * Notch * Math.Sin(Math.PI / 5), (2 * 0.72 * 2) - (0.72 * 0.72), 2 * 1.1 * 1.1,
    ];

    /// <summary>How far below the centre the centroid lies at radius 1, by <see cref="ShapeKind"/>: only the triangle's does.</summary>
    public static readonly double[] CentroidDrops = [0, 0, -1 + (1.85 * 2 / 3), 0, 0, 0];

    // Within the inner radius a point is certainly inside, beyond the outer one certainly outside (radii of the in- and circumcircle
    // about the centre, by kind, rounded to the safe side).
    private static readonly double[] InnerRadii = [0.999, 0.879, 0.475, 0.425, 0.509, 0.777];
    private static readonly double[] OuterRadii = [1.001, 1.2446, 1.3125, 1.121, 1.0629, 1.101];

    /// <summary>The share of <paramref name="samples"/>² sub-samples of the pixel (x, y) that a shape covers, 0 to 1.</summary>
    public static double Coverage(ShapeKind shape, double centreX, double centreY, double radius, int x, int y, int samples)
    {
        const double HalfDiagonal = 0.7072; // of a pixel
        var dx = x + 0.5 - centreX;
        var dy = y + 0.5 - centreY;
        var squared = (dx * dx) + (dy * dy);
        var outside = (OuterRadii[(int)shape] * radius) + HalfDiagonal;
        if (squared > outside * outside)
        {
            return 0;
        }

        var inside = (InnerRadii[(int)shape] * radius) - HalfDiagonal;
        if (inside > 0 && squared < inside * inside)
        {
            return 1;
        }

        var hits = 0;
        for (var j = 0; j < samples; j++)
        {
            var v = (y + ((j + 0.5) / samples) - centreY) / radius;
            for (var i = 0; i < samples; i++)
            {
                hits += Contains(shape, (x + ((i + 0.5) / samples) - centreX) / radius, v) ? 1 : 0;
            }
        }

        return hits / (double)(samples * samples);
    }

    private static bool Contains(ShapeKind shape, double u, double v)
    {
        var (au, av) = (Math.Abs(u), Math.Abs(v));
        return shape switch
        {
            ShapeKind.Circle => (u * u) + (v * v) <= 1,
            ShapeKind.Square => Math.Max(au, av) <= 0.88,
            ShapeKind.Diamond => au + av <= 1.1,
            ShapeKind.Triangle => v <= 0.85 && au <= (v + 1) / 1.85,
            ShapeKind.Cross => (au <= 0.36 && av <= 1) || (av <= 0.36 && au <= 1),
            _ => InStar(u, v),
        };
    }

    // The point seen from the star's nearest tip direction: inside when on the origin's side of the edge from that tip to the notch.
    private static bool InStar(double u, double v)
    {
        var along = double.NegativeInfinity;
        var across = 0.0;
        foreach (var (du, dv) in Points)
        {
            var projection = (u * du) + (v * dv);
            if (projection > along)
            {
                along = projection;
                across = Math.Abs((u * dv) - (v * du));
            }
        }

        return ((along - Tip) * NotchY) - (across * (NotchX - Tip)) <= 0;
    }
}
