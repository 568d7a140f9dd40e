namespace Corl.Cli.Reproduction;

/// <summary>The paper's Figure 1 and Tables 1 to 4 as experiments, and the runs that they are made of.</summary>
internal static class Experiments
{
    public const string BaseRun = "baseline";
    private const string Ulm = "ULM-R1";
    private const string CycleOnly = "{cycle: 1}", TimOnly = "{tim: 1}";
    private const string Pilot = "x2x_rft_16k", Stage1 = "x2x_rft_22k", Mcq = "mcot_r1_mcq", Oe = "mcot_r1_vqa";

    /// <summary>All experiments in the paper's order.</summary>
    public static IReadOnlyList<Experiment> All { get; } = [Figure1(), Table1(), Table2(), Table3(), Table4()];

    /// <summary>Every run, each behind those it begins from.</summary>
    public static IReadOnlyList<ExperimentRun> Runs { get; } =
    [
        new(BaseRun, RunKind.Base),
        PilotRun("pilot-t2i", 1.4), PilotRun("pilot-mm2t", 1.4), PilotRun("pilot-cycle", 1.4), PilotRun("pilot-unified", 2.7),
        new("pilot-merged", RunKind.Merge) { From = ["pilot-t2i", "pilot-mm2t"] },
        new("cold-sft", RunKind.Sft) { From = [BaseRun], Recipe = "cold-sft", Data = [Stage1, Mcq, Oe], SecondsPerStep = 0.6 },
        Unified("unified"),
        .. Refined("refined", BaseRun), .. Refined("sft-refined", "cold-sft"), .. Refined("unified-refined", "unified"),
        new("unified-refined-merged", RunKind.Merge) { From = ["unified-refined-mcq", "unified-refined-oe"] },
        Unified("unified-cycle", "rewards={cycle: 1, accuracy: 0.8, format: 0.8}"), RefinedT2i("unified-refined-cycle", "unified-cycle", $"rewards={CycleOnly}"),
        Unified("unified-tim", "rewards={tim: 1, accuracy: 0.8, format: 0.8}"), RefinedT2i("unified-refined-tim", "unified-tim", $"rewards={TimOnly}"),
    ];

    private static ExperimentRow Baseline => ExperimentRow.Of("Baseline", BaseRun) with { InPaper = "Janus-Pro" };

    private static Experiment Figure1() => new(
        "fig1",
        "Figure 1: reinforcement learning paradigms",
        [
            ExperimentRow.Of("Baseline", BaseRun), ExperimentRow.Of("Separate RL (T2I)", "pilot-t2i"), ExperimentRow.Of("Separate RL (MM2T)", "pilot-mm2t"),
            ExperimentRow.Of("Separate RL + merging", "pilot-merged"), ExperimentRow.Of("Cycle RL", "pilot-cycle"), ExperimentRow.Of("Unified RL", "pilot-unified"),
        ],
        ShapesColumn.Paradigms,
        [
            new("Unified RL improves on the baseline in generation", "Unified RL", "Baseline", ColumnRole.Image),
            new("Unified RL improves on the baseline in multiple choice", "Unified RL", "Baseline", ColumnRole.MultipleChoice),
            new("Unified RL improves on the baseline in open-ended answers", "Unified RL", "Baseline", ColumnRole.OpenEnded),
            new("Unified RL generates better than RL of generation alone", "Unified RL", "Separate RL (T2I)", ColumnRole.Image),
            new("Unified RL answers better than RL of answers alone, multiple choice", "Unified RL", "Separate RL (MM2T)", ColumnRole.MultipleChoice),
            new("Unified RL answers better than RL of answers alone, open-ended", "Unified RL", "Separate RL (MM2T)", ColumnRole.OpenEnded),
            new("Unified RL is ahead of merged separate RL", "Unified RL", "Separate RL + merging", null),
            new("Unified RL is ahead of cycle RL", "Unified RL", "Cycle RL", null),
        ]);

    private static Experiment Table1() => new(
        "table1", "Table 1: generation", [Baseline, new("CoRL", "unified-refined-t2i") { InPaper = Ulm }], ShapesColumn.Drawing,
        [new("CoRL improves generation", "CoRL", "Baseline", ColumnRole.Image)]);

    private static Experiment Table2() => new(
        "table2",
        "Table 2: understanding",
        [Baseline, new("CoRL", null, "unified-refined-mcq", "unified-refined-oe", "unified-refined-merged") { InPaper = Ulm }],
        ShapesColumn.Answering,
        [
            new("CoRL improves multiple choice", "CoRL", "Baseline", ColumnRole.MultipleChoice),
            new("CoRL improves open-ended answers", "CoRL", "Baseline", ColumnRole.OpenEnded),
            new("The merge of both policies answers both kinds better than the baseline", "CoRL", "Baseline", ColumnRole.Mixed),
        ]);

