namespace Corl.Data.Curation;

/// <summary>One source while a set is made: its problems on disk, the order in which they are tried, its images and its counts.</summary>
internal sealed class CurationSource : IDisposable
{
    private readonly SourceSettings _settings;
    private readonly (string Path, string Name)[] _files;
    private readonly List<(ulong Priority, Kinds Kinds)> _found = [];
    private Candidate[] _queue = [];
    private int _next;

    /// <summary>Reads all items of a source and keeps its problems in a work file.</summary>
    /// <param name="name">The recipe's name for it.</param>
    /// <param name="settings">Format and paths.</param>
    /// <param name="folder">What its paths are relative to.</param>
    /// <param name="work">Folder of work files.</param>
    /// <param name="seed">Seed of the order.</param>
    /// <param name="cancellation">Stops between two items.</param>
    public CurationSource(string name, SourceSettings settings, string folder, string work, ulong seed, CancellationToken cancellation)
    {
        (Name, _settings) = (name, settings);
        var path = Path.Combine(folder, settings.Path);
        _files = [.. DataPaths.Resolve(path)];
        var images = settings.Images is { } chosen ? Path.Combine(folder, chosen) : Path.GetDirectoryName(Path.GetFullPath(_files[0].Path))!;
        Images = new CuratedImages(images, _files);
        Problems = ProblemStore.Write(Path.Combine(work, $"{name}.jsonl"), Adapt(seed, cancellation));
    }

    public string Name { get; }

    public double Share => _settings.Share;

    public SourceCounts Counts { get; } = new();

    public CuratedImages Images { get; }

    public ProblemStore Problems { get; }

    /// <summary>The numbers of the COCO images that its problems are about.</summary>
    public HashSet<long> CocoIds { get; } = [];

    /// <summary>The share of its problems that can be asked in these ways and no other.</summary>
    public double PartOf(Kinds kinds) => _found.Count == 0 ? 0 : (double)_found.Count(problem => problem.Kinds == kinds) / _found.Count;

    public bool HasNext => _next < _queue.Length;

    public Candidate Next() => _queue[_next++];

    /// <summary>Puts the problems in the order in which they are tried; <paramref name="candidate"/> says how each would be asked, or drops it.</summary>
    public void Enqueue(Func<int, ulong, Kinds, Candidate?> candidate)
    {
        _queue = [.. _found.Select((problem, i) => candidate(i, problem.Priority, problem.Kinds)).OfType<Candidate>().OrderBy(c => c.Priority).ThenBy(c => c.Index)];
        _found.Clear();
    }

    public void Finish() => Counts.Left = _queue.Length - _next;

    public void Dispose()
    {
        Problems.Dispose();
        Images.Dispose();
    }

    private IEnumerable<Problem> Adapt(ulong seed, CancellationToken cancellation)
    {
        foreach (var item in Items())
        {
            cancellation.ThrowIfCancellationRequested();
            Counts.Read++;
            if (Adapt(item) is { } problem)
            {
                var kinds = (problem.Choices.Length > 0 ? Kinds.Choice : 0) | (problem.Answer is null ? 0 : Kinds.Open);
                _found.Add((CounterRng.Named(seed, $"curate/order/{Name}/{problem.Id}").Next(), kinds));
                if (problem.CocoId is { } image)
                {
                    CocoIds.Add(image);
                }

                Counts.Problems++;
                yield return problem;
            }
        }
    }

    private Problem? Adapt(SourceItem item)
    {
        try
        {
            var (problem, reason) = SourceAdapters.Read(_settings.Format, item);
            if (reason is not null)
            {
                Counts.Drop(reason);
            }

            return problem;
        }
        catch (UserException e)
        {
            Counts.AddBad(item.Where, e);
            return null;
        }
    }

    private IEnumerable<SourceItem> Items() =>
        CuratedImages.IsParquet(_files[0].Path) ? ParquetItems.Read(_files)
            : _files.SelectMany((file, i) => JsonItems.Read(file.Path).Select(item => _files.Length == 1 ? item : item with { Key = $"{i}-{item.Key}" }));
}

/// <summary>How a problem can be asked.</summary>
[Flags]
internal enum Kinds
{
    /// <summary>In no way.</summary>
    None = 0,

    /// <summary>With its choices.</summary>
    Choice = 1,

    /// <summary>Without.</summary>
    Open = 2,
}

/// <summary>A problem that may become a row.</summary>
/// <param name="Index">Its place in the source's store.</param>
/// <param name="Priority">Smaller ones are tried first.</param>
/// <param name="IsChoice">Whether it is asked with its choices.</param>
/// <param name="Coverage">Of the caption chosen as its prompt.</param>
/// <param name="Caption">The id of that caption.</param>
internal sealed record Candidate(int Index, ulong Priority, bool IsChoice, float Coverage = 0, long Caption = -1);
