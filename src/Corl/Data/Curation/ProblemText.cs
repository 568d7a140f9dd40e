using System.Text.RegularExpressions;
using Corl.Text;

namespace Corl.Data.Curation;

/// <summary>A problem as the policy reads it and the reward judges it.</summary>
/// <param name="Question">The question with options and instructions.</param>
/// <param name="Solution">The rationale in think tags where there is one, then the answer in its tags.</param>
/// <param name="Answer">The letter or the words in the answer tags.</param>
/// <param name="Type">How it is judged.</param>
internal sealed partial record ProblemText(string Question, string Solution, string Answer, QuestionType Type)
{
    private const int LongestQuestion = 3_000; // characters; ours: a prompt is cut at 1024 tokens (Table 5), of about four characters each
    private const int LongestAnswer = 60;      // characters of three long words; ours

    /// <summary>Writes a multiple-choice question, its options in the given order.</summary>
    public static ProblemText MultipleChoice(Problem problem, IReadOnlyList<int> order)
    {
        var options = string.Concat(order.Select((choice, i) => $"\n{OptionOrder.Letters[i]}. {OneLine(problem.Choices[choice])}"));
        var answer = OptionOrder.Letters[order.Index().First(place => place.Item == problem.Correct).Index].ToString();
        return new ProblemText(QuestionPrompts.MultipleChoice($"Question: {problem.Question}\nOptions:{options}"), Solved(problem.Rationale, answer), answer, QuestionType.MultipleChoice);
    }

    /// <summary>Writes an open question.</summary>
    public static ProblemText OpenEnded(Problem problem)
    {
        var answer = WithoutSeparators(OneLine(problem.Answer!));
        return new ProblemText(QuestionPrompts.OpenEnded($"Question: {problem.Question}"), Solved(problem.Rationale, answer), answer, QuestionType.OpenEnded);
    }

    /// <summary>A solution in the tags that training asks for.</summary>
    public static string Solved(string? rationale, string answer) =>
        (rationale is null ? "" : $"<think>{AnswerTags.WithoutTags(rationale).Trim()}</think>") + $"<answer>{answer}</answer>";

    /// <summary>
    /// Why the answer could not be rewarded reliably, or null: it must be found in its own solution and be right there, and a choice also by
    /// its text alone.
    /// </summary>
    /// <param name="mostWords">Most words of an open answer that is no number.</param>
    /// <param name="choice">The text of the right choice.</param>
    public string? Fault(int mostWords, string? choice)
    {
        if (Question.Length > LongestQuestion)
        {
            return "the question is too long";
        }

        var isChoice = Type == QuestionType.MultipleChoice;
        if (!isChoice && (Answer.Length > LongestAnswer || (AnswerNumber.Parse(Answer) is null && PythonText.Words(Answer).Length > mostWords)))
        {
            return "the answer is too long";
        }

        var isRight = AnswerMatch.Accuracy(isChoice, Question, Solution, Solved(null, Answer)).Score == 1
            && (choice is null || AnswerMatch.Accuracy(isChoice, Question, Solution, Solved(null, OneLine(choice))).Score == 1);
        return isRight ? null : "the answer does not read back as itself";
    }

    /// <summary>"1,234.5" without its commas.</summary>
    internal static string WithoutSeparators(string answer) => Thousands().IsMatch(answer) ? answer.Replace(",", "", StringComparison.Ordinal) : answer;

    private static string OneLine(string text) => PythonText.Collapse(text);

    [GeneratedRegex(@"\A[$+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Thousands();
}
