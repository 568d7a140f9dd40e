using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Corl.Checkpoints;
using CsCheck;
using static TorchSharp.torch;

namespace Corl.Tests.Checkpoints;

public sealed class SafetensorsTests
{
    private const string Set = "formats/safetensors/";

    private static readonly ScalarType[] EveryDtype =
    [
        ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64,
        ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool,
    ];

    public static TheoryData<string> Files => [.. GoldenCase.All(Set + "cases.json").Select(item => item.GetProperty("file").GetString()!)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Open_GoldenFile_LoadsOrRefusesAsExpected(string file)
    {
        var item = GoldenCase.All(Set + "cases.json").Single(item => item.GetProperty("file").GetString() == file);
        var (tensors, error) = GoldenCase.Load(GoldenFiles.Path(Set + file));
        var expected = item.GetProperty("expected").GetString();
        Assert.True(expected != "load" || error is null, error);
        Assert.True(expected != "reject" || error is not null, $"{file} must be refused: {item.GetProperty("why")}");
        if (tensors is not null)
        {
            AssertSame(item.GetProperty("tensors"), tensors);
        }
        else if (expected == "load or unsupported")
        {
            Assert.Contains("not supported", error, StringComparison.Ordinal);
        }

        if (expected == "load" && item.TryGetProperty("metadata", out var metadata))
        {
            using var reader = CheckpointReader.Open(GoldenFiles.Path(Set + file));
            Assert.Equal(metadata.EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!), reader.Metadata);
        }
    }

    [Fact]
    public void Open_DamagedGoldenFile_NeverTakesWhatTheReferenceRefuses()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("damaged.safetensors");
        var loaded = 0;
        foreach (var item in GoldenCase.All(Set + "fuzz.json"))
        {
            File.WriteAllBytes(path, item.GetProperty("base64").GetBytesFromBase64());
            var (tensors, error) = GoldenCase.Load(path);
            if (tensors is not null)
            {
                Assert.Equal("accepts", item.GetProperty("reference").GetString());
                AssertSame(item.GetProperty("tensors"), tensors);
                loaded++;
            }
            else if (item.GetProperty("reference").GetString() == "accepts")
            {
                TestContext.Current.TestOutputHelper!.WriteLine(error!);
            }
        }

