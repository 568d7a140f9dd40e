namespace Corl.Data;

/// <summary>One file of rows, or rows made on demand. Not safe for two threads; <see cref="SampleSet"/> holds the lock.</summary>
internal interface ISampleSource : IDisposable
{
    /// <summary>Path, size and rows.</summary>
    DataFile File { get; }

    /// <summary>The parts that its columns can give; a single row may lack some.</summary>
    SampleParts Parts { get; }

    /// <summary>The name of a row for messages, for example "train.parquet, row 17".</summary>
    string NameOf(int row);

    /// <summary>Row <paramref name="row"/>; a <see cref="UserException"/> when it cannot be used.</summary>
    Sample Read(int row);
}
