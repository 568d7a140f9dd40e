using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Corl.Evaluation.Judges;

/// <summary>
/// Keeps every reply on disk under the key of its question, before anybody sees it: what was asked once is never asked again, by no
/// process and after no crash. Several processes may share the folder. An entry that is damaged counts as not there.
/// </summary>
/// <param name="folder">Made when it is not there.</param>
/// <param name="inner">Who is asked; null: only what is in the folder is known.</param>
/// <param name="model">The model of the requests where nobody is asked.</param>
internal sealed class JudgeCache(string folder, IJudge? inner, string? model = null) : IJudge, IDisposable
{
    private const int MaxEntryBytes = 1 << 24; // ours: a question with its examples and a reply have some kilobytes
    private readonly ConcurrentDictionary<string, Lazy<Task<JudgeReply>>> _open = new();
    private int _damaged;

    public string? Model => inner is null ? model : inner.Model;

    public int AtOnce => inner?.AtOnce ?? 1;

    public JudgeUsage Usage { get; } = inner?.Usage ?? new();

    /// <summary>Entries that were damaged and asked for again.</summary>
    public int Damaged => _damaged;

    public async Task<JudgeReply> AskAsync(JudgeRequest request, CancellationToken cancel = default)
    {
        var key = request.Key;
        if (Find(key, out var isDamaged) is { } known)
        {
            return known;
        }

        if (isDamaged)
        {
            Interlocked.Increment(ref _damaged);
        }

        if (inner is null)
        {
            throw new UserException($"{Quoted.Line(folder)}: holds no reply for {Quoted.Name(request.Label)} (key {key}, model {Quoted.Name(request.Model)}); name a judge that can be asked");
        }

        // Two items with the same question wait for one reply.
        var asked = _open.GetOrAdd(key, _ => new Lazy<Task<JudgeReply>>(() => AskAndStore(inner, request, key, cancel)));
        try
        {
            return await asked.Value;
        }
        finally
        {
            _open.TryRemove(key, out _);
        }
    }

    public void Dispose() => (inner as IDisposable)?.Dispose();

    private async Task<JudgeReply> AskAndStore(IJudge judge, JudgeRequest request, string key, CancellationToken cancel)
    {
        if (Find(key, out _) is { } known) // stored by another item since this one looked
        {
            return known;
        }

        var reply = await judge.AskAsync(request, cancel);
        Store(request, key, reply);
        return reply; // only now: a reply that was seen is a reply that is kept
    }

    // Folders of at most 256 names keep listings short.
    private string FileOf(string key) => Path.Combine(folder, key[..2], key + ".json");

    private JudgeReply? Find(string key, out bool isDamaged)
    {
        var file = FileOf(key);
        isDamaged = File.Exists(file);
        if (!isDamaged)
        {
            return null;
        }

        try
        {
            var entry = JsonAt.Open(file, MaxEntryBytes);
            var reply = new JudgeReply(entry["text"].Text(), entry["inputTokens"].Integer(0, int.MaxValue), entry["outputTokens"].Integer(0, int.MaxValue));
            if (entry["check"].Text() == Check(key, reply))
            {
                isDamaged = false;
                Usage.Reused();
                return reply;
            }
        }
        catch (UserException)
        {
            // Not the user's file: what cannot be read is asked for again.
        }

        return null;
    }

    private void Store(JudgeRequest request, string key, JudgeReply reply)
    {
        var entry = new
        {
            request.Label,
            Request = JsonElement.Parse(request.Description()),
            reply.Text,
            reply.InputTokens,
            reply.OutputTokens,
            Check = Check(key, reply),
        };
        var whole = FileOf(key);
        var own = $"{whole}.{Guid.NewGuid():N}"; // another process may write the same reply at this moment
        AtomicFile.Write(own, stream => JsonSerializer.Serialize(stream, entry, EntryStyle));
        File.Move(own, whole, overwrite: true);
    }

    private static string Check(string key, JudgeReply reply) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{key}\n{reply.InputTokens}\n{reply.OutputTokens}\n{reply.Text}")));

    private static readonly JsonSerializerOptions EntryStyle = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
}
