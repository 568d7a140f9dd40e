using System.Text;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Corl.Imaging;

namespace Corl.Data;

/// <summary>
/// Turns stored parts into a <see cref="Sample"/> and refuses what a stage cannot use, with the row's name. The data come from outside:
/// text must be UTF-8, an image path must stay in the image folder, an image must decode.
/// </summary>
/// <param name="imageFolders">What image paths may be relative to, tried in this order.</param>
/// <param name="required">Parts without which a row is of no use.</param>
internal sealed partial class RowBuilder(IReadOnlyList<string> imageFolders, SampleParts required)
{
    private const int MaxTextBytes = 1 << 20;   // ours: a thousand times the longest prompt that a stage keeps (Table 5: 1024 tokens)
    private const long MaxImageBytes = 1 << 26; // ours: 64 MB encoded, far above any photograph

    public Sample Build(string row, in RawRow raw)
    {
        var image = ImageOf(row, raw);
        var question = Text(row, DataField.Question, raw.Question);
        var answer = Text(row, DataField.Answer, raw.Answer);
        var sample = new Sample
        {
            Id = row,
            Prompt = Text(row, DataField.Prompt, raw.Prompt)?.Trim(),
            Question = question,
            Answer = answer,
            Type = question is null ? null : TypeOf(row, Text(row, DataField.Type, raw.Type), question, answer),
            ImageBytes = image,
            RealImage = image.IsEmpty ? null : ImageCodec.Decode(image, row),
        };

        foreach (var (part, field) in ColumnNames.Parts)
        {
            if (required.HasFlag(part) && !sample.Parts.HasFlag(part))
            {
                throw new UserException($"{row}: no {ColumnNames.Word(field)}");
            }
        }

        return sample.Prompt is null && question is null ? throw new UserException($"{row}: neither a prompt nor a question") : sample;
    }

    /// <summary>MC and OE as the x2x sets write them, and the spellings of other sets.</summary>
    internal static QuestionType? ParseType(string text) => text.Trim().ToUpperInvariant().Replace('-', '_').Replace(' ', '_') switch
    {
        "MC" or "MCQ" or "MULTIPLE_CHOICE" => QuestionType.MultipleChoice,
        "OE" or "VQA" or "OPEN" or "OPEN_ENDED" or "FREE_FORM" => QuestionType.OpenEnded,
        _ => null,
    };

    /// <summary>Multiple choice when the question lists options A and B and the answer, if there is one, is one of the letters listed.</summary>
    internal static QuestionType InferType(string question, string? answer)
    {
        var letters = OptionLine().Matches(question).Select(match => match.Groups[1].Value[0]).ToHashSet();
        var listed = letters.Contains('A') && letters.Contains('B');
        var chosen = answer is null ? null : LetterAnswer().Match(Body(answer));
        return listed && (chosen is null || (chosen.Success && letters.Contains(chosen.Groups[1].Value[0]))) ? QuestionType.MultipleChoice : QuestionType.OpenEnded;
    }

    private static QuestionType TypeOf(string row, string? stored, string question, string? answer) =>
        stored is null ? InferType(question, answer)
        : ParseType(stored) ?? throw new UserException($"{row}: the question type is '{Short(stored)}', expected MC or OE");

    private static string Body(string answer)
    {
        var tagged = TaggedAnswer().Matches(answer);
        return (tagged.Count > 0 ? tagged[^1].Groups[1].Value : answer).Trim();
    }

    private static string? Text(string row, DataField field, byte[]? stored)
    {
        if (stored is null || stored.Length == 0)
        {
            return null;
        }

        if (stored.Length > MaxTextBytes)
        {
            throw new UserException($"{row}: the {ColumnNames.Word(field)} is {stored.Length:N0} bytes long, the limit is {MaxTextBytes:N0}");
        }

        if (!Utf8.IsValid(stored))
        {
            throw new UserException($"{row}: the {ColumnNames.Word(field)} is not UTF-8");
        }

        var text = Encoding.UTF8.GetString(stored);
        return string.IsNullOrWhiteSpace(text) ? null : text;
    }

    private ReadOnlyMemory<byte> ImageOf(string row, in RawRow raw)
    {
        if (raw.ImageBytes is { } bytes)
        {
            return bytes.Length > 0 ? bytes : throw new UserException($"{row}: the image holds 0 bytes");
        }

        if (Text(row, DataField.Image, raw.ImagePath) is not { } path)
        {
            return default;
        }

        string[] files = [.. imageFolders.Select(folder => ImagePath.Resolve(folder, path, row))];
        var file = files.FirstOrDefault(File.Exists, files[0]);
        try
        {
            var size = new FileInfo(file).Length;
            return size is > 0 and <= MaxImageBytes ? File.ReadAllBytes(file) : throw new UserException($"{row}: the image {Short(path)} holds {size:N0} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{row}: the image {Short(path)} is not in {string.Join(" or ", imageFolders)} or cannot be read", e);
        }
    }

    private static string Short(string text)
    {
        const int Shown = 80;
        return Quoted.Line(text.Length <= Shown ? text : text[..Shown] + "…");
    }

    [GeneratedRegex(@"^\s*\(?([A-Z])[.):]\s", RegexOptions.Multiline)]
    private static partial Regex OptionLine();

    [GeneratedRegex(@"^\(?([A-Z])\)?(?:[.:)]|$)")]
    private static partial Regex LetterAnswer();

    [GeneratedRegex("<answer>(.*?)</answer>", RegexOptions.Singleline)]
    private static partial Regex TaggedAnswer();
}
