using System.Text;

namespace Corl.Tokenizers;

/// <summary>A normalisation of a tokenizer.json.</summary>
internal enum Normalization
{
    /// <summary>Canonical composition.</summary>
    Nfc,

    /// <summary>Lower case, character by character.</summary>
    Lowercase,
}

/// <summary>Changes text before tokens are formed and keeps for every code point where it comes from.</summary>
internal static class TextNormalizer
{
    private const int CapitalIWithDot = 0x130;
    private const int CombiningDotAbove = 0x307;

    /// <summary>The normalised form of a piece, as a text of its own.</summary>
    public static Piece Apply(List<Normalization> steps, Piece piece, AstralClasses classes)
    {
        var runes = new AlignedRune[piece.Length];
        for (var i = 0; i < runes.Length; i++)
        {
            runes[i] = piece.Text.RuneAt(piece.Start + i);
        }

        runes = Apply(steps, runes);
        return new Piece(CodePointText.Of(runes, classes), 0, runes.Length);
    }

    public static AlignedRune[] Apply(List<Normalization> steps, AlignedRune[] runes)
    {
        foreach (var step in steps)
        {
            runes = step == Normalization.Nfc ? CanonicalComposition.Compose(runes) : [.. runes.SelectMany(Lower)];
        }

        return runes;
    }

    // The dotted capital I is the only character whose full lower case is longer than itself; .NET maps one to one.
    private static AlignedRune[] Lower(AlignedRune rune) => rune.Value == CapitalIWithDot
        ? [rune with { Value = 'i' }, rune with { Value = CombiningDotAbove }]
        : [rune with { Value = Rune.ToLowerInvariant(new Rune(rune.Value)).Value }];
}
