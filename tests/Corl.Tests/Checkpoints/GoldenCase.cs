using System.Security.Cryptography;
using System.Text.Json;
using Corl.Checkpoints;
using static TorchSharp.torch;

namespace Corl.Tests.Checkpoints;

/// <summary>One file of golden/formats/*/cases.json: what it is, what a good loader does, and the tensors it must give.</summary>
internal static class GoldenCase
{
    /// <summary>Names and elements of a JSON list of cases; empty when the set is not there.</summary>
    public static IEnumerable<JsonElement> All(string relative)
    {
        var path = GoldenFiles.Path(relative);
        return File.Exists(path) ? JsonDocument.Parse(File.ReadAllText(path)).RootElement.EnumerateArray() : [];
    }

    /// <summary>Opens and reads everything within the bounds. Returns the digests by name, or the one-line error.</summary>
    public static (Dictionary<string, Digest>? Tensors, string? Error) Load(string path)
    {
        var (tensors, error) = Bounded.Run(() => Attempt(path));
        if (error is not null)
        {
            Assert.DoesNotContain('\n', error);
            Assert.Contains(Path.GetFileName(path), error, StringComparison.Ordinal);
        }

        return (tensors, error);
    }

    /// <summary>The same without bounds. Any other exception than the user's passes through.</summary>
    public static (Dictionary<string, Digest>? Tensors, string? Error) Attempt(string path)
    {
        using var scope = NewDisposeScope();
        try
        {
            using var reader = CheckpointReader.Open(path);
            return (reader.Tensors.ToDictionary(pair => pair.Key, pair => Digest.Of(reader.Read(pair.Key), pair.Value)), null);
        }
        catch (UserException error)
        {
            return (null, error.Message);
        }
    }
}

/// <summary>What a tensor is, with the hash of its bytes.</summary>
internal sealed record Digest(string Dtype, string Shape, string Sha256)
{
    private static readonly Dictionary<ScalarType, (string Safetensors, string Torch)> Names = new()
    {
        [ScalarType.Float64] = ("F64", "float64"),
        [ScalarType.Float32] = ("F32", "float32"),
        [ScalarType.Float16] = ("F16", "float16"),
        [ScalarType.BFloat16] = ("BF16", "bfloat16"),
        [ScalarType.Int64] = ("I64", "int64"),
        [ScalarType.Int32] = ("I32", "int32"),
        [ScalarType.Int16] = ("I16", "int16"),
        [ScalarType.Int8] = ("I8", "int8"),
        [ScalarType.Byte] = ("U8", "uint8"),
        [ScalarType.Bool] = ("BOOL", "bool"),
    };

    /// <summary>Of a tensor that was read; it must be what was declared.</summary>
    public static Digest Of(Tensor tensor, TensorInfo declared)
    {
        Assert.Equal(declared.Dtype, tensor.dtype);
        Assert.Equal(declared.Shape, tensor.shape);
        Assert.True(tensor.is_contiguous());
        return new Digest(Names[tensor.dtype].Safetensors, Text(tensor.shape), Convert.ToHexStringLower(SHA256.HashData(tensor.bytes)));
    }

    /// <summary>Of a golden entry {dtype, shape, sha256}, in either naming of types.</summary>
    public static Digest Of(JsonElement json)
    {
        var name = json.GetProperty("dtype").GetString()!;
        var dtype = Names.Values.FirstOrDefault(pair => pair.Torch == name).Safetensors ?? name;
        var shape = json.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
        return new Digest(dtype, Text(shape), json.GetProperty("sha256").GetString()!);
    }

    private static string Text(long[] shape) => $"[{string.Join(", ", shape)}]";
}
