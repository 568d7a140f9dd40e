using System.Text;

namespace Corl.Tokenizers;

/// <summary>Turns ids into text as they arrive and holds back what is not a whole character yet.</summary>
public sealed class DecodeStream
{
    private readonly HfTokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private readonly List<byte> _pending = [];

    internal DecodeStream(HfTokenizer tokenizer, bool skipSpecial)
    {
        _tokenizer = tokenizer;
        _skipSpecial = skipSpecial;
    }

    /// <summary>The text that became complete with this id, or null when none did.</summary>
    public string? Push(int id)
    {
        _tokenizer.AppendBytes(id, _skipSpecial, _pending);
        var text = Encoding.UTF8.GetString([.. _pending]);
        if (text.Length == 0 || text[^1] == Rune.ReplacementChar.Value)
        {
            return null; // the end may be the beginning of a character; a true U+FFFD comes with what follows it
        }

        _pending.Clear();
        return text;
    }

    /// <summary>What is still held back when no more ids come, with U+FFFD for an incomplete character; null when nothing is.</summary>
    public string? Finish()
    {
        var text = Encoding.UTF8.GetString([.. _pending]);
        _pending.Clear();
        return text.Length == 0 ? null : text;
    }
}
