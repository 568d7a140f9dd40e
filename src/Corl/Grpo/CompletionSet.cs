using Corl.Data;
using Corl.Distributed;
using Corl.Rewards;
using Corl.Rollouts;
using Corl.Training;
using static TorchSharp.torch;

namespace Corl.Grpo;

/// <summary>What the policy sampled for B prompts, by modality; owns it.</summary>
internal sealed class CompletionSet(ImageCompletions? images, TextCompletions? answers) : IDisposable
{
    public ImageCompletions? Images { get; } = images;

    public TextCompletions? Answers { get; } = answers;

    public IEnumerable<Completions> All => new Completions?[] { Images, Answers }.OfType<Completions>();

    /// <summary>Rewards of every candidate; each process scores its share of the groups.</summary>
    /// <param name="rewards">The rewards.</param>
    /// <param name="policy">Paints the images and reads the answers.</param>
    /// <param name="samples">[B] the rows that were sampled for.</param>
    /// <param name="groupSize">G.</param>
    /// <param name="clock">Painting ends the rollout of images, the rest is the rewards' time.</param>
    /// <param name="processes">The processes.</param>
    public RewardTable Score(RewardSum rewards, Policy policy, IReadOnlyList<Sample> samples, int groupSize, PhaseClock clock, IProcessGroup processes)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (first, count) = processes.Share(samples.Count);
        var (firstRow, rows) = (first * groupSize, count * groupSize);
        samples = [.. samples.Skip(first).Take(count)];
        var codes = rows == 0 ? null : Images?.Codes.narrow(0, firstRow, rows);
        var images = codes is null ? null : clock.Time("rollout_image", () => RolloutEngine.Paint(policy.Model, codes));
        return clock.Time("reward", () => rewards.Score(new Candidates
        {
            GroupSize = groupSize,
            Prompts = [.. samples.Select(s => s.Prompt ?? "")],
            Images = images,
            Codes = codes,
            RealImages = [.. samples.Select(s => s.RealImage)],
            Questions = [.. samples.Select(s => s.Question ?? "")],
            Answers = [.. samples.Select(s => s.Answer ?? "")],
            Types = [.. samples.Select(s => s.Type ?? QuestionType.OpenEnded)],
            Responses = Answers?.Ids.Skip(firstRow).Take(rows).Select(ids => policy.Prompt.Tokenizer.Decode(ids)).ToList(),
        }).Gather(processes));
    }

    public void Dispose()
    {
        Images?.Dispose();
        Answers?.Dispose();
    }
}

/// <summary>The groups of a step: B prompts, G candidates of each, and their rewards. Owns the candidates.</summary>
internal sealed class GroupBatch(SampleBatch batch, CompletionSet completions, RewardTable rewards, int groupSize) : IDisposable
{
    public SampleBatch Batch { get; } = batch;

    public CompletionSet Completions { get; } = completions;

    public RewardTable Rewards { get; } = rewards;

    /// <summary>Whether some advantage of group <paramref name="b"/> is not 0: its candidates differ in reward.</summary>
    public bool Teaches(int b, AdvantageKind kind) => kind == AdvantageKind.Joint
        ? Spreads(Rewards.Total, b)
        : Spreads(Rewards.TotalOf(Modality.Image), b) || Spreads(Rewards.TotalOf(Modality.Text), b);

    /// <summary>Chosen groups of several batches as one batch, at whose end the last batch's place in the data stands.</summary>
    public static GroupBatch Join(IReadOnlyList<GroupBatch> batches, IReadOnlyList<(GroupBatch From, int Prompt)> groups, int groupSize)
    {
        var samples = new SampleBatch(
            [.. groups.Select(g => g.From.Batch.Samples[g.Prompt])], batches[^1].Batch.Next, batches[0].Batch.Epoch, [.. batches.SelectMany(b => b.Batch.Skipped)]);
        var completions = new CompletionSet(
            batches[0].Completions.Images is null ? null : ImageCompletions.Join([.. groups.Select(g => (g.From.Completions.Images!, g.Prompt))]),
            batches[0].Completions.Answers is null ? null : TextCompletions.Join([.. groups.Select(g => (g.From.Completions.Answers!, g.Prompt))]));
        var rewards = RewardTable.Join([.. groups.SelectMany(g => Enumerable.Range(g.Prompt * groupSize, groupSize).Select(row => (g.From.Rewards, row)))]);
        return new GroupBatch(samples, completions, rewards, groupSize);
    }

    /// <summary>Every candidate as text and numbers.</summary>
    public CompletionTable Table(Policy policy)
    {
        string[] Repeat(Func<Sample, string?> text) => [.. Batch.Samples.SelectMany(s => Enumerable.Repeat(text(s) ?? "", groupSize))];
        return new CompletionTable(policy)
        {
            GroupSize = groupSize,
            DataRows = Repeat(s => s.Id),
            Prompts = Repeat(s => s.Prompt),
            Questions = Repeat(s => s.Question),
            Answers = Repeat(s => s.Answer),
            Tokens = Completions.Answers?.Ids,
            Codes = Completions.Images is { } images ? CodeRows(images.Codes) : null,
            Rewards = [KeyValuePair.Create("reward", Rewards.Total), .. Rewards.Named()],
            Notes = [.. Rewards.Columns.SelectMany(c => c.Notes.Select(n => KeyValuePair.Create($"{c.Name}/{n.Key}", n.Value)))],
        };
    }

    public void Dispose() => Completions.Dispose();

    private bool Spreads(float?[] rewards, int b)
    {
        float[] known = [.. rewards.Skip(b * groupSize).Take(groupSize).OfType<float>()];
        return known.Length > 1 && known.Any(reward => reward != known[0]);
    }

    private static List<int[]> CodeRows(Tensor codes)
    {
        using var scope = NewDisposeScope();
        var flat = codes.cpu().data<long>().ToArray();
        return [.. flat.Select(code => (int)code).Chunk((int)codes.shape[1])];
    }
}
