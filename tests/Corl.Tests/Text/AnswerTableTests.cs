using System.Globalization;
using Corl.Text;

namespace Corl.Tests.Text;

/// <summary>
/// The 82 required judgements. Columns: row, type, truth, response, then of the reference program: accuracy as the trainer calls it,
/// accuracy as intended, format; then what is required: accuracy and format. [[x]] stands for a well-formed response with answer x.
/// </summary>
public sealed class AnswerTableTests
{
    private const string Question = "What animal is on the sofa?\nA. cat\nB. dog\nC. red panda\nD. none of these";

    [Theory, MemberData(nameof(Rows))]
    public void Accuracy_EveryRow_IsAsRequired(string row, bool isMultipleChoice, string truth, string response, int accuracy, int format)
    {
        var verdict = AnswerMatch.Accuracy(isMultipleChoice, Question, truth, response);
        Assert.True(verdict.Score == accuracy, $"row {row}: {verdict}");
        var formatVerdict = AnswerTags.StrictFormat(response);
        Assert.True(formatVerdict.Score == format, $"row {row}: {formatVerdict}");
    }

    [Theory, MemberData(nameof(ReferenceRows))]
    public void ReferenceAccuracy_EveryRow_IsAsMeasured(string row, string truth, string response, double wired, double? intended, double format)
    {
        const double Printed = 0.005; // the table has two decimals
        Assert.True(Math.Abs(wired - ReferenceAnswers.Accuracy(false, Question, truth, response).Score) <= Printed, row);
        Assert.True(intended is null || intended == ReferenceAnswers.Accuracy(true, Question, truth, response).Score, row);
        Assert.True(format == ReferenceAnswers.Format(response), row);
    }

    public static TheoryData<string, string, string, double, double?, double> ReferenceRows()
    {
        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
        var rows = new TheoryData<string, string, string, double, double?, double>();
        foreach (var fields in Table.Split('\n').Select(line => line.Split(" | ")))
        {
            rows.Add(fields[0], fields[2], Expand(fields[3]), Number(fields[4]), fields[5] == "-" ? null : Number(fields[5]), Number(fields[6]));
        }

        return rows;
    }

    public static TheoryData<string, bool, string, string, int, int> Rows()
    {
        var rows = new TheoryData<string, bool, string, string, int, int>();
        foreach (var fields in Table.Split('\n').Select(line => line.Split(" | ")))
        {
            rows.Add(fields[0], fields[1] == "MC", fields[2], Expand(fields[3]), fields[7][0] - '0', fields[8][0] - '0');
        }

        return rows;
    }

    private static string Expand(string response)
    {
        var text = response.Replace("\\n", "\n", StringComparison.Ordinal);
        return text.StartsWith("[[", StringComparison.Ordinal) ? $"<think>The sofa has a pet.</think><answer>{text[2..^2]}</answer>" : text;
    }

