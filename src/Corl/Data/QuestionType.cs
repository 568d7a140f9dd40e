namespace Corl.Data;

/// <summary>How a question is answered, and therefore how its answer is judged.</summary>
public enum QuestionType
{
    /// <summary>One of several lettered options.</summary>
    MultipleChoice,

    /// <summary>A word, a number or a short phrase.</summary>
    OpenEnded,
}
