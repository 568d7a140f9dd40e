using System.CommandLine;
using System.Text.Json;

namespace Corl.Cli;

/// <summary>Evaluates a model on a benchmark.</summary>
internal static class EvalCommand
{
    private static readonly Option<string?> Out = new("--out") { Description = "File for the results", HelpName = "file" };
    private static readonly Option<int> Prompts = new("--prompts") { Description = "Prompts of each of the six kinds", DefaultValueFactory = _ => ShapesSize.Full.PromptsPerTask, HelpName = "n" };
    private static readonly Option<int> Questions = new("--questions") { Description = "Questions of each of the two types", DefaultValueFactory = _ => ShapesSize.Full.QuestionsPerType, HelpName = "n" };

    public static Command Create()
    {
        var eval = new Command("eval", "Evaluate a model on a benchmark")
        {
            new Verb("shapes", "ShapesEval and ShapesQA, judged by an exact detector", "corl eval shapes --model runs/unified/model --json", Shapes) { ModelFolder.Option, ModelFolder.Adapter, Prompts, Questions, Out },
            GenEvalCommand.Create(),
            WiseCommand.Create(),
            DpgCommand.Create(),
        };
        foreach (var verb in UnderstandingCommand.Create())
        {
            eval.Add(verb);
        }

        return eval;
    }

    private static int Shapes(Session session)
    {
        var size = new ShapesSize(session.Value(Prompts), session.Value(Questions));
        if (size.PromptsPerTask is < 1 or > 10_000 || size.QuestionsPerType is < 1 or > 100_000) // the seeds of a task end there
        {
            throw new UserException("--prompts: expected 1 to 10000; --questions: expected 1 to 100000");
        }

        using var policy = ModelFolder.Load(session);
        if (policy.Model.Config.ImageSize != Corl.Shapes.World.Size)
        {
            throw new UserException($"{ModelFolder.Of(session)}: draws images of {policy.Model.Config.ImageSize} pixels; the Shapes world has {Corl.Shapes.World.Size}");
        }

        var result = ShapesResult.Of(policy, session.Seed ?? 0, size, session.Progress);
        var file = session.Value(Out);
        if (file is not null)
        {
            AtomicFile.WriteText(file, JsonSerializer.Serialize(result, Session.JsonStyle) + "\n");
        }

        foreach (var row in ShapesTable.Rows([("", result)]))
        {
            session.Print($"{row[0],-28}{row[1],7}");
        }

        var items = (size.PromptsPerTask * Corl.Shapes.World.Tasks.Length * Corl.Shapes.ShapesEval.ImagesPerPrompt) + (4 * size.QuestionsPerType); // each question twice
        session.Document(new { benchmark = "shapes", profile = "shapes", overall = result.ShapesEval, parts = result, items, file });
        return Program.Done;
    }
}