    private static Experiment Table3() => new(
        "table3",
        "Table 3: paradigms of reinforcement learning and fine-tuning",
        [
            ExperimentRow.Of("Baseline", BaseRun), ExperimentRow.Of("+ Cold-SFT", "cold-sft"), ExperimentRow.Of("+ Unified-RL", "unified"),
            new("+ Refined-RL (T2I)", "refined-t2i"), new("+ Refined-RL (MM2T-MC)", null, "refined-mcq"), new("+ Refined-RL (MM2T-OE)", null, null, "refined-oe"),
            new("+ Refined-RL w/ Cold-SFT", "sft-refined-t2i", "sft-refined-mcq", "sft-refined-oe"),
            new("+ Refined-RL w/ Unified-RL", "unified-refined-t2i", "unified-refined-mcq", "unified-refined-oe"),
        ],
        ShapesColumn.Paradigms,
        [
            new("Unified RL improves generation", "+ Unified-RL", "Baseline", ColumnRole.Image),
            new("Unified RL improves multiple choice", "+ Unified-RL", "Baseline", ColumnRole.MultipleChoice),
            new("Unified RL improves open-ended answers", "+ Unified-RL", "Baseline", ColumnRole.OpenEnded),
            new("Cold SFT has minimal impact on generation", "+ Cold-SFT", "Baseline", ColumnRole.Image) { IsEqual = true },
            new("CoRL generates better than refined RL after cold SFT", "+ Refined-RL w/ Unified-RL", "+ Refined-RL w/ Cold-SFT", ColumnRole.Image),
            new("CoRL is comparable to it in multiple choice", "+ Refined-RL w/ Unified-RL", "+ Refined-RL w/ Cold-SFT", ColumnRole.MultipleChoice) { IsEqual = true },
            new("CoRL is comparable to it in open-ended answers", "+ Refined-RL w/ Unified-RL", "+ Refined-RL w/ Cold-SFT", ColumnRole.OpenEnded) { IsEqual = true },
            new("CoRL generates better than refined RL alone", "+ Refined-RL w/ Unified-RL", "+ Refined-RL (T2I)", ColumnRole.Image),
            new("CoRL answers better than refined RL alone, multiple choice", "+ Refined-RL w/ Unified-RL", "+ Refined-RL (MM2T-MC)", ColumnRole.MultipleChoice),
            new("CoRL answers better than refined RL alone, open-ended", "+ Refined-RL w/ Unified-RL", "+ Refined-RL (MM2T-OE)", ColumnRole.OpenEnded),
        ]);

    private static Experiment Table4() => new(
        "table4",
        "Table 4: rewards of generation",
        [new("no reward", BaseRun), new("cycle", "unified-refined-cycle"), new("TIM", "unified-refined-tim"), new("cycle and TIM", "unified-refined-t2i")],
        [ShapesColumn.Overall, ShapesColumn.Strict],
        [
            new("The cycle reward alone improves generation", "cycle", "no reward", ColumnRole.Image),
            new("TIM alone improves generation", "TIM", "no reward", ColumnRole.Image),
            new("Both rewards are better than cycle alone", "cycle and TIM", "cycle", ColumnRole.Image),
            new("Both rewards are better than TIM alone", "cycle and TIM", "TIM", ColumnRole.Image),
        ]);

    private static ExperimentRun PilotRun(string name, double seconds) =>
        new(name, RunKind.Reinforce) { From = [BaseRun], Recipe = name, Data = [Pilot], SecondsPerStep = seconds };

    private static ExperimentRun Unified(string name, params string[] overrides) =>
        new(name, RunKind.Reinforce) { From = [BaseRun], Recipe = "unified", Overrides = overrides, Data = [Stage1], SecondsPerStep = 2.8 };

    private static ExperimentRun RefinedT2i(string name, string from, params string[] overrides) =>
        new(name, RunKind.Reinforce) { From = [from], Recipe = "refined-t2i", Overrides = overrides, Data = [Pilot], SecondsPerStep = 1.9 };

    private static ExperimentRun[] Refined(string name, string from) =>
    [
        RefinedT2i($"{name}-t2i", from),
        new($"{name}-mcq", RunKind.Reinforce) { From = [from], Recipe = "refined-mcq", Data = [Mcq], SecondsPerStep = 2 },
        new($"{name}-oe", RunKind.Reinforce) { From = [from], Recipe = "refined-oe", Data = [Oe], SecondsPerStep = 1.4 },
    ];
}
