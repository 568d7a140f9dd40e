namespace Corl.Training;

/// <summary>What a stage trains on each step. The names are those of recipes.</summary>
public enum StageTasks
{
    /// <summary>An image and an answer per candidate, o_i = (I_i, T_i), as Eq. (6) has it.</summary>
    Unified,

    /// <summary>Images only (text to image).</summary>
    T2i,

    /// <summary>Answers to multiple-choice questions only.</summary>
    Mcq,

    /// <summary>Answers to open-ended questions only.</summary>
    Oe,

    /// <summary>Answers to questions of both kinds (multimodal to text).</summary>
    Mm2t,

    /// <summary><see cref="T2i"/> and <see cref="Mm2t"/> by turns: paradigm (iii) of §3.2.</summary>
    Cycle,
}
