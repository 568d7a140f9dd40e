namespace Corl.Data;

/// <summary>The parts of a row as stored, before they are checked; null where nothing is stored.</summary>
internal readonly record struct RawRow(byte[]? ImageBytes, byte[]? ImagePath, byte[]? Prompt, byte[]? Question, byte[]? Answer, byte[]? Type)
{
    private const int Overhead = 128; // this struct and the headers of its arrays, about

    /// <summary>Memory taken, about.</summary>
    public long Bytes => Overhead + (ImageBytes?.Length ?? 0) + (ImagePath?.Length ?? 0) + (Prompt?.Length ?? 0)
        + (Question?.Length ?? 0) + (Answer?.Length ?? 0) + (Type?.Length ?? 0);
}
