using static TorchSharp.torch;

namespace Corl.Distributed;

/// <summary>One process alone: nothing to exchange.</summary>
internal sealed class SingleProcess : IProcessGroup
{
    public static readonly SingleProcess Instance = new();

    private SingleProcess()
    {
    }

    public int Rank => 0;

    public int Size => 1;

    public byte[][] Gather(byte[] own) => [own];

    public void Sum(Tensor values)
    {
    }

    public void Abort(int code) => Environment.Exit(code);

    public void Dispose()
    {
    }
}
