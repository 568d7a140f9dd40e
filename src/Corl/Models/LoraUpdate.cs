using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>
/// The low-rank update of one linear layer or table: y = W x + s·B(A x). The factors stay float32 and are rounded to the type of the
/// activations where they are used, so that they train exactly under weights of half precision. Owns its tensors.
/// Shapes: r rank; a layer has W [out, in], A [r, in], B [out, r]; a table has W [rows, width], A [r, rows], B [width, r].
/// </summary>
internal sealed class LoraUpdate : IDisposable
{
    private readonly Scalar _scale;

    /// <summary>Takes over the tensors.</summary>
    /// <param name="place">What is updated.</param>
    /// <param name="scale">s.</param>
    /// <param name="a">A.</param>
    /// <param name="b">B.</param>
    /// <param name="magnitude">DoRA's lengths: [out] of a layer, [width] of a table; null without.</param>
    public LoraUpdate(LoraPlace place, double scale, Tensor a, Tensor b, Tensor? magnitude)
    {
        (Place, Scale, _scale) = (place, scale, scale.ToScalar());
        (A, B, Magnitude) = (Kept(a), Kept(b), magnitude is null ? null : Kept(magnitude));
    }

    /// <summary>What is updated.</summary>
    public LoraPlace Place { get; }

    /// <summary>s.</summary>
    public double Scale { get; }

    public Parameter A { get; }

    public Parameter B { get; }

    public Parameter? Magnitude { get; }

    /// <summary>The trained tensors with the ends of their keys.</summary>
    public IEnumerable<(string End, Parameter Parameter)> Tensors => Parts(Place.IsTable, A, B, Magnitude);

    /// <summary>The ends of the keys of an update's tensors, which differ between layers and tables.</summary>
    public static IEnumerable<(string End, T Part)> Parts<T>(bool isTable, T a, T b, T? magnitude) where T : class
    {
        yield return (isTable ? ".lora_embedding_A" : ".lora_A.weight", a);
        yield return (isTable ? ".lora_embedding_B" : ".lora_B.weight", b);
        if (magnitude is not null)
        {
            yield return (".lora_magnitude_vector", magnitude);
        }
    }

    /// <summary>A linear layer with updates: x […, in] → […, out].</summary>
    public static Tensor Linear(LoraUpdate[] updates, Tensor x, Tensor weight, Tensor? bias)
    {
        using var scope = NewDisposeScope();
        var y = functional.linear(x, weight, bias);
        foreach (var update in updates)
        {
            y = update.Added(x, y, weight, bias);
        }

        return y.MoveToOuterDisposeScope();
    }

    /// <summary>Rows of a table with its update: int64 [n] → [n, width].</summary>
    public Tensor Rows(Tensor ids, Tensor weight)
    {
        using var scope = NewDisposeScope();
        var rows = weight.index_select(0, ids);
        var low = Like(A, rows).transpose(0, 1).index_select(0, ids); // [n, r]
        var y = rows.add(functional.linear(low, Like(B, rows)), _scale);
        return (Magnitude is null ? y : y * Like(Lengths(weight), rows)).MoveToOuterDisposeScope();
    }

    /// <summary>The weight with this update in it, of the same shape, in float32.</summary>
    /// <param name="weight">The stored weight, all of its rows.</param>
    public Tensor Merged(Tensor weight)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var whole = weight.to_type(ScalarType.Float32);
        var part = Part(whole, 0);
        var update = B.to(whole.device).matmul(A.to(whole.device));
        var merged = part.add(Place.IsTable ? update.transpose(0, 1) : update, _scale);
        if (Magnitude is not null)
        {
            var lengths = Lengths(whole);
            merged = merged * (Place.IsTable ? lengths : lengths.unsqueeze(1));
        }

        return Replaced(whole, 0, merged).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Whether the update changes nothing.</summary>
    public bool IsZero()
    {
        using var scope = NewDisposeScope();
        return Magnitude is null && (A.count_nonzero().item<long>() == 0 || B.count_nonzero().item<long>() == 0);
    }

    /// <summary>The same update in memory of its own.</summary>
    public LoraUpdate Copy()
    {
        using var scope = NewDisposeScope();
        return new LoraUpdate(Place, Scale, A.detach().clone(), B.detach().clone(), Magnitude?.detach().clone());
    }

    /// <summary>Lengths of the rows of a layer's W + s·BA, or of the columns of a table's: DoRA's start. In float32, without gradient.</summary>
    public static Tensor Norms(Tensor weight, bool isTable)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return weight.to_type(ScalarType.Float32).square().sum(isTable ? 0 : 1).sqrt_().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scale.Dispose();
        A.Dispose();
        B.Dispose();
        Magnitude?.Dispose();
    }

    private static Parameter Kept(Tensor tensor) => new(tensor.DetachFromDisposeScope(), requires_grad: false);

    private static Tensor Like(Tensor factor, Tensor values) => factor.dtype == values.dtype ? factor : factor.to_type(values.dtype);

    private Tensor Added(Tensor x, Tensor y, Tensor weight, Tensor? bias)
    {
        var low = functional.linear(functional.linear(x, Like(A, x)), Like(B, x)); // […, out]
        var part = Part(y, -1);
        if (Magnitude is null)
        {
            return Replaced(y, -1, part.add(low, _scale));
        }

        var shift = bias is null ? null : Part(bias, 0);
        part = (shift is null ? part : part - shift).add(low, _scale) * Like(Lengths(weight), x);
        return Replaced(y, -1, shift is null ? part : part + shift);
    }

    // m / ‖W + s·BA‖, by which DoRA stretches; the norm is a constant for the gradient.
    private Tensor Lengths(Tensor weight)
    {
        using var scope = NewDisposeScope();
        using (no_grad())
        {
            var update = B.matmul(A);
            weight = Part(weight, 0).to_type(ScalarType.Float32).add(Place.IsTable ? update.transpose(0, 1) : update, _scale);
        }

        return (Magnitude! / Norms(weight, Place.IsTable)).MoveToOuterDisposeScope();
    }

    private Tensor Part(Tensor whole, long axis) => Place.IsWhole ? whole : whole.narrow(axis, Place.FirstRow, Place.Rows);

    private Tensor Replaced(Tensor whole, long axis, Tensor part)
    {
        var end = Place.FirstRow + Place.Rows;
        return Place.IsWhole ? part : cat([whole.narrow(axis, 0, Place.FirstRow), part, whole.narrow(axis, end, whole.shape[axis < 0 ? ^1 : 0] - end)], axis);
    }
}

/// <summary>A linear layer or table, or a part of the rows of a fused layer, that an adapter can change.</summary>
/// <param name="Name">The module's name in the layout that the adapter belongs to.</param>
/// <param name="Key">Key of its weight in the original layout.</param>
/// <param name="FirstRow">First row of the weight that is its own.</param>
/// <param name="Rows">Number of its rows.</param>
/// <param name="Columns">Columns of the weight.</param>
/// <param name="IsTable">A table of embeddings, not a layer.</param>
/// <param name="IsWhole">Whether its rows are all that the weight has.</param>
internal sealed record LoraPlace(string Name, string Key, long FirstRow, long Rows, long Columns, bool IsTable, bool IsWhole)
{
    /// <summary>Shapes of A, B and DoRA's magnitude of rank <paramref name="rank"/>.</summary>
    public (long[] A, long[] B, long[] Magnitude) Shapes(long rank) => IsTable ? ([rank, Rows], [Columns, rank], [Columns]) : ([rank, Columns], [Rows, rank], [Rows]);
}
