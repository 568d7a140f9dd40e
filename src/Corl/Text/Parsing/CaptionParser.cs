namespace Corl.Text.Parsing;

/// <summary>
/// A dependency parser for image captions by rules: noun phrases and verb groups are found from left to right and attached at once, so
/// that time is linear. It aims at sound English, not at any other parser's habits; a learnt parser can take its place, since all that
/// follows reads <see cref="ParsedToken"/>s.
/// </summary>
internal sealed partial class CaptionParser
{
    private readonly string[] _words;
    private readonly PartialTree _tree;
    private readonly bool[] _isModifier;
    private readonly List<int> _prepositions = []; // waiting for their noun
    private Clause _clause = new(null, ClauseKind.Main);
    private int _lastNoun = PartialTree.None;
    private int _lastVerb = PartialTree.None; // also an adjective after "is", which takes phrases but no objects
    private int _conjunction = PartialTree.None; // waiting for its conjunct
    private int _infinitive = PartialTree.None; // a "to" waiting for its verb
    private int _floating = PartialTree.None; // the noun of a phrase before everything that could govern it
    private bool _isAfterVerb; // no noun since the last verb
    private int _comma = PartialTree.None;

    private CaptionParser(IReadOnlyList<string> sentence)
    {
        (_words, var tags, _isModifier) = CaptionTagger.Tag(sentence);
        _tree = new PartialTree(_words, tags);
    }

    private string[] Tags => _tree.Tags;

    /// <summary>Parses the words of one sentence.</summary>
    public static ParsedToken[] Parse(IReadOnlyList<string> sentence)
    {
        var parser = new CaptionParser(sentence);
        for (var i = 0; i < sentence.Count;)
        {
            i = parser.Next(i);
        }

        parser.Finish();
        return parser._tree.Tokens(sentence);
    }

    // Reads what stands at i and returns where it ends.
    private int Next(int i)
    {
        var tag = Tags[i];
        if (MatchPreposition(i) is { } length)
        {
            return Preposition(i, length);
        }

        if (NounPhrase.Find(_words, _tree, _isModifier, i) is { } phrase)
        {
            Noun(phrase.Head, phrase.IsAdjective);
            return phrase.End;
        }

        switch (tag)
        {
            case "TO":
                _infinitive = i;
                return i + 1;
            case "CC":
                (_conjunction, _comma) = (i, PartialTree.None);
                return i + 1;
            case ",":
                _comma = i;
                return i + 1;
            case "IN" or "WRB" when CaptionWords.Subordinators.Contains(_words[i]) && OpensClause(i):
                OpenClause(ClauseKind.Adverbial, i);
                return i + 1;
            case "IN":
                return Preposition(i, 1);
            case "WDT" or "WP" when _lastNoun >= 0:
                OpenClause(ClauseKind.Relative, i);
                return i + 1;
            case "RP" when _lastVerb >= 0:
                _tree.Attach(i, _lastVerb, "compound:prt");
                return i + 1;
            case "RB" when _isAfterVerb && _lastVerb >= 0:
                _tree.Attach(i, _lastVerb, "advmod");
                return i + 1;
            default:
                return tag == "MD" || (tag[0] == 'V' && !_isModifier[i]) ? Verbs(i) : i + 1;
        }
    }

    private int? MatchPreposition(int i)
    {
        foreach (var words in CaptionWords.Prepositions)
        {
            if (i + words.Length <= _words.Length && words.AsSpan().SequenceEqual(_words.AsSpan(i, words.Length))
                && !(words[0] is "left" or "right" && Tags[i] != "IN"))
            {
                return words.Length;
            }
        }

        return null;
    }

    private int Preposition(int i, int length)
    {
        for (var part = i; part < i + length; part++)
        {
            Tags[part] = "IN"; // "front" is no object of its own
            if (part > i)
            {
                _tree.Attach(part, i, "mwe");
            }
        }

        _prepositions.Add(i);
        return i + length;
    }

    private bool OpensClause(int i)
    {
        for (var at = i + 1; at < Math.Min(_words.Length, i + 8); at++) // ours: a subject of at most seven words
        {
            if (Tags[at] is "VBZ" or "VBP" or "VBD" or "MD" || (at == i + 1 && Tags[at] is "VBG" or "VBN"))
            {
                return true;
            }

            if (Tags[at] is "IN" or "CC" or ",")
            {
                return false;
            }
        }

        return false;
    }

    private void OpenClause(ClauseKind kind, int marker)
    {
        _clause = new Clause(_clause, kind) { Marker = marker, Governor = kind == ClauseKind.Relative ? _lastNoun : _clause.Verb >= 0 ? _clause.Verb : _clause.Subject };
        (_isAfterVerb, _conjunction, _comma) = (false, PartialTree.None, PartialTree.None);
        _prepositions.Clear();
    }

