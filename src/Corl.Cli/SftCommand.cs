using System.CommandLine;
using Corl.Cli.Recipes;

namespace Corl.Cli;

/// <summary>Fine-tunes on the data's own images and answers.</summary>
internal static class SftCommand
{
    private static readonly Argument<string> RecipeFile = new("recipe") { Description = "A recipe file, or the name of one that ships with the program, for example shapes/cold-sft" };

    public static Command Create()
    {
        var verb = new Verb("sft", "Fine-tune on the data's own images and reasoned answers, the paper's cold start", "corl sft recipes/cold-sft.yaml --model ./Janus-Pro-1B --data x2x_rft_22k/ --data mcot_r1_mcq/ --out runs/cold-sft",
            session => TrainCommand.Run(session, () => SftRecipe.Load(session.Value(RecipeFile), TrainCommand.Overrides(session))))
        {
            RecipeFile,
        };
        TrainCommand.Options.ToList().ForEach(verb.Add);
        return verb;
    }
}
