namespace Corl.Evaluation.Understanding;

/// <summary>How the kit puts a question to Janus.</summary>
internal enum KitPrompting
{
    /// <summary>Hint, question, options, and "answer with the letter".</summary>
    MultipleChoice,

    /// <summary>The question and "a single word or phrase".</summary>
    YesNo,

    /// <summary>The question, with a system prompt.</summary>
    WithSystemPrompt,

    /// <summary>The question column as it is: hint and options are in it.</summary>
    Plain,
}

/// <summary>What is fixed about one of the nine benchmarks.</summary>
/// <param name="Name">Name on the command line.</param>
/// <param name="Title">The paper's name.</param>
/// <param name="DataSet">The kit's id of the data set, which its files carry.</param>
/// <param name="Rows">Rows of the official file with an image; null where published counts differ.</param>
/// <param name="Md5">Checksum of the official file.</param>
/// <param name="Columns">Columns without which it cannot be scored.</param>
/// <param name="Prompting">How questions are put.</param>
/// <param name="Score">The rules.</param>
internal sealed record KitTask(
    string Name, string Title, string DataSet, int? Rows, string Md5, string[] Columns, KitPrompting Prompting, Func<KitScoring, Task<KitScores>> Score)
{
    /// <summary>Other names that the official file goes by.</summary>
    public string[] OtherFiles { get; init; } = [];

    /// <summary>Whether there are rules without a judge.</summary>
    public bool IsExactWithoutJudge { get; init; }

    /// <summary>The judge of the kit's default settings, by profile.</summary>
    public required (string May2025, string Head) UsualJudge { get; init; }

    /// <summary>The nine, in the paper's order. Checksums and counts are VLMEvalKit's and its data sets'.</summary>
    public static IReadOnlyList<KitTask> All { get; } =
    [
        new("mmmu", "MMMU", "MMMU_DEV_VAL", 1050, "585e8ad75e73f75dcad265dfd0417d64", ["index", "question", "A", "B", "answer", "split", "category"], KitPrompting.MultipleChoice, MultipleChoiceRules.ScoreMmmu)
        {
            IsExactWithoutJudge = true, UsualJudge = ("gpt-3.5-turbo-0125", "gpt-4o-mini-2024-07-18"),
        },
        new("mmstar", "MMStar", "MMStar", 1500, "e1ecd2140806c1b1bbf54b43372efb9e", ["index", "question", "A", "B", "answer", "category"], KitPrompting.MultipleChoice, MultipleChoiceRules.ScoreMmStar)
        {
            IsExactWithoutJudge = true, UsualJudge = ("gpt-3.5-turbo-0125", "gpt-4o-mini-2024-07-18"),
        },
        new("wemath", "WeMath", "WeMath", 1740, "b5e969a075f01290a542411fb7766388", ["index", "question", "A", "B", "answer", "ID", "key", "knowledge concept"], KitPrompting.MultipleChoice, WeMathRules.Score)
        {
            IsExactWithoutJudge = true, UsualJudge = ("gpt-4o-mini-2024-07-18", "gpt-4o-mini-2024-07-18"),
        },
        new("mmvet", "MM-Vet", "MMVet", 218, "748aa6d4aa9d4de798306a63718455e3", ["index", "question", "answer", "category"], KitPrompting.WithSystemPrompt, MmVetRules.Score)
        {
            UsualJudge = ("gpt-4-1106-preview", "gpt-4-1106-preview"),
        },
        new("pope", "POPE", "POPE", null, "c12f5acb142f2ef1f85a26ba2fbe41d5", ["index", "question", "answer", "category"], KitPrompting.YesNo, YesNoRules.Score)
        {
            IsExactWithoutJudge = true, UsualJudge = ("gpt-3.5-turbo-0125", "gpt-4o-mini-2024-07-18"),
        },
        new("logicvista", "LogicVista", "LogicVista", null, "41c5d33adf33765c399e0e6ae588c061", ["index", "question", "answer", "skill"], KitPrompting.Plain, LogicVistaRules.Score)
        {
            UsualJudge = ("gpt-4o-mini-2024-07-18", "gpt-4o-mini-2024-07-18"),
        },
        new("mathvista", "MathVista", "MathVista_MINI", 1000, "f199b98e178e5a2a20e7048f5dcb0464", ["index", "question", "question_type", "answer", "answer_type", "answer_option", "choices", "task", "skills"], KitPrompting.Plain, MathVistaRules.Score)
        {
            UsualJudge = ("gpt-4o-mini-2024-07-18", "gpt-4o-mini-2024-07-18"),
        },
        new("mathverse", "MathVerse-Vision", "MathVerse_MINI_Vision_Only", 788, "68a11d4680014ac881fa37adeadea3a4", ["index", "question", "question_for_eval", "answer", "question_type", "problem_version", "metadata"], KitPrompting.Plain, MathVerseRules.Score)
        {
            OtherFiles = ["MathVerse_MINIVOnly.tsv", "testmini_Vision_Only.tsv"], UsualJudge = ("gpt-4o-mini-2024-07-18", "gpt-4o-mini-2024-07-18"),
        },
        new("mathvision", "MathVision", "MathVision", 3040, "93f6de14f7916e598aa1b7165589831e", ["index", "question", "choices", "answer", "category"], KitPrompting.Plain, MathVisionRules.Score)
        {
            UsualJudge = ("gpt-4o-mini-2024-07-18", "gpt-4o-mini-2024-07-18"),
        },
        new("mathvision-mini", "MathVision (mini)", "MathVision_MINI", 304, "060fe4fa5d868987ce179307bd5f8a33", ["index", "question", "choices", "answer", "category"], KitPrompting.Plain, MathVisionRules.Score)
        {
            UsualJudge = ("gpt-4o-mini-2024-07-18", "gpt-4o-mini-2024-07-18"),
        },
    ];
}
