using System.Buffers.Binary;
using System.Text;

namespace Corl.Checkpoints;

/// <summary>Where an archive's entry has its bytes.</summary>
internal readonly record struct ZipEntry(long Offset, long Length);

/// <summary>
/// The directory of a ZIP archive whose entries are stored uncompressed, as PyTorch writes them, so that they can be mapped. Every entry
/// is found twice, in the directory at the end and in its own header, and both must agree; entries must not share bytes or names.
/// Layout: PKWARE's APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.14 to 4.3.16 (end), 4.5.3 (64-bit sizes).
/// </summary>
internal static class ZipDirectory
{
    private const uint LocalMark = 0x04034b50, CentralMark = 0x02014b50, EndMark = 0x06054b50, End64Mark = 0x06064b50, Locator64Mark = 0x07064b50;
    private const int LocalBytes = 30, CentralBytes = 46, EndBytes = 22, End64Bytes = 56, Locator64Bytes = 20;
    private const ushort Extra64 = 1;
    private const ushort EncryptedFlags = 0x2041; // bits 0, 6 and 13: three kinds of encryption
    private const ushort SizesFollowFlag = 0x0008; // the local header may leave the sizes to a record after the data

    // Ours: an entry of PyTorch's takes about 80 bytes here.
    private const int MaxDirectoryBytes = 160 * Bounds.Tensors;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ref struct Central(string name, ReadOnlySpan<byte> nameBytes, long start, long length)
    {
        public readonly string Name = name;
        public readonly ReadOnlySpan<byte> NameBytes = nameBytes;
        public readonly long Start = start, Length = length;
    }

    private readonly record struct End(long Offset, long Bytes, long Entries);

    /// <summary>The entries by name; InvalidDataException with the reason otherwise.</summary>
    public static Dictionary<string, ZipEntry> Read(MappedFile file)
    {
        var end = FindEnd(file);
        Malformed.Unless(end.Bytes is >= 0 and <= MaxDirectoryBytes && end.Entries is >= 0 and <= Bounds.Tensors, $"the archive's directory claims {end.Entries} entries in {end.Bytes} bytes");
        var capacity = (int)Math.Min(end.Entries, end.Bytes / CentralBytes);
        var ranges = new List<(long Start, long End, string Name)>(capacity);
        var entries = new Dictionary<string, ZipEntry>(capacity);
        var directory = file.Bytes(end.Offset, (int)end.Bytes);
        for (var i = 0L; i < end.Entries; i++)
        {
            var central = ReadCentral(ref directory);
            var data = Locate(file, central, end.Offset);
            Malformed.Unless(entries.TryAdd(central.Name, data), $"entry {Quoted.Name(central.Name)} is twice in the archive");
            ranges.Add((central.Start, data.Offset + data.Length, central.Name));
        }

        Malformed.Unless(directory.IsEmpty, "the archive's directory has more entries than it claims");
        var free = 0L;
        ranges.Sort((a, b) => a.Start.CompareTo(b.Start));
        foreach (var (start, rangeEnd, name) in ranges)
        {
            Malformed.Unless(start >= free, $"entry {Quoted.Name(name)} shares bytes with another entry");
            free = rangeEnd;
        }

        return entries;
    }

    private static End FindEnd(MappedFile file)
    {
        const string CutShort = "the archive's end is missing; the file is cut short, download it again";
        Malformed.Unless(file.Length >= EndBytes, CutShort);
        var tailLength = (int)Math.Min(file.Length, EndBytes + ushort.MaxValue); // a comment of up to 65 535 bytes may follow
        var tail = file.Bytes(file.Length - tailLength, tailLength);
        for (var at = tailLength - EndBytes; at >= 0; at--)
        {
            var record = tail[at..];
            if (U32(record, 0) == EndMark && at + EndBytes + U16(record, 20) == tailLength)
            {
                return ReadEnd(file, record, file.Length - tailLength + at);
            }
        }

        throw new InvalidDataException(CutShort);
    }

    private static End ReadEnd(MappedFile file, ReadOnlySpan<byte> record, long at)
    {
        var end = new End(U32(record, 16), U32(record, 12), U16(record, 10));
        var disk = U16(record, 4) | (uint)U16(record, 6);
        var directoryEnd = at;
        if (at >= Locator64Bytes && U32(file.Bytes(at - Locator64Bytes, Locator64Bytes), 0) == Locator64Mark)
        {
            directoryEnd = Long(file.Bytes(at - Locator64Bytes, Locator64Bytes), 8);
            Malformed.Unless(directoryEnd >= 0 && directoryEnd <= at - Locator64Bytes - End64Bytes, "the archive's 64-bit end record is not in the file");
            var record64 = file.Bytes(directoryEnd, End64Bytes);
            Malformed.Unless(U32(record64, 0) == End64Mark, "the archive's 64-bit end record is damaged");
            var end64 = new End(Long(record64, 48), Long(record64, 40), Long(record64, 32));
            var agrees = (end.Offset == end64.Offset || end.Offset == uint.MaxValue) && (end.Bytes == end64.Bytes || end.Bytes == uint.MaxValue)
                && (end.Entries == end64.Entries || end.Entries == ushort.MaxValue);
            Malformed.Unless(agrees, "the archive's two end records disagree");
            disk |= U32(record64, 16) | U32(record64, 20);
            end = end64;
        }

        Malformed.Unless(disk == 0, "the archive is one of several volumes");
        Malformed.Unless(end.Offset >= 0 && end.Bytes >= 0 && end.Bytes == directoryEnd - end.Offset, "the archive's directory is not where its end record says; the file is damaged");
        return end;
    }

