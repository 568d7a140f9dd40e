namespace Corl.Tokenizers;

/// <summary>A text as tokens.</summary>
/// <param name="Ids">[L] ids.</param>
/// <param name="Tokens">[L] tokens as the vocabulary spells them.</param>
/// <param name="Offsets">[L] ranges of the text in code points; all tokens of one character have that character's range.</param>
public sealed record EncodedText(int[] Ids, string[] Tokens, (int Start, int End)[] Offsets);
