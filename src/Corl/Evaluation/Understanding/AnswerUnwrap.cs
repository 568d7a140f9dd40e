using Corl.Text;

namespace Corl.Evaluation.Understanding;

/// <summary>What of an answer is scored. The kit's matcher sees no letter in &lt;answer&gt;C&lt;/answer&gt;, so answers in tags must come out of them first.</summary>
internal enum AnswerUnwrap
{
    /// <summary>The whole answer.</summary>
    None,

    /// <summary>The last answer block; without one what follows the last thought; without that the whole answer.</summary>
    Tags,
}

/// <summary>Takes answers out of their tags.</summary>
internal static class Unwrapping
{
    /// <summary>The part of an answer that is scored.</summary>
    public static string Apply(this AnswerUnwrap unwrap, string answer)
    {
        if (unwrap == AnswerUnwrap.None)
        {
            return answer;
        }

        if (answer.LastIndexOf(AnswerTags.AnswerClose, StringComparison.Ordinal) is var close and >= 0
            && answer.LastIndexOf(AnswerTags.AnswerOpen, close, StringComparison.Ordinal) is var open and >= 0)
        {
            return PythonText.Trim(answer.AsSpan(open + AnswerTags.AnswerOpen.Length, close - open - AnswerTags.AnswerOpen.Length)).ToString();
        }

        var thought = answer.LastIndexOf(AnswerTags.ThinkClose, StringComparison.Ordinal);
        return thought >= 0 && PythonText.Trim(answer.AsSpan(thought + AnswerTags.ThinkClose.Length)).ToString() is { Length: > 0 } rest ? rest : answer;
    }
}
