namespace Corl.Tests.Cli;

/// <summary>Adapters on the command line: trained, resumed, looked into, put on a model, merged into it.</summary>
public sealed class AdapterTests
{
    private static readonly string Model = GoldenFiles.Path("janus/tiny/native");

    [Fact]
    public void Train_WithLora_GivesAnAdapterThatEveryVerbTakes()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, CommandLine.Run("data", "shapes", "16", "--out", folder.File("data.parquet")).ExitCode);
        Assert.Equal(0, Train(folder, "run").ExitCode);
        Assert.False(Directory.Exists(folder.File("run/policy")));
        var adapter = folder.File("run/adapter");

        var inspected = CommandLine.Run("inspect", adapter, "--json").Json;
        Assert.Equal(("adapter", 2, Model), (inspected.GetProperty("kind").GetString(), inspected.GetProperty("lora").GetProperty("r").GetInt32(), inspected.GetProperty("baseModel").GetString()));
        Assert.Empty(inspected.GetProperty("problems").EnumerateArray());
        Assert.Equal("run", CommandLine.Run("inspect", folder.File("run"), "--json").Json.GetProperty("kind").GetString());

        var merged = CommandLine.Run("convert", "--model", Model, "--adapter", adapter, "--out", folder.File("merged"), "--layout", "original");
        Assert.Equal((0, ""), (merged.ExitCode, merged.Error));
        string[] Draw(params string[] model) => [.. CommandLine.Run(["generate", "a red cat", "-n", "1", "--greedy", "--json", "-q", "--out", folder.File("images"), .. model]).Json.GetProperty("images").EnumerateArray().Select(x => x.GetProperty("ids").GetRawText())];
        Assert.Equal(Draw("--model", folder.File("merged")), Draw("--model", Model, "--adapter", adapter));
        Assert.NotEqual(Draw("--model", Model), Draw("--model", Model, "--adapter", adapter)); // three steps at a rate of 0.05 show

        // Training goes on with the adapter, or with whole weights that have it in them.
        Assert.Equal(0, Train(folder, "second", "--adapter", adapter).ExitCode);
        Train(folder, "third", "--adapter", adapter, "--set", "lora.r=4").IsMistake(
            "the adapter has r 2, alpha 32, rslora False, dora False, the recipe's section lora others; training goes on with an adapter as it is, so give the same settings");
        Assert.Equal(0, Train(folder, "whole", "--adapter", adapter, "--set", "lora=null").ExitCode);
        Assert.True(Directory.Exists(folder.File("whole/policy")));
    }

    [Fact]
    public void Inspect_DamagedAdapter_NamesEveryProblem()
    {
        using var folder = new TemporaryFolder();
        var golden = GoldenFiles.Path("merging/lora/rslora");
        foreach (var name in new[] { "adapter_config.json", "adapter_model.safetensors" })
        {
            File.Copy(Path.Combine(golden, name), folder.File(name));
        }

        Assert.Equal(0, CommandLine.Run("inspect", folder.Path).ExitCode);
        File.WriteAllText(folder.File("adapter_config.json"), File.ReadAllText(folder.File("adapter_config.json")).Replace("\"r\": 4", "\"r\": 5", StringComparison.Ordinal));
        var run = CommandLine.Run("inspect", folder.Path, "--json");
        Assert.Equal((2, 8), (run.ExitCode, run.Json.GetProperty("problems").GetArrayLength())); // A and B of two projections in two layers
        Assert.Contains("is not of rank 5", run.Json.GetProperty("problems")[0].GetString(), StringComparison.Ordinal);
    }

    private static CommandLine Train(TemporaryFolder folder, string name, params string[] more) => CommandLine.Run([
        "train", "refined-oe", "--model", Model, "--data", folder.File("data.parquet"), "--out", folder.File(name), "--quiet", "--json",
        "--set", "steps=3", "--set", "batch_size=2", "--set", "group_size=2", "--set", "max_completion_length=6", "--set", "learning_rate=0.05",
        "--set", "lora.r=2", .. more]);
}
