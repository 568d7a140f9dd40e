using System.Diagnostics;
using static TorchSharp.torch;

namespace Corl.Tests.Checkpoints;

/// <summary>The promise for hostile files: an answer within 1 s and 64 MB, both of the managed heap and of the process.</summary>
internal static class Bounded
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(1);
    private const long MaxBytes = 64L << 20;

    // libtorch loads with the first tensor; its memory is not the file's.
    static Bounded() => zeros(1).Dispose();

    /// <summary>
    /// Runs within the bounds. The time is that of the clock or of the processor, whichever is less, and the best of three attempts, so
    /// that a busy machine is not taken for slow code.
    /// </summary>
    public static T Run<T>(Func<T> work)
    {
        var (result, elapsed) = Once(work);
        for (var attempt = 1; attempt < 3 && elapsed > MaxTime; attempt++)
        {
            (result, elapsed) = Once(work);
        }

        Assert.True(elapsed <= MaxTime, $"it took {elapsed}");
        return result;
    }

    private static (T Result, TimeSpan Elapsed) Once<T>(Func<T> work)
    {
        var resident = Resident();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var processor = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();
        var result = work();
        var elapsed = TimeSpan.FromTicks(Math.Min(watch.Elapsed.Ticks, (Environment.CpuUsage.TotalTime - processor).Ticks));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, MaxBytes);
        Assert.InRange(Resident() - resident, long.MinValue, MaxBytes);
        return (result, elapsed);
    }

    private static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
