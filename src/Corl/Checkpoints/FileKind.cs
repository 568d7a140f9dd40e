using System.Text;

namespace Corl.Checkpoints;

/// <summary>Recognises what often lies under the name of a checkpoint without being one.</summary>
internal static class FileKind
{
    private const int HeadBytes = 512; // a tar header, the longest of the marks below

    private static readonly (byte[] Mark, string Kind)[] Marks =
    [
        ("version https://git-lfs"u8.ToArray(), "a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'"),
        ([0x1f, 0x8b], "gzip-compressed; decompress it first"),
        ([0x28, 0xb5, 0x2f, 0xfd], "zstd-compressed; decompress it first"),
        ([0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'], "xz-compressed; decompress it first"),
        ("BZh"u8.ToArray(), "bzip2-compressed; decompress it first"),
        ("7z"u8.ToArray(), "a 7z archive; extract it first"),
        ("PK"u8.ToArray(), "a ZIP archive, probably a PyTorch checkpoint; name it .bin, .pt or .pth"),
        ("GGUF"u8.ToArray(), "a GGUF file; convert it to safetensors first"),
        ([0x89, (byte)'H', (byte)'D', (byte)'F'], "an HDF5 file (Keras?); convert it to safetensors first"),
        ("{"u8.ToArray(), "JSON text, not a checkpoint"),
    ];

    /// <summary>What the file is instead of a checkpoint, and what to do; null if it is none of the usual accidents.</summary>
    public static string? Describe(MappedFile file)
    {
        var head = file.Head(HeadBytes);
        if (head.IsEmpty)
        {
            return "the file is empty; download it again";
        }

        foreach (var (mark, kind) in Marks)
        {
            if (head.StartsWith(mark))
            {
                return kind;
            }
        }

        if (IsTar(head))
        {
            return "a tar archive (PyTorch before 0.1.10 wrote such checkpoints); save it again with a newer PyTorch, or extract it";
        }

        return IsWebPage(head) ? "a web page, not a checkpoint (a login or error page was saved?); download it again" : null;
    }

    // POSIX ustar: the mark stands at byte 257 of the header.
    private static bool IsTar(ReadOnlySpan<byte> head) => head.Length > 262 && head[257..].StartsWith("ustar"u8);

    private static bool IsWebPage(ReadOnlySpan<byte> head)
    {
        var text = Encoding.Latin1.GetString(head).TrimStart('\ufeff', 'ï', '»', '¿', ' ', '\t', '\r', '\n');
        return text.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase) || text.StartsWith("<html", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("<?xml", StringComparison.OrdinalIgnoreCase);
    }
}
