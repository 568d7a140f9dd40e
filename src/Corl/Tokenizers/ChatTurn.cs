namespace Corl.Tokenizers;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks, as the prompt shall say it: <see cref="JanusPrompt.User"/> or <see cref="JanusPrompt.Assistant"/> for Janus-Pro.</param>
/// <param name="Content">What is said; empty for the turn that the model shall continue.</param>
public sealed record ChatTurn(string Role, string Content);
