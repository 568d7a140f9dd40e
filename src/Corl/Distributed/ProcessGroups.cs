using System.Globalization;

namespace Corl.Distributed;

/// <summary>Finds out whether this process works with others, and joins them.</summary>
public static class ProcessGroups
{
    /// <summary>The environment variable with the seconds to wait for another process before the run is given up; 1800 by default.</summary>
    public const string PatienceVariable = "CORL_MPI_TIMEOUT";

    private const double DefaultPatience = 1800; // as NCCL's and Gloo's users know it: half an hour covers an evaluation by one process alone

    /// <summary>One process alone.</summary>
    public static IProcessGroup Alone => SingleProcess.Instance;

    /// <summary>The processes that a launcher started together with this one; one alone when none did.</summary>
    /// <exception cref="UserException">A launcher started several, but there is no MPI library, or one that does not belong to it.</exception>
    public static IProcessGroup Join()
    {
        var launch = Launch.Of(Environment.GetEnvironmentVariable);
        if (launch is not { IsMany: true })
        {
            return SingleProcess.Instance;
        }

        var mpi = MpiLibrary.Find(launch) ?? throw new UserException(
            $"this process was started by {launch.Launcher} to work with others, but no MPI library is here (looked for {string.Join(", ", MpiLibrary.Names(launch))}); install Open MPI or MPICH, or name its file in {MpiLibrary.PathVariable}");
        var group = new MpiGroup(mpi, Patience());
        return launch.Size is null || launch.Size == group.Size ? group : throw new UserException(
            $"{launch.Launcher} started {launch.Size} processes, but {mpi.Name} ({mpi.Version}) sees {group.Size}; name the library of the launcher in {MpiLibrary.PathVariable}");
    }

    /// <summary>
    /// Runs the work of this process. When it fails, says so with the number of the process and ends the others, which would wait for
    /// it; a stop that all of them agreed on is passed on.
    /// </summary>
    /// <param name="processes">All processes.</param>
    /// <param name="work">The work.</param>
    /// <param name="failed">Tells of an error and gives the exit code.</param>
    internal static int Guard(this IProcessGroup processes, Func<int> work, Func<Exception, string, int> failed)
    {
        if (processes is not { Size: > 1 })
        {
            return work();
        }

        try
        {
            return work();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (!processes.IsFirst())
            {
                Thread.Sleep(TimeSpan.FromSeconds(1)); // a mistake of all is told by the first, which ends the others meanwhile
            }

            var code = failed(e, $"process {processes.Rank} of {processes.Size} on {Environment.MachineName}: ");
            Console.Error.Flush();
            processes.Abort(code);
            throw;
        }
    }

    private static TimeSpan Patience() => Environment.GetEnvironmentVariable(PatienceVariable) is not { Length: > 0 } text ? TimeSpan.FromSeconds(DefaultPatience)
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 1e6 ? TimeSpan.FromSeconds(seconds)
        : throw new UserException($"{PatienceVariable}={Quoted.Line(text)}: expected a number of seconds");
}
