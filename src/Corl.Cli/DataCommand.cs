using System.CommandLine;
using System.Diagnostics;
using Corl.Cli.Recipes;
using Corl.Data;
using Corl.Imaging;
using Corl.Shapes;

namespace Corl.Cli;

/// <summary>Makes, checks and shows training data.</summary>
internal static class DataCommand
{
    private static readonly Argument<string> Target = new("path") { Description = "A .parquet or .jsonl file, a folder of them, or a pattern" };
    private static readonly Argument<int> Count = new("rows") { Description = "How many rows" };
    private static readonly Option<string> Out = new("--out") { Description = "The Parquet file to write", Required = true, HelpName = "file" };
    private static readonly Option<int> Shown = new("-n") { Description = "Rows to show", DefaultValueFactory = _ => 5, HelpName = "rows" };
    private static readonly Option<string?> RecipeFile = new("--recipe") { Description = "Recipe whose column names are used", HelpName = "file" };

    public static Command Create() => new("data", "Make, check and show training data")
    {
        new Verb("shapes", "Write rows of the Shapes world as Parquet in the x2x layout", "corl data shapes 1000 --out shapes.parquet", Shapes) { Count, Out },
        DataValidateCommand.Create(),
        CurateCommand.Create(),
        BenchmarkDataCommand.Create(),
        SpiceTraining.Create(),
        new Verb("show", "Show rows as training sees them", "corl data show train.parquet -n 3", Show) { Target, Shown, RecipeFile },
    };

    private static int Shapes(Session session)
    {
        var (count, path) = (session.Value(Count), session.Value(Out)!);
        if (count is < 1 or > 10_000_000)
        {
            throw new UserException($"{count} rows: expected 1 to 10,000,000");
        }

        var watch = Stopwatch.StartNew();
        X2xWriter.Write(path, Enumerable.Range(0, count).Select(i =>
        {
            session.Interrupt.ThrowIfCancellationRequested();
            return Row((session.Seed ?? 0) + (ulong)i, isMultipleChoice: i % 2 == 0);
        }));
        var seconds = Math.Round(watch.Elapsed.TotalSeconds, 3);
        session.Print($"{path}: {count} rows, {seconds} s");
        session.Document(new { @out = path, rows = count, seconds });
        return Program.Done;
    }

    private static Sample Row(ulong seed, bool isMultipleChoice)
    {
        var record = ShapesRecord.Of(seed);
        var question = SceneQuestion.Of(record, isMultipleChoice);
        return new Sample
        {
            Id = $"shapes-{seed}",
            Prompt = record.Prompt,
            Question = question.Text,
            Answer = question.Response,
            Type = isMultipleChoice ? QuestionType.MultipleChoice : QuestionType.OpenEnded,
            ImageBytes = ImageCodec.EncodePng(new RgbImage(World.Size, World.Size, SceneRenderer.Render(record.Scene))),
        };
    }

    private static int Show(Session session)
    {
        using var rows = SampleSet.Open(session.Value(Target), session.Value(RecipeFile) is { } recipe ? Recipe.Load(recipe).Columns : null);
        List<object> documents = [];
        for (var i = 0; i < Math.Min(rows.Count, session.Value(Shown)); i++)
        {
            try
            {
                documents.Add(Show(session, rows.Read(i)));
            }
            catch (UserException e)
            {
                session.Print(e.Message); // it begins with the row's name
                documents.Add(new { id = rows.NameOf(i), bad = e.Message });
            }
        }

        session.Document(documents);
        return Program.Done;
    }

    private static object Show(Session session, Sample sample)
    {
        session.Print(sample.Id);
        session.Print($"  image     {(sample.RealImage is { } image ? $"{image.Width} × {image.Height}, {sample.ImageBytes.Length} bytes" : "none")}");
        session.Print($"  prompt    {sample.Prompt ?? "none"}");
        session.Print($"  question  {sample.Question?.ReplaceLineEndings(" ⏎ ") ?? "none"}");
        session.Print($"  answer    {sample.Answer?.ReplaceLineEndings(" ⏎ ") ?? "none"}{(sample.Type is { } type ? $" ({type})" : "")}");
        return new
        {
            id = sample.Id,
            prompt = sample.Prompt,
            question = sample.Question,
            answer = sample.Answer,
            type = sample.Type?.ToString(),
            width = sample.RealImage?.Width,
            height = sample.RealImage?.Height,
        };
    }
}
