namespace Corl.Text.Mathematics;

/// <summary>How far mathematics is understood when an open-ended answer is compared with the truth; each level includes those before it.</summary>
public enum MathLevel
{
    /// <summary>Not at all: text and plain numbers.</summary>
    None,

    /// <summary>Numbers in any spelling: fractions, mixed numbers, percent, powers of ten, currency, units, LaTeX.</summary>
    P0,

    /// <summary>Also constant expressions (roots, π, logarithms, angles), lists, sets, tuples, intervals and assignments.</summary>
    P1,

    /// <summary>Also expressions with variables, equations, inequalities, matrices and complex numbers.</summary>
    P2,
}
