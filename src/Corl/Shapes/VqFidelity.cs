using Corl.Models;

namespace Corl.Shapes;

/// <summary>How much of held-out scenes survives the VQ tokenizer: the ceiling of any policy that paints with its codes.</summary>
/// <param name="Psnr">Mean peak signal-to-noise ratio, dB.</param>
/// <param name="Verdicts">Share of records whose repainted image still satisfies the prompt.</param>
/// <param name="Objects">Share of records whose repainted image shows exactly the same objects.</param>
internal sealed record VqFidelity(double Psnr, double Verdicts, double Objects)
{
    private const int Records = 400;

    /// <summary>Measures on records that training never sees.</summary>
    public static VqFidelity Of(VqModel vq)
    {
        ShapesRecord[] records = [.. Enumerable.Range(0, Records).Select(i => ShapesRecord.Of(Seeds.VqTest + (ulong)i))];
        var pool = ShapesPool.Of(records);
        byte[][] repainted = [.. ShapesVqTraining.Repaint(vq, pool)];
        double psnr = 0, verdicts = 0, objects = 0;
        for (var i = 0; i < Records; i++)
        {
            var found = Detector.Detect(repainted[i]);
            psnr += Decibels(SceneRenderer.Render(records[i].Scene), repainted[i]);
            verdicts += Verdict.Passes(records[i].Meaning, found) ? 1 : 0;
            objects += IsSame(records[i].Scene.Objects, found) ? 1 : 0;
        }

        return new VqFidelity(psnr / Records, verdicts / Records, objects / Records);
    }

    private static double Decibels(byte[] original, byte[] repainted) =>
        10 * Math.Log10(255 * 255 / original.Zip(repainted, (a, b) => (double)(a - b) * (a - b)).Average());

    private static bool IsSame(IReadOnlyList<SceneObject> objects, List<Detection> found) =>
        objects.Select(o => ((ShapeKind?)o.Shape, (ShapeColor?)o.Color)).Order().SequenceEqual(found.Select(o => (o.Shape, o.Color)).Order());
}