    private void Noun(int head, bool isAdjective)
    {
        if (_clause.Copula >= 0)
        {
            Predicate(head);
            if (isAdjective)
            {
                (_lastVerb, _isAfterVerb, _conjunction) = (head, true, PartialTree.None);
                return;
            }
        }
        else if (isAdjective && _lastNoun >= 0 && _prepositions.Count == 0)
        {
            Description(head);
            return;
        }
        else if (_prepositions.Count > 0)
        {
            Phrase(head);
        }
        else if (_conjunction >= 0 && _lastNoun >= 0)
        {
            Conjunct(head);
        }
        else if (_isAfterVerb && _clause.Subject != head && TakesObject(_lastVerb))
        {
            _tree.Attach(head, _lastVerb, "dobj");
        }
        else if (_lastNoun >= 0 && _tree.Relation(_lastNoun) == "dobj" && CaptionWords.GivingVerbs.Contains(_tree.Lemma(_tree.Head(_lastNoun))) && _comma < 0)
        {
            var verb = _tree.Head(_lastNoun);
            _tree.Attach(_lastNoun, verb, "iobj");
            _tree.Attach(head, verb, "dobj");
        }
        else if (_comma >= 0 && _lastNoun >= 0)
        {
            Conjunct(head);
        }
        else if (_clause.Subject < 0)
        {
            _clause.Subject = head;
        }
        else
        {
            _clause.Fresh = head; // the subject of a verb to come, perhaps
        }

        (_lastNoun, _isAfterVerb, _conjunction, _comma) = (head, false, PartialTree.None, PartialTree.None);
    }

    // "a plate full of food": what stands behind a noun describes it; behind a verb it belongs there ("sits motionless"); after a
    // conjunction it goes on with the description before ("is tall and green").
    private void Description(int adjective)
    {
        var isConjunct = _conjunction >= 0 && _lastVerb >= 0;
        _tree.Attach(_conjunction, isConjunct ? _lastVerb : PartialTree.None, "cc");
        _tree.Attach(adjective, isConjunct || _isAfterVerb ? _lastVerb : _lastNoun, isConjunct ? "conj" : _isAfterVerb ? "xcomp" : "amod");
        (_lastVerb, _isAfterVerb, _conjunction) = (adjective, true, PartialTree.None);
    }

    private bool TakesObject(int verb) => verb >= 0 && Tags[verb][0] == 'V' && !_tree.IsPassive(verb);

    // The noun (or adjective) that "is" leads to; with a preposition it is a place: "is on the couch".
    private void Predicate(int head)
    {
        var copula = _clause.Copula;
        _clause.Copula = PartialTree.None;
        if (_clause.IsExistential)
        {
            _tree.Attach(head, copula, "nsubj");
            (_clause.Subject, _clause.IsExistential) = (head, false);
            TakePrepositions(head);
            return;
        }

        _tree.Attach(copula, head, "cop");
        TakePrepositions(head);
        _tree.MoveGroup(copula, head);
        Govern(head);
    }

    private void TakePrepositions(int head)
    {
        foreach (var preposition in _prepositions)
        {
            _tree.Attach(preposition, head, "case");
        }

        _prepositions.Clear();
    }

    private void Phrase(int head)
    {
        var preposition = _words[_prepositions[0]];
        var isSecond = _conjunction >= 0 && _lastNoun >= 0 && !_isAfterVerb && _tree.Relation(_lastNoun) == "nmod"; // "on a chair and under a table"
        var target = isSecond ? _tree.Head(_lastNoun) : Attachment.Of(preposition, _tree, _isAfterVerb ? _lastVerb : PartialTree.None, _lastNoun);
        TakePrepositions(head);
        if (target >= 0)
        {
            _tree.Attach(head, target, "nmod");
        }
        else
        {
            _floating = head;
        }
    }

    private void Conjunct(int head)
    {
        var first = _tree.Relation(_lastNoun) == "conj" ? _tree.Head(_lastNoun) : _lastNoun;
        if (_conjunction >= 0)
        {
            _tree.Attach(_conjunction, first, "cc");
        }

        _tree.Attach(head, first, "conj");
        _clause.Fresh = head;
    }

    // The root is the verb of the main clause, else its first noun.
    private void Finish()
    {
        for (var clause = _clause; clause is not null; clause = clause.Outer)
        {
            if (clause.Copula >= 0 && !clause.IsExistential)
            {
                _clause = clause;
                Govern(clause.Copula); // "where the dog is"
            }

            if (clause is { Kind: ClauseKind.Adverbial, Verb: < 0, Subject: >= 0 })
            {
                _tree.Attach(clause.Marker, clause.Subject, "case"); // "as a child"
                _tree.Attach(clause.Subject, clause.Governor, "nmod");
            }

            if (clause.Outer is null)
            {
                var root = clause.Verb >= 0 ? clause.Verb : clause.Subject >= 0 ? clause.Subject : _floating >= 0 ? _floating : _lastVerb;
                _tree.SetRoot(root, _floating);
            }
        }
    }
}
