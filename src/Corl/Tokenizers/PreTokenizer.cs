using System.Text.RegularExpressions;

namespace Corl.Tokenizers;

/// <summary>What becomes of the matches of a Split.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>One step of a pre-tokenizer before its pattern is made to run.</summary>
/// <param name="Pattern">Where to cut; null: nowhere.</param>
/// <param name="Behavior">What becomes of the matches.</param>
/// <param name="IsInverted">The pattern describes what lies between the matches.</param>
/// <param name="AddsSpace">A piece that does not begin with a space gets one.</param>
internal sealed record SplitStep(RunePattern? Pattern, SplitBehavior Behavior, bool IsInverted, bool AddsSpace);

/// <summary>Cuts text into the pieces within which tokens are formed: the steps of a tokenizer.json one after the other.</summary>
internal sealed class PreTokenizer
{
    // Real patterns take microseconds a piece. Together with the limit on one match this bounds what a hostile pattern costs.
    private const long PatienceMilliseconds = 10_000;
    private const int UnitsPerMillisecond = 100; // a tenth of what a busy machine does

    private readonly (SplitStep Step, Regex? Regex)[] _steps;
    private readonly AstralClasses _classes;
    private readonly string _file;

    public PreTokenizer(IEnumerable<SplitStep> steps, AstralClasses classes, string file)
    {
        _steps = [.. steps.Select(step => (step, step.Pattern?.ToRegex(classes)))];
        _classes = classes;
        _file = file;
    }

    /// <summary>Adds the parts of a piece that is not a token yet.</summary>
    public void Split(Piece piece, List<Piece> output)
    {
        var deadline = Environment.TickCount64 + PatienceMilliseconds + (piece.Length / UnitsPerMillisecond);
        List<Piece> pieces = [piece];
        List<Piece> parts = [];
        try
        {
            foreach (var (step, regex) in _steps)
            {
                parts.Clear();
                foreach (var part in pieces)
                {
                    Apply(step, regex, part, parts, deadline);
                }

                (pieces, parts) = (parts, pieces);
            }
        }
        catch (RegexMatchTimeoutException error)
        {
            throw TooSlow(piece, error);
        }

        output.AddRange(pieces);
    }

    private void Apply(SplitStep step, Regex? regex, Piece piece, List<Piece> output, long deadline)
    {
        if (step.AddsSpace && piece.Text.Units[piece.Start] != ' ')
        {
            piece = WithSpace(piece);
        }

        if (regex is null)
        {
            output.Add(piece);
            return;
        }

        var cutter = new Cutter(step, piece, output);
        var done = 0;
        foreach (var match in regex.EnumerateMatches(piece.Text.Units.AsSpan(piece.Start, piece.Length)))
        {
            if (match.Length == 0 && match.Index == done && done > 0)
            {
                continue; // Oniguruma's search does not report an empty match at the end of the last one
            }

            if (match.Index > done)
            {
                cutter.Add(done, match.Index, isMatch: false);
            }

            if (Environment.TickCount64 > deadline)
            {
                throw TooSlow(piece);
            }

            done = match.Index + match.Length;
            cutter.Add(match.Index, done, isMatch: true);
        }

        if (done < piece.Length)
        {
            cutter.Add(done, piece.Length, isMatch: false);
        }

        cutter.Finish();
    }

    private Piece WithSpace(Piece piece)
    {
        var runes = new AlignedRune[piece.Length + 1];
        for (var i = 0; i < piece.Length; i++)
        {
            runes[i + 1] = piece.Text.RuneAt(piece.Start + i);
        }

        runes[0] = runes[1] with { Value = ' ' };
        return new Piece(CodePointText.Of(runes, _classes), 0, runes.Length);
    }

    private UserException TooSlow(Piece piece, Exception? inner = null)
    {
        var message = $"{_file}: pre_tokenizer: a pattern took too long on a text of {piece.Length} characters; it backtracks without end and cannot be used.";
        return inner is null ? new UserException(message) : new UserException(message, inner);
    }

    /// <summary>Gathers matches and what lies between them into pieces.</summary>
    private struct Cutter(SplitStep step, Piece piece, List<Piece> output)
    {
        private readonly int _first = output.Count;
        private bool _lastWasMatch;
        private bool _hasEmpty;

        public void Add(int start, int end, bool isMatch)
        {
            isMatch ^= step.IsInverted;
            var joins = output.Count > _first && step.Behavior switch
            {
                SplitBehavior.MergedWithPrevious => isMatch && !_lastWasMatch,
                SplitBehavior.MergedWithNext => !isMatch && _lastWasMatch,
                SplitBehavior.Contiguous => isMatch == _lastWasMatch,
                _ => false,
            };
            if (joins)
            {
                output[^1] = output[^1] with { End = piece.Start + end };
            }
            else if (!(isMatch && step.Behavior == SplitBehavior.Removed))
            {
                output.Add(piece with { Start = piece.Start + start, End = piece.Start + end });
                _hasEmpty |= start == end;
            }

            _lastWasMatch = isMatch;
        }

        public readonly void Finish()
        {
            for (var i = output.Count - 1; _hasEmpty && i >= _first; i--)
            {
                if (output[i].Length == 0)
                {
                    output.RemoveAt(i);
                }
            }
        }
    }
}
