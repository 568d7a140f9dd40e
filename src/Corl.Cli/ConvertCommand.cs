using System.CommandLine;
using System.Diagnostics;
using Corl.Models;
using Corl.Rollouts;
using static TorchSharp.torch;

namespace Corl.Cli;

/// <summary>Rewrites a Janus-Pro folder in another layout or type, or with an adapter merged into it; converting back gives the same bits.</summary>
internal static class ConvertCommand
{
    internal static readonly Dictionary<string, ScalarType> Types = new()
    {
        ["bf16"] = ScalarType.BFloat16,
        ["fp16"] = ScalarType.Float16,
        ["fp32"] = ScalarType.Float32,
        ["fp64"] = ScalarType.Float64,
    };

    private static readonly Option<string> Model = new("--model") { Description = "Folder with config.json, weights and tokenizer files", Required = true, HelpName = "folder" };
    private static readonly Option<JanusLayout?> Layout = new("--layout") { Description = "native (transformers) or original (DeepSeek); default: as it is" };
    private static readonly Option<string?> Type = new("--dtype") { Description = "bf16, fp16, fp32 or fp64; default: as it is", HelpName = "type" };
    private static readonly Option<string?> Adapter = new("--adapter") { Description = "PEFT folder of a LoRA adapter to merge into the weights", HelpName = "folder" };
    private static readonly Option<string> Out = new("--out") { Description = "Folder to write; new or empty", Required = true, HelpName = "folder" };

    public static Command Create()
    {
        Type.AcceptOnlyFromAmong([.. Types.Keys]);
        return new Verb("convert", "Rewrite a model folder in another layout or type, or with an adapter in it", "corl convert --model ./Janus-Pro-1B --layout native --dtype bf16 --out ./Janus-Pro-1B-hf", Run)
        {
            Model, Adapter, Layout, Type, Out,
        };
    }

    private static int Run(Session session)
    {
        var watch = Stopwatch.StartNew();
        var model = session.Value(Model)!;
        var layout = session.Value(Layout) ?? JanusCheckpoint.LayoutOf(model);
        var ids = ModelFolder.SpecialIds(model);
        var output = OutputFolder.Prepare(session.Value(Out)!);
        session.OpenDevice();
        var tensors = JanusCheckpoint.Convert(model, output, layout, session.Value(Type) is { } name ? Types[name] : null, ids, session.Value(Adapter));
        Policy.CopyCompanions(model, output);
        var seconds = Math.Round(watch.Elapsed.TotalSeconds, 3);
        session.Print($"{output}: {tensors} tensors in the {layout.ToString().ToLowerInvariant()} layout, {seconds} s");
        session.Document(new { @out = output, tensors, seconds });
        return Program.Done;
    }
}
