using System.Text.Json;

namespace Corl.Data.Curation;

/// <summary>
/// What must not get into training: image numbers and question ids from lists, and images that look like given ones. From any text file
/// every run of exactly twelve digits is a COCO image number ("COCO_val2014_000000310196.jpg") and every short line an id; from .json and
/// .jsonl files the values of image_id and question_id count too.
/// </summary>
internal sealed class Exclusions
{
    private const int CocoDigits = 12;    // of a COCO file name
    private const int LongestId = 64;     // characters; ours
    private readonly HashSet<long> _images = [];
    private readonly HashSet<string> _ids = [];
    private readonly List<ImageHash> _hashes = [];

    /// <summary>How many image numbers, ids and images are known.</summary>
    public (int Numbers, int Ids, int Images) Count => (_images.Count, _ids.Count, _hashes.Count);

    /// <summary>Reads the lists of ids.</summary>
    public static Exclusions Read(IEnumerable<string> files)
    {
        var exclusions = new Exclusions();
        foreach (var file in files)
        {
            if (!File.Exists(file))
            {
                throw new UserException($"{file}: no such file of ids to exclude");
            }

            exclusions.ReadText(file);
            if (Path.GetExtension(file).ToLowerInvariant() is ".json" or ".jsonl" or ".ndjson")
            {
                exclusions.ReadFields(file);
            }
        }

        return exclusions;
    }

    /// <summary>Adds an image that must not be seen.</summary>
    public void Add(ImageHash image) => _hashes.Add(image);

    public bool HasId(Problem problem) => (problem.CocoId is { } number && _images.Contains(number)) || _ids.Contains(problem.Id);

    public bool HasImage(ImageHash image, int distance) => _hashes.Exists(known => known.Distance(image) <= distance);

    // Character by character, because a line of a benchmark's table may hold a whole image in base 64.
    private void ReadText(string file)
    {
        using var text = OpenText(file);
        var buffer = new char[1 << 16];
        var line = new System.Text.StringBuilder();
        var (digits, isLong, number) = (0, false, 0L);
        for (int read; (read = text.Read(buffer)) > 0;)
        {
            foreach (var c in buffer.AsSpan(0, read))
            {
                if (char.IsAsciiDigit(c))
                {
                    (digits, number) = (digits + 1, digits < CocoDigits ? (number * 10) + (c - '0') : number);
                }
                else
                {
                    AddNumber(digits, number);
                    (digits, number) = (0, 0);
                }

                if (c == '\n')
                {
                    AddLine(line, isLong);
                    (isLong, line) = (false, line.Clear());
                }
                else if (!(isLong |= line.Length > LongestId))
                {
                    line.Append(c);
                }
            }
        }

        AddNumber(digits, number);
        AddLine(line, isLong);
    }

    private void AddNumber(int digits, long number)
    {
        if (digits == CocoDigits)
        {
            _images.Add(number);
        }
    }

    private void AddLine(System.Text.StringBuilder line, bool isLong)
    {
        if (!isLong && line.ToString().Trim() is { Length: > 0 } id && !id.Any(char.IsWhiteSpace))
        {
            _ids.Add(id);
            if (long.TryParse(id, System.Globalization.NumberStyles.None, null, out var number))
            {
                _images.Add(number);
            }
        }
    }

    private void ReadFields(string file)
    {
        foreach (var item in JsonItems.Read(file))
        {
            var json = item.Parse();
            if (json.Kind != JsonValueKind.Object)
            {
                continue;
            }

            if (json.Find("question_id") is { } question)
            {
                _ids.Add(question.Kind == JsonValueKind.String ? question.Text() : SourceAdapters.TextOrNumber(json, "question_id"));
            }

            if (json.Find("image_id") is { Kind: JsonValueKind.Number } image)
            {
                _images.Add(image.Integer(0, int.MaxValue));
            }
        }
    }

    private static StreamReader OpenText(string file)
    {
        try
        {
            return new StreamReader(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{file}: cannot be read ({Quoted.Line(e.Message)})", e);
        }
    }
}
