namespace Corl.Data;

/// <summary>The parts of a row that a stage may need.</summary>
[Flags]
public enum SampleParts
{
    /// <summary>Nothing in particular; a row still needs a prompt or a question to be of use.</summary>
    None = 0,

    /// <summary>The caption to draw.</summary>
    Prompt = 1,

    /// <summary>The real image.</summary>
    RealImage = 2,

    /// <summary>The question about the image.</summary>
    Question = 4,

    /// <summary>The true answer.</summary>
    Answer = 8,

    /// <summary>What the unified stage needs: every part.</summary>
    All = Prompt | RealImage | Question | Answer,
}
