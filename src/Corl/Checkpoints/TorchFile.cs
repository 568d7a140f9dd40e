namespace Corl.Checkpoints;

/// <summary>A PyTorch checkpoint of either kind, told apart by its first bytes.</summary>
internal static class TorchFile
{
    private const byte PickleStart = 0x80; // the opcode PROTO, with which every pickle since protocol 2 starts

    /// <summary>Reads and checks what the file declares; InvalidDataException with the reason otherwise.</summary>
    /// <param name="file">The file.</param>
    /// <param name="unwrap">Whether only the model inside a wrapping dictionary is wanted.</param>
    public static FileContent Read(MappedFile file, bool unwrap)
    {
        var head = file.Head(9);
        if (head.StartsWith("PK"u8))
        {
            return TorchZip.Read(file, unwrap);
        }

        if (head.Length > 0 && head[0] == PickleStart)
        {
            return TorchLegacy.Read(file, unwrap);
        }

        // A header of a safetensors file: its length, below 2^32, and then a brace.
        var isSafetensors = head.Length == 9 && head[8] == '{' && head[4..8].IndexOfAnyExcept((byte)0) < 0;
        throw new InvalidDataException(isSafetensors ? "a safetensors file; name it .safetensors" : FileKind.Describe(file) ?? "not a PyTorch checkpoint");
    }
}
