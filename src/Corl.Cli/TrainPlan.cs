using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Corl.Checkpoints;
using Corl.Cli.Recipes;
using Corl.Grpo;
using Corl.Models;
using Corl.Training;

namespace Corl.Cli;

/// <summary>
/// <c>--plan</c>: memory and time of a run from its recipe, config.json and the headers of files, before anything is loaded. A run that
/// does not fit its device is refused, with the settings that would make it fit.
/// </summary>
internal static partial class TrainPlan
{
    // Around what is planned: the program with libtorch, or a card's context and what its allocator leaves unused.
    private const double ProgramBytes = 0.3e9, ContextBytes = 0.6e9, CardShare = 0.95;

    private static readonly Option<bool> Plan = new("--plan") { Description = "Print memory and time of each phase and stop; nothing is loaded" };
    private static readonly Option<string?> Memory = new("--memory") { Description = "Memory of the device, for example 80GB (default: what is there)", HelpName = "size" };
    private static readonly Option<string?> Card = new("--card") { Description = "Plan for this card instead", HelpName = "name" };
    private static readonly Option<int> PromptTokens = new("--prompt-tokens") { Description = "Tokens of a prompt for an image, in plans", DefaultValueFactory = _ => 64, HelpName = "n" };
    private static readonly Option<int> QuestionTokens = new("--question-tokens") { Description = "Tokens of a question beside its image, in plans", DefaultValueFactory = _ => 64, HelpName = "n" };

    /// <summary>The options of the commands that train.</summary>
    public static IEnumerable<Option> Options
    {
        get
        {
            Card.AcceptOnlyFromAmong([.. DeviceSpeed.Cards.Keys]);
            return [Plan, Memory, Card, PromptTokens, QuestionTokens];
        }
    }

    /// <summary>Prints the plan when it is asked for.</summary>
    /// <returns>The command's exit code when a plan was all that was wanted, else null.</returns>
    /// <exception cref="UserException">The run does not fit.</exception>
    public static int? Check(Session session, TrainingRecipe recipe)
    {
        var wanted = session.Value(Plan);
        if (!wanted && !File.Exists(Path.Combine(ModelFolder.Of(session), "config.json")))
        {
            return null; // loading tells what is wrong with the folder
        }

        Devices.Open("cpu");
        if (wanted && (session.Value(PromptTokens) < 1 || session.Value(QuestionTokens) < 1))
        {
            throw new UserException("--prompt-tokens and --question-tokens: expected at least 1");
        }

        var device = DeviceOf(session, wanted);
        var work = WorkOf(session, recipe, device);
        var memory = new MemoryPlan(work);
        var needed = Needed(memory, device);
        var changes = needed > device.Memory ? Fitting(session, recipe, device) : [];
        if (wanted)
        {
            Print(session, recipe, work, memory, device, needed, changes);
        }

        if (needed > device.Memory)
        {
            throw new UserException(
                $"the run needs {Gigabytes(needed)} on {device.Name}, which has {Gigabytes(device.Memory.Value)}; "
                + (changes.Count > 0 ? $"this fits: {string.Join(' ', changes.Select(c => $"--set {c}"))}" : "no setting makes it fit, a smaller group_size or model might"));
        }

        return wanted ? Program.Done : null;
    }

    /// <summary>A run's sizes for a device.</summary>
    internal static Workload WorkOf(TrainingRecipe recipe, JanusConfig model, LoraNames names, int elementBytes, bool onCpu, int promptTokens, int questionTokens, double judgeBytes)
    {
        var (settings, stage) = (recipe.Settings, recipe.Settings as StageConfig);
        return new Workload
        {
            Model = model,
            ElementBytes = elementBytes,
            OnCpu = onCpu,
            Counts = TrainedCounts.Of(model, key => Rollouts.Policy.IsIn(settings.TrainableParts, key), recipe.Lora, names),
            GroupSize = stage?.GroupSize ?? 1,
            Batch = settings.BatchSize,
            PromptsAtOnce = settings.PromptsAtOnce,
            Images = settings.NeedsPrompts,
            Answers = settings.NeedsQuestions,
            Together = settings.Tasks == StageTasks.Unified,
            Samples = stage is not null,
            Guided = stage?.Guidance != 1,
            Reference = stage?.Beta > 0,
            PromptTokens = Math.Min(promptTokens, settings.MaxPromptLength),
            QuestionTokens = Math.Min(questionTokens + model.Vision.Tokens + 2, settings.MaxPromptLength), // 2: begin and end of image
            AnswerTokens = settings.MaxCompletionLength,
            Recompute = settings.Recompute,
            Offload = settings.OffloadOptimizer && !onCpu,
            JudgeBytes = judgeBytes,
        };
    }

    private static Workload WorkOf(Session session, TrainingRecipe recipe, DeviceSpeed device)
    {
        var folder = ModelFolder.Of(session);
        var (config, layout) = JanusConfigFile.Read(folder);
        var onCpu = device.Name == "cpu";
        return WorkOf(recipe, config, LoraNames.For(layout), onCpu ? sizeof(float) : StoredBytes(folder), onCpu, session.Value(PromptTokens), session.Value(QuestionTokens), RewardModels.Bytes(recipe));
    }

