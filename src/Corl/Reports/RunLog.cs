using System.Globalization;

namespace Corl.Reports;

/// <summary>
/// The log of a run in its folder: metrics.jsonl, TensorBoard events, completions as Parquet and sample images. What it returned from is
/// on the disk. Opened to resume, it cuts everything after the resumed step, so that the log of an interrupted run equals that of an
/// uninterrupted one, times of day aside.
/// </summary>
public sealed class RunLog : IDisposable
{
    private const string CompletionsFolder = "completions", SamplesFolder = "samples";
    private readonly string _directory;
    private readonly MetricsFile _metrics;
    private readonly EventFile _events;

    /// <summary>Opens the log of a run.</summary>
    /// <param name="directory">The run's folder; made if it is not there.</param>
    /// <param name="resumeFromStep">The last step that is kept of an earlier log, or null for a new run, which keeps nothing.</param>
    /// <exception cref="UserException">The folder cannot be written to.</exception>
    public RunLog(string directory, long? resumeFromStep = null)
    {
        var last = resumeFromStep ?? -1;
        _directory = directory;
        MetricsFile? metrics = null;
        try
        {
            Directory.CreateDirectory(directory);
            DeleteAfter(last);
            metrics = new MetricsFile(Path.Combine(directory, MetricsFile.Name), last);
            _events = new EventFile(directory, last);
            _metrics = metrics;
        }
        catch (Exception e)
        {
            metrics?.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw Failed(e);
            }

            throw;
        }
    }

    /// <summary>Reads the metrics of a run's folder; empty when there are none yet.</summary>
    public static IReadOnlyList<MetricRow> ReadMetrics(string directory)
    {
        var path = Path.Combine(directory, MetricsFile.Name);
        return File.Exists(path) ? MetricsFile.Read(path) : [];
    }

    /// <summary>Logs the numbers of a step.</summary>
    /// <param name="step">Steps grow; one call per step.</param>
    /// <param name="values">Numbers by name, see <see cref="MetricNames"/>.</param>
    public void Metrics(long step, IReadOnlyDictionary<string, double> values) => Guard(() =>
    {
        _metrics.Append(step, values);
        _events.Scalars(step, values.OrderBy(pair => pair.Key, StringComparer.Ordinal));
    });

    /// <summary>Writes a step's completions to completions/completions_STEP.parquet.</summary>
    public void Completions(long step, IReadOnlyList<Completion> rows) =>
        CompletionsFile.Write(Path.Combine(_directory, CompletionsFolder, Named("completions", step, "parquet")), step, rows);

    /// <summary>Writes a step's sample images to samples/samples_STEP.png and to TensorBoard: a row per prompt, a column per candidate.</summary>
    /// <param name="step">The step.</param>
    /// <param name="rows">PNG files by row.</param>
    /// <param name="prompts">What each row shows, for TensorBoard's text page.</param>
    public void SampleImages(long step, IReadOnlyList<IReadOnlyList<ReadOnlyMemory<byte>>> rows, IReadOnlyList<string> prompts) => Guard(() =>
    {
        var (width, height, png) = ImageGrid.Compose(rows);
        AtomicFile.Write(Path.Combine(_directory, SamplesFolder, Named("samples", step, "png")), stream => stream.Write(png));
        _events.Image(step, "samples", width, height, png);
        _events.Text(step, "samples/prompts", string.Join("\n", prompts.Select((prompt, row) => $"{row + 1}. {prompt.ReplaceLineEndings(" ")}")));
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        _metrics.Dispose();
        _events.Dispose();
    }

    private static string Named(string what, long step, string extension) => string.Create(CultureInfo.InvariantCulture, $"{what}_{step:D5}.{extension}");

    private void DeleteAfter(long last)
    {
        foreach (var folder in new[] { CompletionsFolder, SamplesFolder }.Select(name => Path.Combine(_directory, name)).Where(Directory.Exists))
        {
            foreach (var file in Directory.EnumerateFiles(folder).ToArray())
            {
                var number = Path.GetFileNameWithoutExtension(file).Split('_')[^1];
                if (long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var step) && step > last)
                {
                    File.Delete(file);
                }
            }
        }
    }

    private void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (IOException e)
        {
            throw Failed(e);
        }
    }

    private UserException Failed(Exception e) =>
        new($"{_directory}: the log cannot be written ({e.Message}); what was logged before is safe. Free some space or choose another folder, then resume", e);
}
