namespace Corl.Data.Curation;

/// <summary>What is made.</summary>
internal enum CuratedLayout
{
    /// <summary>Rows of x2x_rft: COCO image, prompt, question, answer.</summary>
    X2x,

    /// <summary>Rows of mcot_r1: image, question, answer.</summary>
    Mcot,
}

/// <summary>How rows are stored.</summary>
internal enum CuratedFormat
{
    /// <summary>data/train-*.parquet with the images inside.</summary>
    Parquet,

    /// <summary>metadata.jsonl beside a folder of images.</summary>
    Jsonl,
}

/// <summary>A data set to make, as its recipe says. Paths are relative to the recipe's folder.</summary>
internal sealed record CurationSettings
{
    /// <summary>Which layout the rows have.</summary>
    public CuratedLayout Layout { get; init; }

    /// <summary>How rows are stored.</summary>
    public CuratedFormat Format { get; init; }

    /// <summary>How many rows; fewer when the sources have no more that fit.</summary>
    public required int Rows { get; init; }

    /// <summary>Which problems are taken, in which order, and how options are shuffled.</summary>
    public ulong Seed { get; init; }

    /// <summary>Where problems come from, by a name of the user's.</summary>
    public required IReadOnlyDictionary<string, SourceSettings> Sources { get; init; }

    /// <summary>How prompts are chosen; needed for x2x.</summary>
    public PromptSettings? Prompts { get; init; }

    /// <summary>Which answers are taken.</summary>
    public AnswerSettings Answers { get; init; } = new();

    /// <summary>Which images are taken.</summary>
    public ImageSettings Images { get; init; } = new();

    /// <summary>What must not get into training.</summary>
    public ExclusionSettings Exclude { get; init; } = new();

    /// <summary>How hard the questions are to be for a policy; null: not measured.</summary>
    public DifficultySettings? Difficulty { get; init; }

    /// <summary>Whether a judge model writes the reasoning; null: as the source has it.</summary>
    public RewriteSettings? Rewrite { get; init; }

    /// <summary>These settings, when they make sense.</summary>
    /// <exception cref="UserException">Says which does not.</exception>
    public CurationSettings Validated(string file)
    {
        var fault =
            Rows is < 1 or > 10_000_000 ? $"rows is {Rows}, expected 1 to 10,000,000" // as many as `data shapes` makes
            : Sources.Count == 0 ? "no sources"
            : Sources.FirstOrDefault(source => !(source.Value.Share > 0)).Key is { } name ? $"sources.{name}.share: expected a number above 0"
            : Sources.Keys.FirstOrDefault(name => !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) is { } odd ? $"sources: the name {Quoted.Name(odd)} has other characters than letters, digits, - and _"
            : Layout == CuratedLayout.X2x && Prompts is null ? "layout x2x needs a section 'prompts' with the captions"
            : Layout == CuratedLayout.Mcot && Prompts is not null ? "layout mcot has no prompts; leave the section out, or write layout: x2x"
            : Answers.MultipleChoice is not (>= 0 and <= 1) ? "answers.multiple_choice: expected a share from 0 to 1"
            : Answers.Share is not (> 0 and <= 1) ? "answers.share: expected a share above 0, at most 1"
            : Images.PerImage < 1 || Images.MaxSide < 1 ? "images.per_image and images.max_side: expected at least 1"
            : Difficulty is { } d && (d.Samples is < 1 or > 1024 || !(d.Least >= 0 && d.Least <= d.Most && d.Most <= 1)) ? "difficulty: expected 1 to 1024 samples and 0 ≤ least ≤ most ≤ 1"
            : Rewrite is { Attempts: < 1 } ? "rewrite: expected at least one attempt"
            : null;
        return fault is null ? this : throw new UserException($"{file}: {fault}");
    }
}

/// <summary>One source.</summary>
internal sealed record SourceSettings
{
    /// <summary>Whose published format the file has.</summary>
    public required SourceFormat Format { get; init; }

    /// <summary>A file, a pattern of files, or a folder of Parquet files.</summary>
    public required string Path { get; init; }

