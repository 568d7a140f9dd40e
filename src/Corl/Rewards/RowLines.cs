using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Corl.Data;
using Corl.Imaging;
using Corl.Models;

namespace Corl.Rewards;

/// <summary>The lines between a <see cref="ProcessReward"/> and its program: one JSON object for each row, one for each score.</summary>
/// <param name="candidates">The rows.</param>
/// <param name="fields">What is told of each.</param>
internal sealed class RowLines(Candidates candidates, IReadOnlyList<RowField> fields)
{
    private static readonly JsonWriterOptions Style = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Read from the device here, so that lines can be made on another thread without touching a tensor.
    private readonly RgbImage[]? _images = fields.Contains(RowField.Image) && candidates.Images is { } images ? ImageInput.Pictures(images) : null;

    /// <summary>Whether a row has all that is told.</summary>
    public bool Has(int row) => fields.All(field => field switch
    {
        RowField.Image => _images is not null,
        RowField.RealImage => RealImage(row) is not null,
        RowField.Response or RowField.Caption => Text(field, row) is not null, // the policy may have written nothing
        _ => Text(field, row) is { Length: > 0 },
    });

    /// <summary>A row that has all, as a line: {"id": 7, "prompt": …}.</summary>
    public byte[] Of(long id, int row)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Style))
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            foreach (var field in fields)
            {
                var key = JsonNamingPolicy.SnakeCaseLower.ConvertName(field.ToString());
                if ((field == RowField.Image ? _images![row] : field == RowField.RealImage ? RealImage(row) : null) is { } picture)
                {
                    json.WriteBase64String(key, ImageCodec.EncodePng(picture));
                }
                else
                {
                    json.WriteString(key, Text(field, row));
                }
            }

            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The id and the score of a reply {"id": 7, "score": 0.5}; other keys may stand beside these. Null when the line is something else.</summary>
    public static (long Id, float? Score)? Reply(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } reply || !reply.TryGetProperty("id", out var id) || !reply.TryGetProperty("score", out var score))
            {
                return null;
            }

            return id.ValueKind != JsonValueKind.Number || !id.TryGetInt64(out var number) ? null
                : score.ValueKind == JsonValueKind.Null ? (number, null)
                : score.ValueKind == JsonValueKind.Number && score.TryGetDouble(out var value) ? (number, (float)value) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private RgbImage? RealImage(int row) => candidates.RealImages?[candidates.PromptOf(row)];

    private string? Text(RowField field, int row)
    {
        var prompt = candidates.PromptOf(row);
        return field switch
        {
            RowField.Prompt => candidates.Prompts[prompt],
            RowField.Caption => candidates.Captions?[row],
            RowField.Question => candidates.Questions?[prompt],
            RowField.Answer => candidates.Answers?[prompt],
            RowField.Type => candidates.Types?[prompt] is { } type ? (type == QuestionType.MultipleChoice ? "MC" : "OE") : null,
            RowField.Response => candidates.Responses?[row],
            _ => null,
        };
    }
}
