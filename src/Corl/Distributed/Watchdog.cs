namespace Corl.Distributed;

/// <summary>
/// Ends this process when it has waited too long for another one, which a launcher takes as a reason to end the rest. A call of MPI that
/// waits cannot be interrupted otherwise.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private const int ExitCode = 1;
    private readonly int _rank;
    private readonly TimeSpan _patience;
    private readonly Timer _timer;
    private int _awaited = -1;

    /// <summary>Starts watching.</summary>
    /// <param name="rank">Number of this process.</param>
    /// <param name="patience">The longest wait.</param>
    public Watchdog(int rank, TimeSpan patience)
    {
        (_rank, _patience) = (rank, patience);
        _timer = new Timer(_ => GiveUp());
    }

    /// <summary>Begins a wait for a process, which ends with the disposal of what is returned.</summary>
    public Wait WaitFor(int rank)
    {
        _awaited = rank;
        _timer.Change(_patience, Timeout.InfiniteTimeSpan);
        return new Wait(this);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void GiveUp()
    {
        Console.Error.WriteLine($"corl: process {_rank} on {Environment.MachineName}: process {_awaited} did not come within {_patience.TotalSeconds:F0} s; it has died or hangs. The run goes on with --resume from its last checkpoint");
        Environment.Exit(ExitCode);
    }

    /// <summary>A wait that is going on.</summary>
    internal readonly ref struct Wait(Watchdog watchdog)
    {
        public void Dispose() => watchdog._timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
