namespace Corl.Evaluation.Judges;

/// <summary>Spaces out tries evenly, and holds them all back when a server asks for it.</summary>
/// <param name="perMinute">Most tries that begin in a minute; 0 for no limit.</param>
internal sealed class JudgePace(int perMinute)
{
    private readonly TimeSpan _step = perMinute > 0 ? TimeSpan.FromMinutes(1) / perMinute : TimeSpan.Zero;
    private readonly Lock _lock = new();
    private DateTime _next = DateTime.MinValue;

    /// <summary>Waits for this try's turn.</summary>
    public async Task WaitAsync(CancellationToken cancel)
    {
        TimeSpan wait;
        lock (_lock)
        {
            var now = DateTime.UtcNow;
            wait = _next > now ? _next - now : TimeSpan.Zero;
            _next = now + wait + _step;
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, cancel);
        }
    }

    /// <summary>No try begins before this much time has passed.</summary>
    public void Pause(TimeSpan time)
    {
        lock (_lock)
        {
            var until = DateTime.UtcNow + time;
            _next = until > _next ? until : _next;
        }
    }
}
