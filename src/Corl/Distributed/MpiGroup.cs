using System.Buffers.Binary;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Corl.Distributed;

/// <summary>
/// Processes that mpirun or srun started. Bytes are gathered by process 0, one process after the other, and sent to all, so that a
/// process that does not come is known by its number. Tensors on CUDA devices are summed by NCCL where it is installed, others by
/// MPI_Allreduce. A wait that lasts too long ends the run.
/// </summary>
internal sealed class MpiGroup : IProcessGroup
{
    private const int ChunkBytes = 1 << 30; // a count of MPI is an int
    private readonly MpiLibrary _mpi;
    private readonly Watchdog _watchdog;
    private NcclSum? _devices;
    private bool _hasLookedForDevices;

    /// <summary>Joins the other processes.</summary>
    /// <param name="mpi">The library.</param>
    /// <param name="patience">The longest wait for another process.</param>
    public MpiGroup(MpiLibrary mpi, TimeSpan patience)
    {
        _mpi = mpi;
        (Rank, Size) = mpi.Begin();
        _watchdog = new Watchdog(Rank, patience);
    }

    public int Rank { get; }

    public int Size { get; }

    public byte[][] Gather(byte[] own)
    {
        var all = new byte[Size][];
        for (var rank = 1; rank < Size; rank++)
        {
            if (Rank == 0)
            {
                using var wait = _watchdog.WaitFor(rank);
                all[rank] = new byte[ReceiveLength(rank)];
                InChunks(all[rank], part => _mpi.Receive(part, rank));
            }
            else if (Rank == rank)
            {
                using var wait = _watchdog.WaitFor(0);
                SendLength(own.Length);
                InChunks(own, part => _mpi.Send(part, 0));
            }
        }

        all[0] = own;
        Share(all);
        return all;
    }

    public void Sum(Tensor values)
    {
        if (values.device_type == TorchSharp.DeviceType.CUDA && !_hasLookedForDevices)
        {
            (_devices, _hasLookedForDevices) = (NcclSum.Join(this, values.device_index), true);
        }

        using var wait = _watchdog.WaitFor(Rank == 0 ? Size - 1 : 0);
        if (values.device_type == TorchSharp.DeviceType.CUDA && _devices is not null)
        {
            _devices.Sum(values);
            return;
        }

        using var scope = NewDisposeScope();
        var host = values.cpu(); // the tensor itself where it is there already
        for (var done = 0L; done < host.numel(); done += ChunkBytes / sizeof(float))
        {
            var part = host.narrow(0, done, Math.Min(ChunkBytes / sizeof(float), host.numel() - done));
            _mpi.Sum(MemoryMarshal.Cast<byte, float>(part.bytes));
        }

        if (values.device_type != TorchSharp.DeviceType.CPU)
        {
            values.copy_(host);
        }
    }

    public void Abort(int code) => _mpi.Abort(code);

    public void Dispose()
    {
        _watchdog.Dispose();
        _devices?.Dispose();
        _mpi.End();
    }

    private void SendLength(long length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        _mpi.Send(bytes, 0);
    }

    private long ReceiveLength(int rank)
    {
        Span<byte> length = stackalloc byte[sizeof(long)];
        _mpi.Receive(length, rank);
        return BinaryPrimitives.ReadInt64LittleEndian(length);
    }

    // Process 0 has everything; the others learn the lengths first.
    private void Share(byte[][] all)
    {
        using var wait = _watchdog.WaitFor(Rank == 0 ? Size - 1 : 0);
        var lengths = new byte[Size * sizeof(long)];
        for (var rank = 0; Rank == 0 && rank < Size; rank++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(lengths.AsSpan(rank * sizeof(long)), all[rank].Length);
        }

        _mpi.Broadcast(lengths);
        for (var rank = 0; rank < Size; rank++)
        {
            var bytes = Rank == 0 ? all[rank] : new byte[BinaryPrimitives.ReadInt64LittleEndian(lengths.AsSpan(rank * sizeof(long)))];
            InChunks(bytes, _mpi.Broadcast);
            all[rank] = bytes;
        }
    }

    private delegate void Transfer(Span<byte> part);

    private static void InChunks(Span<byte> bytes, Transfer transfer)
    {
        for (var done = 0; done < bytes.Length; done += ChunkBytes)
        {
            transfer(bytes.Slice(done, Math.Min(ChunkBytes, bytes.Length - done)));
        }
    }
}
