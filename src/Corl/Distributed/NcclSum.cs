using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Corl.Distributed;

/// <summary>Sums tensors on the CUDA devices of processes, one device each, by NCCL.</summary>
internal sealed partial class NcclSum : IDisposable
{
    private readonly NcclLibrary _nccl;
    private readonly nint _group;

    private NcclSum(NcclLibrary nccl, nint group) => (_nccl, _group) = (nccl, group);

    /// <summary>Joins the devices of all processes; null, in all of them, when one lacks the library.</summary>
    /// <param name="processes">The processes, which exchange the name of the group.</param>
    /// <param name="device">Number of this process's CUDA device.</param>
    public static NcclSum? Join(IProcessGroup processes, int device)
    {
        var nccl = NcclLibrary.Find();
        if (processes.Any(nccl is null))
        {
            return null;
        }

        var id = processes.Gather(processes.IsFirst() ? nccl!.NewId() : [])[0];
        return new NcclSum(nccl!, nccl!.Join(id, processes.Rank, processes.Size, device));
    }

    /// <summary>Replaces a float32 tensor by its sum over the processes.</summary>
    public void Sum(Tensor values) => _nccl.AllReduce(Address(values.Handle), values.numel(), _group);

    /// <inheritdoc/>
    public void Dispose() => _nccl.Leave(_group);

    // TorchSharp's own import of it is internal, and its public accessors refuse tensors that are not on the CPU.
    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial nint Address(nint tensor);
}
