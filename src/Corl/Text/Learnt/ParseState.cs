namespace Corl.Text.Learnt;

/// <summary>
/// A half-built tree: arc-standard (Nivre 2004). The stack starts with place 0, above the root. Actions: the word below the top becomes the
/// top's child (Left), the top becomes the child of the word below it (Right), the next word comes onto the stack with a tag (Shift).
/// </summary>
internal sealed class ParseState
{
    private static readonly int Relations = Grammar.Relations.Length;

    private readonly short[] _below; // stack: what lies under a place
    private readonly short[] _head;
    private readonly byte[] _relation;

    /// <summary>The start for a sentence of <paramref name="count"/> words.</summary>
    public ParseState(int count)
    {
        Count = count;
        (_below, _head, _relation) = (new short[count + 1], new short[count + 1], new byte[count + 1]);
        (Tags, Children) = (new byte[count + 1], new Family[count + 1]);
        _below[0] = -1;
        Next = 1;
    }

    private ParseState(ParseState state, int action, float score)
    {
        (Count, Parent, Action, Score) = (state.Count, state, action, score);
        (_below, _head, _relation) = (state._below.AsSpan().ToArray(), state._head.AsSpan().ToArray(), state._relation.AsSpan().ToArray());
        (Tags, Children) = (state.Tags.AsSpan().ToArray(), state.Children.AsSpan().ToArray());
        (Next, Top) = (state.Next, state.Top);
        if (action >= FirstShift)
        {
            (_below[Next], Tags[Next]) = ((short)Top, (byte)(action - FirstShift));
            Top = Next++;
            return;
        }

        var (top, below) = (Top, (int)_below[Top]);
        var isLeft = action < FirstRight;
        var (head, child, relation) = isLeft ? (top, below, action) : (below, top, action - FirstRight);
        (_head[child], _relation[child]) = ((short)head, (byte)relation);
        Children[head].Add((short)child, relation, isLeft);
        if (isLeft)
        {
            _below[top] = _below[below];
        }
        else
        {
            Top = below;
        }
    }

    /// <summary>Actions: Left by relation, Right by relation, Shift by tag.</summary>
    public static readonly int FirstRight = Relations, FirstShift = 2 * Relations, Actions = FirstShift + Grammar.Tags.Length;

    /// <summary>n.</summary>
    public int Count { get; }

    /// <summary>The state before, null at the start.</summary>
    public ParseState? Parent { get; }

    /// <summary>The action that led here.</summary>
    public int Action { get; } = -1;

    /// <summary>The sum of the scores of all actions.</summary>
    public float Score { get; set; }

    /// <summary>The next word to come onto the stack; n + 1 when all are.</summary>
    public int Next { get; }

    /// <summary>The top of the stack.</summary>
    public int Top { get; }

    /// <summary>[n + 1] tags of the words that are or were on the stack.</summary>
    public byte[] Tags { get; }

    /// <summary>[n + 1] the children that each word has so far.</summary>
    public Family[] Children { get; }

    /// <summary>Whether only place 0 is left.</summary>
    public bool IsDone => Next > Count && Top == 0;

    /// <summary>What lies under a place of the stack; −1 under place 0 and under that.</summary>
    public int Below(int place) => place < 0 ? -1 : _below[place];

    /// <summary>The head that a word has got.</summary>
    public int Head(int place) => _head[place];

    /// <summary>The relation to it.</summary>
    public int Relation(int place) => _relation[place];

    /// <summary>The state after an action that <see cref="ActionsFrom"/> allows.</summary>
    public ParseState After(int action, float score) => new(this, action, score);

    /// <summary>Marks the actions that lead on to a tree with one root.</summary>
    /// <param name="candidates">[n + 1] the tags that each word may have.</param>
    /// <param name="allowed">Gets the actions.</param>
    /// <returns>How many there are.</returns>
    public int ActionsFrom((byte Tag, float Score)[][] candidates, Span<byte> allowed)
    {
        var count = 0;
        if (Next <= Count)
        {
            foreach (var (tag, _) in candidates[Next])
            {
                allowed[count++] = (byte)(FirstShift + tag);
            }
        }

        var below = Below(Top);
        if (below == 0 && Next > Count)
        {
            allowed[count++] = (byte)(FirstRight + Grammar.Root);
        }
        else if (below > 0)
        {
            for (var relation = 1; relation < Relations; relation++)
            {
                allowed[count++] = (byte)relation;
                allowed[count++] = (byte)(FirstRight + relation);
            }
        }

        return count;
    }

    /// <summary>The outermost children on both sides, their number and their relations.</summary>
    internal struct Family
    {
        public short Left, Left2, Right, Right2; // 0: none
        public ulong LeftRelations, RightRelations; // a bit for each
        public byte Lefts, Rights;

        public void Add(short child, int relation, bool isLeft)
        {
            if (isLeft)
            {
                // Children on the left come from the inside out.
                (Left, Left2, LeftRelations, Lefts) = (child, Left, LeftRelations | (1UL << relation), (byte)Math.Min(Lefts + 1, 4));
            }
            else
            {
                (Right, Right2, RightRelations, Rights) = (child, Right, RightRelations | (1UL << relation), (byte)Math.Min(Rights + 1, 4));
            }
        }
    }
}
