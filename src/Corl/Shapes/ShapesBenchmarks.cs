using System.Globalization;
using System.Text;
using Corl.Evaluation.Understanding;
using Corl.Imaging;

namespace Corl.Shapes;

/// <summary>
/// Data sets of the Shapes world in the file format of each understanding benchmark: every kind of row that the official files have, so that
/// asking, scoring and exchanging can be tried without them. What a model scores on them is no benchmark's number.
/// </summary>
internal static class ShapesBenchmarks
{
    private const ulong FirstSeed = 9_000_000; // away from the seeds of training and of ShapesEval
    private static readonly string[] Categories = ["coarse perception", "fine-grained perception", "instance reasoning", "logical reasoning", "math", "science & technology"];
    private static readonly string[] Capabilities = ["rec", "rec,spat", "ocr,math"];
    private static readonly string[] Skills = ["inductive", "deductive", "numerical, spatial", "mechanical"];
    private static readonly string[] Splits = ["adversarial,popular,random", "random", "popular,adversarial"];
    private static readonly string[] AnswerTypes = ["integer", "float", "list"];
    private static readonly string[] Fields = ["plane geometry", "solid geometry", "functions"];

    /// <summary>Writes a data set as a tab-separated file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="task">Whose format.</param>
    /// <param name="count">Rows.</param>
    /// <param name="seed">Other seeds give other scenes.</param>
    public static void Write(string path, KitTask task, int count, ulong seed)
    {
        var rows = Enumerable.Range(0, count).Select(i => Row(task, i, ShapesRecord.Of(FirstSeed + (seed * 100_000) + (ulong)i))).ToArray();
        string[] columns = [.. rows.SelectMany(row => row.Keys).Distinct()];
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
            writer.Write(string.Join('\t', columns) + "\n");
            foreach (var row in rows)
            {
                writer.Write(string.Join('\t', columns.Select(column => Field(row.GetValueOrDefault(column, "")))) + "\n");
            }
        });
    }

    private static Dictionary<string, string> Row(KitTask task, int i, ShapesRecord record)
    {
        var row = new Dictionary<string, string> { ["index"] = Number(i + 1), ["image"] = Image(record) };
        var choice = SceneQuestion.Of(record, multipleChoice: true);
        var open = SceneQuestion.Of(record, multipleChoice: false);
        switch (task.Name)
        {
            case "mmmu":
                Mmmu(row, i, choice, open);
                break;
            case "mmstar":
                Choice(row, choice);
                Set(row, ("category", Categories[i % Categories.Length]), ("l2_category", $"{choice.Task}".ToLowerInvariant()));
                break;
            case "wemath":
                WeMath(row, i, choice);
                break;
            case "mmvet":
                Set(row, ("question", "Which objects do you see?"), ("answer", string.Join("<AND>", record.Scene.Objects.Select(item => item.Phrase[2..]))), ("category", Capabilities[i % 3]));
                break;
            case "pope":
                Pope(row, i, record);
                break;
            case "logicvista":
                Set(row, ("question", $"{choice.Text} Select from A-D."), ("answer", choice.Answer), ("skill", Skills[i % 4]));
                break;
            case "mathvista":
                MathVista(row, i, choice, record);
                break;
            case "mathverse":
                Set(row, ("question", "According to the question shown in the image, answer it."), ("question_for_eval", choice.Text), ("query_cot", choice.Text), ("answer", choice.Answer), ("question_type", "multi-choice"),
                    ("problem_version", "Vision Only"), ("metadata", $"{{'split': 'testmini', 'source': \"the Shapes world's\", 'subject': '{Fields[i % 3]}', 'subfield': '{$"{choice.Task}".ToLowerInvariant()}'}}"));
                break;
            default:
                MathVision(row, i, choice, record);
                break;
        }

        return row;
    }

    private static void Mmmu(Dictionary<string, string> row, int i, SceneQuestion choice, SceneQuestion open)
    {
        Set(row, ("split", i % 3 == 0 ? "dev" : "validation"), ("category", $"{choice.Task}"), ("l2-category", i % 2 == 0 ? "Art & Design" : "Science"), ("hint", i % 4 == 0 ? "Look at every corner." : ""));
        if (i % 5 == 4)
        {
            Set(row, ("question", $"<image 1> {open.Text}"), ("answer", open.Answer)); // without options
            return;
        }

        Choice(row, choice);
        row["question"] = $"<image 1> {row["question"]}";
        if (i % 6 == 5)
        {
            row["image"] = $"['{row["image"]}', '{row["image"]}']"; // two images
        }
    }

    // Problems of two and of three steps in turn, each step and the whole a row.
    private static void WeMath(Dictionary<string, string> row, int i, SceneQuestion choice)
    {
        Choice(row, choice);
        var (problem, place) = (i / 7, i % 7);
        var (steps, step) = place < 3 ? (2, place) : (3, place - 3);
        var concepts = WeMathConcepts.Domains[i % WeMathConcepts.Domains.Length].Concepts;
        Set(row, ("ID", $"{steps}steps@{problem}"), ("key", step == steps ? $"{steps}steps_multi" : $"{steps}steps_{step + 1}"), ("knowledge concept", concepts[i % concepts.Length]), ("requirement", WeMathRules.Requirement), ("split", "testmini"));
    }

    private static void Pope(Dictionary<string, string> row, int i, ShapesRecord record)
    {
        var isThere = i % 2 == 0;
        var item = record.Scene.Objects[0];
        var color = isThere ? item.Color : Enum.GetValues<ShapeColor>().First(other => record.Scene.Objects.All(o => o.Color != other));
        Set(row, ("question", $"Is there {World.Phrase(item.Shape, color)} in the image? Please answer yes or no."), ("answer", isThere ? "Yes" : "No"), ("category", Splits[i % 3]));
        if (i % 6 == 5)
        {
            row["image"] = Number(i); // shares the image of the row before
            row["answer"] = "No";
            row["question"] = "Is there a dog in the image? Please answer yes or no.";
        }
    }

    private static void MathVista(Dictionary<string, string> row, int i, SceneQuestion choice, ShapesRecord record)
    {
        Set(row, ("task", i % 2 == 0 ? "figure question answering" : "visual question answering"), ("skills", i % 3 == 0 ? "['arithmetic reasoning']" : "['arithmetic reasoning', 'logical reasoning']"), ("precision", ""), ("unit", ""));
        if (i % 2 == 0)
        {
            var (text, options) = Parts(choice);
            Set(row, ("question", $"Hint: Please answer the question and provide the correct option letter, e.g., A, B, C, D, at the end.\nQuestion: {text}\nChoices:\n{string.Join('\n', options.Select((option, k) => $"({(char)('A' + k)}) {option}"))}"),
                ("question_type", "multi_choice"), ("answer_type", "text"), ("answer", options[choice.Answer[0] - 'A']), ("answer_option", choice.Answer), ("choices", List(options)));
            return;
        }

        var count = record.Scene.Objects.Count;
        var type = AnswerTypes[i / 2 % 3];
        Set(row, ("question", $"Hint: Please answer the question and give the number of objects.\nQuestion: How many objects are there?"), ("question_type", "free_form"), ("answer_type", type),
            ("answer", type switch { "integer" => Number(count), "float" => Number(count) + ".0", _ => $"[{count}, {count}]" }), ("answer_option", ""), ("choices", ""));
    }

    private static void MathVision(Dictionary<string, string> row, int i, SceneQuestion choice, ShapesRecord record)
    {
        Set(row, ("category", i % 2 == 0 ? "counting" : "combinatorial geometry"), ("level", Number(1 + (i % 5))));
        if (i % 2 == 0)
        {
            var (text, options) = Parts(choice);
            Set(row, ("question", $"{text}\nChoices:\n{string.Join('\n', options.Select((option, k) => $"({(char)('A' + k)}) {option}"))}"), ("choices", List(options)), ("answer", choice.Answer));
            return;
        }

        Set(row, ("question", "What is half of the number of objects?"), ("choices", "[]"), ("answer", $"\\frac{{{record.Scene.Objects.Count}}}{{2}}"));
    }

    private static void Choice(Dictionary<string, string> row, SceneQuestion choice)
    {
        var (text, options) = Parts(choice);
        Set(row, [("question", text), .. options.Select((option, k) => ($"{(char)('A' + k)}", option)), ("answer", choice.Answer)]);
    }

    // "What color is it? A. red B. blue" as question and options.
    private static (string Text, string[] Options) Parts(SceneQuestion choice)
    {
        var parts = choice.Text.Split([" A. ", " B. ", " C. ", " D. "], StringSplitOptions.None);
        return (parts[0], parts[1..]);
    }

    private static void Set(Dictionary<string, string> row, params (string Column, string Value)[] cells)
    {
        foreach (var (column, value) in cells)
        {
            row[column] = value;
        }
    }

    private static string List(string[] items) => $"[{string.Join(", ", items.Select(item => $"'{item}'"))}]";

    private static string Image(ShapesRecord record) => Convert.ToBase64String(ImageCodec.EncodePng(new RgbImage(World.Size, World.Size, SceneRenderer.Render(record.Scene))));

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Field(string text) => text.AsSpan().IndexOfAny("\t\n\r\"") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
