namespace Corl.Text.Parsing;

/// <content>Verb groups: what each verb is attached to, and what becomes its subject.</content>
internal sealed partial class CaptionParser
{
    private int Verbs(int i)
    {
        var group = VerbGroup.Find(_words, Tags, _isModifier, i);
        if (group.Main < 0)
        {
            _clause = OuterFor(isFinite: true);
            _clause.Copula = group.Be;
            _clause.IsExistential = i > 0 && Tags[i - 1] == "EX";
            if (_clause.IsExistential)
            {
                _tree.Attach(i - 1, group.Be, "expl");
                Govern(group.Be);
            }

            _tree.AttachGroup(group, group.Be);
            (_lastVerb, _isAfterVerb, _conjunction) = (group.Be, true, _clause.Verb >= 0 && !_clause.IsExistential ? _conjunction : PartialTree.None);
            _prepositions.Clear();
            return group.End;
        }

        _tree.AttachGroup(group, group.Main);
        Verb(group.Main, group.IsFinite);
        (_lastVerb, _isAfterVerb, _conjunction, _comma) = (group.Main, true, PartialTree.None, PartialTree.None);
        _prepositions.Clear();
        return group.End;
    }

    private void Verb(int verb, bool isFinite)
    {
        if (_infinitive >= 0)
        {
            _tree.Attach(_infinitive, verb, "mark");
            var isComplement = _lastVerb >= 0 && (_isAfterVerb || _lastNoun < 0);
            _tree.Attach(verb, isComplement ? _lastVerb : _lastNoun, isComplement ? "xcomp" : "acl");
            _infinitive = PartialTree.None;
            return;
        }

        _clause = OuterFor(isFinite);
        if (isFinite || (_clause.Kind != ClauseKind.Main && _clause.Verb < 0) || (_clause.Subject < 0 && _clause.Verb < 0))
        {
            Govern(verb);
        }
        else if (_conjunction >= 0 && _lastVerb >= 0)
        {
            Coordinate(verb, _lastVerb);
        }
        else if (_prepositions.Count > 0)
        {
            _tree.Attach(_prepositions[0], verb, "mark"); // "for making coffee"
            _tree.Attach(verb, _lastNoun >= 0 ? _lastNoun : _lastVerb, "advcl");
        }
        else if (_lastNoun >= 0 && !_isAfterVerb)
        {
            _tree.Attach(verb, Attachment.Actor(_tree, _lastNoun), "acl");
        }
        else
        {
            _tree.Attach(verb, _lastVerb, "xcomp");
        }
    }

    // A second finite verb without a conjunction belongs to the clause around a relative or adverbial one.
    private Clause OuterFor(bool isFinite)
    {
        var clause = _clause;
        while (isFinite && clause is { Outer: { } outer, Verb: >= 0 } && _conjunction < 0 && clause.Fresh < 0)
        {
            clause = outer;
        }

        return clause;
    }

    private void Coordinate(int verb, int first)
    {
        _tree.Attach(_conjunction, first, "cc");
        _tree.Attach(verb, first, "conj");
        _conjunction = PartialTree.None;
    }

    /// <summary>Makes a verb or predicate the head of the clause.</summary>
    private void Govern(int verb)
    {
        var subject = _clause.Subject;
        if (_clause.Verb >= 0)
        {
            // "a man sits and a woman stands": the noun after "and" was no conjunct but a subject.
            subject = _conjunction >= 0 ? PartialTree.None : _clause.Fresh;
            var conjunction = subject >= 0 && _tree.Relation(subject) == "conj" ? _tree.LastChild(_tree.Head(subject), "cc") : _conjunction;
            _conjunction = conjunction;
            if (conjunction >= 0)
            {
                Coordinate(verb, _clause.Verb);
            }
            else
            {
                _tree.Attach(verb, _clause.Verb, "parataxis");
            }
        }
        else if (_clause.Kind == ClauseKind.Adverbial)
        {
            _tree.Attach(_clause.Marker, verb, "mark");
            _tree.Attach(verb, _clause.Governor, "advcl");
        }
        else if (_clause.Kind == ClauseKind.Relative)
        {
            _tree.Attach(verb, _clause.Governor, "acl:relcl");
            _tree.Attach(_clause.Marker, verb, subject < 0 ? _tree.IsPassive(verb) ? "nsubjpass" : "nsubj" : "dobj");
        }

        if (subject >= 0 && subject != verb && !_clause.IsExistential)
        {
            _tree.Attach(subject, verb, _tree.IsPassive(verb) ? "nsubjpass" : "nsubj");
        }

        (_clause.Verb, _clause.Fresh) = (_clause.Verb >= 0 && _clause.Kind == ClauseKind.Main ? _clause.Verb : verb, PartialTree.None);
    }
}
