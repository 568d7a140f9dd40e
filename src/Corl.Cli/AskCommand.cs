using System.CommandLine;
using Corl.Rollouts;
using static TorchSharp.torch;

namespace Corl.Cli;

/// <summary>Answers a question about an image.</summary>
internal static class AskCommand
{
    private static readonly Argument<string> Image = new("image") { Description = "PNG, JPEG or WebP" };
    private static readonly Argument<string> Question = new("question") { Description = "What to ask" };
    private static readonly Option<bool> Reason = new("--cot") { Description = "Ask for the reasoning in <think> and the answer in <answer> tags" };
    private static readonly Option<int> MaxTokens = new("--max-tokens") { Description = "Longest answer", DefaultValueFactory = _ => 512, HelpName = "tokens" };

    public static Command Create() => new Verb("ask", "Ask about an image", "corl ask image.png \"What color is the star?\" --greedy", Run)
    {
        Image, Question, ModelFolder.Option, ModelFolder.Adapter, Reason, Decoding.Temperature, Decoding.Greedy, MaxTokens,
    };

    private static int Run(Session session)
    {
        var (file, question, length) = (session.Value(Image), session.Value(Question), session.Value(MaxTokens));
        if (string.IsNullOrWhiteSpace(question))
        {
            throw new UserException("the question is empty");
        }

        if (length is < 1 or > 16384) // Janus-Pro's context
        {
            throw new UserException($"--max-tokens {length}: expected 1 to 16384");
        }

        var image = ImageFile.Read(file);
        using var policy = ModelFolder.Load(session);
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var ids = policy.Prompt.Question(session.Value(Reason) ? $"{question}\n{Instructions.Reasoning}" : question);
        var embeds = policy.Model.EmbedImages(policy.Images.ToTensor([image]).to(policy.Model.Device));
        var answer = TextSampler.Sample(
            policy.Model, [ids], embeds, policy.Ids, groupSize: 1, Decoding.Config(session) with { MaxNewTokens = length }, new Draws(session.Seed ?? 0, "ask"));
        session.Interrupt.ThrowIfCancellationRequested();
        var text = policy.Prompt.Tokenizer.Decode(answer.Ids[0]).Trim();
        session.Print(text);
        session.Document(new { text, ids = answer.Ids[0], promptIds = ids, logps = answer.Logps[0] });
        return Program.Done;
    }
}
