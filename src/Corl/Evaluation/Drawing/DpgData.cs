using System.Globalization;
using System.Text;
using Corl.Evaluation.Understanding;

namespace Corl.Evaluation.Drawing;

/// <summary>A yes-or-no question about an image.</summary>
/// <param name="Id">Its number within the item.</param>
/// <param name="Parents">Questions without whose "yes" it makes no sense; 0 stands for none.</param>
/// <param name="Tuple">What it asks for, for example "attribute - color (car, red)".</param>
/// <param name="Text">The question.</param>
internal sealed record DpgQuestion(int Id, IReadOnlyList<int> Parents, string Tuple, string Text)
{
    /// <summary>The level-2 category, for example "attribute - color".</summary>
    public string Category => Tuple.Split('(')[0].Trim();

    /// <summary>The level-1 category, for example "attribute".</summary>
    public string BroadCategory => Category.Split('-')[0].Trim();
}

/// <summary>A prompt of DPG-Bench with its questions, in the order of the file.</summary>
internal sealed record DpgItem(string Id, string Prompt, IReadOnlyList<DpgQuestion> Questions);

/// <summary>Reads dpg_bench.csv.</summary>
internal static class DpgData
{
    private const int MaxQuestions = 1000; // of one prompt; ours: the file has at most some dozens
    private const int MaxPromptBytes = 1 << 16;
    private static readonly string[] Columns = ["item_id", "text", "proposition_id", "dependency", "tuple", "question_natural_language"];

    /// <summary>Reads the questions; prompts come from the folder "prompts" beside the file where there is one, else from its column text.</summary>
    /// <param name="path">The file, or the folder that holds it.</param>
    /// <param name="rules">Whose reading of the file.</param>
    /// <returns>The items in the order of the file, and its checksum.</returns>
    /// <exception cref="UserException">Not there, a column is missing, or a row is malformed.</exception>
    public static (IReadOnlyList<DpgItem> Items, string Checksum) Read(string path, DpgRules rules)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, "dpg_bench.csv") : path;
        if (!File.Exists(file))
        {
            throw new UserException($"{Quoted.Line(path)}: expected ELLA's dpg_bench.csv, or the folder that holds it and the folder prompts");
        }

        var content = TsvReader.Read(file, large: null, separator: ',');
        var table = content.Table;
        if (Columns.Except(table.Names).FirstOrDefault() is { } missing)
        {
            throw new UserException($"{Quoted.Line(file)}: has no column {missing}; it has {string.Join(", ", table.Names.Take(20).Select(Quoted.Line))}");
        }

        var rows = Enumerable.Range(0, table.Count).Select(row => (Item: table[row, "item_id"].Text, Prompt: table[row, "text"].TextOrNull ?? "", Question: Question(file, table, row))).ToArray();
        var items = Items([.. rows.Select(row => (row.Item, row.Question))], rules);
        var prompts = rows.GroupBy(row => row.Item).ToDictionary(group => group.Key, group => group.First().Prompt);
        return ([.. items.Select(item => item with { Prompt = PromptOf(file, item.Id, prompts[item.Id]) })], content.Md5);
    }

    /// <summary>
    /// Puts rows together to items as the official program does: a run of rows with one id is an item, and a later run with the same id
    /// takes its place; a question that occurs twice keeps its first place.
    /// </summary>
    public static IReadOnlyList<DpgItem> Items(IReadOnlyList<(string Item, DpgQuestion Question)> rows, DpgRules rules)
    {
        OrderedDictionary<string, OrderedDictionary<int, DpgQuestion>> items = [];
        var last = "";
        foreach (var (item, question) in rows.Skip(rules.KeepFirstRow ? 0 : 1))
        {
            if (item != last || !items.TryGetValue(item, out var questions))
            {
                items[item] = questions = [];
            }

            questions[question.Id] = question;
            last = item;
        }

        return [.. items.Select(item => new DpgItem(item.Key, "", [.. item.Value.Values]))];
    }

    private static DpgQuestion Question(string file, KitTable table, int row)
    {
        int[] numbers = [.. table[row, "dependency"].Text.Split(',').Append(table[row, "proposition_id"].Text).Select(part => int.TryParse(part, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : -1)];
        if (numbers.Any(number => number is < 0 or > MaxQuestions))
        {
            throw new UserException($"{Quoted.Line(file)}: row {row + 1}: expected numbers of questions, found dependency {Quoted.Name(table[row, "dependency"].Text)} and proposition_id {Quoted.Name(table[row, "proposition_id"].Text)}");
        }

        return new DpgQuestion(numbers[^1], numbers[..^1], table[row, "tuple"].Text, table[row, "question_natural_language"].Text);
    }

    private static string PromptOf(string file, string id, string text)
    {
        if (id.Any(c => c is '/' or '\\' or ':' or '.' || char.IsControl(c))) // it becomes the name of a file
        {
            throw new UserException($"{Quoted.Line(file)}: item_id {Quoted.Name(id)} cannot be the name of an image");
        }

        var prompt = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, "prompts", $"{id}.txt");
        var found = File.Exists(prompt) && new FileInfo(prompt).Length <= MaxPromptBytes ? File.ReadAllText(prompt, Encoding.UTF8).Trim() : text;
        return found.Length > 0 ? found : throw new UserException($"{Quoted.Line(file)}: item {Quoted.Name(id)} has no prompt, neither in the column text nor as prompts/{id}.txt");
    }
}
