namespace Corl.Cli;

/// <summary>Wording of the instructions that go with a question.</summary>
internal static class Instructions
{
    /// <summary>Asks for the format that the format reward judges (section 3.3.1). The paper does not print its wording; this is ours.</summary>
    public const string Reasoning = "First reason step by step inside <think> </think>, then give the final answer inside <answer> </answer>.";
}
