using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Marks one symbol version that an ELF64 little-endian library needs as weak (VER_FLG_WEAK), so that the loader warns instead of
/// refusing when the system's library is older. Does nothing to a file without that version or already relaxed.
/// Layout: ELF specification, sections SHT_GNU_verneed (Elf64_Verneed, Elf64_Vernaux).
/// </summary>
public sealed class RelaxVersionNeed : Task
{
    private const uint VersionNeedSection = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort Weak = 2;                      // VER_FLG_WEAK

    /// <summary>The libraries to look at.</summary>
    [Required]
    public ITaskItem[] Files { get; set; }

    /// <summary>The version to relax, for example GLIBCXX_3.4.32.</summary>
    [Required]
    public string Version { get; set; }

    /// <inheritdoc/>
    public override bool Execute()
    {
        foreach (var file in Files)
        {
            try
            {
                Relax(file.ItemSpec);
            }
            catch (Exception e) when (e is IOException || e is UnauthorizedAccessException || e is ArgumentException)
            {
                Log.LogError("cannot relax the version needs of {0}: {1}", file.ItemSpec, e.Message);
            }
        }

        return !Log.HasLoggedErrors;
    }

    private void Relax(string path)
    {
        var bytes = File.ReadAllBytes(path);
        if (bytes.Length < 64 || bytes[0] != 0x7f || bytes[1] != 'E' || bytes[2] != 'L' || bytes[3] != 'F' || bytes[4] != 2 || bytes[5] != 1)
        {
            return;
        }

        var sections = (long)BitConverter.ToUInt64(bytes, 0x28);
        int size = BitConverter.ToUInt16(bytes, 0x3a), count = BitConverter.ToUInt16(bytes, 0x3c);
        for (var i = 0; i < count; i++)
        {
            var header = (int)(sections + (i * size));
            if (BitConverter.ToUInt32(bytes, header + 4) != VersionNeedSection)
            {
                continue;
            }

            var start = (long)BitConverter.ToUInt64(bytes, header + 0x18);
            var names = (int)(sections + (BitConverter.ToUInt32(bytes, header + 0x28) * size));
            var flags = Find(bytes, start, (long)BitConverter.ToUInt64(bytes, names + 0x18));
            if (flags >= 0 && (BitConverter.ToUInt16(bytes, flags) & Weak) == 0)
            {
                var written = File.GetLastWriteTimeUtc(path);
                using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write))
                {
                    stream.Position = flags;
                    stream.WriteByte((byte)(bytes[flags] | Weak));
                }

                File.SetLastWriteTimeUtc(path, written); // an incremental build then sees an up-to-date copy
                Log.LogMessage(MessageImportance.Low, "{0}: {1} is now weak", path, Version);
            }
        }
    }

    // Offset of vna_flags of the version, or −1.
    private int Find(byte[] bytes, long need, long names)
    {
        while (true)
        {
            var aux = need + BitConverter.ToUInt32(bytes, (int)need + 8);
            for (int i = 0, n = BitConverter.ToUInt16(bytes, (int)need + 2); i < n; i++)
            {
                if (Name(bytes, names + BitConverter.ToUInt32(bytes, (int)aux + 8)) == Version)
                {
                    return (int)aux + 4;
                }

                aux += BitConverter.ToUInt32(bytes, (int)aux + 12);
            }

            var next = BitConverter.ToUInt32(bytes, (int)need + 12);
            if (next == 0)
            {
                return -1;
            }

            need += next;
        }
    }

    private static string Name(byte[] bytes, long at)
    {
        var end = Array.IndexOf(bytes, (byte)0, (int)at);
        return Encoding.ASCII.GetString(bytes, (int)at, end - (int)at);
    }
}
