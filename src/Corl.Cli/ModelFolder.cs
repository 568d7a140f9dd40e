using System.CommandLine;
using Corl.Models;
using Corl.Rollouts;
using Corl.Tokenizers;

namespace Corl.Cli;

/// <summary>The options <c>--model</c>, a Janus-Pro folder or the tiny model that ships with the program, and <c>--adapter</c>.</summary>
internal static class ModelFolder
{
    public static readonly Option<string?> Option = new("--model") { Description = "Janus-Pro folder of either layout; default: the tiny model of the Shapes world", HelpName = "folder" };

    public static readonly Option<string?> Adapter = new("--adapter") { Description = "PEFT folder of a LoRA adapter to put on the model", HelpName = "folder" };

    /// <summary>The folder of the models and networks that ship with the program.</summary>
    public static string Shipped(string name) => Path.Combine(AppContext.BaseDirectory, "assets", "shapes", name);

    public static string Of(Session session) => session.Value(Option) ?? Shipped("base");

    /// <summary>The special ids of a folder's vocabulary, or null when it has no tokenizer.</summary>
    public static SpecialIds? SpecialIds(string folder)
    {
        if (!File.Exists(Path.Combine(folder, "tokenizer.json")))
        {
            return null;
        }

        var prompt = JanusPrompt.Load(folder, JanusConfigFile.Read(folder).Config.Vision.Tokens);
        return new SpecialIds(prompt.Bos, prompt.Eos, prompt.Pad, prompt.BeginOfImage, prompt.ImagePlaceholder);
    }

    /// <summary>Model and adapter, for people.</summary>
    public static string Title(Session session) => session.Value(Adapter) is { } adapter ? $"{Of(session)} with {adapter}" : Of(session);

    /// <summary>Loads the policy of <c>--model</c> on the device of <c>--device</c>, with the adapter of <c>--adapter</c> on it.</summary>
    public static Policy Load(Session session)
    {
        var policy = Policy.Load(Of(session), session.OpenDevice());
        try
        {
            if (session.Value(Adapter) is { } adapter)
            {
                policy.LoadAdapter(adapter);
            }

            return policy;
        }
        catch
        {
            policy.Dispose();
            throw;
        }
    }
}
