using System.CommandLine;
using System.Diagnostics;
using Corl.Cli.Recipes;
using Corl.Data.Curation;

namespace Corl.Cli;

/// <summary>Makes a training set from published sets, as a recipe says.</summary>
internal static class CurateCommand
{
    private static readonly Argument<string> RecipeFile = new("recipe") { Description = "Recipe of the set: layout, sources, filters; its paths are relative to its folder" };
    private static readonly Option<string> Out = new("--out") { Description = "Folder of the set; corl train --data takes it", Required = true, HelpName = "folder" };
    private static readonly Option<bool> Resume = new("--resume") { Description = "Go on with the set in --out: what was measured and written by models is not asked again" };
    private static readonly Option<string[]> Set = new("--set") { Description = "Change a setting of the recipe", HelpName = "key=value", DefaultValueFactory = _ => [] };

    public static Verb Create()
    {
        var verb = new Verb("curate", "Make a training set from COCO, A-OKVQA and other published sets", "corl data curate x2x.yaml --out x2x_rft_22k --set rows=22479", Run)
        {
            RecipeFile, Out, Resume, Set, ModelFolder.Option, ModelFolder.Adapter,
        };
        foreach (var option in JudgeOptions.Asking)
        {
            verb.Add(option);
        }

        return verb;
    }

    private static int Run(Session session)
    {
        var file = session.Value(RecipeFile);
        string[] overrides = session.Seed is { } seed ? [.. session.Value(Set)!, $"seed={seed}"] : session.Value(Set)!;
        var settings = Load(file, overrides);
        var folder = CuratedFolder.Open(session.Value(Out)!, session.Value(Resume), YamlBinder.Write(settings));
        if (folder.IsDone)
        {
            session.Print($"{folder.Path}: made already");
            session.Document(folder.ReadSummary());
            return Program.Done;
        }

        var watch = Stopwatch.StartNew();
        using var rates = settings.Difficulty is { } difficulty ? PassRates.Open(session, difficulty, folder.PassRates, settings.Seed) : null;
        var judge = settings.Rewrite is null ? null : JudgeOptions.Open(session, folder.Judge) ?? throw new UserException("the recipe has a section 'rewrite': name who writes with --judge");
        using var opened = judge as IDisposable;
        CurationCounts counts;
        using (var curator = new Curator(settings, Path.GetDirectoryName(Path.GetFullPath(file))!, folder.Work, session.Progress, session.Interrupt) { PassRate = rates is null ? null : rates.Of })
        {
            counts = curator.Counts;
            var rows = judge is null ? curator.Rows() : new ReasonedAnswers(judge, settings.Rewrite!, counts, session.Interrupt).Write(curator.Rows());
            CuratedWriter.Write(folder.Path, settings.Layout, settings.Format, Counted(session, counts, rows));
        }

        folder.RemoveWork();
        Tell(session, settings, counts);
        var summary = CurationReport.Write(folder, settings, counts, Math.Round(watch.Elapsed.TotalSeconds, 1));
        if (counts.Rows == 0)
        {
            throw new UserException($"{folder.Path}: no row passed the filters; report.html says why");
        }

        foreach (var line in CurationReport.Histogram(counts))
        {
            session.Print(line);
        }

        session.Print($"{folder.Path}: {counts.Rows:N0} rows, {summary.Seconds} s; report.html says where they come from");
        session.Document(summary);
        return Program.Done;
    }

    private static CurationSettings Load(string file, string[] overrides)
    {
        var tree = YamlTree.Read(file);
        foreach (var assignment in overrides)
        {
            YamlTree.Set(tree, assignment);
        }

        return YamlBinder.Read<CurationSettings>(tree, file).Validated(file);
    }

    private static IEnumerable<CuratedRow> Counted(Session session, CurationCounts counts, IEnumerable<CuratedRow> rows)
    {
        const int Often = 1000; // rows between two lines of progress
        foreach (var row in rows)
        {
            counts.Add(row);
            if (counts.Rows % Often == 0)
            {
                session.Progress($"{counts.Rows:N0} rows");
            }

            yield return row;
        }
    }

    private static void Tell(Session session, CurationSettings settings, CurationCounts counts)
    {
        const double Tolerance = 0.02; // of the mean coverage
        foreach (var (name, source) in counts.Sources.Where(source => source.Value.BadCount > 0))
        {
            session.Warn($"{name}: {source.BadCount:N0} items could not be used, the first: {source.Bad[0].Row}: {source.Bad[0].Reason}");
        }

        if (counts.Rows < settings.Rows)
        {
            session.Warn($"{counts.Rows:N0} rows instead of {settings.Rows:N0}: {(counts.NotRewritten > 0 ? $"the judge did not come to the known answer in {counts.NotRewritten:N0}" : "the sources have no more that fit")}");
        }

        if (settings.Prompts is { Threshold: null } prompts && counts.MeanCoverage is { } mean && Math.Abs(mean - prompts.Mean) > Tolerance)
        {
            session.Warn(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"mean coverage {mean:F3}, more than {Tolerance} from {prompts.Mean}: no threshold gives it with these captions"));
        }
    }
}
