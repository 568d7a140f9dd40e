using System.Runtime.CompilerServices;

namespace Corl.Checkpoints;

/// <summary>
/// Refuses what a file says. The readers of this folder throw InvalidDataException with the reason alone; <see cref="CheckpointReader"/>
/// puts the file before it.
/// </summary>
internal static class Malformed
{
    /// <summary>Throws unless the condition holds. The text is put together only then: headers have 10⁵ entries to check.</summary>
    public static void Unless(bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] ref Reason problem)
    {
        if (!condition)
        {
            throw new InvalidDataException(problem.Text());
        }
    }

    /// <summary>Throws unless the condition holds.</summary>
    public static void Unless(bool condition, string problem)
    {
        if (!condition)
        {
            throw new InvalidDataException(problem);
        }
    }

    /// <summary>Builds the text of a refusal when there is one.</summary>
    [InterpolatedStringHandler]
    internal ref struct Reason
    {
        private DefaultInterpolatedStringHandler _text;

        public Reason(int literalLength, int formattedCount, bool condition, out bool isNeeded)
        {
            isNeeded = !condition;
            _text = isNeeded ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
        }

        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public string Text() => _text.ToStringAndClear();
    }
}
