using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Corl.Evaluation.Judges;

/// <summary>Who speaks in a message to a judge.</summary>
internal enum JudgeRole
{
    /// <summary>The instruction.</summary>
    System,

    /// <summary>The question.</summary>
    User,

    /// <summary>An earlier answer of the judge's, or an example of one.</summary>
    Assistant,
}

/// <summary>One message: a text, and the images that follow it.</summary>
/// <param name="Role">Who speaks.</param>
/// <param name="Text">What is said.</param>
internal sealed record JudgeMessage(JudgeRole Role, string Text)
{
    /// <summary>PNG files.</summary>
    public IReadOnlyList<byte[]> Images { get; init; } = [];
}

/// <summary>A question to a judge.</summary>
internal sealed record JudgeRequest
{
    /// <summary>What is judged, for example "wise/17" or "MMVet/3/score": errors and recordings call the question so. Not part of the key.</summary>
    public required string Label { get; init; }

    public required string Model { get; init; }

    public double Temperature { get; init; }

    /// <summary>Longest reply in tokens.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>0 for the first time; the same words asked once more, because the reply was of no use, are another question.</summary>
    public int Attempt { get; init; }

    public required IReadOnlyList<JudgeMessage> Messages { get; init; }

    /// <summary>SHA-256 of everything a reply depends on, in lower-case hexadecimal digits.</summary>
    public string Key => Convert.ToHexStringLower(SHA256.HashData(Description()));

    /// <summary>The question as one JSON object; images are named by their SHA-256.</summary>
    public byte[] Description()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model", Model);
            json.WriteNumber("temperature", Temperature);
            json.WriteNumber("maxTokens", MaxTokens);
            json.WriteNumber("attempt", Attempt);
            json.WriteStartArray("messages");
            foreach (var message in Messages)
            {
                json.WriteStartObject();
                json.WriteString("role", message.Role.ToString());
                json.WriteString("text", message.Text);
                json.WriteStartArray("images");
                foreach (var image in message.Images)
                {
                    json.WriteStringValue(Convert.ToHexStringLower(SHA256.HashData(image)));
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
