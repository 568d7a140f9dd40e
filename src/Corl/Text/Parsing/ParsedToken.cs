namespace Corl.Text.Parsing;

/// <summary>
/// A word of a parsed sentence: what a parser has to give, by rules or learnt. Tags are Penn Treebank's, relations those of the basic
/// Universal Dependencies, version 1, with a tree as their shape.
/// </summary>
/// <param name="Form">The word as written.</param>
/// <param name="Lemma">Its lemma, in lower case.</param>
/// <param name="Tag">Its part of speech.</param>
/// <param name="Head">The word that governs it, from 1; 0 for the root of the sentence; −1 when the word is outside the tree.</param>
/// <param name="Relation">Its relation to the governor.</param>
internal readonly record struct ParsedToken(string Form, string Lemma, string Tag, int Head, string Relation)
{
    public const int OutsideTree = -1;
}
