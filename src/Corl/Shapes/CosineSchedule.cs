namespace Corl.Shapes;

/// <summary>A learning rate that rises linearly over the first steps and then falls along half a cosine.</summary>
/// <param name="Peak">The highest rate.</param>
/// <param name="Steps">Steps of the phase.</param>
/// <param name="WarmUp">Steps of the rise.</param>
/// <param name="Floor">Share of the peak that is left at the end.</param>
internal readonly record struct CosineSchedule(double Peak, int Steps, int WarmUp, double Floor)
{
    /// <summary>The rate of a step, from 0.</summary>
    public double At(int step) =>
        Peak * Math.Min(1, (step + 1.0) / WarmUp) * (Floor + ((1 - Floor) * 0.5 * (1 + Math.Cos(Math.PI * step / Steps))));
}
