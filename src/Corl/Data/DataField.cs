namespace Corl.Data;

/// <summary>What a column of a data file can hold for us.</summary>
internal enum DataField
{
    Image,
    Prompt,
    Question,
    Answer,
    Type,
}