        Assert.NotEqual(0, loaded);
    }

    [Fact]
    public void Open_MoreTensorsThanAFileMayHold_IsRefusedInTimeAndMemory()
    {
        const string Empty = """{"dtype":"F32","shape":[0],"data_offsets":[0,0]}""";
        using var folder = new TemporaryFolder();
        var path = folder.File("many.safetensors");
        foreach (var (count, isAccepted) in new[] { (Bounds.Tensors, true), (Bounds.Tensors + 1, false) })
        {
            WriteHeader(path, "{" + string.Join(',', Enumerable.Range(0, count).Select(i => $"\"t{i}\":{Empty}")) + "}");
            Assert.Equal(isAccepted ? count : null, Bounded.Run(() => Count(path)));
        }

        WriteHeader(path, $"{{\"{new string('n', Bounds.TextBytes + 1)}\":{Empty}}}");
        Assert.Null(Bounded.Run(() => Count(path)));
    }

    [Fact]
    public void Write_AnyTensors_ReadBackToTheBit()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("any.safetensors");
        var tensors = Gen.Select(Gen.String[0, 12], Gen.OneOf(EveryDtype), Gen.Long[0, 4].Array[0, 4]).List[0, 8];
        Gen.Select(tensors, Gen.Int).Sample(
            (list, seed) =>
            {
                using var scope = NewDisposeScope();
                var random = new Random(seed);
                var written = new Dictionary<string, Tensor>();
                foreach (var (name, dtype, shape) in list)
                {
                    if (IsUnicode(name) && name != SafetensorsHeader.MetadataKey)
                    {
                        written[name] = RandomBits(dtype, shape, random);
                    }
                }

                Safetensors.Write(path, written);
                using var reader = CheckpointReader.Open(path);
                Assert.Equal(written.Keys.Order(StringComparer.Ordinal), reader.Tensors.Keys.Order(StringComparer.Ordinal));
                foreach (var (name, tensor) in written)
                {
                    var read = reader.Read(name);
                    Assert.Equal((tensor.dtype, reader.Tensors[name].Dtype), (read.dtype, tensor.dtype));
                    Assert.Equal(tensor.shape, read.shape);
                    Assert.Equal(tensor.bytes.ToArray(), read.bytes.ToArray());
                }
            },
            iter: 200,
            threads: 1);
    }

    [Fact]
    public void Write_ViewsOfOneMatrix_StoresTheirValues()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var matrix = arange(12, dtype: float32).view(3, 4); // [3, 4]
        Safetensors.Write(folder.File("w.safetensors"), new Dictionary<string, Tensor> { ["transposed"] = matrix.t(), ["column"] = matrix[.., 1], ["row"] = matrix[2], ["same row"] = matrix[2], ["expanded"] = matrix[0].expand(2, 4) });
        using var reader = CheckpointReader.Open(folder.File("w.safetensors"));
        Assert.Equal([0f, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], reader.Read("transposed").data<float>().ToArray());
        Assert.Equal([1f, 5, 9], reader.Read("column").data<float>().ToArray());
        Assert.Equal([8f, 9, 10, 11], reader.Read("row").data<float>().ToArray());
        Assert.Equal([8f, 9, 10, 11], reader.Read("same row").data<float>().ToArray());
        Assert.Equal([0f, 1, 2, 3, 0, 1, 2, 3], reader.Read("expanded").data<float>().ToArray());
    }

    // The layout that the format's reference implementation writes: README of huggingface/safetensors, section Format.
    [Fact]
    public void Write_MixedDtypes_SortsAlignsAndPads()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var path = folder.File("w.safetensors");
        var tensors = new Dictionary<string, Tensor> { ["b"] = zeros(3, dtype: uint8), ["z"] = zeros(1, dtype: int64), ["a"] = zeros(3, dtype: bfloat16), ["d"] = zeros(1), ["c"] = zeros(1) };
        Safetensors.Write(path, tensors, new Dictionary<string, string> { ["é"] = "ü" });
        var bytes = File.ReadAllBytes(path);
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Assert.Equal(0, length % 8);
        var header = Encoding.UTF8.GetString(bytes, 8, length);
        var json = JsonDocument.Parse(header).RootElement;
        Assert.Equal(["__metadata__", "z", "c", "d", "a", "b"], json.EnumerateObject().Select(entry => entry.Name));
        Assert.Equal("""{"format":"pt","é":"ü"}""", json.GetProperty("__metadata__").GetRawText());
        Assert.Equal([0, 8, 12, 16, 22], json.EnumerateObject().Skip(1).Select(entry => entry.Value.GetProperty("data_offsets")[0].GetInt32()));
        Assert.Equal(8 + length + 25, bytes.Length);
        Assert.Matches("^[^ ]+}} {0,7}$", header);
    }

    [Fact]
    public void Write_UnsupportedDtype_NamesIt()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<UserException>(() => Safetensors.Write(folder.File("w.safetensors"), new Dictionary<string, Tensor> { ["c"] = zeros(2, dtype: complex64) }));
        Assert.Contains("ComplexFloat32", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData(1_000, 1)]
    [InlineData(24, 2)] // 16 + 8, 16
    [InlineData(1, 3)]
    public void WriteSharded_AnyLimit_ReadsBackWhole(long maxShardBytes, int files)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var tensors = new Dictionary<string, Tensor> { ["a"] = arange(4, dtype: float32), ["b"] = arange(2, dtype: float32), ["c"] = arange(4, dtype: float32) };
        Safetensors.WriteSharded(folder.Path, tensors, maxShardBytes);
        Assert.Equal(files, Directory.GetFiles(folder.Path, "*.safetensors").Length);
        Assert.Equal(files > 1, File.Exists(folder.File("model.safetensors.index.json")));
        using var reader = CheckpointReader.Open(folder.Path);
        Assert.Equal(["a", "b", "c"], reader.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.All(tensors, pair => Assert.Equal(pair.Value.data<float>().ToArray(), reader.Read(pair.Key).data<float>().ToArray()));
    }

    private static int? Count(string path)
    {
        try
        {
            using var reader = CheckpointReader.Open(path);
            return reader.Tensors.Count;
        }
        catch (UserException)
        {
            return null;
        }
    }

    private static void WriteHeader(string path, string header)
    {
        var bytes = Encoding.UTF8.GetBytes(header);
        using var stream = File.Create(path);
        stream.Write(BitConverter.GetBytes((ulong)bytes.Length));
        stream.Write(bytes);
    }

    private static bool IsUnicode(string text) => text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar);

    private static Tensor RandomBits(ScalarType dtype, long[] shape, Random random)
    {
        var tensor = empty(shape, dtype: dtype);
        var bytes = tensor.bytes;
        random.NextBytes(bytes);
        if (dtype == ScalarType.Bool)
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] &= 1;
            }
        }

        return tensor;
    }

    private static void AssertSame(JsonElement expected, Dictionary<string, Digest> actual)
        => Assert.Equal(
            expected.EnumerateObject().Select(entry => (entry.Name, Digest.Of(entry.Value))).OrderBy(pair => pair.Name, StringComparer.Ordinal),
            actual.Select(pair => (pair.Key, pair.Value)).OrderBy(pair => pair.Key, StringComparer.Ordinal));
}
