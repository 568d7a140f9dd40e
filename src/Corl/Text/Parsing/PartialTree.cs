namespace Corl.Text.Parsing;

/// <summary>A dependency tree that is being built: words by their place from 0, each with the head it has so far.</summary>
internal sealed class PartialTree(string[] words, string[] tags)
{
    public const int None = -1;

    private readonly int[] _heads = [.. Enumerable.Repeat(None, words.Length)];
    private readonly string[] _relations = [.. Enumerable.Repeat("", words.Length)];
    private int _root = None;

    public string[] Tags => tags;

    public string Word(int i) => words[i];

    public string Lemma(int i) => Lemmatizer.Lemma(words[i], tags[i]);

    public int Head(int i) => _heads[i];

    public string Relation(int i) => _relations[i];

    /// <summary>Attaches a word, unless that would close a circle or has no head to go to.</summary>
    public void Attach(int word, int head, string relation)
    {
        if (word < 0 || head < 0)
        {
            return;
        }

        for (var above = head; above >= 0; above = _heads[above])
        {
            if (above == word)
            {
                return;
            }
        }

        (_heads[word], _relations[word]) = (head, relation);
    }

    /// <summary>Attaches the auxiliaries of a verb group.</summary>
    public void AttachGroup(VerbGroup group, int main)
    {
        foreach (var auxiliary in group.Auxiliaries)
        {
            Attach(auxiliary, main, group.IsPassive && auxiliary == group.Be ? "auxpass" : "aux");
        }
    }

    /// <summary>Gives the dependents of a word to another one.</summary>
    public void MoveGroup(int from, int to)
    {
        for (var i = 0; i < _heads.Length; i++)
        {
            if (_heads[i] == from && i != to)
            {
                _heads[i] = to;
            }
        }
    }

    public bool IsPassive(int verb) => LastChild(verb, "auxpass") >= 0;

    /// <summary>The last dependent with a relation, or <see cref="None"/>; looked for up to twenty words away, as auxiliaries are.</summary>
    public int LastChild(int head, string relation)
    {
        const int Window = 20; // ours: keeps long sentences linear
        for (var i = Math.Min(_heads.Length - 1, head + Window); i >= Math.Max(0, head - Window); i--)
        {
            if (_heads[i] == head && _relations[i] == relation)
            {
                return i;
            }
        }

        return None;
    }

    /// <summary>Fixes the root; a phrase that came too early goes to it, and so does a noun that found no verb.</summary>
    public void SetRoot(int root, int floating)
    {
        if (root < 0)
        {
            root = Array.FindIndex(tags, tag => tag[0] is 'N' or 'V' or 'J' or 'C');
        }

        if (root < 0)
        {
            return;
        }

        while (_heads[root] >= 0)
        {
            root = _heads[root];
        }

        _root = root;
        if (floating >= 0 && _heads[floating] < 0)
        {
            Attach(floating, root, "nmod");
        }

        for (var i = 0; i < _heads.Length; i++)
        {
            if (i != root && _heads[i] < 0 && tags[i][0] is 'N' or 'V')
            {
                Attach(i, root, "dep");
            }
        }
    }

    /// <summary>The finished sentence.</summary>
    public ParsedToken[] Tokens(IReadOnlyList<string> forms)
    {
        var tokens = new ParsedToken[words.Length];
        for (var i = 0; i < tokens.Length; i++)
        {
            var head = i == _root ? 0 : _heads[i] >= 0 ? _heads[i] + 1 : ParsedToken.OutsideTree;
            tokens[i] = new ParsedToken(forms[i], Lemma(i), tags[i], head, i == _root ? "root" : _relations[i]);
        }

        return tokens;
    }
}
