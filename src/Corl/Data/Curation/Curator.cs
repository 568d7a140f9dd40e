using Corl.Imaging;

namespace Corl.Data.Curation;

/// <summary>
/// Makes a training set from published sets (App. A of the paper). The sources are read once into work files; then problems are taken in a
/// seeded order, from the source that is furthest behind its share, and each must pass every filter given what was taken before it. The
/// same recipe and files give the same rows.
/// </summary>
internal sealed class Curator : IDisposable
{
    private const int FewestPerAnswer = 10; // ours: below, a share of 1 % says nothing
    private const int LetterSlack = 4;      // ours: letters of the first rows are not held against them
    private readonly CurationSettings _settings;
    private readonly string _folder;
    private readonly CancellationToken _cancellation;
    private readonly List<CurationSource> _sources = [];
    private readonly Exclusions _exclusions;
    private readonly Dictionary<string, int> _perImage = [];
    private readonly HashSet<(string, string)> _asked = [];
    private readonly List<(ImageHash Hash, string Image)> _seen = [];
    private readonly NearDuplicates _prompts;
    private readonly HashSet<(string Prompt, string Image)> _prompted = [];
    private CaptionIndex? _captions;
    private (int Choice, int Open) _taken;

    /// <summary>Reads the sources and the captions.</summary>
    /// <param name="settings">The recipe.</param>
    /// <param name="folder">What its paths are relative to.</param>
    /// <param name="work">Folder of work files; they are overwritten.</param>
    /// <param name="progress">Told what is done, line by line.</param>
    /// <param name="cancellation">Stops between two items.</param>
    public Curator(CurationSettings settings, string folder, string work, Action<string> progress, CancellationToken cancellation)
    {
        (_settings, _folder, _cancellation) = (settings, folder, cancellation);
        _prompts = new NearDuplicates(settings.Prompts?.NearDuplicates ?? 1);
        try
        {
            _exclusions = Exclusions.Read(settings.Exclude.Ids.Select(file => Path.Combine(folder, file)));
            foreach (var (name, source) in settings.Sources)
            {
                _sources.Add(new CurationSource(name, source, folder, work, settings.Seed, cancellation));
                Counts.Sources[name] = _sources[^1].Counts;
                progress($"{name}: {_sources[^1].Counts.Problems:N0} problems of {_sources[^1].Counts.Read:N0} items");
            }

            ReadExcludedImages();
            Enqueue(progress);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The numbers so far.</summary>
    public CurationCounts Counts { get; } = new();

    /// <summary>The share of a policy's answers to a row that are right; null when difficulty is not asked for.</summary>
    public Func<CuratedRow, RgbImage, double>? PassRate { get; init; }

    /// <summary>The rows, one by one.</summary>
    public IEnumerable<CuratedRow> Rows()
    {
        for (var rows = 0; rows < _settings.Rows && _sources.Where(source => source.HasNext).MinBy(source => source.Counts.Taken / source.Share) is { } source;)
        {
            _cancellation.ThrowIfCancellationRequested();
            if (Take(source, source.Next()) is { } row)
            {
                rows++;
                source.Counts.Taken++;
                yield return row;
            }
        }

        _sources.ForEach(source => source.Finish());
    }

    public void Dispose() => _sources.ForEach(source => source.Dispose());

    private void ReadExcludedImages()
    {
        if (_settings.Exclude.Images is not { } path)
        {
            return;
        }

        foreach (var hash in ImageHashes.Read(Path.Combine(_folder, path), _cancellation))
        {
            _exclusions.Add(hash);
        }
    }

    private void Enqueue(Action<string> progress)
    {
        // Of the rows as the shares have them: what can only be asked with choices, and what can be asked in both ways.
        double Part(Kinds kinds) => _sources.Sum(source => source.Share * source.PartOf(kinds)) / _sources.Sum(source => source.Share);
        var (choice, either) = (Part(Kinds.Choice), Part(Kinds.Choice | Kinds.Open));
        var asChoice = either == 0 ? 0 : Math.Clamp((_settings.Answers.MultipleChoice - choice) / either, 0, 1);
        if (_settings.Prompts is { } prompts)
        {
            var images = _sources.SelectMany(source => source.CocoIds).ToHashSet();
            _captions = CaptionIndex.Open(
                Path.Combine(_folder, prompts.Captions), prompts.Instances is { } instances ? Path.Combine(_folder, instances) : null, images, prompts.NounFrom, _cancellation);
            progress($"{_captions.Read:N0} captions read, {images.Count:N0} images asked about");
        }

        var coverages = new List<double>();
        foreach (var source in _sources)
        {
            source.Enqueue((index, priority, kinds) =>
            {
                var isChoice = kinds == Kinds.Choice || (kinds.HasFlag(Kinds.Choice) && CounterRng.Named(_settings.Seed, "curate/type", unchecked((long)priority)).Uniform() < asChoice);
                return Candidate(source, new Candidate(index, priority, isChoice), coverages);
            });
        }

        if (_settings.Prompts is { } chosen)
        {
            Counts.Threshold = chosen.Threshold ?? PromptChoice.Threshold(coverages, chosen.Mean).Threshold;
        }
    }

    private Candidate? Candidate(CurationSource source, Candidate candidate, List<double> coverages)
    {
        _cancellation.ThrowIfCancellationRequested();
        if (_captions is null)
        {
            return candidate;
        }

        var problem = source.Problems.Read(candidate.Index);
        if (PromptOf(problem, candidate.IsChoice) is not { } prompt)
        {
            source.Counts.Drop(problem.CocoId is null ? "not a COCO image" : "no caption names anything of the solution");
            return null;
        }

        coverages.Add(prompt.Coverage);
        CurationCounts.Count(Counts.Candidates, prompt.Coverage);
        return candidate with { Coverage = (float)prompt.Coverage, Caption = prompt.Caption.Id };
    }

    private ChosenPrompt? PromptOf(Problem problem, bool isChoice) => problem.CocoId is not { } image ? null : PromptChoice.Choose(
        _captions!.Of(image), $"{problem.Question}\n{(isChoice ? problem.Choices[problem.Correct] : problem.Answer)}\n{problem.Rationale}",
        _captions.Lexicon, _captions.LabelsOf(image), _settings.Prompts!.VisibleOnly);

    private bool IsFull(bool isChoice)
    {
        var choices = (int)Math.Round(_settings.Rows * _settings.Answers.MultipleChoice);
        return isChoice ? _taken.Choice >= choices : _taken.Open >= _settings.Rows - choices;
    }

    // A problem that can be asked in both ways is asked in the other one when there is enough of the first.
    private Candidate? InAWayThatIsWanted(Candidate candidate, Problem problem)
    {
        if (!IsFull(candidate.IsChoice))
        {
            return candidate;
        }

        var isChoice = !candidate.IsChoice;
        return IsFull(isChoice) || (isChoice ? problem.Choices.Length == 0 : problem.Answer is null) ? null
            : _captions is null ? candidate with { IsChoice = isChoice }
            : PromptOf(problem, isChoice) is { } prompt ? candidate with { IsChoice = isChoice, Coverage = (float)prompt.Coverage, Caption = prompt.Caption.Id }
            : null;
    }

    private CuratedRow? Take(CurationSource source, Candidate drawn)
    {
        var problem = source.Problems.Read(drawn.Index);
        if (InAWayThatIsWanted(drawn, problem) is not { } candidate)
        {
            source.Counts.Drop("enough of this type");
            return null;
        }

        var name = $"{source.Name}/{problem.Id}";
        var text = candidate.IsChoice
            ? ProblemText.MultipleChoice(problem, OptionOrder.Arrange(problem, Counts.Letters, CounterRng.Named(_settings.Seed, $"curate/options/{name}")))
            : ProblemText.OpenEnded(problem);
        var answer = (candidate.IsChoice ? problem.Choices[problem.Correct] : text.Answer).ToLowerInvariant();
        var image = problem.CocoId is { } number ? $"coco/{number}" : $"{source.Name}/{problem.ImageKey}";
        var prompt = _captions is null ? null : PromptChoice.Prompt(_captions.Of(problem.CocoId!.Value).First(caption => caption.Id == candidate.Caption).Text, _settings.Prompts!.LowerCase);
        var reason = Fault(candidate, problem, text, answer, image, prompt);
        var row = reason is null ? WithImage(source, problem, name, image, out reason) : null;
        if (row is { } found)
        {
            var made = new CuratedRow
            {
                Id = name,
                Source = source.Name,
                Text = text,
                Prompt = prompt,
                Image = found.Bytes,
                ImageName = found.Name,
                CocoId = problem.CocoId,
                CaptionId = prompt is null ? null : candidate.Caption,
                Coverage = prompt is null ? null : candidate.Coverage,
            };
            var rate = PassRate?.Invoke(made, found.Image);
            if (rate is null || (rate >= _settings.Difficulty!.Least && rate <= _settings.Difficulty.Most))
            {
                Commit(candidate.IsChoice, text, answer, image, problem.Question, prompt, found.Hash);
                return made with { PassRate = rate };
            }

            reason = rate < _settings.Difficulty!.Least ? "too hard for the policy" : "too easy for the policy";
        }

        source.Counts.Drop(reason!);
        return null;
    }

    // The filters that need no image, the cheap ones first; each is the reason that is counted.
    private string? Fault(Candidate candidate, Problem problem, ProblemText text, string answer, string image, string? prompt) =>
        _exclusions.HasId(problem) ? "excluded by id"
            : candidate.Coverage < (float)(Counts.Threshold ?? 0) ? "the caption covers too little"
            : _perImage.GetValueOrDefault(image) >= _settings.Images.PerImage ? "enough about this image"
            : _asked.Contains((prompt ?? image, problem.Question)) ? "asked already"
            : text.Fault(_settings.Answers.MostWords, candidate.IsChoice ? problem.Choices[problem.Correct] : null)
            ?? (prompt is null ? null : PromptFault(prompt, image))
            ?? (Counts.Answers.GetValueOrDefault(answer) >= Math.Max(FewestPerAnswer, _settings.Answers.Share * _settings.Rows) ? "the answer is too frequent"
                : candidate.IsChoice && IsTooFrequent(problem, text.Answer[0]) ? "the letter is too frequent" : null);

    // Two questions about one image may share its prompt.
    private string? PromptFault(string prompt, string image)
    {
        var words = EntityLexicon.CountWords(prompt);
        return words < _settings.Prompts!.FewestWords ? "the prompt is too short"
            : words > _settings.Prompts.MostWords ? "the prompt is too long"
            : !_prompted.Contains((prompt, image)) && _prompts.Contains(prompt) ? "nearly the prompt of another row"
            : null;
    }

    // Options in fixed order may not make one letter likelier than another; the others go where the rarest letter is.
    private bool IsTooFrequent(Problem problem, char letter) => OptionOrder.IsFixed(problem)
        && Counts.Letters[letter - 'A'] + 1 > ((Math.Max(0.25, 1.0 / problem.Choices.Length) + _settings.Answers.Letters) * (_taken.Choice + 1)) + LetterSlack;

    private (ReadOnlyMemory<byte> Bytes, RgbImage Image, string Name, ImageHash? Hash)? WithImage(CurationSource source, Problem problem, string name, string key, out string? reason)
    {
        reason = null;
        try
        {
            var (bytes, image) = CuratedImages.Fit(source.Images.Read(problem, name), _settings.Images.MaxSide, name);
            ImageHash? hash = _settings.Images.Distance is null && _settings.Exclude.Images is null ? null : ImageHash.Of(image);
            reason = hash is { } excluded && _settings.Exclude.Images is not null && _exclusions.HasImage(excluded, _settings.Exclude.Distance) ? "excluded by its image"
                : hash is { } known && _settings.Images.Distance is { } distance && _seen.Exists(other => other.Image != key && other.Hash.Distance(known) <= distance) ? "nearly the image of another row"
                : null;
            return reason is null ? (bytes, image, CuratedWriter.ImageName(key, bytes.Span), hash) : null;
        }
        catch (UserException e)
        {
            source.Counts.AddBad(name, e);
            reason = "the image cannot be read";
            return null;
        }
    }

    private void Commit(bool isChoice, ProblemText text, string answer, string image, string question, string? prompt, ImageHash? hash)
    {
        _taken = isChoice ? (_taken.Choice + 1, _taken.Open) : (_taken.Choice, _taken.Open + 1);
        _perImage[image] = _perImage.GetValueOrDefault(image) + 1;
        _asked.Add((prompt ?? image, question));
        Counts.Answers[answer] = Counts.Answers.GetValueOrDefault(answer) + 1;
        if (isChoice)
        {
            Counts.Letters[text.Answer[0] - 'A']++;
        }

        if (prompt is not null && _prompted.Add((prompt, image)))
        {
            _prompts.Add(prompt);
        }

        if (hash is { } known)
        {
            _seen.Add((known, image));
        }
    }
}
