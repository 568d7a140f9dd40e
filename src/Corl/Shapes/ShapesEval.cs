namespace Corl.Shapes;

/// <summary>
/// Paints images for prompts.
/// </summary>
/// <param name="prompts">The prompts, [B].</param>
/// <param name="imagesPerPrompt">G.</param>
/// <param name="firstPrompt">The number of the first prompt in the whole benchmark: what a counter-based sampler keys its noise by.</param>
/// <returns>N = B·G images of <see cref="World.ImageBytes"/> bytes; row b·G + g is image g of prompt b.</returns>
internal delegate IReadOnlyList<byte[]> Painter(IReadOnlyList<string> prompts, int imagesPerPrompt, int firstPrompt);

/// <summary>ShapesEval of one policy: shares of images that pass, 0 to 1.</summary>
/// <param name="Overall">Mean over the six tasks.</param>
/// <param name="Strict">Share of all images that pass and hold nothing else.</param>
/// <param name="Tasks">By <see cref="PromptKind"/>.</param>
internal sealed record ShapesEvalScores(double Overall, double Strict, IReadOnlyDictionary<PromptKind, double> Tasks);

/// <summary>The miniature of GenEval: six kinds of prompts, judged by an exact detector.</summary>
internal static class ShapesEval
{
    /// <summary>Prompts of each task, as in the published figures of the Shapes world; a standard error is then about 0.02.</summary>
    public const int PromptsPerTask = 25;

    /// <summary>Images of each prompt.</summary>
    public const int ImagesPerPrompt = 4;

    private const int Chunk = 60; // prompts sampled at once; 480 rows with guidance, which two cores fill

    /// <summary>The benchmark's prompts: different ones within a task, as far as the task has that many.</summary>
    /// <param name="perTask">Prompts of each task.</param>
    /// <param name="first">Where their seeds begin.</param>
    public static IReadOnlyList<ShapesRecord> Prompts(int perTask = PromptsPerTask, ulong first = Seeds.ShapesEval)
    {
        List<ShapesRecord> all = [];
        foreach (var task in World.Tasks)
        {
            var seed = first + ((ulong)task * Seeds.ShapesEvalPerTask);
            var kinds = task == PromptKind.Single ? World.ShapeNames.Length : int.MaxValue; // prompts that the task has
            HashSet<string> seen = [];
            for (var taken = 0; taken < perTask; seed++)
            {
                var record = ShapesRecord.Of(seed, task, plain: true);
                if (seen.Add(record.Prompt) || seen.Count >= kinds)
                {
                    all.Add(record);
                    taken++;
                }
            }
        }

        return all;
    }

    /// <summary>Samples images for every prompt and judges them.</summary>
    /// <param name="sampler">The policy.</param>
    /// <param name="perTask">Prompts of each task.</param>
    /// <param name="images">Images of each prompt.</param>
    /// <param name="seen">Told every image with its record and verdict, in order.</param>
    /// <param name="first">Where the seeds of the prompts begin.</param>
    public static ShapesEvalScores Run(
        Painter sampler, int perTask = PromptsPerTask, int images = ImagesPerPrompt, Action<ShapesRecord, byte[], bool>? seen = null, ulong first = Seeds.ShapesEval)
    {
        var prompts = Prompts(perTask, first);
        var passed = World.Tasks.ToDictionary(task => task, _ => 0);
        var strict = 0;
        for (var done = 0; done < prompts.Count; done += Chunk)
        {
            ShapesRecord[] part = [.. prompts.Skip(done).Take(Chunk)];
            var painted = sampler([.. part.Select(record => record.Prompt)], images, done);
            for (var i = 0; i < painted.Count; i++)
            {
                var record = part[i / images];
                var found = Detector.Detect(painted[i]);
                var passes = Verdict.Passes(record.Meaning, found);
                passed[record.Meaning.Kind] += passes ? 1 : 0;
                strict += Verdict.PassesStrictly(record.Meaning, found) ? 1 : 0;
                seen?.Invoke(record, painted[i], passes);
            }
        }

        var tasks = passed.ToDictionary(p => p.Key, p => p.Value / (double)(perTask * images));
        return new ShapesEvalScores(tasks.Values.Average(), strict / (double)(prompts.Count * images), tasks);
    }
}
