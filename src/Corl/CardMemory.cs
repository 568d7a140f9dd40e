using System.Runtime.InteropServices;

namespace Corl;

/// <summary>How much memory a CUDA card has, asked of its driver; libtorch need not be loaded.</summary>
internal static partial class CardMemory
{
    private const string Driver = "libcuda.so.1"; // NVIDIA's driver on Linux

    /// <summary>Bytes of the card, or null where there is no driver or no such card.</summary>
    /// <param name="index">Number of the card.</param>
    public static double? Of(int index)
    {
        try
        {
            return Initialise(0) == 0 && Get(out var card, index) == 0 && Total(out var bytes, card) == 0 ? bytes : null;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport(Driver, EntryPoint = "cuInit")]
    private static partial int Initialise(uint flags);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGet")]
    private static partial int Get(out int card, int index);

    [LibraryImport(Driver, EntryPoint = "cuDeviceTotalMem_v2")]
    private static partial int Total(out nuint bytes, int card);
}
