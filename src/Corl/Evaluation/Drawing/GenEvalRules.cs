namespace Corl.Evaluation.Drawing;

/// <summary>Whether an image shows what its prompt asks for, and why not.</summary>
/// <param name="Correct">The verdict.</param>
/// <param name="Reason">What is missing or wrong, a line each; empty when correct.</param>
/// <param name="Kept">The objects that counted, by class in the detector's order, best first.</param>
internal sealed record GenEvalVerdict(bool Correct, string Reason, OrderedDictionary<string, IReadOnlyList<DetectedObject>> Kept);

/// <summary>
/// GenEval's decision rules (Ghosh et al. 2023, evaluation/evaluate_images.py at af4902f). Thresholds and geometry are in single precision,
/// as they are there.
/// </summary>
internal sealed record GenEvalRules
{
    private const float NoShift = 1e-3f;    // pixels: what is left of an offset that counts as none
    private const float Direction = 0.5f;   // cosine beyond which a direction holds: within 60° of it

    /// <summary>The ten colours that are told apart.</summary>
    public static readonly string[] Colors = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"];

    /// <summary>Objects below or at this score are not there.</summary>
    public float Threshold { get; init; } = 0.3f;

    /// <summary>The same for prompts that ask for a number of objects.</summary>
    public float CountingThreshold { get; init; } = 0.9f;

    /// <summary>Most objects of a class.</summary>
    public int MaxObjects { get; init; } = 16;

    /// <summary>Of two objects that overlap this much the better one counts; 1 for both.</summary>
    public double MaxOverlap { get; init; } = 1;

    /// <summary>Part of both objects' sizes by which an offset is shortened.</summary>
    public float PositionThreshold { get; init; } = 0.1f;

    /// <summary>Judges one image.</summary>
    /// <param name="metadata">What the prompt asks for.</param>
    /// <param name="found">What the detector found, in its order.</param>
    /// <param name="classes">The detector's classes, in its order.</param>
    /// <param name="colors">Tells the colours of some of the objects, all of one class.</param>
    public GenEvalVerdict Judge(
        GenEvalMetadata metadata, IReadOnlyList<DetectedObject> found, IReadOnlyList<string> classes, Func<IReadOnlyList<DetectedObject>, IReadOnlyList<string>> colors)
    {
        var kept = new OrderedDictionary<string, IReadOnlyList<DetectedObject>>();
        var byClass = found.ToLookup(one => one.Class);
        foreach (var name in classes)
        {
            if (Keep([.. byClass[name]], metadata.Tag == "counting" ? CountingThreshold : Threshold) is { Count: > 0 } some)
            {
                kept[name] = some;
            }
        }

        List<string> reasons = [];
        var groups = new List<IReadOnlyList<DetectedObject>?>(); // the objects of each entry; null when it is not fulfilled
        foreach (var wanted in metadata.Include)
        {
            DetectedObject[] best = [.. kept.GetValueOrDefault(wanted.Class, []).Take(wanted.Count)];
            var reason = best.Length < wanted.Count
                ? $"expected {wanted.Class}>={wanted.Count}, found {best.Length}"
                : WrongColor(wanted, best, colors) ?? WrongPlace(wanted, best, groups);
            groups.Add(reason is null ? best : null);
            if (reason is not null)
            {
                reasons.Add(reason);
            }
        }

        foreach (var (name, count) in metadata.Exclude)
        {
            if (kept.GetValueOrDefault(name, []).Count is var there && there >= count)
            {
                reasons.Add($"expected {name}<{count}, found {there}");
            }
        }

        return new GenEvalVerdict(reasons.Count == 0, string.Join('\n', reasons), kept);
    }

    /// <summary>How a lies to b: none, one or two of left of, right of, above, below.</summary>
    public IReadOnlyList<string> Relations(Box a, Box b)
    {
        var (dx, wide) = Offset(a.Left, a.Right, b.Left, b.Right);
        var (dy, high) = Offset(a.Top, a.Bottom, b.Top, b.Bottom);
        var (x, y) = (Shortened(dx, wide), Shortened(dy, high));
        if (Math.Abs(x) < NoShift && Math.Abs(y) < NoShift)
        {
            return [];
        }

        var length = MathF.Sqrt((dx * dx) + (dy * dy));
        (x, y) = (x / length, y / length);
        List<string> relations = [];
        void Add(bool holds, string name)
        {
            if (holds)
            {
                relations.Add(name);
            }
        }

        Add(x < -Direction, "left of");
        Add(x > Direction, "right of");
        Add(y < -Direction, "above");
        Add(y > Direction, "below");
        return relations;
    }

    // Best first; of equal scores the later one first, because the script reverses an ascending order.
    private List<DetectedObject> Keep(DetectedObject[] objects, float threshold)
    {
        var order = objects.Index().Where(one => one.Item.Score > threshold).OrderByDescending(one => one.Item.Score).ThenByDescending(one => one.Index);
        var left = order.Take(MaxObjects).Select(one => one.Item).ToList();
        List<DetectedObject> kept = [];
        while (left.Count > 0)
        {
            var best = left[0];
            kept.Add(best);
            left.RemoveAt(0);
            if (MaxOverlap != 1)
            {
                left.RemoveAll(one => Box.Overlap(best.Box, one.Box) >= MaxOverlap);
            }
        }

        return kept;
    }

    private static string? WrongColor(GenEvalInclude wanted, DetectedObject[] best, Func<IReadOnlyList<DetectedObject>, IReadOnlyList<string>> colors)
    {
        if (wanted.Color is not { } color)
        {
            return null;
        }

        var seen = colors(best);
        var right = seen.Count(one => one == color);
        var list = string.Join(", ", Colors.Where(seen.Contains).Select(one => $"{seen.Count(other => other == one)} {one}"));
        return right >= wanted.Count ? null : $"expected {color} {wanted.Class}>={wanted.Count}, found {right} {color}; and {list}";
    }

    // The first pair that does not lie as asked.
    private string? WrongPlace(GenEvalInclude wanted, DetectedObject[] best, List<IReadOnlyList<DetectedObject>?> groups)
    {
        if (wanted.Position is not var (relation, target))
        {
            return null;
        }

        if (groups[target] is not { } others)
        {
            return $"no target for {wanted.Class} to be {relation}";
        }

        foreach (var one in best)
        {
            foreach (var other in others)
            {
                if (Relations(one.Box, other.Box) is var relations && !relations.Contains(relation))
                {
                    return $"expected {wanted.Class} {relation} target, found {string.Join(" and ", relations)} target";
                }
            }
        }

        return null;
    }

    // Distance of the centres along an axis, and both extents added.
    private static (float Distance, float Extents) Offset(float aLow, float aHigh, float bLow, float bHigh) =>
        (((aLow + aHigh) / 2) - ((bLow + bHigh) / 2), Math.Abs(aHigh - aLow) + Math.Abs(bHigh - bLow));

    private float Shortened(float offset, float extents) => Math.Max(Math.Abs(offset) - (PositionThreshold * extents), 0) * Math.Sign(offset);
}
