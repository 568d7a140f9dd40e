namespace Corl.Tokenizers;

/// <summary>
/// The parts of a Hugging Face tokenizer.json, checked. Read are byte-level BPE models with the normalisers NFC and Lowercase, the
/// pre-tokenizers Split, Digits and ByteLevel, and the post-processors ByteLevel and TemplateProcessing; anything else is refused by name.
/// </summary>
internal sealed class TokenizerFile
{
    /// <summary>Ours; the largest published vocabularies take 35 MB.</summary>
    public const long MaxBytes = 64 << 20;

    private const int MaxId = 1 << 22;        // ours: 4 million ids, forty times DeepSeek's
    private const int MaxSteps = 64;          // ours: DeepSeek-LLM has 7 steps
    private const int MaxPatternTotal = 16_384; // ours: DeepSeek-LLM's patterns have 800 characters together

    // ByteLevel's own pattern, from GPT-2.
    private const string WordPattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly JsonAt _root;

    public TokenizerFile(JsonAt root)
    {
        _root = root;
        Model = root["model"];
        if (Model.Find("type") is { } type && type.Text() != "BPE")
        {
            throw type.Error($"expected a BPE model, got {type.Text()}");
        }

        foreach (var (key, isUnset) in new (string, Func<JsonAt, bool>)[]
        {
            ("dropout", value => value.Number() == 0),
            ("continuing_subword_prefix", value => value.Text().Length == 0),
            ("end_of_word_suffix", value => value.Text().Length == 0),
            ("byte_fallback", value => !value.Flag()),
        })
        {
            if (Model.Find(key) is { } value && !isUnset(value))
            {
                throw value.Error("this option is not supported; byte-level vocabularies do without it");
            }
        }
    }

    public JsonAt Model { get; }

    public bool IgnoresMerges => Model.Find("ignore_merges")?.Flag() ?? false;

    /// <summary>Token → id of the model, without the added tokens.</summary>
    public Dictionary<string, int> Vocabulary()
    {
        var vocabulary = new Dictionary<string, int>();
        var taken = new HashSet<int>();
        foreach (var (token, value) in Model["vocab"].Properties())
        {
            var id = value.Integer(0, MaxId);
            vocabulary.Add(token, taken.Add(id) ? id : throw value.Error($"id {id} is given twice, the second time to '{token}'"));
        }

        return vocabulary;
    }

    /// <summary>The added tokens; one that the model's vocabulary has already keeps the id it has there.</summary>
    public List<AddedToken> AddedTokens(Dictionary<string, int> vocabulary)
    {
        var tokens = new List<AddedToken>();
        var contents = vocabulary.ToDictionary(entry => entry.Value, entry => entry.Key);
        foreach (var item in _root.Find("added_tokens")?.Items() ?? [])
        {
            var content = item["content"].Text();
            var stated = item["id"];
            var id = vocabulary.GetValueOrDefault(content, stated.Integer(0, MaxId));
            if (contents.TryGetValue(id, out var other) && other != content)
            {
                throw stated.Error($"id {id} of '{content}' belongs to '{other}'");
            }

            contents[id] = content;
            tokens.Add(new AddedToken(id, content, Flag("special"), Flag("single_word"), Flag("lstrip"), Flag("rstrip"), Flag("normalized")));

            bool Flag(string name) => item.Find(name)?.Flag() ?? false;
        }

        return tokens;
    }

    public List<Normalization> Normalizer()
    {
        var steps = new List<Normalization>();
        foreach (var step in Flatten(_root.Find("normalizer"), "normalizers"))
        {
            steps.Add(step["type"].Text() switch
            {
                "NFC" => Normalization.Nfc,
                "Lowercase" => Normalization.Lowercase,
                var other => throw step.Error($"the normalizer {other} is not supported"),
            });
        }

        return steps;
    }

    /// <summary>The steps of a pre_tokenizer; <paramref name="isByteLevel"/>: the pieces are then spelt in bytes.</summary>
    public static List<SplitStep> PreTokenizer(JsonAt? place, out bool isByteLevel)
    {
        var steps = new List<SplitStep>();
        var length = 0;
        isByteLevel = false;
        foreach (var step in Flatten(place, "pretokenizers"))
        {
            if (isByteLevel)
            {
                throw step.Error("nothing can follow ByteLevel");
            }

            switch (step["type"].Text())
            {
                case "Split":
                    steps.Add(Split(step, ref length));
                    break;
                case "Digits":
                    var isIndividual = step.Find("individual_digits")?.Flag() ?? false;
                    steps.Add(new SplitStep(RunePattern.Parse(@"\p{N}", step), isIndividual ? SplitBehavior.Isolated : SplitBehavior.Contiguous, IsInverted: false, AddsSpace: false));
                    break;
                case "ByteLevel":
                    var words = step.Find("use_regex")?.Flag() ?? true ? RunePattern.Parse(WordPattern, step) : null;
                    steps.Add(new SplitStep(words, SplitBehavior.Isolated, IsInverted: false, AddsSpace: step.Find("add_prefix_space")?.Flag() ?? true));
                    isByteLevel = true;
                    break;
                case var other:
                    throw step.Error($"the pre-tokenizer {other} is not supported");
            }
        }

        return steps;
    }

