using System.Runtime.InteropServices;

namespace Corl.Distributed;

/// <summary>
/// The functions of an MPI library that is installed here. Two binary interfaces cover the libraries in use: Open MPI's, whose handles
/// are addresses of exported objects, and MPICH's (also Intel MPI, MVAPICH, Cray MPICH, Microsoft MPI), whose handles are numbers.
/// </summary>
internal sealed unsafe class MpiLibrary
{
    /// <summary>The environment variable with the path of a library, for one that is not found by itself.</summary>
    public const string PathVariable = "CORL_MPI_LIB";

    private const int Funneled = 1; // MPI_THREAD_FUNNELED, in both: only the thread that began calls MPI
    private static readonly string[] OpenMpiNames = ["libmpi.so.40", "libmpi.40.dylib"];
    private static readonly string[] MpichNames = ["libmpi.so.12", "libmpich.so.12", "libmpi.12.dylib", "msmpi.dll"];
    private static readonly string[] OtherNames = ["libmpi.so", "libmpi.dylib"];
    private readonly nint _library;
    private readonly nint _world, _bytes, _floats, _sum, _inPlace, _ignoredStatus;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, nint, int> _receive;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, int> _send;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, nint, int> _broadcast;
    private readonly delegate* unmanaged[Cdecl]<nint, void*, int, nint, nint, nint, int> _allReduce;

    private MpiLibrary(string name, nint library)
    {
        (Name, _library) = (name, library);
        IsOpenMpi = NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _);
        nint Handle(string openMpi, nint mpich) => IsOpenMpi ? NativeLibrary.GetExport(library, openMpi) : mpich;
        _world = Handle("ompi_mpi_comm_world", 0x44000000); // the numbers are those of MPICH's mpi.h
        _bytes = Handle("ompi_mpi_byte", 0x4c00010d);
        _floats = Handle("ompi_mpi_float", 0x4c00040a);
        _sum = Handle("ompi_mpi_op_sum", 0x58000003);
        _inPlace = IsOpenMpi ? 1 : -1;
        _ignoredStatus = IsOpenMpi ? 0 : 1;
        _receive = (delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, nint, int>)Function("MPI_Recv");
        _send = (delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, int>)Function("MPI_Send");
        _broadcast = (delegate* unmanaged[Cdecl]<void*, int, nint, int, nint, int>)Function("MPI_Bcast");
        _allReduce = (delegate* unmanaged[Cdecl]<nint, void*, int, nint, nint, nint, int>)Function("MPI_Allreduce");
    }

    /// <summary>The file it was loaded by.</summary>
    public string Name { get; }

    /// <summary>Whose interface it has.</summary>
    public bool IsOpenMpi { get; }

    /// <summary>The library's own words about itself.</summary>
    public string Version
    {
        get
        {
            const int MaxBytes = 8192; // MPI_MAX_LIBRARY_VERSION_STRING of MPICH, the longer one
            var text = stackalloc byte[MaxBytes];
            int length;
            var call = (delegate* unmanaged[Cdecl]<byte*, int*, int>)Function("MPI_Get_library_version");
            return call(text, &length) == 0 ? new string((sbyte*)text, 0, Math.Min(length, MaxBytes)).TrimEnd('\0').Split('\n', ',')[0].Trim() : "unknown";
        }
    }

    /// <summary>Loads the library that a launcher needs, or any; null when there is none.</summary>
    /// <exception cref="UserException">The one that <see cref="PathVariable"/> names cannot be loaded.</exception>
    public static MpiLibrary? Find(Launch? launch)
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } path)
        {
            return NativeLibrary.TryLoad(path, out var named) ? new MpiLibrary(path, named) : throw new UserException($"{PathVariable}={path}: cannot be loaded as an MPI library");
        }

        foreach (var name in Names(launch))
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return new MpiLibrary(name, library);
            }
        }

        return null;
    }

    /// <summary>The names that are looked for, the likelier first.</summary>
    public static IEnumerable<string> Names(Launch? launch) => launch?.IsOpenMpi == false ? [.. MpichNames, .. OtherNames, .. OpenMpiNames] : [.. OpenMpiNames, .. OtherNames, .. MpichNames];

    /// <summary>Joins the other processes.</summary>
    public (int Rank, int Size) Begin()
    {
        int provided, rank, size;
        Check(((delegate* unmanaged[Cdecl]<void*, void*, int, int*, int>)Function("MPI_Init_thread"))(null, null, Funneled, &provided), "MPI_Init_thread");
        Check(((delegate* unmanaged[Cdecl]<nint, int*, int>)Function("MPI_Comm_rank"))(_world, &rank), "MPI_Comm_rank");
        Check(((delegate* unmanaged[Cdecl]<nint, int*, int>)Function("MPI_Comm_size"))(_world, &size), "MPI_Comm_size");
        return (rank, size);
    }

    /// <summary>Leaves the other processes; all of them come here.</summary>
    public void End() => ((delegate* unmanaged[Cdecl]<int>)Function("MPI_Finalize"))();

    /// <summary>Ends every process.</summary>
    public void Abort(int code) => ((delegate* unmanaged[Cdecl]<nint, int, int>)Function("MPI_Abort"))(_world, code);

    /// <summary>Sends bytes to one process.</summary>
    public void Send(ReadOnlySpan<byte> bytes, int to)
    {
        fixed (byte* start = bytes)
        {
            Check(_send(start, bytes.Length, _bytes, to, 0, _world), "MPI_Send");
        }
    }

    /// <summary>Receives as many bytes as a span has from one process.</summary>
    public void Receive(Span<byte> bytes, int from)
    {
        fixed (byte* start = bytes)
        {
            Check(_receive(start, bytes.Length, _bytes, from, 0, _world, _ignoredStatus), "MPI_Recv");
        }
    }

    /// <summary>Gives bytes of process 0 to all.</summary>
    public void Broadcast(Span<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            Check(_broadcast(start, bytes.Length, _bytes, 0, _world), "MPI_Bcast");
        }
    }

    /// <summary>Sums numbers over the processes.</summary>
    public void Sum(Span<float> values)
    {
        fixed (float* start = values)
        {
            Check(_allReduce(_inPlace, start, values.Length, _floats, _sum, _world), "MPI_Allreduce");
        }
    }

    private nint Function(string name) => NativeLibrary.TryGetExport(_library, name, out var address) ? address : throw new UserException($"{Name}: is no MPI library ({name} is missing); {PathVariable} can name another");

    private static void Check(int code, string function)
    {
        if (code != 0)
        {
            throw new InvalidOperationException($"{function} failed with code {code}");
        }
    }
}
