using Corl.Imaging;

namespace Corl.Data.Curation;

/// <summary>The images of one source: files of a folder, or rows of Parquet files.</summary>
internal sealed class CuratedImages : IDisposable
{
    private const long MaxBytes = 1 << 26; // as for training data: 64 MB encoded
    private readonly string _folder;
    private readonly ParquetSource[] _files = [];
    private readonly int[] _starts = [];

    public CuratedImages(string folder, IReadOnlyList<(string Path, string Name)> files)
    {
        _folder = folder;
        if (files.Count == 0 || !IsParquet(files[0].Path))
        {
            return;
        }

        var cache = RowBlockCache.For(files.Sum(file => new FileInfo(file.Path).Length));
        _files = new ParquetSource[files.Count];
        _starts = new int[files.Count];
        for (int i = 0, rows = 0; i < files.Count; rows += _files[i++].File.Rows)
        {
            (_files[i], _starts[i]) = (ParquetSource.OpenImages(files[i].Path, files[i].Name, image: null, cache), rows);
        }
    }

    public static bool IsParquet(string path) => Path.GetExtension(path).Equals(".parquet", StringComparison.OrdinalIgnoreCase);

    /// <summary>A problem's image as stored; a <see cref="UserException"/> where it is not there.</summary>
    public byte[] Read(Problem problem, string name)
    {
        if (problem.Row is { } row)
        {
            var file = Array.FindLastIndex(_starts, start => start <= row);
            return _files[file].Image(row - _starts[file]) is { Length: > 0 } bytes ? bytes : throw new UserException($"{name}: the row has no image");
        }

        var path = ImagePath.Resolve(_folder, problem.Image!, name);
        try
        {
            var size = new FileInfo(path).Length;
            return size is > 0 and <= MaxBytes ? File.ReadAllBytes(path) : throw new UserException($"{name}: the image {Quoted.Name(problem.Image!)} holds {size:N0} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{name}: the image {Quoted.Name(problem.Image!)} is not in {_folder} or cannot be read", e);
        }
    }

    /// <summary>An image whose longer side is at most <paramref name="maxSide"/>: the stored bytes where they fit, else scaled and encoded anew.</summary>
    public static (ReadOnlyMemory<byte> Bytes, RgbImage Image) Fit(byte[] bytes, int maxSide, string name)
    {
        var image = ImageCodec.Decode(bytes, name);
        var longer = Math.Max(image.Width, image.Height);
        if (longer <= maxSide)
        {
            return (bytes, image);
        }

        int Scaled(int side) => Math.Max(1, (int)Math.Round((double)side * maxSide / longer));
        var scaled = Resize.Bicubic(image, Scaled(image.Width), Scaled(image.Height));
        return (bytes is [0xFF, 0xD8, ..] ? ImageCodec.EncodeJpeg(scaled) : ImageCodec.EncodePng(scaled), scaled);
    }

    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }
}
