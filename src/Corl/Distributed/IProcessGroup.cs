using static TorchSharp.torch;

namespace Corl.Distributed;

/// <summary>
/// The processes that train one model together. Every process makes the same calls in the same order. Each call ends in all of them
/// with the same bits.
/// </summary>
public interface IProcessGroup : IDisposable
{
    /// <summary>Number of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>How many there are.</summary>
    int Size { get; }

    /// <summary>What every process gave, in the order of their numbers.</summary>
    /// <param name="own">What this process gives; any length.</param>
    byte[][] Gather(byte[] own);

    /// <summary>Replaces a tensor by its sum over the processes.</summary>
    /// <param name="values">float32, contiguous, of one shape everywhere.</param>
    void Sum(Tensor values);

    /// <summary>Ends every process at once, this one too.</summary>
    /// <param name="code">Exit code.</param>
    void Abort(int code);
}
