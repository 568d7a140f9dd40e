using System.IO.MemoryMappedFiles;
using static TorchSharp.torch;

namespace Corl.Checkpoints;

/// <summary>
/// A file in memory without being read: its bytes as spans, its numbers as tensors. Tensors map the file privately (writing to them
/// copies the page and never reaches the file) and outlive this object. The file must not shrink while it is open.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    // libtorch maps a whole file as one tensor of one type, so there is one mapping per type in use; they share the page cache.
    private readonly Dictionary<ScalarType, Tensor> _mappings = [];
    private readonly FileStream? _stream;
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _start;

    /// <summary>Opens a file; UserException when it is not there or may not be read.</summary>
    public MappedFile(string path)
    {
        Path = path;
        try
        {
            _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            Length = _stream.Length;
            if (Length == 0)
            {
                return; // an empty file cannot be mapped
            }

            _file = MemoryMappedFile.CreateFromFile(_stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            Dispose();
            throw new UserException($"{Quoted.Line(path)}: cannot be read ({Quoted.Line(error.Message)})", error);
        }
    }

    /// <summary>Where the file is.</summary>
    public string Path { get; }

    /// <summary>Its length in bytes.</summary>
    public long Length { get; }

    /// <summary>A range of bytes, which must lie inside the file. The span is valid until this object is disposed.</summary>
    public ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new ReadOnlySpan<byte>(_start + offset, length);
    }

    /// <summary>The first bytes, at most <paramref name="length"/> of them.</summary>
    public ReadOnlySpan<byte> Head(int length) => Bytes(0, (int)Math.Min(length, Length));

    /// <summary>Whether <see cref="Elements"/> at this offset is a view on the file and no copy.</summary>
    public static bool IsAligned(ScalarType dtype, long offset) => offset % Dtypes.Size(dtype) == 0;

    /// <summary>[count] numbers that start at a byte offset and lie inside the file: a view when the offset is a multiple of their size, else a copy.</summary>
    public Tensor Elements(ScalarType dtype, long offset, long count)
    {
        if (count == 0)
        {
            return empty(0, dtype: dtype);
        }

        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, (Length - offset) / Dtypes.Size(dtype));
        return IsAligned(dtype, offset) ? Mapping(dtype).narrow(0, offset / Dtypes.Size(dtype), count) : Copy(dtype, offset, count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var mapping in _mappings.Values)
        {
            mapping.Dispose();
        }

        _mappings.Clear();
        if (_view is not null)
        {
            if (_start is not null)
            {
                _view.SafeMemoryMappedViewHandle.ReleasePointer();
            }

            _view.Dispose();
        }

        _file?.Dispose();
        _stream?.Dispose();
    }

    private Tensor Mapping(ScalarType dtype)
    {
        if (!_mappings.TryGetValue(dtype, out var mapping))
        {
            mapping = from_file(OpenPath(), shared: false, size: Length / Dtypes.Size(dtype), dtype: dtype).DetachFromDisposeScope();
            _mappings.Add(dtype, mapping);
        }

        return mapping;
    }

    // libtorch opens the file by name. Under Linux this name is the file that is open here, even when another one has replaced it since.
    private string OpenPath() => OperatingSystem.IsLinux() ? $"/proc/self/fd/{_stream!.SafeFileHandle.DangerousGetHandle()}" : Path;

    private Tensor Copy(ScalarType dtype, long offset, long count)
    {
        const int ChunkElements = 1 << 24; // ours: a span of it fits an int for every type
        var size = Dtypes.Size(dtype);
        var copy = empty(count, dtype: dtype);
        for (var done = 0L; done < count; done += ChunkElements)
        {
            using var chunk = copy.narrow(0, done, Math.Min(ChunkElements, count - done));
            var target = chunk.bytes;
            Bytes(offset + (done * size), target.Length).CopyTo(target);
        }

        return copy;
    }
}
