namespace Corl.Rollouts;

/// <summary>How tokens are drawn.</summary>
public sealed record SamplingConfig
{
    /// <summary>w of classifier-free guidance for images: logits u + w·(c − u); 1 reads the conditional rows alone. Paper §4.1: 5.</summary>
    public double Guidance { get; init; } = 5;

    /// <summary>Logits are divided by it, in sampling and in log-probabilities alike.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Text is drawn from this many best tokens; 0 draws from all. (The reference's sampler has a hidden 50.)</summary>
    public int TopK { get; init; }

    /// <summary>Takes the best token instead of drawing.</summary>
    public bool Greedy { get; init; }

    /// <summary>Most tokens of an answer.</summary>
    public int MaxNewTokens { get; init; } = 512;
}

/// <summary>
/// Names the random numbers of a batch of samples: sample i, token t draws from the stream (seed, purpose, step, i) at place t, whatever
/// batch the sample is drawn in.
/// </summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Purpose">What is drawn, for example "rollout/image".</param>
/// <param name="Step">The step of the run.</param>
/// <param name="First">Number of the first sample.</param>
public readonly record struct Draws(ulong Seed, string Purpose, long Step = 0, long First = 0)
{
    /// <summary>The samples' numbers; null: <see cref="First"/> and those that follow it.</summary>
    internal IReadOnlyList<long>? Samples { get; init; }

    /// <summary>[count · length] numbers in [0, 1), row by row.</summary>
    internal float[] Uniforms(int count, int length)
    {
        var numbers = new float[count * length];
        for (var i = 0; i < count; i++)
        {
            var rng = CounterRng.Named(Seed, Purpose, Step, Samples is null ? First + i : Samples[i]);
            for (var t = 0; t < length; t++)
            {
                numbers[(i * length) + t] = MathF.Min((float)rng.UniformAt(t), 1 - 6e-8f); // below 1 also after rounding to float
            }
        }

        return numbers;
    }
}
