using System.Globalization;
using System.Text;
using Corl.Text;

namespace Corl.Evaluation.Understanding;

/// <summary>What a question looks like to the model.</summary>
internal enum PromptStyle
{
    /// <summary>As the kit's wrapper of Janus writes it.</summary>
    Kit,

    /// <summary>As the questions of the training data: with the request for thoughts and an answer in tags.</summary>
    Cot,
}

/// <summary>
/// The user's turn of each benchmark. The kit's phrases are part of its protocol and stand here byte for byte (VLMEvalKit, Apache-2.0);
/// the images come before this text.
/// </summary>
internal static class KitPrompt
{
    private const string WithLetter = "\nAnswer with the option's letter from the given choices directly.";
    private const string WithoutOptions = "Answer the question directly. ";
    private const string SingleWord = "\nAnswer the question using a single word or phrase.";
    private const string AskedForYesOrNo = " Please answer yes or no."; // POPE's own tail, which the wrapper takes off

    /// <summary>The system prompt of MM-Vet; the other benchmarks have none.</summary>
    public const string MmVetSystemPrompt =
        "You are a helpful assistant. Please answer truthfully and write out your thinking step by step to be sure you get the right answer.";

    /// <summary>The text of a row.</summary>
    public static string Text(KitTask task, KitTable table, int row, PromptStyle style)
    {
        var question = table[row, "question"].Text;
        if (task.Prompting == KitPrompting.YesNo)
        {
            question = question.Replace(AskedForYesOrNo, "", StringComparison.Ordinal);
        }

        if (style == PromptStyle.Cot)
        {
            return "\n" + Reasoned(task, table, row, question);
        }

        return task.Prompting switch
        {
            KitPrompting.MultipleChoice => MultipleChoice(table, row, question),
            KitPrompting.YesNo => $"\n{question}{SingleWord}",
            KitPrompting.WithSystemPrompt => $"\n{question}",
            _ => question,
        };
    }

    /// <summary>The options that a row has: letters A to Z whose column is there and not empty.</summary>
    public static List<(string Letter, string Text)> Options(KitTable table, int row)
    {
        List<(string, string)> options = [];
        for (var letter = 'A'; letter <= 'Z'; letter++)
        {
            if (table[row, $"{letter}"] is { IsMissing: false } option)
            {
                options.Add(($"{letter}", option.Text));
            }
        }

        return options;
    }

    /// <summary>One "X. text" line for each option.</summary>
    public static string Lines(IEnumerable<(string Letter, string Text)> options) =>
        options.Aggregate(new StringBuilder(), (text, option) => text.Append(CultureInfo.InvariantCulture, $"{option.Letter}. {option.Text}\n")).ToString();

    private static string MultipleChoice(KitTable table, int row, string question)
    {
        var options = Options(table, row);
        return $"\n{Hint(table, row)}{question}\n{(options.Count > 0 ? Lines(options) + WithLetter : WithoutOptions)}";
    }

    private static string Hint(KitTable table, int row) => table[row, "hint"] is { IsMissing: false } hint ? $"Hint: {hint.Text}\n" : "";

    private static string Reasoned(KitTask task, KitTable table, int row, string question)
    {
        if (task.Prompting != KitPrompting.MultipleChoice)
        {
            return HasOptionsInQuestion(task, table, row) ? QuestionPrompts.MultipleChoice(question) : QuestionPrompts.OpenEnded(question);
        }

        var options = Options(table, row);
        var asked = $"{Hint(table, row)}Question: {question}";
        return options.Count > 0 ? QuestionPrompts.MultipleChoice($"{asked}\nOptions:\n{Lines(options).TrimEnd('\n')}") : QuestionPrompts.OpenEnded(asked);
    }

    private static bool HasOptionsInQuestion(KitTask task, KitTable table, int row) => task.Name switch
    {
        "logicvista" => true, // drawn in the image
        "mathvista" => table[row, "question_type"].Text == "multi_choice",
        "mathverse" => table[row, "question_type"].Text == "multi-choice",
        "mathvision" or "mathvision-mini" => PythonLiteral.List(table[row, "choices"].Text) is { Count: > 0 },
        _ => false,
    };
}
