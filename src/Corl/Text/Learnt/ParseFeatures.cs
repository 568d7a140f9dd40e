namespace Corl.Text.Learnt;

/// <summary>
/// What a parsing action is judged by: the words around it with tags and children, after Zhang and Nivre (2011), the shape of the whole
/// sentence, and for the tag that a shift gives, the words around.
/// </summary>
internal static class ParseFeatures
{
    /// <summary>Most features of a decision.</summary>
    public const int Most = 128;

    private const ulong None = 255;

    /// <summary>The features of the next action.</summary>
    /// <param name="state">Where the parse stands.</param>
    /// <param name="row">The sentence.</param>
    /// <param name="guess">[n + 1] the tagger's tags, for words that have none yet.</param>
    /// <param name="buffer">Room for them.</param>
    public static ReadOnlySpan<ulong> Extract(ParseState state, WordRow row, byte[] guess, Span<ulong> buffer)
    {
        var f = new Features(buffer);
        var (s0, s1) = (state.Top, state.Below(state.Top));
        var s2 = state.Below(s1);
        var b0 = state.Next;
        ulong Word(int place) => place <= 0 ? (ulong)(place + 2) : row.Word(place);
        ulong Tag(int place) => place < 0 ? None : place == 0 ? None - 1 : place < b0 ? state.Tags[place] : None;
        ulong Guess(int place) => place <= row.Count ? guess[place] : None;
        ulong Relation(int place) => place <= 0 ? None : (ulong)state.Relation(place);
        var (c0, c1) = (state.Children[s0], s1 < 0 ? default : state.Children[s1]);
        ulong w0 = Word(s0), w1 = Word(s1), t0 = Tag(s0), t1 = Tag(s1), t2 = Tag(s2), wb = row.Word(b0), wb1 = row.Word(b0 + 1), tb = Guess(b0), tb1 = Guess(b0 + 1), tb2 = Guess(b0 + 2);
        var distance = (ulong)(s1 < 0 ? 0 : Math.Min(s0 - s1, 6));
        var frame = row.Frame;
        f.Add(1, w0, t0);
        f.Add(2, w0);
        f.Add(3, t0, t1);
        f.Add(4, w1, t1);
        f.Add(5, w1);
        f.Add(6, wb);
        f.Add(7, tb, tb1);
        f.Add(8, wb1);
        f.Add(9, t2, t1, t0);
        f.Add(10, w0, t0, w1, t1);
        f.Add(11, w0, t0, t1);
        f.Add(12, t0, w1, t1);
        f.Add(13, w0, w1);
        f.Add(14, t0, tb);
        f.Add(15, w0, wb);
        f.Add(16, t0, wb);
        f.Add(17, t1, t0, tb);
        f.Add(18, t0, tb, tb1);
        f.Add(19, t1, t0, tb, tb1);
        f.Add(20, w0, t0, tb);
        f.Add(21, w1, t1, t0, tb);
        f.Add(22, Word(s2), t1, t0);
        f.Add(23, t2, t1, t0, tb);

        // Children.
        f.Add(30, t0, t1, Tag(c0.Left), Relation(c0.Left));
        f.Add(31, t0, t1, Tag(c0.Right), Relation(c0.Right));
        f.Add(32, t0, t1, Tag(c1.Left), Relation(c1.Left));
        f.Add(33, t0, t1, Tag(c1.Right), Relation(c1.Right));
        f.Add(34, t0, t1, Relation(c1.Right), Relation(c1.Right2));
        f.Add(35, t0, t1, Relation(c0.Right), Relation(c0.Right2));
        f.Add(36, t0, Relation(c0.Left), Relation(c0.Left2));
        f.Add(37, w1, t0, Relation(c1.Right));
        f.Add(38, w0, t1, Relation(c0.Right));
        f.Add(39, Word(c0.Left), t0, t1);
        f.Add(40, Word(c0.Right), t0, t1);
        f.Add(41, Word(c1.Right), t0, t1);
        f.Add(42, Word(c1.Left), t0, t1);
        f.Add(43, t0, c0.LeftRelations);
        f.Add(44, t1, c1.RightRelations, t0);
        f.Add(45, t1, c1.LeftRelations, t0);
        f.Add(46, t0, c0.RightRelations, t1);
        f.Add(47, w0, c0.LeftRelations);
        f.Add(48, w1, c1.RightRelations);
        f.Add(49, w0, c0.Rights, c0.Lefts);
        f.Add(50, w1, c1.Rights, c1.Lefts);
        f.Add(51, t1, c1.LeftRelations, c1.RightRelations, t0);

        // Distance and the shape of the sentence.
        f.Add(60, t0, t1, distance);
        f.Add(61, w0, w1, distance);
        f.Add(62, w0, t1, distance);
        f.Add(63, t0, w1, distance);
        var verb = NextVerb(row, guess, b0);
        var depth = (ulong)(s1 < 0 ? 0 : s1 == 0 ? 1 : s2 == 0 ? 2 : state.Below(s2) == 0 ? 3 : 4);
        f.Add(64, frame, t0, t1, tb);
        f.Add(65, frame, w0, t0, t1);
        f.Add(66, frame, t0, w1, t1);
        f.Add(67, frame, w0, w1);
        f.Add(68, t0, t1, verb, frame);
        f.Add(69, t1, w0, verb);
        f.Add(70, t0, w1, verb);
        f.Add(71, depth, t0, t1, frame);
        f.Add(72, depth, t0, t1, verb);
        f.Add(73, row.Length, t0, t1, frame);
        f.Add(74, t0, t1, c0.Rights == 0 ? 0UL : 1, verb | (frame << 8));
        f.Add(75, t0, t1, (ulong)(b0 > row.Count ? 0 : b0 == row.Count ? 1 : 2), frame);
        f.Add(76, t2, t1, t0, frame);
        f.Add(77, t2, t1, t0, verb);
        f.Add(78, Word(s2), w1, t0);
        f.Add(79, t1, t0, wb, wb1);
        ulong x0 = s0 > 0 ? row.Suffix(s0) : None, x1 = s1 > 0 ? row.Suffix(s1) : None;
        f.Add(100, x0, x1, frame);
        f.Add(101, x0, t0, t1, frame);
        f.Add(102, x1, t1, t0, frame);
        f.Add(103, w0, t0, tb, frame);
        f.Add(104, w1, t1, tb, frame);
        f.Add(105, t2, t1, t0, tb | (frame << 8));
        f.Add(106, Tag(state.Below(s2)), t2, t1, t0);
        f.Add(107, w1, w0, tb, frame);
        f.Add(108, t1, t0, Tag(c1.Right), tb | (frame << 8));
        f.Add(109, t1, t0, tb, tb1 | (tb2 << 8));
        f.Add(110, w0, c0.RightRelations, t1);
        f.Add(111, w1, c1.RightRelations, t0, tb);
        f.Add(112, (ulong)(s1 == 1 || s1 == 2 || s1 == 3 ? s1 : 0), t1, t0, frame);

        if (b0 > row.Count)
        {
            return f.Values;
        }

        // The tag of a word that is shifted.
        ulong last = row.Word(b0 - 1), tag1 = Tag(b0 - 1), tag2 = Tag(b0 - 2);
        f.Add(80, wb, tb);
        f.Add(81, row.Suffix(b0), row.Shape(b0));
        f.Add(82, wb, tag1);
        f.Add(83, wb, tag1, tag2);
        f.Add(84, last, wb);
        f.Add(85, wb, wb1);
        f.Add(86, last, wb, wb1);
        f.Add(87, tag1, tag2, row.Suffix(b0));
        f.Add(88, wb, t0, t1);
        f.Add(89, wb, frame);
        f.Add(90, row.Suffix(b0), frame, t0, t1);
        f.Add(91, wb, tb1, frame);
        f.Add(92, tag1, tb1, tb2, tb);
        f.Add(93, wb, w0, frame);
        f.Add(94, row.Suffix(b0), row.Suffix(b0 + 1), t0);
        f.Add(95, tb, (ulong)b0, frame, row.Length);
        f.Add(96, wb, verb, frame);
        return f.Values;
    }

    // The tag of the first verb still to come, by the tagger.
    private static ulong NextVerb(WordRow row, byte[] guess, int from)
    {
        for (var at = from + 1; at <= row.Count; at++)
        {
            if (Grammar.IsVerb(guess[at]))
            {
                return guess[at];
            }
        }

        return None;
    }
}
