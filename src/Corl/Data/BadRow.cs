namespace Corl.Data;

/// <summary>A row that was skipped.</summary>
/// <param name="Row">Which: the file's name and the row or line.</param>
/// <param name="Reason">What was expected and what is there.</param>
public sealed record BadRow(string Row, string Reason);