    private const string Table = """
        1 | MC | B | [[B]] | 1 | 1 | 1 | 1 | 1
        2 | MC | B | [[b]] | 1 | 1 | 1 | 1 | 1
        3 | MC | B | [[B.]] | 1 | 1 | 1 | 1 | 1
        4 | MC | B | [[(B)]] | 0 | 0 | 1 | 1 | 1
        5 | MC | B | [[B)]] | 0 | 0 | 1 | 1 | 1
        6 | MC | B | [[B:]] | 0 | 0 | 1 | 1 | 1
        7 | MC | B | [[ B ]] | 1 | 1 | 1 | 1 | 1
        8 | MC | B | [[**B**]] | 0 | 0 | 1 | 1 | 1
        9 | MC | B | [[$\boxed{B}$]] | 0 | 0 | 1 | 1 | 1
        10 | MC | B | [[Option B]] | 0.5 | 1 | 1 | 1 | 1
        11 | MC | B | [[B. dog]] | 0 | 0 | 1 | 1 | 1
        12 | MC | B | [[B: dog]] | 0 | 0 | 1 | 1 | 1
        13 | MC | B | [[(B) dog]] | 0 | 0 | 1 | 1 | 1
        14 | MC | B | [[dog]] | 0 | 1 | 1 | 1 | 1
        15 | MC | B | [[Dog]] | 0 | 0 | 1 | 1 | 1
        16 | MC | B | [[a dog]] | 0 | 0 | 1 | 1 | 1
        17 | MC | B | [[The answer is B]] | 0.25 | 1 | 1 | 1 | 1
        18 | MC | B | [[The correct answer is B.]] | 0.2 | 1 | 1 | 1 | 1
        19 | MC | B | [[the answer is b]] | 0.25 | 0 | 1 | 1 | 1
        20 | MC | B | [[The answer is C, not B]] | 0.17 | 0 | 1 | 0 | 1
        21 | MC | B | [[A or B]] | 0.33 | 0 | 1 | 0 | 1
        22 | MC | B | [[A, B]] | 0.5 | 0 | 1 | 0 | 1
        23 | MC | B | [[AB]] | 0 | 0 | 1 | 0 | 1
        24 | MC | B | [[C]] | 0 | 0 | 1 | 0 | 1
        25 | MC | B | [[A]] | 0 | 0 | 1 | 0 | 1
        26 | MC | B | [[]] | 0 | 0 | 1 | 0 | 0
        27 | MC | B | [[UNK]] | 0 | 0 | 1 | 0 | 1
        28 | MC | B | <think>x</think>\n<answer>B</answer> | 1 | 1 | 1 | 1 | 1
        29 | MC | B | <think>x</think> . <answer>B</answer> | 1 | 1 | 1 | 1 | 0
        30 | MC | B | <think>line1\nline2</think><answer>\nB\n</answer> | 1 | 1 | 1 | 1 | 1
        31 | MC | B | <think></think><answer>B</answer> | 1 | 1 | 1 | 1 | 0
        32 | MC | B | \n<think>x</think><answer>B</answer> | 1 | 1 | 0 | 1 | 1
        33 | MC | B | <think>x</think><answer>B</answer>\n | 1 | 1 | 0 | 1 | 1
        34 | MC | B | Sure! <think>x</think><answer>B</answer> | 1 | 1 | 0 | 1 | 0
        35 | MC | B | <think>x</think><answer>B</answer> Hope it helps | 1 | 1 | 0 | 1 | 0
        36 | MC | B | <think>x</think><answer>A</answer><answer>B</answer> | 0 | 0 | 1 | 0 | 0
        37 | MC | B | <think>x</think><answer>B</answer><answer>A</answer> | 1 | 1 | 1 | 0 | 0
        38 | MC | B | <think>maybe <answer>A</answer></think><answer>B</answer> | 0 | 0 | 1 | 1 | 0
        39 | MC | B | <think>x</think><think>y</think><answer>B</answer> | 1 | 1 | 1 | 1 | 0
        40 | MC | B | <think>x<answer>B</answer> | 1 | 1 | 0 | 1 | 0
        41 | MC | B | <think>x</think>B | 1 | 1 | 0 | 1 | 0
        42 | MC | B | <think>x</think>Answer: B | 1 | 1 | 0 | 1 | 0
        43 | MC | B | B | 1 | 1 | 0 | 1 | 0
        44 | MC | B | <answer>B</answer> | 1 | 1 | 0 | 1 | 0
        45 | MC | B | <answer>B</answer><think>x</think> | 1 | 1 | 0 | 1 | 0
        46 | MC | B | <THINK>x</THINK><ANSWER>B</ANSWER> | 0 | 0 | 0 | 0 | 0
        47 | MC | B | <think>x</think><answer>B | 1 | 1 | 0 | 1 | 0
        48 | MC | B | <think>x</think> so <answer>B</answer> | 1 | 1 | 0 | 1 | 0
        49 | MC | B | I think it is B because the dog is there | 0.11 | 0 | 0 | 0 | 0
        50 | MC | B |  | 0 | 0 | 0 | 0 | 0
        51 | OE | two | [[two]] | 1 | - | 1 | 1 | 1
        52 | OE | two | [[2]] | 1 | - | 1 | 1 | 1
        53 | OE | 2 | [[Two]] | 1 | - | 1 | 1 | 1
        54 | OE | 21 | [[twenty one]] | 0 | - | 1 | 1 | 1
        55 | OE | two | [[two dogs]] | 0.5 | - | 1 | 0 | 1
        56 | OE | two dogs | [[two dogs.]] | 1 | - | 1 | 1 | 1
        57 | OE | red | [[Red.]] | 1 | - | 1 | 1 | 1
        58 | OE | red | [[The color is red]] | 0.25 | - | 1 | 0 | 1
        59 | OE | red and white | [[white and red]] | 1 | - | 1 | 1 | 1
        60 | OE | gray | [[grey]] | 0 | - | 1 | 1 | 1
        61 | OE | traffic light | [[traffic lights]] | 0.91 | - | 1 | 0 | 1
        62 | OE | umbrella | [[umbrellas]] | 0.89 | - | 1 | 0 | 1
        63 | OE | yes | [[yes]] | 1 | - | 1 | 1 | 1
        64 | OE | yes | [[no]] | 0 | - | 1 | 0 | 1
        65 | OE | yes | [[Yes, it is]] | 0.27 | - | 1 | 1 | 1
        66 | OE | 10 | [[10.0]] | 0 | - | 1 | 1 | 1
        67 | OE | 10 | [[10%]] | 0.67 | - | 1 | 0 | 1
        68 | OE | 1,000 | [[1000]] | 0.8 | - | 1 | 1 | 1
        69 | OE | 3:30 | [[3:30 pm]] | 0.5 | - | 1 | 0 | 1
        70 | OE | skateboarding | [[skateboard]] | 0.77 | - | 1 | 0 | 1
        71 | OE | on the table | [[the table]] | 0.67 | - | 1 | 0 | 1
        72 | OE | St. Louis | [[st louis]] | 0.82 | - | 1 | 1 | 1
        73 | OE | two | <think>x</think>Answer: two | 1 | - | 0 | 1 | 0
        74 | OE | two | two | 1 | - | 0 | 1 | 0
        75 | OE | two | [[one or two]] | 0.33 | - | 1 | 0 | 1
        76 | OE | none | [[]] | 0 | - | 1 | 0 | 0
        77 | MC | B | [[B. cat]] | 0 | 0 | 1 | 0 | 1
        78 | MC | B | [[The answer is B, not C]] | 0 | 1 | 1 | 1 | 1
        79 | MC | C | [[red panda]] | 0 | 1 | 1 | 1 | 1
        80 | OE | 0.5 | [[1/2]] | 0 | - | 1 | 1 | 1
        81 | OE | left | [[on the left]] | 0.33 | - | 1 | 0 | 1
        82 | OE | tennis racket | [[racket]] | 0.5 | - | 1 | 0 | 1
        """;
}