    public List<SplitStep> PreTokenizer()
    {
        var steps = PreTokenizer(_root.Find("pre_tokenizer"), out var isByteLevel);
        return isByteLevel ? steps : throw _root.Error("pre_tokenizer: expected ByteLevel as the last step; only byte-level vocabularies are supported");
    }

    public PostProcessing PostProcessor(Func<string, int?> idOf)
    {
        var result = new PostProcessing([], [], TrimsOffsets: false, KeepsFirstSpace: false);
        foreach (var step in Flatten(_root.Find("post_processor"), "processors"))
        {
            result = step["type"].Text() switch
            {
                "ByteLevel" => result with { TrimsOffsets = step.Find("trim_offsets")?.Flag() ?? true, KeepsFirstSpace = step.Find("add_prefix_space")?.Flag() ?? true },
                "TemplateProcessing" => Template(step, result, idOf),
                var other => throw step.Error($"the post-processor {other} is not supported"),
            };
        }

        return result;
    }

    public void CheckDecoder()
    {
        var steps = Flatten(_root.Find("decoder"), "decoders").Select(step => step["type"].Text()).ToArray();
        if (steps is not ["ByteLevel"])
        {
            throw _root.Error($"decoder: expected ByteLevel, got {(steps.Length == 0 ? "none" : string.Join(", ", steps))}");
        }
    }

    private static SplitStep Split(JsonAt step, ref int length)
    {
        var pattern = step["pattern"];
        var place = pattern.Find("Regex") ?? pattern["String"];
        length += place.Text().Length;
        if (length > MaxPatternTotal)
        {
            throw place.Error($"the patterns have more than {MaxPatternTotal} characters together");
        }

        var parsed = pattern.Find("Regex") is null ? RunePattern.Literal(place.Text(), place) : RunePattern.Parse(place.Text(), place);
        var behavior = step["behavior"].Text() switch
        {
            "Removed" => SplitBehavior.Removed,
            "Isolated" => SplitBehavior.Isolated,
            "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
            "MergedWithNext" => SplitBehavior.MergedWithNext,
            "Contiguous" => SplitBehavior.Contiguous,
            var other => throw step["behavior"].Error($"'{other}' is not a behavior of Split"),
        };
        return new SplitStep(place.Text().Length == 0 ? null : parsed, behavior, step.Find("invert")?.Flag() ?? false, AddsSpace: false);
    }

    private static PostProcessing Template(JsonAt step, PostProcessing result, Func<string, int?> idOf)
    {
        var (before, after) = (new List<int>(), new List<int>());
        var sequences = 0;
        foreach (var item in step["single"].Items())
        {
            if (item.Find("Sequence") is not null)
            {
                sequences++;
                continue;
            }

            var name = item["SpecialToken"]["id"];
            var ids = step["special_tokens"][name.Text()]["ids"].Items().Select(id => id.Integer(0, MaxId));
            (sequences == 0 ? before : after).AddRange(ids);
            _ = idOf(name.Text()) ?? throw name.Error($"'{name.Text()}' is not in the vocabulary");
        }

        return sequences == 1 ? result with { Before = [.. before], After = [.. after] } : throw step.Error($"single: expected the text once, got it {sequences} times");
    }

    // A Sequence of Sequences is one list.
    private static List<JsonAt> Flatten(JsonAt? place, string listName)
    {
        var steps = new List<JsonAt>();
        Visit(place);
        return steps;

        void Visit(JsonAt? at)
        {
            if (at is not { } step)
            {
                return;
            }

            if (step["type"].Text() != "Sequence")
            {
                steps.Add(steps.Count < MaxSteps ? step : throw step.Error($"more than {MaxSteps} steps"));
                return;
            }

            foreach (var inner in step[listName].Items())
            {
                Visit(inner);
            }
        }
    }
}

/// <summary>What a post_processor adds around the ids of a text, and what it does to offsets.</summary>
/// <param name="Before">Ids put before.</param>
/// <param name="After">Ids put after.</param>
/// <param name="TrimsOffsets">White space at a token's ends does not count in its offsets.</param>
/// <param name="KeepsFirstSpace">One leading space of the first token counts, because it was put there.</param>
internal sealed record PostProcessing(int[] Before, int[] After, bool TrimsOffsets, bool KeepsFirstSpace);
