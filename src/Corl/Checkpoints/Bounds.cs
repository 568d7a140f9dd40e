namespace Corl.Checkpoints;

/// <summary>
/// What one file may ask for, so that a small one cannot make the reader large: all of it together stays below 64 MB. Ours; real
/// checkpoints are far inside: the largest open models have 150 000 tensors in over a hundred files.
/// </summary>
internal static class Bounds
{
    /// <summary>Tensors, or entries of an archive, in a file.</summary>
    public const int Tensors = 100_000;

    /// <summary>Dimensions of a tensor; libtorch's kernels take no more.</summary>
    public const int Dimensions = 64;

    /// <summary>Bytes of names and other text in a file.</summary>
    public const int TextBytes = 10 << 20;
}
