namespace Corl.Shapes;

/// <summary>Paints scenes, anti-aliased by 4 × 4 sub-samples.</summary>
internal static class SceneRenderer
{
    private const int Samples = 4;

    /// <summary>The scene's pixels, row-major RGB.</summary>
    public static byte[] Render(Scene scene)
    {
        var pixels = new byte[World.ImageBytes];
        Render(scene, pixels);
        return pixels;
    }

    /// <summary>Writes the scene's pixels, row-major RGB, into <paramref name="pixels"/> of <see cref="World.ImageBytes"/> bytes.</summary>
    public static void Render(Scene scene, Span<byte> pixels)
    {
        var inCell = new SceneObject?[World.Cells];
        foreach (var item in scene.Objects)
        {
            inCell[item.Cell] = item;
        }

        var background = World.Backgrounds[scene.Background];
        for (var y = 0; y < World.Size; y++)
        {
            var fromY = scene.GradientY * ((y / (World.Size - 1.0)) - 0.5);
            for (var x = 0; x < World.Size; x++)
            {
                var shade = (scene.GradientX * ((x / (World.Size - 1.0)) - 0.5)) + fromY;
                var coverage = 0.0;
                var color = background;
                if (inCell[(y / World.Cell * 2) + (x / World.Cell)] is { } item)
                {
                    coverage = ShapeGeometry.Coverage(item.Shape, item.CentreX, item.CentreY, item.Radius, x, y, Samples);
                    color = World.Palette[(int)item.Color];
                }

                var at = ((y * World.Size) + x) * 3;
                pixels[at] = Blend(background.R + shade, color.R, coverage);
                pixels[at + 1] = Blend(background.G + shade, color.G, coverage);
                pixels[at + 2] = Blend(background.B + shade, color.B, coverage);
            }
        }
    }

    private static byte Blend(double below, byte above, double coverage) =>
        (byte)Math.Floor(Math.Clamp((below * (1 - coverage)) + (above * coverage), 0, 255) + 0.5);
}
