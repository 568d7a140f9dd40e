using Corl.Evaluation.Judges;

namespace Corl.Tests.Evaluation.Judges;

public sealed class JudgeProtocolTests
{
    [Fact]
    public void Fill_ValuesWithBraces_AreNotLookedAtAgain()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("wise"));
        File.WriteAllText(folder.File("wise/user.txt"), "P {prompt} E {explanation} P {prompt} {unknown} {}\n");
        var protocol = JudgeProtocol.Open(folder.Path);
        Assert.Equal("P {explanation} E $0\\n P {explanation} {unknown} {}\n", protocol.Fill("wise/user", ("prompt", "{explanation}"), ("explanation", "$0\\n")));
        Assert.Equal($"folder {Path.GetFileName(folder.Path)}", protocol.Name);
    }

    [Fact]
    public void Fill_PromptThatDoesNotShowTheQuestion_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("wise"));
        File.WriteAllText(folder.File("wise/user.txt"), "{prompt}");
        var protocol = JudgeProtocol.Open(folder.Path);
        Assert.Contains("expected the slot {explanation}", Assert.Throws<UserException>(() => protocol.Fill("wise/user", ("prompt", "p"), ("explanation", "e"))).Message, StringComparison.Ordinal);
        Assert.Contains("no such prompt", Assert.Throws<UserException>(() => protocol.Fill("wise/system")).Message, StringComparison.Ordinal);
        Assert.Throws<UserException>(() => JudgeProtocol.Open(folder.File("missing")));
    }

    [Fact]
    public void Open_Nothing_IsOurParaphrase()
    {
        var protocol = JudgeProtocol.Open(null);
        Assert.Equal("paraphrase", protocol.Name);
        Assert.Contains("PROMPT: \"a red car\"\nEXPLANATION: \"It is red.\"\n", protocol.Fill("wise/user", ("prompt", "a red car"), ("explanation", "It is red.")), StringComparison.Ordinal);
    }
}