    /// <summary>What image paths are relative to; null: the folder of the file.</summary>
    public string? Images { get; init; }

    /// <summary>How much of the set comes from here, relative to the other sources.</summary>
    public double Share { get; init; } = 1;
}

/// <summary>How an image's prompt is chosen among its captions.</summary>
internal sealed record PromptSettings
{
    /// <summary>COCO's captions_train2017.json.</summary>
    public required string Captions { get; init; }

    /// <summary>COCO's instances_train2017.json; used by <see cref="VisibleOnly"/>.</summary>
    public string? Instances { get; init; }

    /// <summary>The mean coverage that the rows are to have: 0.70 is what the data card of x2x_rft_22k says.</summary>
    public double Mean { get; init; } = 0.7;

    /// <summary>The smallest coverage; null: the one that gives the mean.</summary>
    public double? Threshold { get; init; }

    /// <summary>Only those entities of the solution count that a caption or a label of the image names.</summary>
    public bool VisibleOnly { get; init; }

    /// <summary>Whether every letter of a prompt is made small, not the first alone.</summary>
    public bool LowerCase { get; init; }

    /// <summary>How often a noun must occur in the captions to be an entity.</summary>
    public int NounFrom { get; init; } = 20;

    /// <summary>Fewest words of a prompt.</summary>
    public int FewestWords { get; init; } = 4;

    /// <summary>Most words of a prompt.</summary>
    public int MostWords { get; init; } = 30;

    /// <summary>Prompts that share more of their words than this (Jaccard) count as one; 1 allows all but equal ones.</summary>
    public double NearDuplicates { get; init; } = 0.9;
}

/// <summary>Which answers are taken.</summary>
internal sealed record AnswerSettings
{
    /// <summary>The share of multiple-choice questions.</summary>
    public double MultipleChoice { get; init; } = 0.5;

    /// <summary>The largest share that one answer may have, its option's text where it is a letter.</summary>
    public double Share { get; init; } = 0.01;

    /// <summary>Most words of an open answer that is no number; the prompt asks for one to three.</summary>
    public int MostWords { get; init; } = 3;

    /// <summary>How far above a quarter a letter's share may be.</summary>
    public double Letters { get; init; } = 0.02;
}

/// <summary>Which images are taken, and how large.</summary>
internal sealed record ImageSettings
{
    /// <summary>Most questions about one image.</summary>
    public int PerImage { get; init; } = 2;

    /// <summary>The longer side in pixels; a larger image is scaled down.</summary>
    public int MaxSide { get; init; } = 1024;

    /// <summary>Images whose hashes differ in at most this many of 256 bits count as one; null: images are told apart by name.</summary>
    public int? Distance { get; init; }
}

/// <summary>What must not get into training.</summary>
internal sealed record ExclusionSettings
{
    /// <summary>Files of ids: lists, benchmark tables, annotation files. What is read from them is said in docs/data.md.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];

    /// <summary>A folder of images, or a data set, that must not be seen.</summary>
    public string? Images { get; init; }

    /// <summary>An image is one of these when the hashes differ in at most this many of 256 bits.</summary>
    public int Distance { get; init; } = 4;
}

/// <summary>Questions are kept by how often a policy answers them right.</summary>
internal sealed record DifficultySettings
{
    /// <summary>Answers per question.</summary>
    public int Samples { get; init; } = 8;

    /// <summary>Smallest share of right answers: what is never right teaches nothing.</summary>
    public double Least { get; init; } = 0.1;

    /// <summary>Largest share of right answers.</summary>
    public double Most { get; init; } = 0.9;

    /// <summary>Logits are divided by it.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Most tokens of an answer.</summary>
    public int MaxTokens { get; init; } = 512;
}

/// <summary>Reasoning written by a judge model.</summary>
internal sealed record RewriteSettings
{
    /// <summary>Whether the judge is told the answer.</summary>
    public bool ShowsAnswer { get; init; }

    /// <summary>Whether only rows without a rationale are written.</summary>
    public bool OnlyMissing { get; init; }

    /// <summary>Calls for a row until the answer is the known one; then it is dropped.</summary>
    public int Attempts { get; init; } = 3;
}
