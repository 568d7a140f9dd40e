using System.CommandLine;
using Corl.Imaging;
using Corl.Rollouts;
using static TorchSharp.torch;

namespace Corl.Cli;

/// <summary>Draws images for a prompt.</summary>
internal static class GenerateCommand
{
    private static readonly Argument<string> Prompt = new("prompt") { Description = "What to draw" };
    private static readonly Option<int> Count = new("-n", "--count") { Description = "Images", DefaultValueFactory = _ => 4, HelpName = "images" };
    private static readonly Option<double> Guidance = new("--cfg") { Description = "Weight of classifier-free guidance; 1 for none", DefaultValueFactory = _ => 5, HelpName = "w" };
    private static readonly Option<string> Out = new("--out") { Description = "Folder of the PNG files", DefaultValueFactory = _ => "images", HelpName = "folder" };

    public static Command Create() => new Verb("generate", "Draw images for a prompt", "corl generate \"a photo of a red star and a blue circle\" -n 4 --out images", Run)
    {
        Prompt, ModelFolder.Option, ModelFolder.Adapter, Count, Guidance, Decoding.Temperature, Decoding.Greedy, Out,
    };

    private static int Run(Session session)
    {
        var (prompt, count, folder) = (session.Value(Prompt), session.Value(Count), session.Value(Out)!);
        if (string.IsNullOrWhiteSpace(prompt))
        {
            throw new UserException("the prompt is empty; say what to draw");
        }

        if (count is < 1 or > 1024)
        {
            throw new UserException($"-n {count}: expected 1 to 1024 images");
        }

        using var policy = ModelFolder.Load(session);
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(folder);
        var decoding = Decoding.Config(session) with { Guidance = session.Value(Guidance) };
        session.Progress($"drawing {count} images of {policy.Model.Config.ImageCodes} codes");
        var ids = policy.Prompt.TextToImage(prompt);
        var drawn = ImageSampler.Sample(
            policy.Model, [ids], [policy.Prompt.Unconditional(ids)], policy.Ids.Pad, count, decoding,
            new Draws(session.Seed ?? 0, "generate"));
        session.Interrupt.ThrowIfCancellationRequested();
        var pictures = JanusImages.ToImages(RolloutEngine.Paint(policy.Model, drawn.Codes));
        var (codes, logps) = (drawn.Codes.cpu(), drawn.Logps.cpu());
        var images = Enumerable.Range(0, count).Select(i => new
        {
            file = Path.Combine(folder, $"image-{i}.png"),
            ids = codes[i].data<long>().ToArray(),
            logps = logps[i].data<float>().ToArray(),
        }).ToArray();
        for (var i = 0; i < count; i++)
        {
            AtomicFile.Write(images[i].file, stream => stream.Write(ImageCodec.EncodePng(pictures[i])));
            session.Print(images[i].file);
        }

        session.Document(new { images, promptIds = ids });
        return Program.Done;
    }
}
