using Corl.Checkpoints;
using static TorchSharp.torch;

namespace Corl.Merging;

/// <summary>A model as merging sees it.</summary>
/// <param name="Name">What the configuration calls it.</param>
/// <param name="Tensors">Every tensor by name.</param>
/// <param name="Read">The values of one, in its stored type; they belong to the caller's scope.</param>
internal sealed record MergeSource(string Name, IReadOnlyDictionary<string, TensorInfo> Tensors, Func<string, Tensor> Read);
