using static TorchSharp.torch;

namespace Corl.Text.Learnt;

/// <summary>Sentences of one length, as tensors. T words, B sentences.</summary>
internal sealed class TreeBatch : IDisposable
{
    /// <summary>Puts sentences of one length together.</summary>
    /// <param name="sentences">[B] sentences.</param>
    /// <param name="rows">[B] rows of each sentence's words, one word behind the other.</param>
    public TreeBatch(TreeSentence[] sentences, int[][] rows)
    {
        (Words, Sentences) = (sentences[0].Forms.Length, sentences.Length);
        var (table, tags) = (new long[Words * Sentences * WordRows.PerWord], new long[Words * Sentences]);
        for (var t = 0; t < Words; t++)
        {
            for (var b = 0; b < Sentences; b++)
            {
                var at = (t * Sentences) + b;
                tags[at] = sentences[b].Tags[t];
                for (var i = 0; i < WordRows.PerWord; i++)
                {
                    table[(at * WordRows.PerWord) + i] = rows[b][(t * WordRows.PerWord) + i];
                }
            }
        }

        Rows = tensor(table).view(Words, Sentences, WordRows.PerWord);
        Tags = tensor(tags);
        Heads = tensor((long[])[.. sentences.SelectMany(sentence => sentence.Heads.Select(head => (long)head))]).view(Sentences, Words);
        Relations = tensor((long[])[.. sentences.SelectMany(sentence => sentence.Relations.Select(relation => (long)relation))]);
    }

    /// <summary>T.</summary>
    public int Words { get; }

    /// <summary>B.</summary>
    public int Sentences { get; }

    /// <summary>[T, B, rows of a word]</summary>
    public Tensor Rows { get; }

    /// <summary>[T · B]</summary>
    public Tensor Tags { get; }

    /// <summary>[B, T] places of the governors: 0 above the sentence, words from 1.</summary>
    public Tensor Heads { get; }

    /// <summary>[B · T]</summary>
    public Tensor Relations { get; }

    public void Dispose()
    {
        Rows.Dispose();
        Tags.Dispose();
        Heads.Dispose();
        Relations.Dispose();
    }
}
