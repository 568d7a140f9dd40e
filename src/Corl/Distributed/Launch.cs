using System.Globalization;

namespace Corl.Distributed;

/// <summary>How this process was started: what mpirun, srun and their like say in the environment.</summary>
/// <param name="Launcher">Who started it.</param>
/// <param name="Size">How many processes it started; null where it does not say.</param>
/// <param name="IsOpenMpi">Whether its library is Open MPI's; null where both kinds may be meant.</param>
internal sealed record Launch(string Launcher, int? Size, bool? IsOpenMpi)
{
    /// <summary>The launcher of this process; null when it was started by itself.</summary>
    public static Launch? Of(Func<string, string?> variable)
    {
        int? Number(string name) => int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

        // The narrower sign first: under Slurm, mpirun's children carry both.
        return Number("OMPI_COMM_WORLD_SIZE") is { } openMpi ? new Launch("mpirun of Open MPI", openMpi, true)
            : Number("MPI_LOCALNRANKS") is not null && Number("PMI_SIZE") is { } hydra ? new Launch("mpirun of MPICH", hydra, false)
            : Number("SLURM_STEP_NUM_TASKS") is { } slurm && Number("SLURM_PROCID") is not null ? new Launch("srun", slurm, variable("PMI_SIZE") is null && variable("PMIX_RANK") is not null ? true : null)
            : Number("PMI_SIZE") is { } pmi ? new Launch("a PMI launcher", pmi, false)
            : variable("PMIX_RANK") is not null ? new Launch("a PMIx launcher", null, null)
            : null;
    }

    /// <summary>Whether several processes are meant to work together.</summary>
    public bool IsMany => Size is null or > 1;
}
