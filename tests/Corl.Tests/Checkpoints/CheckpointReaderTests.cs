using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Corl.Checkpoints;
using CsCheck;
using static TorchSharp.torch;

namespace Corl.Tests.Checkpoints;

public sealed class CheckpointReaderTests
{
    private const string Sharded = "formats/safetensors/sharded/";

    public static TheoryData<string> ShardedFolders => [.. GoldenCase.All(Sharded + "cases.json").Select(item => item.GetProperty("folder").GetString()!)];

    public static TheoryData<string> MicroFolders => [.. Directory.GetDirectories(GoldenFiles.Path("janus/micro"), "original-*").Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(ShardedFolders))]
    public void Open_ShardedGoldenFolder_LoadsOrRefusesAsExpected(string folder)
    {
        var expected = GoldenCase.All(Sharded + "cases.json").Single(item => item.GetProperty("folder").GetString() == folder).GetProperty("expected").GetString();
        var path = GoldenFiles.Path(Sharded + folder);
        using var scope = NewDisposeScope();
        if (expected == "reject")
        {
            var error = Bounded.Run(() => Assert.Throws<UserException>(() => CheckpointReader.Open(path)));
            Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
            return;
        }

        using var reader = CheckpointReader.Open(path);
        using var whole = CheckpointReader.Open(GoldenFiles.Path(Sharded + "sharded_whole.safetensors"));
        Assert.Equal(whole.Tensors.Keys.Order(StringComparer.Ordinal), reader.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.All(whole.Tensors, pair => Assert.Equal(Digest.Of(whole.Read(pair.Key), pair.Value), Digest.Of(reader.Read(pair.Key), reader.Tensors[pair.Key])));
    }

    [Theory]
    [InlineData("a", "model-00002-of-00002.safetensors", "'a'")] // sent to the other file
    [InlineData("b", null, "'b'")] // not in the index
    [InlineData("z", "model-00001-of-00002.safetensors", "'z'")] // in no file
    public void Open_IndexThatDisagreesWithItsFiles_NamesTheTensor(string name, string? file, string expected)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        Safetensors.WriteSharded(folder.Path, new Dictionary<string, Tensor> { ["a"] = zeros(4), ["b"] = zeros(4), ["c"] = zeros(4) }, maxShardBytes: 32);
        var index = JsonNode.Parse(File.ReadAllText(folder.File("model.safetensors.index.json")))!;
        var map = index["weight_map"]!.AsObject();
        map.Remove(name);
        if (file is not null)
        {
            map.Add(name, file);
        }

        File.WriteAllText(folder.File("model.safetensors.index.json"), index.ToJsonString());
        Assert.Contains(expected, Assert.Throws<UserException>(() => CheckpointReader.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    // Float64 sums of 10⁴ numbers in another order: 10⁻¹² of the sum of absolute values.
    [Theory]
    [MemberData(nameof(MicroFolders))]
    public void Open_MicroJanus_HasTheSumsOfEveryTensor(string folder)
    {
        using var scope = NewDisposeScope();
        using var reader = CheckpointReader.OpenWeights(GoldenFiles.Path("janus/micro/" + folder));
        var sums = JsonDocument.Parse(File.ReadAllText(GoldenFiles.Path("janus/micro/checksums.json"))).RootElement.GetProperty("tensors");
        Assert.All(reader.Tensors.Keys, name => Assert.True(sums.TryGetProperty(name, out _) || name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal), name));
        foreach (var entry in sums.EnumerateObject())
        {
            if (!reader.Tensors.ContainsKey(entry.Name))
            {
                Assert.Matches("attn_pool|codebook_used", entry.Name); // unused by the model, and not in every folder
                continue;
            }

            var values = reader.Read(entry.Name).to(float64);
            var absolute = entry.Value[1].GetDouble();
            Close.To(entry.Value[0].GetDouble(), values.sum().item<double>(), 1e-12 * absolute, what: entry.Name);
            Close.To(absolute, values.abs().sum().item<double>(), 1e-12 * absolute, what: entry.Name);
        }
    }

    [Theory]
    [InlineData("zoo.bin")]
    [InlineData("zoo-legacy.bin")]
    [InlineData("zoo-wrapped.bin")]
    [InlineData("zoo.safetensors")]
    public void Open_Zoo_HasTheValuesOfEveryDtypeAndView(string file)
    {
        using var scope = NewDisposeScope();
        using var reader = CheckpointReader.OpenWeights(GoldenFiles.Path("janus/containers/" + file));
        var zoo = JsonDocument.Parse(File.ReadAllText(GoldenFiles.Path("janus/containers/zoo.json"))).RootElement.GetProperty("tensors");
        Assert.NotEmpty(reader.Tensors);
        Assert.All(reader.Tensors.Keys, name => Assert.True(zoo.TryGetProperty(name, out _), name));
        foreach (var entry in zoo.EnumerateObject().Where(entry => reader.Tensors.ContainsKey(entry.Name)))
        {
            Assert.Equal(entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()), reader.Tensors[entry.Name].Shape);
            var tensor = reader.Read(entry.Name);
            var values = entry.Value.GetProperty("values").EnumerateArray();
            if (tensor.is_floating_point())
            {
                Assert.Equal(values.Select(value => value.GetString()!.Replace("inf", "Infinity", StringComparison.Ordinal)).Select(text => double.Parse(text, CultureInfo.InvariantCulture)),
                    Values<double>(tensor.to(float64)));
            }
            else
            {
                Assert.Equal(values.Select(value => value.GetInt64()), Values<long>(tensor.to(int64)));
            }
        }
    }

    private static T[] Values<T>(Tensor tensor) where T : unmanaged => tensor.numel() == 0 ? [] : tensor.data<T>().ToArray();

    [Theory]
    [InlineData("wrapped_state_dict")]
    [InlineData("wrapped_model")]
    [InlineData("wrapped_module")]
    [InlineData("wrapped_with_more")]
    [InlineData("ema_and_model")]
    [InlineData("plain_state_dict")]
    public void OpenWeights_WrappedModel_HasTheModelsOwnNames(string file)
    {
        using var reader = CheckpointReader.OpenWeights(GoldenFiles.Path($"formats/pickle/good/{file}.bin"));
        Assert.Equal(["a", "b"], reader.Tensors.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Read_AlignedTensor_IsTheFileButNeverWritesToIt()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var path = folder.File("w.safetensors");
        Safetensors.Write(path, new Dictionary<string, Tensor> { ["w"] = arange(4, dtype: float32) });
        var before = File.ReadAllBytes(path);
        using var reader = CheckpointReader.Open(path);
        reader.Read("w").fill_(7);
        Assert.Equal([7f, 7, 7, 7], reader.Read("w").data<float>().ToArray()); // the same memory
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void Read_AfterTheReaderIsGone_KeepsItsValues()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var path = folder.File("w.safetensors");
        Safetensors.Write(path, new Dictionary<string, Tensor> { ["w"] = arange(4, dtype: float32) });
        var gone = CheckpointReader.Open(path);
        var read = gone.Read("w");
        gone.Dispose();
        File.Delete(path);
        Assert.Equal([0f, 1, 2, 3], read.data<float>().ToArray());
        Assert.Throws<ObjectDisposedException>(() => gone.Read("w"));
    }

    [Fact]
    public void Read_AfterTheFileIsReplaced_GivesTheFileThatWasOpened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere libtorch finds the file by its name");
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var path = folder.File("w.safetensors");
        Safetensors.Write(path, new Dictionary<string, Tensor> { ["w"] = arange(4, dtype: float32) });
        using var reader = CheckpointReader.Open(path);
        Safetensors.Write(path, new Dictionary<string, Tensor> { ["other name"] = zeros(400) });
        Assert.Equal([0f, 1, 2, 3], reader.Read("w").data<float>().ToArray());
    }

    [Fact]
    public void Read_TiedTensors_ShareMemory()
    {
        using var scope = NewDisposeScope();
        foreach (var file in new[] { "tied", "legacy_tied" }) // mapped, and copied because the older format does not align
        {
            using var reader = CheckpointReader.Open(GoldenFiles.Path($"formats/pickle/good/{file}.bin"));
            reader.Read("embed").fill_(7);
            Assert.True(reader.Read("head").eq(7).all().item<bool>(), file);
            Assert.True(reader.Read("half").eq(7).all().item<bool>(), file);
        }
    }

    [Fact]
    public void Read_EveryGoodFile_LeavesNoTensorBehind()
    {
        var before = Tensor.TotalCount;
        foreach (var item in GoldenCase.All("formats/pickle/cases.json").Where(item => item.GetProperty("expected").GetString() == "load"))
        {
            GoldenCase.Load(GoldenFiles.Path("formats/pickle/" + item.GetProperty("file").GetString()));
        }

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Theory]
    [InlineData("model.safetensors", "model.safetensors", "pytorch_model.bin")]
    [InlineData("pytorch_model.bin", "pytorch_model.bin", "training_args.bin")]
    [InlineData("adapter_model.safetensors", "adapter_model.safetensors", "training_args.bin")]
    [InlineData("net.pth", "net.pth", "notes.txt")]
    public void Find_FolderWithSeveralFiles_TakesTheModel(string expected, params string[] files)
    {
        using var folder = new TemporaryFolder();
        Array.ForEach(files, file => File.WriteAllText(folder.File(file), ""));
        Assert.Equal(folder.File(expected), CheckpointFolder.Find(folder.Path));
    }

    [Fact]
    public void Open_NothingThere_SaysWhatIsMissing()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("model.safetensors", Assert.Throws<UserException>(() => CheckpointReader.Open(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("absent.bin", Assert.Throws<UserException>(() => CheckpointReader.Open(folder.File("absent.bin"))).Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("a.bin"), "");
        File.WriteAllText(folder.File("b.bin"), "");
        Assert.Contains("2 files *.bin", Assert.Throws<UserException>(() => CheckpointReader.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_RandomDamage_LoadsOrIsAUserError()
    {
        string[] seeds =
        [
            .. new[] { "safetensors", "pickle" }.SelectMany(set => GoldenCase.All($"formats/{set}/cases.json")
                .Where(item => item.GetProperty("expected").GetString() == "load" && item.GetProperty("size").GetInt64() < 10_000)
                .Select(item => GoldenFiles.Path($"formats/{set}/{item.GetProperty("file").GetString()}"))),
        ];
        using var folder = new TemporaryFolder();
        var damage = Gen.Select(Gen.Double.Unit, Gen.Byte, Gen.Int[0, 3]).List[1, 4];
        Gen.Select(Gen.OneOf(seeds), damage).Sample(
            (seed, changes) =>
            {
                var bytes = File.ReadAllBytes(seed).ToList();
                foreach (var (place, value, kind) in changes)
                {
                    var at = (int)(place * bytes.Count);
                    switch (kind)
                    {
                        case 0: bytes[at] = value; break;
                        case 1: bytes[at] ^= (byte)(1 << (value & 7)); break;
                        case 2: bytes.Insert(at, value); break;
                        default: bytes.RemoveAt(at); break;
                    }
                }

                var path = folder.File("damaged" + Path.GetExtension(seed));
                File.WriteAllBytes(path, [.. bytes]);
                GoldenCase.Attempt(path);
            },
            iter: 1000,
            threads: 1);
    }
}
