namespace Corl.Benchmarks;

/// <summary>
/// The most bytes of native memory in use since it was made, beyond what was in use then: tensors on a CPU live there, managed objects
/// and mapped files do not. A thread looks every half millisecond, so what lives shorter may be missed.
/// </summary>
internal sealed class HeapPeak : IDisposable
{
    private readonly Thread _watch;
    private long _peak;
    private volatile bool _stops;

    public HeapPeak(long? before = null)
    {
        Before = before ?? NativeHeap.InUse();
        _peak = NativeHeap.InUse();
        _watch = new Thread(Watch) { IsBackground = true, Priority = ThreadPriority.Highest };
        _watch.Start();
    }

    /// <summary>Bytes in use at the beginning.</summary>
    public long Before { get; }

    /// <summary>The most since then.</summary>
    public long Bytes => Interlocked.Read(ref _peak) - Before;

    public void Dispose()
    {
        _stops = true;
        _watch.Join();
    }

    private void Watch()
    {
        while (!_stops)
        {
            Interlocked.Exchange(ref _peak, Math.Max(_peak, NativeHeap.InUse()));
            Thread.Sleep(TimeSpan.FromMilliseconds(0.5));
        }
    }
}
