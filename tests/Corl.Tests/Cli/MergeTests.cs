using Corl.Checkpoints;
using Corl.Merging;
using static TorchSharp.torch;

namespace Corl.Tests.Cli;

/// <summary>corl merge.</summary>
public sealed class MergeTests
{
    private static readonly string Native = GoldenFiles.Path("janus/tiny/native"), Original = GoldenFiles.Path("janus/tiny/original");

    [Fact]
    public void Merge_MixedLayoutsAndShards_GiveAFolderThatLoads()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var origin = CheckpointReader.Open(Native);
        var moved = origin.Tensors.Keys.ToDictionary(name => name, name => origin.Read(name) + 0.25f);
        Safetensors.WriteSharded(folder.File("expert"), moved, maxShardBytes: 500_000);
        File.Copy(Path.Combine(Native, "config.json"), Path.Combine(folder.File("expert"), "config.json"));

        // The base in the original layout, one expert native and in shards, the other untouched: task arithmetic gives the first expert.
        var run = CommandLine.Run("merge", "--method", "task-arithmetic", "--base", Original, "--experts", folder.File("expert"), Native, "--out", folder.File("out"), "--json", "-q");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(folder.File("out"), run.Json.GetProperty("out").GetString());
        Assert.Equal(moved.Count, run.Json.GetProperty("tensors").GetInt32());
        Assert.True(run.Json.GetProperty("seconds").GetDouble() >= 0);
        using var merged = CheckpointReader.Open(folder.File("out"));
        Assert.Equal(moved.Keys.Order(), merged.Tensors.Keys.Order());
        Assert.All(moved, pair => Tensors.Close(pair.Value, merged.Read(pair.Key), 1e-6, 1e-6, pair.Key));
        Assert.Equal(0, CommandLine.Run("inspect", folder.File("out"), "-q").ExitCode);
        Assert.False(Directory.Exists(folder.File("out.tmp")));
    }

    [Fact]
    public void Merge_Configuration_IsReadFromItsFolderAndCompanionsGoAlong()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("merge.yaml"), $"merge_method: gaussian\nbase_model: {Native}\nmodels:\n- model: {Native}\n- model: {Original}\nout_dtype: bfloat16\n");
        var run = CommandLine.Run("merge", folder.File("merge.yaml"), "--out", folder.File("out"), "-q");
        Assert.Equal(0, run.ExitCode);
        using var merged = CheckpointReader.Open(folder.File("out"));
        Assert.All(merged.Tensors.Values, tensor => Assert.Equal(ScalarType.BFloat16, tensor.Dtype));
        Assert.True(File.Exists(Path.Combine(folder.File("out"), "tokenizer.json")));
        Assert.Contains("\"bfloat16\"", File.ReadAllText(Path.Combine(folder.File("out"), "config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_SmallShards_AreIndexed()
    {
        using var folder = new TemporaryFolder();
        using var reader = CheckpointReader.Open(Native);
        var merge = new CheckpointMerge(MergeConfig.Of(MergeMethod.Linear, null, ["a"]), [new MergeSource("a", reader.Tensors, reader.Read)]);
        var counts = new List<int>();
        merge.Write(folder.Path, maxShardBytes: 1_000_000, counts.Add);
        Assert.Equal(Enumerable.Range(1, merge.Tensors.Count), counts);
        Assert.True(File.Exists(folder.File("model.safetensors.index.json")));
        using var merged = CheckpointReader.Open(folder.Path);
        Assert.All(reader.Tensors.Keys, name => Assert.True(merged.Read(name).Equals(reader.Read(name))));
    }

    [Theory]
    [InlineData("merge_method: tis\nmodels: [{ model: a }]", "*:1: unknown merge_method 'tis'; did you mean 'ties'?")]
    [InlineData("merge_method: ties\nbase_model: a\nmodel: [{ model: a }]", "*:3: unknown key 'model'; did you mean 'models'?")]
    [InlineData("merge_method: ties\nmodels:\n- model: a\n  parameters: { wieght: 1 }", "*:4: unknown key 'parameters.wieght'; did you mean 'weight'?")]
    [InlineData("merge_method: ties\nmodels:\n- model: a\n  parameters: { weight: much }", "*:4: 'weight' is 'much', expected a number, true or false")]
    [InlineData("merge_method: ties\nmodels: [{ model: a }]\ndtype: int8", "*:3: 'dtype' is 'int8', expected float64, float32, float16, bfloat16")]
    [InlineData("merge_method: ties", "*: expected 'models' or 'slices', one of them")]
    [InlineData("merge_method: linear\nmodels: [{ model: nowhere }]", "nowhere: no such file or folder; models are read from this machine, download them first")]
    public void Merge_MistakeInTheFile_IsNamed(string yaml, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("merge.yaml"), yaml);
        var run = CommandLine.Run("merge", folder.File("merge.yaml"), "--out", folder.File("out"));
        run.IsMistake(message.Replace("*", folder.File("merge.yaml"), StringComparison.Ordinal));
        Assert.False(Directory.Exists(folder.File("out")));
    }

    [Theory]
    [InlineData("ties needs|--method ties --experts NATIVE NATIVE", "ties takes differences from a base model; name it with base_model, or --base")]
    [InlineData("slerp of three|--method slerp --base NATIVE --experts ORIGINAL ORIGINAL2 --set t=0.5", "slerp merges the base and one other model, but 2 are named beside the base")]
    [InlineData("nothing|", "expected a configuration file, or --method with --experts; corl merge --help has an example")]
    [InlineData("misspelt|--method gausian --base NATIVE --experts NATIVE", "--method gausian: unknown; did you mean 'gaussian'?")]
    [InlineData("parameter|--method ties --base NATIVE --experts NATIVE --set densty=1", "--set densty=1: unknown key 'parameters.densty'; did you mean 'density'?")]
    public void Merge_MistakeOnTheCommandLine_IsNamed(string options, string message)
    {
        using var folder = new TemporaryFolder();
        var copy = folder.File("copy");
        Directory.CreateSymbolicLink(copy, Native);
        string[] arguments = [.. options.Split('|')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word switch { "NATIVE" => Native, "ORIGINAL" => Original, "ORIGINAL2" => copy, _ => word })];
        CommandLine.Run(["merge", .. arguments, "--out", folder.File("out")]).IsMistake(message);
    }
}
