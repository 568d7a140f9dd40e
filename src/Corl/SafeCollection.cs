using System.Runtime;

namespace Corl;

/// <summary>
/// Garbage collection between steps instead of anywhere. TorchSharp 0.107 passes the handle of a temporary Scalar (the 1 of a + b, too)
/// to native code without keeping the object alive; a collection at that moment lets the finaliser free it under the call, and the
/// operator computes with whatever lies there: measured as one NaN gradient in some hundred training steps. A loop that calls
/// <see cref="Here"/> between its steps, while no other thread calls TorchSharp, has no collection inside a step.
/// </summary>
internal static class SafeCollection
{
    private const long Budget = 200L << 20; // bytes that may be allocated before the runtime collects after all; its limit is 256 MB
    private const long Renewed = Budget / 2; // a step of any recipe allocates far less
    private static readonly Lock Gate = new();
    private static long _allocatedBefore = long.MinValue / 2;

    /// <summary>Collects if half of the budget has been used since the last collection here, and defers all others.</summary>
    public static void Here()
    {
        lock (Gate)
        {
            if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion && GC.GetTotalAllocatedBytes() - _allocatedBefore < Renewed)
            {
                return;
            }

            Release();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.TryStartNoGCRegion(Budget);
            _allocatedBefore = GC.GetTotalAllocatedBytes();
        }
    }

    /// <summary>Gives collections free again.</summary>
    public static void Release()
    {
        lock (Gate)
        {
            if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
            {
                GC.EndNoGCRegion();
            }
        }
    }
}
