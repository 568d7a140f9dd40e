namespace Corl.Text;

/// <summary>A judgement of a text, with the rule that decided it.</summary>
/// <param name="Score">0 or 1 in paper mode; a number in [0, 1] where the reference's soft rules are used.</param>
/// <param name="Rule">Why, in a few words, for example "answer block; letter alone".</param>
public readonly record struct Verdict(double Score, string Rule)
{
    internal static Verdict Of(bool isRight, string rule) => new(isRight ? 1 : 0, rule);
}
