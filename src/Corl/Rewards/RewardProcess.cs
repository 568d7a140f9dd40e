using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Corl.Rewards;

/// <summary>
/// A running program that is spoken to by lines. Writing, reading and listening to its complaints have a thread each, so that a full
/// pipe on one side never blocks the others.
/// </summary>
internal sealed class RewardProcess : IDisposable
{
    private const int MaxLine = 1 << 16;      // bytes of a line that are kept; ours: a reply has about 30
    private const int LinesAhead = 256;       // read before they are asked for; ours
    private const int MessagesKept = 3;       // last lines of its standard error that an error quotes; ours
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5); // for an end that was asked for; ours

    private readonly Process _process;
    private readonly Action<string>? _messages;
    private readonly BlockingCollection<string> _lines = new(LinesAhead);
    private readonly CancellationTokenSource _closing = new();
    private readonly Queue<string> _said = new();
    private readonly Thread _listener;
    private Thread? _writer;

    private RewardProcess(Process process, Action<string>? messages)
    {
        (_process, _messages) = (process, messages);
        _listener = Begin(() => ReadLines(process.StandardError.BaseStream, Hear));
        Begin(Read);
    }

    /// <summary>Starts a program.</summary>
    /// <param name="command">Program and arguments.</param>
    /// <param name="folder">Its working directory.</param>
    /// <param name="messages">Gets the lines of its standard error.</param>
    /// <exception cref="UserException">It cannot be started.</exception>
    public static RewardProcess Start(IReadOnlyList<string> command, string folder, Action<string>? messages)
    {
        // A program named by a path is looked for from its folder, as a shell there would; any other on the PATH.
        var program = command[0].Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(command[0], Path.GetFullPath(folder)) : command[0];
        var start = new ProcessStartInfo(program, command.Skip(1))
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        try
        {
            return new RewardProcess(Process.Start(start)!, messages);
        }
        catch (Win32Exception e)
        {
            throw new UserException($"cannot start {Quoted.Name(command[0])} in {Path.GetFullPath(folder)} ({e.Message.Split('\n')[0]}); name a program on the PATH, or a path from that folder", e);
        }
    }

    /// <summary>Writes lines without waiting until they are read.</summary>
    public void Send(IEnumerable<byte[]> lines) => _writer = Begin(() =>
    {
        var input = _process.StandardInput.BaseStream;
        foreach (var line in lines.TakeWhile(_ => !_closing.IsCancellationRequested))
        {
            input.Write(line);
        }

        input.Flush();
    });

    /// <summary>Waits until all that was sent has gone into the pipe.</summary>
    public bool HasRead(TimeSpan timeout) => _writer?.Join(timeout) ?? true;

    /// <summary>The next line of its output; null when it has closed its output; false when none came in time.</summary>
    public bool TryRead(TimeSpan timeout, CancellationToken cancellation, out string? line) =>
        _lines.TryTake(out line, (int)Math.Min(timeout.TotalMilliseconds, int.MaxValue), cancellation) || _lines.IsCompleted;

    /// <summary>How it ended, once its output is closed.</summary>
    public string Ending() => _process.WaitForExit(Patience) ? $"ended with code {_process.ExitCode}" : "closed its output";

    /// <summary>The last lines of its standard error, for an error message; empty when there are none.</summary>
    public string LastWords()
    {
        if (_process.HasExited)
        {
            _listener.Join(Patience); // a child of its own may hold the pipe open
        }

        lock (_said)
        {
            return _said.Count == 0 ? "" : $"; it said: {string.Join(" / ", _said.Select(line => Quoted.Name(line.Trim())))}";
        }
    }

    /// <summary>Ends it at once, with what it has started.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit(Patience);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // it, or one that it has started, has ended by itself
        }
    }

    /// <summary>Closes its standard input, waits a few seconds for its end, then ends it.</summary>
    public void Dispose()
    {
        _closing.Cancel();
        if (_writer?.Join(0) ?? true)
        {
            Quietly(_process.StandardInput.Close);
        }

        if (!_process.WaitForExit(Patience))
        {
            Kill();
        }

        _process.Dispose();
    }

    private static Thread Begin(Action work)
    {
        var thread = new Thread(() => Quietly(work)) { IsBackground = true, Name = nameof(RewardProcess) };
        thread.Start();
        return thread;
    }

    // A pipe that breaks is seen by its reader as the end of the output.
    private static void Quietly(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
        }
    }

    private void Read()
    {
        try
        {
            ReadLines(_process.StandardOutput.BaseStream, line => _lines.Add(line, _closing.Token));
        }
        finally
        {
            _lines.CompleteAdding();
        }
    }

    private void Hear(string line)
    {
        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        lock (_said)
        {
            _said.Enqueue(line);
            if (_said.Count > MessagesKept)
            {
                _said.Dequeue();
            }
        }

        _messages?.Invoke(Quoted.Line(line));
    }

    // Of a line that is too long the beginning.
    private static void ReadLines(Stream stream, Action<string> take)
    {
        const int Block = 1 << 12;
        var (block, line) = (new byte[Block], new List<byte>());
        for (int count; (count = stream.Read(block)) > 0;)
        {
            foreach (var value in block.AsSpan(0, count))
            {
                if (value == '\n')
                {
                    End();
                }
                else if (line.Count < MaxLine)
                {
                    line.Add(value);
                }
            }
        }

        if (line.Count > 0)
        {
            End();
        }

        void End()
        {
            take(Encoding.UTF8.GetString([.. line]));
            line.Clear();
        }
    }
}