    private static Central ReadCentral(ref ReadOnlySpan<byte> directory)
    {
        Malformed.Unless(directory.Length >= CentralBytes && U32(directory, 0) == CentralMark, "the archive's directory has fewer entries than it claims; the file is damaged");
        int nameLength = U16(directory, 28), extraLength = U16(directory, 30), commentLength = U16(directory, 32);
        var total = CentralBytes + nameLength + extraLength + commentLength;
        Malformed.Unless(total <= directory.Length, "the archive's directory is cut short");
        var nameBytes = directory.Slice(CentralBytes, nameLength);
        var name = Name(nameBytes);
        Malformed.Unless(U16(directory, 34) == 0, $"entry {Quoted.Name(name)} lies in another volume");
        Malformed.Unless((U16(directory, 8) & EncryptedFlags) == 0, $"entry {Quoted.Name(name)} is encrypted");
        Malformed.Unless(U16(directory, 10) == 0, $"entry {Quoted.Name(name)} is compressed (method {U16(directory, 10)}); PyTorch stores entries as they are: save the checkpoint again");
        long stored = U32(directory, 20), length = U32(directory, 24), start = U32(directory, 42);
        Widen(directory.Slice(CentralBytes + nameLength, extraLength), ref length, ref stored, ref start);
        Malformed.Unless(stored == length && length >= 0 && start >= 0, $"entry {Quoted.Name(name)} has two sizes, {stored} and {length}");
        directory = directory[total..];
        return new Central(name, nameBytes, start, length);
    }

    // The sizes of 64 bits stand in an extra field, in this order, for each one that its own field cannot hold.
    private static void Widen(ReadOnlySpan<byte> extra, ref long length, ref long stored, ref long start)
    {
        while (extra.Length >= 4)
        {
            var size = U16(extra, 2);
            Malformed.Unless(size <= extra.Length - 4, "an extra field of the archive is cut short");
            if (U16(extra, 0) == Extra64)
            {
                var values = extra.Slice(4, size);
                TakeWide(ref values, ref length);
                TakeWide(ref values, ref stored);
                TakeWide(ref values, ref start);
                return;
            }

            extra = extra[(4 + size)..];
        }
    }

    private static void TakeWide(ref ReadOnlySpan<byte> values, ref long field)
    {
        if (field == uint.MaxValue && values.Length >= sizeof(long))
        {
            field = Long(values, 0);
            values = values[sizeof(long)..];
        }
    }

    private static ZipEntry Locate(MappedFile file, Central entry, long dataEnd)
    {
        try
        {
            return FollowLocal(file, entry, dataEnd);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"entry {Quoted.Name(entry.Name)}: {error.Message}", error);
        }
    }

    private static ZipEntry FollowLocal(MappedFile file, Central entry, long dataEnd)
    {
        const string Outside = "it lies outside the file, which is cut short; download it again";
        Malformed.Unless(entry.Start <= dataEnd - LocalBytes, Outside);
        var header = file.Bytes(entry.Start, LocalBytes);
        Malformed.Unless(U32(header, 0) == LocalMark, "its header is not where the directory says; the file is damaged");
        int nameLength = U16(header, 26), extraLength = U16(header, 28);
        var offset = entry.Start + LocalBytes + nameLength + extraLength;
        Malformed.Unless(offset <= dataEnd, Outside);
        var rest = file.Bytes(entry.Start + LocalBytes, nameLength + extraLength);
        Malformed.Unless(rest[..nameLength].SequenceEqual(entry.NameBytes), "its own header gives another name");
        Malformed.Unless((U16(header, 6) & EncryptedFlags) == 0 && U16(header, 8) == 0, "its own header says it is encrypted or compressed");
        long stored = U32(header, 18), length = U32(header, 22), unused = 0;
        Widen(rest[nameLength..], ref length, ref stored, ref unused);
        var isOpen = (U16(header, 6) & SizesFollowFlag) != 0 && stored == 0 && length == 0;
        Malformed.Unless(isOpen || (stored == entry.Length && length == entry.Length), $"its own header says {length} bytes, the directory {entry.Length}");
        Malformed.Unless(entry.Length <= dataEnd - offset, Outside);
        return new ZipEntry(offset, entry.Length);
    }

    private static string Name(ReadOnlySpan<byte> bytes)
    {
        string name;
        try
        {
            name = StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidDataException("the name of an entry is not UTF-8", error);
        }

        var leaves = name == ".." || name.StartsWith("../", StringComparison.Ordinal) || name.Contains("/../", StringComparison.Ordinal) || name.EndsWith("/..", StringComparison.Ordinal);
        var isInside = name.Length > 0 && name[0] != '/' && !name.Contains('\\') && !name.Contains('\0') && !leaves;
        Malformed.Unless(isInside, $"entry {Quoted.Name(name)}: its name leads out of the archive");
        return name;
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long Long(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
