namespace Corl.Training;

/// <summary>How the learning rate moves after the warm-up.</summary>
public enum LearningRateSchedule
{
    /// <summary>Straight down to 0 at the last step: the Hugging Face trainer's default, which the reference code trains with.</summary>
    Linear,

    /// <summary>Stays at the peak.</summary>
    Constant,

    /// <summary>Half a cosine down to 0 at the last step.</summary>
    Cosine,
}

/// <summary>Learning rates as pure functions of the step, so that a resumed run needs no scheduler state.</summary>
public static class LearningRate
{
    /// <summary>The rate of update <paramref name="step"/>, with the arithmetic of Hugging Face's schedules: with a warm-up, update 0 has rate 0.</summary>
    /// <param name="schedule">The form.</param>
    /// <param name="peak">The highest rate.</param>
    /// <param name="step">Counted from 0.</param>
    /// <param name="steps">Updates of the whole run.</param>
    /// <param name="warmupSteps">Updates of the linear rise from 0 to the peak.</param>
    public static double At(LearningRateSchedule schedule, double peak, long step, long steps, long warmupSteps = 0)
    {
        if (step < warmupSteps)
        {
            return peak * step / warmupSteps;
        }

        double span = Math.Max(1, steps - warmupSteps);
        return schedule switch
        {
            LearningRateSchedule.Linear => peak * Math.Max(0, (steps - step) / span),
            LearningRateSchedule.Cosine => peak * Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * (step - warmupSteps) / span))),
            _ => peak,
        };
    }
}
