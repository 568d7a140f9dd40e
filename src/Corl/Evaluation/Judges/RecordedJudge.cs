using System.Text;

namespace Corl.Evaluation.Judges;

/// <summary>
/// Replies that were recorded before. A file of JSON lines {"label", "text"} or {"sha256", "text"}: the first names a question by its
/// label, the second by its key. Several lines of one name are the replies to its first, second, … attempt; the last one repeats.
/// A text that is null stands for a judge that did not answer.
/// </summary>
internal sealed class RecordedJudge : IJudge
{
    private const int MaxLineBytes = 1 << 20; // ours: a judge's longest reply has 2048 tokens
    private readonly Dictionary<string, List<string?>> _replies = [];
    private readonly string _file;

    private RecordedJudge(string file, string? model) => (_file, Model) = (file, model);

    public string? Model { get; }

    public int AtOnce => 1;

    public JudgeUsage Usage { get; } = new();

    /// <summary>Reads a recording.</summary>
    /// <param name="file">The file.</param>
    /// <param name="model">The model of the requests; null: each benchmark's own.</param>
    /// <exception cref="UserException">A line is malformed; names the line.</exception>
    public static RecordedJudge Open(string file, string? model = null)
    {
        if (!File.Exists(file))
        {
            throw new UserException($"{Quoted.Line(file)}: no such file; expected recorded replies, one {{\"label\": \"…\", \"text\": \"…\"}} a line");
        }

        var judge = new RecordedJudge(file, model);
        var number = 0;
        foreach (var line in File.ReadLines(file, Encoding.UTF8))
        {
            number++;
            if (line.Length > MaxLineBytes)
            {
                throw new UserException($"{Quoted.Line(file)}: line {number} has {line.Length} characters; at most {MaxLineBytes} are read");
            }

            if (!string.IsNullOrWhiteSpace(line))
            {
                judge.Add(JsonAt.Parse($"{file}: line {number}", Encoding.UTF8.GetBytes(line)));
            }
        }

        return judge;
    }

    public Task<JudgeReply> AskAsync(JudgeRequest request, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        if (!_replies.TryGetValue(request.Key, out var replies) && !_replies.TryGetValue(request.Label, out replies))
        {
            throw new UserException($"{Quoted.Line(_file)}: no reply for {Quoted.Name(request.Label)}; add a line {{\"label\": \"…\", \"text\": \"…\"}}, or name a judge that can be asked");
        }

        Usage.Reused();
        return replies[Math.Min(request.Attempt, replies.Count - 1)] is { } text
            ? Task.FromResult(new JudgeReply(text))
            : throw new JudgeUnavailableException($"{Quoted.Line(_file)}: recorded as not answered: {Quoted.Name(request.Label)}, attempt {request.Attempt + 1}");
    }

    private void Add(JsonAt line)
    {
        var name = (line.Find("label") ?? line.Find("sha256") ?? throw line.Error("expected the key 'label' or 'sha256'")).Text();
        if (!_replies.TryGetValue(name, out var replies))
        {
            _replies[name] = replies = [];
        }

        replies.Add(line.Find("text")?.Text());
    }
}
