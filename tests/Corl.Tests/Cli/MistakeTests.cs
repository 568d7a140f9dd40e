using Corl.Cli;

namespace Corl.Tests.Cli;

/// <summary>Bad input: one line that says what to do, exit code 2.</summary>
public sealed class MistakeTests
{
    [Theory]
    [InlineData("generate --model nowhere \"a cat\"", "nowhere: no such folder; expected a Janus-Pro checkpoint directory with config.json, weights and tokenizer.json")]
    [InlineData("generate \" \"", "the prompt is empty; say what to draw")]
    [InlineData("generate cat -n 0", "-n 0: expected 1 to 1024 images")]
    [InlineData("generate cat --temperature 0", "--temperature 0: expected a positive number; --greedy takes the likeliest token")]
    [InlineData("ask nowhere.png what", "nowhere.png: no such image file")]
    [InlineData("ask image.png \"\"", "the question is empty")]
    [InlineData("convert --model nowhere --out x", "nowhere/config.json: not found; expected a Janus-Pro checkpoint directory with config.json, weights and tokenizer.json")]
    [InlineData("train nowhere.yaml", "nowhere.yaml: no such recipe file")]
    [InlineData("train unified --set group_size=1", "Stage \"unified\": group_size is 1, but an advantage compares at least 2 candidates; set it to 2 or more.")]
    [InlineData("train unified --set group_size=many", "*: 'group_size' is 'many', expected a whole number")]
    [InlineData("train unified --set gruop_size=4", "*: unknown key 'gruop_size'; did you mean 'group_size'?")]
    [InlineData("train unified --data nowhere.parquet", "nowhere.parquet: no such file or folder; expected a .parquet or .jsonl file, a folder of them, or a pattern such as 'data/*.parquet'")]
    [InlineData("eval shapes --prompts 0", "--prompts: expected 1 to 10000; --questions: expected 1 to 100000")]
    [InlineData("env --threads 0", "--threads 0: expected a number from 1")]
    [InlineData("env --seed -1", "*Cannot parse argument '-1'*")]
    public void Run_Mistake_IsOneLineAndTwo(string command, string message)
    {
        var run = CommandLine.Run(Split(command));
        Assert.Equal((Program.UsersMistake, ""), (run.ExitCode, run.Output));
        var line = Assert.Single(run.Error.TrimEnd().Split('\n'));
        if (message.Trim('*').Length == message.Length)
        {
            Assert.Equal($"corl: {message}", line);
        }
        else
        {
            Assert.Contains(message.Trim('*'), line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Ask_NotAnImage_NamesTheFile()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("image.png"), "not a picture");
        var run = CommandLine.Run("ask", "--model", GoldenFiles.Path("janus/tiny/native"), folder.File("image.png"), "what?");
        Assert.Equal((Program.UsersMistake, ""), (run.ExitCode, run.Output));
        Assert.StartsWith($"corl: {folder.File("image.png")}: ", Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_WrongLayout_SaysWhichKeysAreThere()
    {
        using var folder = new TemporaryFolder();
        var (native, original) = (GoldenFiles.Path("janus/tiny/native"), GoldenFiles.Path("janus/tiny/original"));
        File.Copy(Path.Combine(original, "config.json"), folder.File("config.json"));
        File.Copy(Path.Combine(native, "model.safetensors"), folder.File("model.safetensors"));
        CommandLine.Run("generate", "--model", folder.Path, "a cat").IsMistake(
            $"{folder.Path}: config.json says the original layout, but the weights have the other layout's keys (model.language_model.embed_tokens.weight); use the config.json that belongs to them");
    }

    [Fact]
    public void Generate_OutIsAFile_IsRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("out"), "");
        var run = CommandLine.Run("generate", "--model", GoldenFiles.Path("janus/tiny/native"), "a cat", "--out", folder.File("out"), "-q");
        Assert.Equal((Program.UsersMistake, ""), (run.ExitCode, run.Output));
        Assert.Single(run.Error.TrimEnd().Split('\n'));
    }

    private static string[] Split(string command) => [.. command.Split('"').SelectMany((part, i) => i % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
}
