using System.Diagnostics;

namespace Corl.Training;

/// <summary>Seconds by phase of a step.</summary>
internal sealed class PhaseClock
{
    private readonly Stopwatch _whole = Stopwatch.StartNew();
    private readonly Dictionary<string, double> _seconds = [];

    /// <summary>Seconds of each phase.</summary>
    public IReadOnlyDictionary<string, double> Seconds => _seconds;

    /// <summary>Seconds since the step began.</summary>
    public double Whole => _whole.Elapsed.TotalSeconds;

    public T Time<T>(string phase, Func<T> work)
    {
        var begin = _whole.Elapsed;
        var result = work();
        _seconds[phase] = _seconds.GetValueOrDefault(phase) + (_whole.Elapsed - begin).TotalSeconds;
        return result;
    }

    public void Time(string phase, Action work) => Time(phase, () =>
    {
        work();
        return 0;
    });
}
