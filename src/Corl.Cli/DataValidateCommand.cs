using System.CommandLine;
using Corl.Cli.Recipes;
using Corl.Data;
using Corl.Data.Curation;
using Corl.Text;

namespace Corl.Cli;

/// <summary>Reads every row of a data set and names what training could not use, or should not see.</summary>
internal static class DataValidateCommand
{
    private const int Shown = 20;
    private const int Often = 10_000; // rows between two lines of progress

    private static readonly Argument<string> Target = new("path") { Description = "A .parquet or .jsonl file, a folder of them, or a pattern" };
    private static readonly Option<string?> RecipeFile = new("--recipe") { Description = "Recipe whose column names are used", HelpName = "file" };
    private static readonly Option<string?> Against = new("--against") { Description = "A folder of images, or a data set, that must not be seen: rows that look like one of them are named", HelpName = "path" };
    private static readonly Option<int> Distance = new("--distance") { Description = "With --against: two images are one when at most this many of 256 bits of their hashes differ", DefaultValueFactory = _ => 4, HelpName = "bits" };

    public static Verb Create() => new("validate", "Read every row and name the bad ones", "corl data validate train.parquet --against benchmark-images", Run) { Target, RecipeFile, Against, Distance };

    private static int Run(Session session)
    {
        using var rows = SampleSet.Open(session.Value(Target), session.Value(RecipeFile) is { } recipe ? Recipe.Load(recipe).Columns : null);
        ImageHash[] heldOut = session.Value(Against) is { } path ? [.. ImageHashes.Read(path, session.Interrupt)] : [];
        List<BadRow> bad = [], leaked = [], doubtful = [];
        var types = new Dictionary<QuestionType, int> { [QuestionType.MultipleChoice] = 0, [QuestionType.OpenEnded] = 0 };
        for (var i = 0; i < rows.Count; i++)
        {
            session.Interrupt.ThrowIfCancellationRequested();
            if (i > 0 && i % Often == 0)
            {
                session.Progress($"{i:N0} of {rows.Count:N0} rows");
            }

            try
            {
                var row = rows.Read(i);
                if (row.Type is { } type)
                {
                    types[type]++;
                }

                if (Doubt(row) is { } doubt)
                {
                    doubtful.Add(new BadRow(rows.NameOf(i), doubt));
                }

                if (heldOut.Length > 0 && row.RealImage is { } image && ImageHash.Of(image) is var hash && Array.Exists(heldOut, other => other.Distance(hash) <= session.Value(Distance)))
                {
                    leaked.Add(new BadRow(rows.NameOf(i), "the image looks like one that must not be seen"));
                }
            }
            catch (UserException e)
            {
                bad.Add(new BadRow(rows.NameOf(i), e.Message));
            }
        }

        Print(session, rows.Count, bad, leaked, doubtful);
        session.Document(new
        {
            rows = rows.Count,
            parts = rows.Parts.ToString(),
            fingerprint = rows.Fingerprint,
            multipleChoice = types[QuestionType.MultipleChoice],
            openEnded = types[QuestionType.OpenEnded],
            bad,
            leaked,
            doubtful,
        });
        return bad.Count + leaked.Count == 0 ? Program.Done : Program.UsersMistake;
    }

    // A row whose own answer would not be rewarded can only teach that nothing is right.
    private static string? Doubt(Sample row)
    {
        if (row.Question is null || row.Answer is null)
        {
            return null;
        }

        var verdict = AnswerMatch.Accuracy(row.Type == QuestionType.MultipleChoice, row.Question, row.Answer, row.Answer);
        return verdict.Score == 1 ? null : $"its own answer would not be rewarded ({verdict.Rule})";
    }

    private static void Print(Session session, int count, List<BadRow> bad, List<BadRow> leaked, List<BadRow> doubtful)
    {
        foreach (var row in bad.Take(Shown))
        {
            session.Print(row.Reason);
        }

        foreach (var row in leaked.Take(Shown).Concat(doubtful.Take(Shown)))
        {
            session.Print($"{row.Row}: {row.Reason}");
        }

        session.Print($"{count - bad.Count} of {count} rows can be used, {bad.Count} cannot");
        if (leaked.Count > 0)
        {
            session.Print($"{leaked.Count} rows look like images that must not be seen");
        }

        if (doubtful.Count > 0)
        {
            session.Print($"{doubtful.Count} rows have an answer that the reward would not accept");
        }
    }
}