    // Bytes of a stored weight, by what most of the file is made of.
    private static int StoredBytes(string folder)
    {
        using var reader = CheckpointReader.OpenWeights(folder);
        return Dtypes.Size(reader.Tensors.Values.GroupBy(t => t.Dtype).MaxBy(g => g.Sum(t => t.Bytes))!.Key);
    }

    private static DeviceSpeed DeviceOf(Session session, bool timed)
    {
        var given = session.Value(Memory) is { } size ? Bytes(size) : (double?)null;
        if (session.Value(Card) is { } card)
        {
            return DeviceSpeed.Cards[card] with { Memory = given ?? DeviceSpeed.Cards[card].Memory };
        }

        if (session.DeviceName != "cpu")
        {
            return DeviceSpeed.Cards["h100"] with { Name = session.DeviceName, Memory = given ?? CardMemory.Of(session.DeviceName.Split(':') is [_, var n] && int.TryParse(n, out var index) ? index : 0) };
        }

        var flops = timed ? EnvCommand.GemmGflops(session.OpenDevice(), session.Interrupt) * 1e9 : 1;
        return DeviceSpeed.Cpu(flops, given ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
    }

    private static double Needed(MemoryPlan plan, DeviceSpeed device) => device.Name == "cpu" ? plan.Peak + plan.Host + ProgramBytes : (plan.Peak / CardShare) + ContextBytes;

    // The first changes, from cheap to dear, with which the run fits.
    private static List<string> Fitting(Session session, TrainingRecipe recipe, DeviceSpeed device)
    {
        var settings = recipe.Settings;
        foreach (var (recompute, offload, lora) in new[] { (false, false, false), (true, false, false), (true, true, false), (true, false, true) })
        {
            for (var micro = settings.PromptsAtOnce; micro >= 1; micro /= 2)
            {
                var size = micro;
                var changed = recipe.With(
                    s => s with { Recompute = s.Recompute || recompute, OffloadOptimizer = s.OffloadOptimizer || offload, MicroBatchSize = size },
                    recipe.Lora ?? (lora ? new LoraConfig() : null));
                if (Needed(new MemoryPlan(WorkOf(session, changed, device)), device) <= device.Memory)
                {
                    return [
                        .. recompute && !settings.Recompute ? ["recompute=true"] : Array.Empty<string>(),
                        .. offload && !settings.OffloadOptimizer ? ["offload_optimizer=true"] : Array.Empty<string>(),
                        .. lora && recipe.Lora is null ? [$"lora.r={new LoraConfig().R}"] : Array.Empty<string>(),
                        .. micro < settings.PromptsAtOnce ? [$"micro_batch_size={micro}"] : Array.Empty<string>(),
                    ];
                }
            }
        }

        return [];
    }

    private static void Print(Session session, TrainingRecipe recipe, Workload work, MemoryPlan memory, DeviceSpeed device, double needed, List<string> changes)
    {
        var seconds = TimePlan.Of(work, memory, device);
        session.Print($"{recipe.Settings.Name} on {device.Name}{(device.Memory is { } has ? $" with {Gigabytes(has)}" : "")}: {work.Counts.All / 1e9:F2} billion weights, {work.Counts.Trained / 1e6:N1} million trained");
        session.Print($"B {work.Batch}, G {work.GroupSize}, {work.PromptsAtOnce} prompts at once; prompts of {work.PromptTokens} tokens, questions of {work.QuestionTokens}, answers of up to {work.AnswerTokens}");
        session.Print($"weights {Gigabytes(memory.Weights)}, gradients {Gigabytes(memory.Gradients)}, optimizer {Gigabytes(memory.Optimizer)}{(memory.Host > 0 ? $" (and {Gigabytes(memory.Host)} on the host)" : "")}, reference {Gigabytes(memory.Reference)}, reward networks {Gigabytes(work.JudgeBytes)}");
        foreach (var phase in memory.Phases)
        {
            session.Print(string.Create(CultureInfo.InvariantCulture, $"  {phase.Name,-14}{Gigabytes(phase.Bytes),10}{seconds.GetValueOrDefault(phase.Name),12:F2} s"));
        }

        var step = seconds.Where(s => s.Key != "load").Sum(s => s.Value);
        session.Print(string.Create(CultureInfo.InvariantCulture, $"peak {Gigabytes(memory.Peak)}, with what surrounds it {Gigabytes(needed)}; a step takes about {step:F1} s"));
        session.Document(new
        {
            device = device.Name,
            memoryBytes = device.Memory,
            parameters = work.Counts.All,
            trained = work.Counts.Trained,
            phases = memory.Phases.Select(p => new { phase = p.Name, bytes = Math.Round(p.Bytes), seconds = seconds.GetValueOrDefault(p.Name) }),
            peakBytes = Math.Round(memory.Peak),
            neededBytes = Math.Round(needed),
            hostBytes = Math.Round(memory.Host),
            secondsPerStep = step,
            fits = !(needed > device.Memory),
            changes,
        });
    }

    private static double Bytes(string size) => SizePattern().Match(size) is { Success: true } match
        ? double.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture) * (match.Groups["binary"].Success ? 1024.0 * 1024 * 1024 : 1e9)
        : throw new UserException($"--memory {size}: expected a number of GB or GiB, for example 80GB");

    private static string Gigabytes(double bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F2} GB");

    [GeneratedRegex(@"^(?<number>[0-9]{1,6}(\.[0-9]{1,6})?) ?(GB|G(?<binary>i)B)$")]
    private static partial Regex SizePattern();
}
