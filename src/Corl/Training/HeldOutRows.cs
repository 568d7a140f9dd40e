using Corl.Data;

namespace Corl.Training;

/// <summary>The rows of a validation set that a stage can use: the same ones every time they are read.</summary>
internal static class HeldOutRows
{
    /// <summary>Reads the first usable rows, so many at a time that no more than a batch is in memory.</summary>
    /// <param name="data">The held-out data.</param>
    /// <param name="unfit">Why a row cannot be used, or null.</param>
    /// <param name="rows">Rows in all, at most.</param>
    /// <param name="atOnce">Rows of a batch.</param>
    /// <exception cref="UserException">No row can be used.</exception>
    public static IEnumerable<Sample[]> Read(SampleSet data, Func<Sample, string?> unfit, int rows, int atOnce)
    {
        var (found, reason) = (false, "there are no rows");
        foreach (var batch in Usable().Take(rows).Chunk(atOnce))
        {
            found = true;
            yield return batch;
        }

        if (!found)
        {
            throw new UserException($"{data.Files[0].Path}: no row can be used for evaluation; the last: {reason}");
        }

        IEnumerable<Sample> Usable()
        {
            for (var row = 0; row < data.Count; row++)
            {
                var sample = TryRead(data, row, ref reason);
                reason = sample is null ? reason : unfit(sample) ?? "";
                if (sample is not null && reason.Length == 0)
                {
                    yield return sample;
                }
            }
        }
    }

    private static Sample? TryRead(SampleSet data, int row, ref string reason)
    {
        try
        {
            return data.Read(row);
        }
        catch (UserException e)
        {
            reason = e.Message;
            return null;
        }
    }
}
