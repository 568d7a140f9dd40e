using System.Text;
using Corl.Distributed;
using static TorchSharp.torch;

namespace Corl.Tests.Distributed;

public sealed class ProcessGroupTests
{
    [Fact]
    public void Share_AnyCount_IsDividedWithoutGapAndAlmostEvenly()
    {
        for (var size = 1; size <= 5; size++)
        {
            for (var count = 0; count <= 12; count++)
            {
                var shares = Enumerable.Range(0, size).Select(rank => new Pair(rank, size).Share(count)).ToList();
                Assert.Equal(Enumerable.Range(0, count), shares.SelectMany(share => Enumerable.Range(share.First, share.Count)));
                Assert.True(shares.Max(share => share.Count) - shares.Min(share => share.Count) <= 1);
            }
        }
    }

    [Fact]
    public void CheckSame_AnotherRecipe_NamesTheProcessAndTheLine()
    {
        var other = new Pair(0, 2) { Other = """{"Value":"beta: 0.5\nsteps: 4","Host":"node7"}""" };
        var error = Assert.Throws<UserException>(() => other.CheckSame("recipe", "beta: 0.02\nsteps: 4"));
        Assert.Equal($"process 1 (on node7) has another recipe than process 0 (on {Environment.MachineName}): 'beta: 0.5' instead of 'beta: 0.02'; start all of them with the same files and options", error.Message);
        other.CheckSame("recipe", "beta: 0.5\nsteps: 4");
    }

    [Fact]
    public void SumGradients_MissingOnes_CountAsZeroWhereAnotherProcessHasThem()
    {
        using var scope = NewDisposeScope();
        Tensor[] parameters = [zeros(3, 2, requires_grad: true), zeros(5, requires_grad: true), zeros(4, requires_grad: true)];
        parameters[0].grad = tensor(new float[] { 1, 2, 3, 4, 5, 6 }).view(3, 2);

        // The other process has the first and the third. The sum doubles, as if both had the same; a buffer of 4 is filled more than once.
        new Pair(0, 2) { Other = "\u0001\0\u0001" }.SumGradients(parameters, bucketElements: 4);
        Assert.Equal([2, 4, 6, 8, 10, 12], parameters[0].grad!.view(-1).data<float>().ToArray());
        Assert.Null(parameters[1].grad);
        Assert.Equal([0, 0, 0, 0], parameters[2].grad!.data<float>().ToArray());
    }

    [Fact]
    public void Launch_EveryLauncher_IsKnownByItsVariables()
    {
        static Launch? Of(params string[] set) => Launch.Of(name => set.Select(pair => pair.Split('=')).FirstOrDefault(pair => pair[0] == name)?[1]);
        Assert.Null(Of());
        Assert.Null(Of("SLURM_PROCID=0", "SLURM_NTASKS=8")); // in a batch script, outside of srun
        Assert.Equal(new Launch("mpirun of Open MPI", 4, true), Of("OMPI_COMM_WORLD_SIZE=4", "PMIX_RANK=0", "SLURM_PROCID=0"));
        Assert.Equal(new Launch("mpirun of MPICH", 3, false), Of("PMI_SIZE=3", "PMI_RANK=1", "MPI_LOCALNRANKS=3"));
        Assert.Equal(new Launch("srun", 8, true), Of("SLURM_STEP_NUM_TASKS=8", "SLURM_PROCID=3", "PMIX_RANK=3"));
        Assert.Equal(new Launch("srun", 8, null), Of("SLURM_STEP_NUM_TASKS=8", "SLURM_PROCID=3", "PMI_SIZE=8"));
        Assert.False(Of("SLURM_STEP_NUM_TASKS=1", "SLURM_PROCID=0")!.IsMany);
    }

    // One process as it would be among several: what it gathers is its own and, from the second, what the test says.
    private sealed class Pair(int rank, int size) : IProcessGroup
    {
        public string Other { get; init; } = "";

        public int Rank => rank;

        public int Size => size;

        public byte[][] Gather(byte[] own) => [own, Encoding.UTF8.GetBytes(Other)];

        public void Sum(Tensor values) => values.mul_(2);

        public void Abort(int code) => throw new InvalidOperationException();

        public void Dispose()
        {
        }
    }
}
