using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Corl.Text.Learnt;

/// <summary>Asks the processor to fetch memory that is read soon; a hint, which only costs or saves time.</summary>
internal static class Prefetch
{
    /// <summary>Fetches the cache line of <paramref name="place"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Of<T>(ref T place)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref place));
        }
    }
}
