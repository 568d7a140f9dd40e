using System.Diagnostics;
using System.Globalization;
using Corl.Training;
using Corl.Reports;
using Spectre.Console;
using TableColumn = Spectre.Console.TableColumn;

namespace Corl.Cli;

/// <summary>Shows how a stage goes: a table that stays in its place on a terminal, lines elsewhere, nothing under <c>--quiet</c>.</summary>
internal sealed class TrainingView(Session session, string stage, long total)
{
    private const double SecondsBetweenLines = 5; // ours: a log file of a long run stays readable

    private readonly IAnsiConsole? _terminal = session.Terminal();
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private double _lastLine = double.NegativeInfinity;
    private long _first = -1;
    private int _height;

    /// <summary>Shows the step that has just been made.</summary>
    public void Show(StepResult step)
    {
        if (session.Quiet)
        {
            return;
        }

        _first = _first < 0 ? step.Step - 1 : _first;
        var seconds = _watch.Elapsed.TotalSeconds;
        var left = seconds / (step.Step - _first) * (total - step.Step);
        if (_terminal is not null)
        {
            Redraw(step, left);
        }
        else if (seconds - _lastLine >= SecondsBetweenLines || step.Step == total)
        {
            _lastLine = seconds;
            session.Progress(Line(step, left));
        }
    }

    private string Line(StepResult step, double left)
    {
        string Number(string name, string label) => step.Metrics.TryGetValue(name, out var value) ? string.Create(CultureInfo.InvariantCulture, $"  {label} {value:G4}") : "";
        var loss = step.Metrics.ContainsKey(MetricNames.Reward) ? "" : Number(MetricNames.Loss, "loss"); // of reinforcement learning it is 0 but for rounding
        return $"{stage} {step.Step}/{total}{loss}{Number(MetricNames.Reward, "reward")}{Number(MetricNames.RewardStd, "±")}{Number(MetricNames.Kl, "kl")}"
            + $"{Number(MetricNames.GradNorm, "grad")}{Number(MetricNames.MeanLength, "length")}{Number(MetricNames.Eval("score"), "eval")}{Number(MetricNames.Eval(MetricNames.Reward), "eval")}{Number(MetricNames.StepTime, "s/step")}  {Clock(left)} left";
    }

    private void Redraw(StepResult step, double left)
    {
        var table = new Table().Border(TableBorder.Rounded).Title($"{stage}, step {step.Step} of {total}, {Clock(left)} left");
        table.AddColumn("").AddColumn(new TableColumn("now").RightAligned()).AddColumn(new TableColumn("within a group").RightAligned());
        foreach (var (name, value) in step.Metrics.Where(x => x.Key.StartsWith("rewards/", StringComparison.Ordinal) && x.Key.EndsWith("/mean", StringComparison.Ordinal)).OrderBy(x => x.Key, StringComparer.Ordinal))
        {
            var reward = name["rewards/".Length..^"/mean".Length];
            table.AddRow(Markup.Escape(reward), Fixed(value), step.Metrics.TryGetValue(MetricNames.RewardGroupStd(reward), out var spread) ? Fixed(spread) : "");
        }

        foreach (var name in new[] { MetricNames.Reward, MetricNames.Kl, MetricNames.GradNorm, MetricNames.MeanLength, MetricNames.StepTime }.Where(step.Metrics.ContainsKey))
        {
            table.AddRow(name, Fixed(step.Metrics[name]), name == MetricNames.Reward && step.Metrics.TryGetValue(MetricNames.RewardStd, out var spread) ? Fixed(spread) : "");
        }

        const int Frame = 5; // title, three border lines and the head
        if (_height > 0)
        {
            _terminal!.Cursor.MoveUp(_height);
        }

        _terminal!.Write(table);
        _height = table.Rows.Count + Frame;
    }

    private static string Fixed(double value) => value.ToString("F3", CultureInfo.InvariantCulture);

    private static string Clock(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, 1e7)) is { TotalHours: >= 1 } long_ ? $"{long_.TotalHours:F1} h" : $"{TimeSpan.FromSeconds(seconds):m\\:ss}";
}
