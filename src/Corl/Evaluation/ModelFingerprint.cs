using System.Security.Cryptography;
using System.Text;

namespace Corl.Evaluation;

/// <summary>
/// Tells checkpoints apart without reading all of their gigabytes: names and sizes of the files, small files whole, of large ones evenly
/// spaced blocks. Training changes every weight, so it changes the blocks.
/// </summary>
internal static class ModelFingerprint
{
    private const int Blocks = 64, BlockBytes = 1 << 16; // 4 MiB of each file: milliseconds from any disk

    /// <summary>The fingerprint of a checkpoint's folder, hexadecimal.</summary>
    public static string Of(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            using var stream = File.OpenRead(path);
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(path)}\0{stream.Length}\0"));
            var step = Math.Max(BlockBytes, stream.Length / Blocks);
            var block = new byte[BlockBytes];
            for (long at = 0; at < stream.Length; at += step)
            {
                stream.Position = at;
                hash.AppendData(block, 0, stream.ReadAtLeast(block, BlockBytes, throwOnEndOfStream: false));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Shown];
    }

    private const int Shown = 16; // digits: 64 bits tell any number of checkpoints apart
}
