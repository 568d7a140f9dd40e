namespace Corl.Data;

/// <summary>Rows made by a function of their number.</summary>
internal sealed class GeneratedSource(string name, int count, SampleParts parts, Func<int, Sample> make) : ISampleSource
{
    public DataFile File { get; } = new(name, 0, count);

    public SampleParts Parts { get; } = parts;

    public string NameOf(int row) => $"{name}, row {row}";

    public Sample Read(int row) => make(row);

    public void Dispose()
    {
    }
}
