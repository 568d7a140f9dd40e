using System.Runtime.InteropServices;

namespace Corl;

/// <summary>
/// The C library's heap, where tensors live. By default glibc returns the memory of a freed tensor to the kernel and fetches zeroed pages
/// for the next one: for the small tensors of a training step that costs as much as the arithmetic (measured: the step of the embedded
/// model's VQ tokenizer takes 170 ms instead of 370 ms of processor time without it).
/// </summary>
internal static partial class NativeHeap
{
    // glibc's malloc.h.
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MmapThreshold = -3;

    private const int KeptBytes = 1 << 30; // free memory at the heap's end before any of it goes back
    private const int PadBytes = 64 << 20; // taken from the kernel at a time
    private const int MappedBytes = 32 << 20; // larger tensors keep their own mapping; glibc's maximum

    /// <summary>Keeps freed memory for the next tensor; where the C library is another one, nothing changes.</summary>
    public static void KeepFreedMemory()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = Option(TrimThreshold, KeptBytes) & Option(TopPad, PadBytes) & Option(MmapThreshold, MappedBytes);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return; // musl has no such option
        }
    }

    /// <summary>Bytes of the heap in use, tensors of the CPU among them; 0 where the C library cannot tell.</summary>
    public static long InUse()
    {
        try
        {
            var usage = Usage();
            return (long)usage.InUse + (long)usage.Mapped;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return 0; // musl, or a glibc before 2.33
        }
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial HeapUsage Usage();

    // glibc's struct mallinfo2: ten numbers of 64 bits, of which these are hblkhd and uordblks.
    [StructLayout(LayoutKind.Explicit, Size = 80)]
    private readonly struct HeapUsage
    {
        [FieldOffset(32)]
        public readonly ulong Mapped;

        [FieldOffset(56)]
        public readonly ulong InUse;
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int Option(int parameter, int value);
}
