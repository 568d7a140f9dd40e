using Corl.Tokenizers;

namespace Corl.Evaluation;

/// <summary>The names of the two speakers in a prompt. They move Janus-Pro's scores by up to ten points.</summary>
internal enum RoleStyle
{
    /// <summary>&lt;|User|&gt; and &lt;|Assistant|&gt;, with which Janus-Pro and CoRL train.</summary>
    JanusPro,

    /// <summary>User and Assistant, which VLMEvalKit gives to every Janus.</summary>
    VlmEvalKit,
}

/// <summary>The words of a role style.</summary>
internal static class Roles
{
    public static (string User, string Assistant) Of(RoleStyle style) => style == RoleStyle.JanusPro ? (JanusPrompt.User, JanusPrompt.Assistant) : ("User", "Assistant");
}
