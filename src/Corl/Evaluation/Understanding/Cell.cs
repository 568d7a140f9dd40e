using System.Globalization;
using System.Numerics;

namespace Corl.Evaluation.Understanding;

/// <summary>A cell of a table as pandas has it: nothing (NaN), a text, a number or a truth value.</summary>
internal readonly record struct Cell
{
    private readonly object? _value; // string, long, double, bool, or null for a missing value

    private Cell(object? value) => _value = value;

    /// <summary>NaN.</summary>
    public static Cell Missing => default;

    public bool IsMissing => _value is null;

    public bool IsText => _value is string;

    /// <summary>str(value): what the reference's prompts and matchers see; "nan" for a missing value.</summary>
    public string Text => _value switch
    {
        null => "nan",
        string text => text,
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => PythonNumber.Show(number),
        bool flag => flag ? "True" : "False",
        _ => throw new InvalidOperationException(),
    };

    /// <summary>The text, or null for a missing value.</summary>
    public string? TextOrNull => IsMissing ? null : Text;

    public static Cell Of(string? text) => new(text);

    public static Cell Of(long number) => new(number);

    public static Cell Of(double number) => double.IsNaN(number) ? Missing : new(number);

    public static Cell Of(bool flag) => new(flag);

    /// <summary>int(value): a text is parsed, a number loses its fraction; null where Python raises an error.</summary>
    public BigInteger? Integer() => _value switch
    {
        string text => PythonNumber.Integer(text),
        long number => number,
        double number => double.IsFinite(number) ? new BigInteger(number) : null,
        bool flag => flag ? 1 : 0,
        _ => null,
    };

    /// <summary>float(value): null where Python raises an error, NaN for a missing value.</summary>
    public double? Real() => _value switch
    {
        string text => PythonNumber.Real(text),
        long number => number,
        double number => number,
        bool flag => flag ? 1 : 0,
        _ => double.NaN,
    };

    /// <summary>
    /// A column as pandas types it: certain texts are missing values; all others numbers make it integers, or floating-point numbers where
    /// one has a fraction or is missing; all truth values make it those; otherwise it stays as it is.
    /// </summary>
    /// <param name="column">The cells as they were read.</param>
    /// <param name="isText">Whether something else in the column is known to be text.</param>
    public static Cell[] Typed(IReadOnlyList<Cell> column, bool isText = false)
    {
        Cell[] cells = [.. column.Select(cell => cell._value is string text && MissingTexts.Contains(text) ? Missing : cell)];
        var present = cells.Where(cell => !cell.IsMissing).ToArray();
        if (isText || present.Length == 0 || !present.Any(cell => cell.IsText))
        {
            return cells;
        }

        var numbers = cells.Select(cell => cell._value switch
        {
            string text => PythonNumber.Cell(text),
            long number => (number, number),
            double number => (number, null),
            _ => ((double, long?)?)null,
        }).ToArray();
        if (cells.Zip(numbers).All(pair => pair.First.IsMissing || pair.Second is not null))
        {
            var whole = numbers.All(number => number?.Item2 is not null);
            return [.. numbers.Select(number => number is not { } some ? Missing : whole ? Of(some.Item2!.Value) : Of(some.Item1))];
        }

        return present.Length == cells.Length && present.All(cell => cell._value is string text && Flags.ContainsKey(text))
            ? [.. cells.Select(cell => Of(Flags[(string)cell._value!]))]
            : cells;
    }

    // What pandas 2 reads as a missing value when it is all of a field.
    private static readonly HashSet<string> MissingTexts =
    [
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
    ];

    private static readonly Dictionary<string, bool> Flags = new(StringComparer.Ordinal)
    {
        ["True"] = true,
        ["TRUE"] = true,
        ["true"] = true,
        ["False"] = false,
        ["FALSE"] = false,
        ["false"] = false,
    };
}
