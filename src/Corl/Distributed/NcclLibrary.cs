using System.Runtime.InteropServices;

namespace Corl.Distributed;

/// <summary>NVIDIA's NCCL, as it comes with a CUDA build of PyTorch.</summary>
internal sealed unsafe class NcclLibrary
{
    private const int Float32 = 7, Sum = 0; // ncclFloat32 and ncclSum of nccl.h, the same in every version 2
    private static readonly string[] NcclNames = ["libnccl.so.2", "libnccl.so"];
    private static readonly string[] CudaNames = ["libcudart.so.12", "libcudart.so.13", "libcudart.so"]; // libtorch has loaded one of them
    private readonly nint _nccl, _cuda;

    private NcclLibrary(nint nccl, nint cuda) => (_nccl, _cuda) = (nccl, cuda);

    /// <summary>The library, or null when it or the CUDA runtime is not here.</summary>
    public static NcclLibrary? Find() => Load(NcclNames) is { } nccl && Load(CudaNames) is { } cuda ? new NcclLibrary(nccl, cuda) : null;

    /// <summary>A new name for a group of processes, made by one of them.</summary>
    public byte[] NewId()
    {
        UniqueId id;
        Check(((delegate* unmanaged[Cdecl]<UniqueId*, int>)Function("ncclGetUniqueId"))(&id), "ncclGetUniqueId");
        return new Span<byte>(&id, sizeof(UniqueId)).ToArray();
    }

    /// <summary>Joins a group; all its processes come here.</summary>
    /// <param name="id">The group's name.</param>
    /// <param name="rank">Number of this process.</param>
    /// <param name="size">How many there are.</param>
    /// <param name="device">The CUDA device of this process.</param>
    /// <returns>A handle for <see cref="AllReduce"/>.</returns>
    public nint Join(ReadOnlySpan<byte> id, int rank, int size, int device)
    {
        UniqueId name = default;
        id.CopyTo(new Span<byte>(&name, sizeof(UniqueId)));
        nint group;
        Check(((delegate* unmanaged[Cdecl]<int, int>)NativeLibrary.GetExport(_cuda, "cudaSetDevice"))(device), "cudaSetDevice");
        Check(((delegate* unmanaged[Cdecl]<nint*, int, UniqueId, int, int>)Function("ncclCommInitRank"))(&group, size, name, rank), "ncclCommInitRank");
        return group;
    }

    /// <summary>Sums float32 numbers on the devices, in place, in the order of libtorch's own work: on the default stream.</summary>
    public void AllReduce(nint values, long count, nint group) =>
        Check(((delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int>)Function("ncclAllReduce"))(values, values, (nuint)count, Float32, Sum, group, 0), "ncclAllReduce");

    /// <summary>Leaves a group.</summary>
    public void Leave(nint group) => ((delegate* unmanaged[Cdecl]<nint, int>)Function("ncclCommDestroy"))(group);

    private static nint? Load(string[] names)
    {
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return library;
            }
        }

        return null;
    }

    private nint Function(string name) => NativeLibrary.GetExport(_nccl, name);

    private static void Check(int code, string function)
    {
        if (code != 0)
        {
            throw new InvalidOperationException($"{function} failed with code {code} (NCCL_DEBUG=INFO says more)");
        }
    }

    // ncclUniqueId: 128 bytes, passed by value.
    private struct UniqueId
    {
#pragma warning disable CS0169, IDE0051 // filled as memory
        private fixed byte _bytes[128];
#pragma warning restore CS0169, IDE0051
    }
}
