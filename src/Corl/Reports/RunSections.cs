using System.Text.RegularExpressions;

namespace Corl.Reports;

/// <summary>The sections that every report of a run has, from its logged numbers.</summary>
public static partial class RunSections
{
    private static readonly Dictionary<string, string> RewardTitles = new()
    {
        ["cycle"] = "Cycle consistency",
        ["cycle/lpips"] = "Cycle consistency: image side (LPIPS)",
        ["cycle/spice"] = "Cycle consistency: caption side (SPICE)",
        ["tim"] = "Text–image match",
        ["accuracy"] = "Right answers",
        ["format"] = "Answer format",
        ["clip"] = "CLIP score",
    };

    /// <summary>Puts the logs of stages that ran one after another on one axis: steps go on where the stage before ended.</summary>
    /// <param name="stages">Name and logged numbers of each stage, whose own steps begin at 1.</param>
    public static (IReadOnlyList<MetricRow> Rows, IReadOnlyList<StageMark> Stages) Join(IEnumerable<(string Name, IReadOnlyList<MetricRow> Rows)> stages)
    {
        List<MetricRow> rows = [];
        List<StageMark> marks = [];
        foreach (var (name, stage) in stages.Where(stage => stage.Rows.Count > 0))
        {
            var before = rows.Count == 0 ? 0 : rows[^1].Step;
            marks.Add(new StageMark(before + stage[0].Step, name));
            rows.AddRange(stage.Select(row => row with { Step = before + row.Step }));
        }

        return (rows, marks);
    }

    /// <summary>Curves of every reward with its spread within groups, divergence, gradient norm, lengths and the share of idle groups.</summary>
    /// <param name="rows">The logged numbers by step.</param>
    /// <param name="stages">Where stages begin.</param>
    public static ReportSection Curves(IReadOnlyList<MetricRow> rows, IReadOnlyList<StageMark> stages)
    {
        string[] names = [.. rows.SelectMany(row => row.Values.Keys).Distinct()];
        string[] rewards = [.. names.Select(name => RewardMeanName().Match(name)).Where(match => match.Success).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal)];
        (double, double)? steps = rows.Count > 0 ? (rows[0].Step, rows[^1].Step) : null;
        List<Chart> charts = [];
        Add("Reward, weighted sum", MetricNames.Reward, null, ("mean ± spread in groups", MetricNames.Reward, MetricNames.RewardStd));
        foreach (var reward in rewards)
        {
            Add(RewardTitles.GetValueOrDefault(reward, reward), MetricNames.RewardMean(reward), null, ("mean ± spread in groups", MetricNames.RewardMean(reward), MetricNames.RewardGroupStd(reward)));
        }

        Add("Groups that move no weight", MetricNames.FracRewardZeroStd, 0, ("share", MetricNames.FracRewardZeroStd, null));
        Add("Divergence from the reference", MetricNames.Kl, 0, ByModality(MetricNames.Kl));
        Add("Gradient norm", MetricNames.GradNorm, 0, ("before clipping", MetricNames.GradNorm, null));
        Add("Answer length", "completions/*_length", 0, ("mean tokens", MetricNames.MeanLength, null), ("shortest", MetricNames.MinLength, null), ("longest", MetricNames.MaxLength, null));
        Add("Answers cut off", MetricNames.ClippedRatio, 0, ("share", MetricNames.ClippedRatio, null));
        Add("Entropy per token", MetricNames.Entropy, null, ByModality(MetricNames.Entropy));
        Add("Sampling against training log-probability", "rollout_logp_absdiff", 0, ("text", MetricNames.LogpAbsDiff("text"), null), ("images", MetricNames.LogpAbsDiff("image"), null));
        Add("Learning rate", MetricNames.LearningRate, 0, ("rate", MetricNames.LearningRate, null));
        Add("Seconds per step", MetricNames.StepTime, 0, ("seconds", MetricNames.StepTime, null));
        return new ReportSection("Curves", [new ChartBlock(charts)], "Strong lines are averages over neighbouring steps, faint lines the steps themselves; shaded: the standard deviation within a group, which is what the advantage acts on.");

        (string, string, string?)[] ByModality(string key) =>
            names.Contains($"{key}/text") || names.Contains($"{key}/image") ? [("text", $"{key}/text", null), ("images", $"{key}/image", null)] : [("mean", key, null)];

        void Add(string title, string metric, double? include, params (string Name, string Key, string? Spread)[] series)
        {
            ChartSeries[] present = [.. series.Select(line => Series(rows, line.Name, line.Key, line.Spread)).Where(line => line.Points.Count > 0)];
            if (present.Length > 0)
            {
                charts.Add(new Chart(title, present) { Metric = metric, Include = include, Stages = stages, Steps = steps });
            }
        }
    }

    /// <summary>Seconds by phase over the whole run and per step.</summary>
    /// <param name="rows">The logged numbers by step.</param>
    /// <param name="stages">Where stages begin.</param>
    public static ReportSection Times(IReadOnlyList<MetricRow> rows, IReadOnlyList<StageMark> stages)
    {
        var prefix = MetricNames.Time("");
        var phases = rows.SelectMany(row => row.Values).Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal) && double.IsFinite(pair.Value))
            .GroupBy(pair => pair.Key, pair => pair.Value).Select(group => (group.Key, Seconds: group.Sum())).OrderByDescending(phase => phase.Seconds).ToArray();
        List<ReportBlock> blocks = [new BarBlock("s", [.. phases.Select(phase => new KeyValuePair<string, double>(PhaseTitle(phase.Key[prefix.Length..]), phase.Seconds))])];
        ChartSeries[] lines = [.. phases.Take(ChartSvg.MaxSeries).Select(phase => Series(rows, PhaseTitle(phase.Key[prefix.Length..]), phase.Key, null))];
        if (lines.Length > 0)
        {
            blocks.Add(new ChartBlock([new Chart("Seconds per step by phase", lines) { Metric = prefix + "*", Include = 0, Stages = stages }]));
        }

        return new ReportSection("Where the time went", blocks);
    }

    /// <summary>The resolved recipes, folded away.</summary>
    /// <param name="recipes">The stage's name and all its settings as text.</param>
    public static ReportSection Recipes(IEnumerable<(string Stage, string Settings)> recipes) =>
        new("Settings", [.. recipes.Select(recipe => new CodeBlock(recipe.Stage, recipe.Settings))], "Everything as it was resolved, defaults included.");

    private static ChartSeries Series(IReadOnlyList<MetricRow> rows, string name, string key, string? spread)
    {
        MetricRow[] present = [.. rows.Where(row => row.Values.ContainsKey(key))];
        return new ChartSeries(name, [.. present.Select(row => ((double)row.Step, row.Values[key]))])
        {
            Spread = spread is not null && present.Length > 0 && present.All(row => row.Values.ContainsKey(spread)) ? [.. present.Select(row => row.Values[spread])] : null,
        };
    }

    private static string PhaseTitle(string phase) => phase switch
    {
        "rollout_image" => "drawing images",
        "rollout_text" => "writing answers",
        "reward" => "rewards",
        "data" => "reading data",
        _ => phase.Replace('_', ' '),
    };

    [GeneratedRegex("^rewards/(.+)/mean$")]
    private static partial Regex RewardMeanName();
}
