using System.Globalization;

namespace Corl.Rewards;

/// <summary>
/// A reward that another program computes, in any language: a line of JSON on its standard input for each row, a line of JSON on its
/// standard output for each score, in any order (docs/rewards.md). The program is started at the first call, kept until the reward is
/// disposed, and started again when it crashes or hangs, at most twice for a batch. It should end when its standard input does.
/// </summary>
public sealed class ProcessReward : IReward, IDisposable
{
    private const int Starts = 3;                // for one batch; ours
    private const double DefaultTimeout = 60;    // seconds; ours
    private readonly Lock _gate = new();
    private readonly string[] _command;
    private RewardProcess? _process;
    private long _asked; // lines sent so far, the next line's id

    /// <summary>A reward that is not yet running.</summary>
    /// <param name="name">Key in logs.</param>
    /// <param name="command">Program and arguments; a program with a slash is a path from <see cref="Folder"/>, any other is on the PATH.</param>
    /// <exception cref="UserException">The command is empty.</exception>
    public ProcessReward(string name, IReadOnlyList<string> command)
    {
        (Name, _command) = (name, [.. command]);
        if (_command.Length == 0 || string.IsNullOrWhiteSpace(_command[0]))
        {
            throw new UserException($"reward \"{name}\": its command is empty; name a program and its arguments, for example [sh, reward.sh]");
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public Modality Judges { get; init; }

    /// <summary>Working directory of the program.</summary>
    public string Folder { get; init; } = ".";

    /// <summary>Longest wait for the next reply; the program is then taken to hang.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(DefaultTimeout);

    /// <summary>What the program is told of a row; null for prompt and image, or, if it judges text, question, answer, type and response.</summary>
    public IReadOnlyList<RowField>? Fields { get; init; }

    /// <summary>Gets what the program writes to its standard error, line by line, on a thread of its own.</summary>
    public Action<string>? Messages { get; init; }

    /// <summary>Ends the program and the wait for it.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <inheritdoc/>
    /// <remarks>A row that lacks one of the fields is not sent and gets null; nor is an image with a value that is not a number, which cannot be scored.</remarks>
    /// <exception cref="UserException">The program cannot be started, crashes or hangs three times, or writes something else than replies.</exception>
    /// <exception cref="OperationCanceledException"><see cref="Cancellation"/> was asked for.</exception>
    public Scores Score(Candidates candidates)
    {
        lock (_gate)
        {
            var fields = Fields ?? (Judges == Modality.Image ? [RowField.Prompt, RowField.Image] : [RowField.Question, RowField.Answer, RowField.Type, RowField.Response]);
            var lines = new RowLines(candidates, fields);
            var isUsable = candidates.Images is { } images && fields.Contains(RowField.Image) ? CandidateImages.Usable(images) : null;
            var values = new float?[candidates.Count];
            var open = new SortedDictionary<long, int>(); // the rows without a reply, by id
            for (var row = 0; row < values.Length; row++)
            {
                if (lines.Has(row) && (isUsable?[row] ?? true))
                {
                    open.Add(_asked++, row);
                }
                else if (lines.Has(row))
                {
                    values[row] = float.NaN;
                }
            }

            Ask(lines, open, values);
            return values;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _process?.Dispose();
            _process = null;
        }
    }

    private void Ask(RowLines lines, SortedDictionary<long, int> open, float?[] values)
    {
        for (var start = 1; open.Count > 0; start++)
        {
            var fault = Exchange(lines, open, values);
            var said = fault is null ? "" : Discard();
            Cancellation.ThrowIfCancellationRequested(); // Ctrl-C reaches the program, too
            if (fault is not null && start == Starts)
            {
                throw Wrong($"{fault}, {Starts} times with one batch{said}");
            }
        }
    }

    // Asks for the open rows and closes those that are answered; what went wrong when some are still open.
    private string? Exchange(RowLines lines, SortedDictionary<long, int> open, float?[] values)
    {
        try
        {
            Cancellation.ThrowIfCancellationRequested();
            _process ??= Start();
            KeyValuePair<long, int>[] asked = [.. open];
            _process.Send(asked.Select(row => lines.Of(row.Key, row.Value))); // made on the thread that writes
            while (open.Count > 0)
            {
                if (!_process.TryRead(Timeout, Cancellation, out var line))
                {
                    return string.Create(CultureInfo.InvariantCulture, $"it gave no reply within {Timeout.TotalSeconds} s");
                }

                if (line is null)
                {
                    return $"it {_process.Ending()}";
                }

                var (id, score) = RowLines.Reply(line) ?? throw Garbage(line, """expected a line such as {"id": 7, "score": 0.5}, and nothing else on its standard output""");
                if (!open.Remove(id, out var row))
                {
                    throw Garbage(line, "it was not asked for this id, or has answered it before");
                }

                values[row] = score;
            }

            return _process.HasRead(Timeout) ? null : throw Wrong("it answered rows before it had read them");
        }
        catch
        {
            Discard();
            throw;
        }
    }

    private RewardProcess Start()
    {
        try
        {
            return RewardProcess.Start(_command, Folder, Messages);
        }
        catch (UserException e)
        {
            throw Wrong(e.Message);
        }
    }

    // Ends the program; its last words.
    private string Discard()
    {
        _process?.Kill();
        var said = _process?.LastWords() ?? "";
        _process?.Dispose();
        _process = null;
        return said;
    }

    private UserException Garbage(string line, string what) => Wrong($"it wrote {Quoted.Name(line)}; {what}");

    private UserException Wrong(string what) => new($"reward \"{Name}\" ({Quoted.Line(string.Join(' ', _command))}): {what}");
}
