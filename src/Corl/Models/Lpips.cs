using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Corl.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>What keeps the unit normalisation of a feature column defined where the column is zero.</summary>
public enum LpipsEpsilon
{
    /// <summary>f / √(10⁻⁸ + Σ f²), as torchmetrics since 1.2.1, which the CoRL reward calls.</summary>
    Torchmetrics,

    /// <summary>f / (√Σ f² + 10⁻¹⁰), as the lpips package.</summary>
    Package,
}

/// <summary>
/// LPIPS (Zhang et al. 2018, version 0.1): the features of two images at several depths, each column of unit length, squared
/// difference, weighted per channel by a learnt linear head, averaged over the image and summed over depths. 0 for equal images,
/// seldom above 0.8, not bounded by 1.
/// </summary>
public sealed partial class Lpips : Module
{
    // Of version 0.1: ImageNet's mean and standard deviation of RGB, for images in [−1, 1].
    private static readonly float[] Shift = [-0.030f, -0.088f, -0.188f], Scale = [0.458f, 0.448f, 0.450f];

    // Ours: so many pixels, of both sides together, are looked at at once; VGG-16 keeps 49 MB of features for each 224 × 224.
    private const long PixelsAtOnce = 10 * 224 * 224;

    private readonly LpipsBackbone backbone;
    private readonly ParameterList heads;
    private readonly LpipsEpsilon _epsilon;

    /// <summary>A metric over a network and its heads.</summary>
    /// <param name="backbone">The network; owned by the metric from here on.</param>
    /// <param name="heads">One [C] per slice, at least 0; owned by the metric.</param>
    /// <param name="epsilon">How columns are normalised.</param>
    public Lpips(LpipsBackbone backbone, IReadOnlyList<Tensor> heads, LpipsEpsilon epsilon = LpipsEpsilon.Torchmetrics) : base(nameof(Lpips))
    {
        ArgumentNullException.ThrowIfNull(backbone);
        if (!heads.Select(head => head.numel()).SequenceEqual(backbone.Widths))
        {
            throw new ArgumentException($"expected heads of {string.Join(", ", backbone.Widths)} channels, got {string.Join(", ", heads.Select(head => head.numel()))}", nameof(heads));
        }

        this.backbone = backbone;
        this.heads = new ParameterList([.. heads.Select(head => new Parameter(head.view(-1).detach().DetachFromDisposeScope(), requires_grad: false))]);
        _epsilon = epsilon;
        RegisterComponents();
    }

    /// <summary>The network; its parameters are frozen unless a trainer thaws them.</summary>
    public LpipsBackbone Backbone => backbone;

    /// <summary>Where the weights are.</summary>
    public Device Device => heads[0].device;

    /// <summary>
    /// Reads a metric. A directory with a config.json that lists "channels" is a small network; any other file or directory is a
    /// state dict of torchvision's alexnet, vgg16 or squeezenet1_1 (told apart by their tensors), or of a whole LPIPS module. Heads
    /// that the file lacks are those of the LPIPS package, which come with this library.
    /// </summary>
    /// <param name="path">A file (.safetensors, .pth) or a directory.</param>
    /// <param name="epsilon">How columns are normalised; a small network always has the package's way.</param>
    /// <param name="device">Where to; the CPU if null.</param>
    /// <exception cref="UserException">No such network; names the file and the tensor.</exception>
    public static Lpips Load(string path, LpipsEpsilon epsilon = LpipsEpsilon.Torchmetrics, Device? device = null)
    {
        using var noGrad = no_grad();
        var config = Path.Combine(path, "config.json");
        if (File.Exists(config))
        {
            return LoadSmall(path, JsonAt.Open(config, MaxConfigBytes), device ?? CPU);
        }

        using var weights = new RenamedWeights(path, KeyOf);
        var net = NetOf(weights, path);
        var backbone = LpipsBackbone.Create(net, weights.On(device ?? CPU));
        using var scope = NewDisposeScope();
        Tensor[] heads = [.. weights.Has(HeadKey(0)) ? backbone.Widths.Select((_, i) => weights.Read(HeadKey(i))) : ShippedHeads(net, backbone.Widths)];
        weights.RefuseLeftovers();
        return new Lpips(backbone, [.. heads.Select(head => head.to(device ?? CPU))], epsilon);
    }

    /// <summary>The heads that the LPIPS package learnt for one of torchvision's networks.</summary>
    /// <returns>One [C] per slice.</returns>
    internal static Tensor[] ShippedHeads(LpipsNet net, IReadOnlyList<long> widths)
    {
        var name = net switch { LpipsNet.AlexNet => "alex", LpipsNet.Vgg16 => "vgg", _ => "squeeze" };
        using var file = typeof(Lpips).Assembly.GetManifestResourceStream($"lpips-{name}.f32")!;
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        var heads = new Tensor[widths.Count];
        for (var i = 0; i < heads.Length; i++)
        {
            var head = new float[widths[i]];
            foreach (ref var weight in head.AsSpan())
            {
                file.ReadExactly(bytes);
                weight = BinaryPrimitives.ReadSingleLittleEndian(bytes);
            }

            heads[i] = tensor(head);
        }

        return heads;
    }

    /// <summary>The distances between images and their references; no gradient flows.</summary>
    /// <param name="references">[B, 3, H, W].</param>
    /// <param name="images">[B·G, 3, H, W]; row b·G + g is compared with row b of <paramref name="references"/>, whose features are computed once.</param>
    /// <param name="unitRange">Whether values are in [0, 1] (the packages' "normalize") instead of [−1, 1].</param>
    /// <returns>[B·G].</returns>
    public Tensor Distance(Tensor references, Tensor images, bool unitRange = false)
    {
        using var scope = NewDisposeScope();
        return DistanceByLayer(references, images, unitRange).sum(1).MoveToOuterDisposeScope();
    }

    /// <summary>The terms of <see cref="Distance"/> by depth.</summary>
    /// <returns>[B·G, slices].</returns>
    /// <inheritdoc cref="Distance"/>
    public Tensor DistanceByLayer(Tensor references, Tensor images, bool unitRange = false)
    {
        var group = GroupSize(references, images);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var prompts = (int)Math.Max(1, PixelsAtOnce / ((group + 1) * images.shape[2] * images.shape[3]));
        var parts = new List<Tensor>();
        for (var b = 0L; b < references.shape[0]; b += prompts)
        {
            using var part = NewDisposeScope();
            var count = Math.Min(prompts, references.shape[0] - b);
            var first = Slices(references.narrow(0, b, count), unitRange);
            var second = Slices(images.narrow(0, b * group, count * group), unitRange);
            parts.Add(stack([.. first.Select((_, i) => Compare(first[i], second[i], heads[i]))], 1).MoveToOuterDisposeScope());
        }

        return cat(parts).MoveToOuterDisposeScope();
    }

    /// <summary>Where the images differ: each depth's map enlarged to the images' size, then summed.</summary>
    /// <param name="references">[N, 3, H, W].</param>
    /// <param name="images">[N, 3, H, W].</param>
    /// <param name="unitRange">Whether values are in [0, 1] instead of [−1, 1].</param>
    /// <returns>[N, H, W].</returns>
    public Tensor Map(Tensor references, Tensor images, bool unitRange = false)
    {
        _ = GroupSize(references, images);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (first, second) = (Slices(references, unitRange), Slices(images, unitRange));
        var maps = first.Select((slice, i) => functional.interpolate(
            ((slice - second[i]).square() * heads[i].view(-1, 1, 1)).sum(1, keepdim: true), // [N, 1, h, w]
            [images.shape[2], images.shape[3]], mode: InterpolationMode.Bilinear, align_corners: false));
        return maps.Aggregate((sum, map) => sum + map).squeeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>Features whose columns have unit length.</summary>
    internal static Tensor Unit(Tensor features, LpipsEpsilon epsilon)
    {
        using var scope = NewDisposeScope();
        var squares = features.square().sum(1, keepdim: true); // [N, 1, h, w]
        var length = epsilon == LpipsEpsilon.Package ? squares.sqrt() + 1e-10 : (squares + 1e-8).sqrt();
        return (features / length).MoveToOuterDisposeScope();
    }

    /// <summary>Images in [−1, 1] as the networks want them; a small network takes them as they are.</summary>
    internal static Tensor Scaled(Tensor images)
    {
        using var scope = NewDisposeScope();
        var shift = tensor(Shift, device: images.device).view(3, 1, 1);
        var scale = tensor(Scale, device: images.device).view(3, 1, 1);
        return ((images - shift) / scale).MoveToOuterDisposeScope();
    }

    /// <summary>Writes a small network as a directory that <see cref="Load"/> reads.</summary>
    /// <param name="directory">Gets config.json and model.safetensors.</param>
    public void SaveSmall(string directory)
    {
        if (backbone.Net != LpipsNet.Small)
        {
            throw new InvalidOperationException($"only small networks are written; this is {backbone.Net}");
        }

        using var scope = NewDisposeScope();
        var weight = heads[0][0].item<float>() * backbone.Widths.Count;
        Safetensors.Write(Path.Combine(directory, "model.safetensors"), backbone.named_parameters().Select(pair => KeyValuePair.Create(SmallName(pair.name), (Tensor)pair.parameter)));
        AtomicFile.WriteText(Path.Combine(directory, "config.json"), JsonSerializer.Serialize(new { channels = backbone.Widths, linear_weights = weight, stage_average = true }) + "\n");
    }

    private static long GroupSize(Tensor references, Tensor images)
    {
        var (a, b) = (references.shape, images.shape);
        if (a.Length != 4 || b.Length != 4 || a[1] != 3 || !a.AsSpan(1).SequenceEqual(b.AsSpan(1)) || a[0] == 0 || b[0] % a[0] != 0)
        {
            throw new ArgumentException($"expected [B, 3, H, W] and [B·G, 3, H, W], got [{string.Join(", ", a)}] and [{string.Join(", ", b)}]", nameof(images));
        }

        return b[0] / a[0];
    }

    // [n, C, h, w] and [n·G, C, h, w] → [n·G]. The mean over the image comes before the head: the same sum with fewer steps.
    private static Tensor Compare(Tensor first, Tensor second, Tensor head)
    {
        using var scope = NewDisposeScope();
        var grouped = second.view(first.shape[0], -1, first.shape[1], first.shape[2] * first.shape[3]); // [n, G, C, hw]
        var difference = grouped - first.flatten(2).unsqueeze(1);
        return difference.square().mean([3]).matmul(head).view(-1).MoveToOuterDisposeScope();
    }

    private Tensor[] Slices(Tensor images, bool unitRange)
    {
        using var scope = NewDisposeScope();
        CheckRange(images, unitRange);
        var signed = unitRange ? (2 * images) - 1 : images;
        Tensor[] slices = [.. backbone.call(backbone.Net == LpipsNet.Small ? signed : Scaled(signed)).Select(slice => Unit(slice, _epsilon))];
        scope.MoveToOuter(slices);
        return slices;
    }

    private static void CheckRange(Tensor images, bool unitRange)
    {
        var (low, high) = (images.min().item<float>(), images.max().item<float>());
        if (!(low >= (unitRange ? 0 : -1) && high <= 1))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"expected pixels in {(unitRange ? "[0, 1]" : "[−1, 1]")}, got {low} to {high}"), nameof(images));
        }
    }

    private static Lpips LoadSmall(string path, JsonAt config, Device device)
    {
        const int MaxStages = 16, MaxWidth = 4096; // ours, far above what a small network has
        if (config["channels"].Count() is 0 or > MaxStages)
        {
            throw config["channels"].Error($"expected 1 to {MaxStages} widths");
        }

        long[] widths = [.. config["channels"].Items().Select(width => (long)width.Integer(1, MaxWidth))];
        // The distance is linear_weights · Σ of squares, averaged over the stages if stage_average.
        var weight = (config.Find("linear_weights")?.Number() ?? 1) / (config.Find("stage_average")?.Flag() == true ? widths.Length : 1);
        using var weights = new RenamedWeights(path, SmallKeyOf);
        var backbone = LpipsBackbone.CreateSmall(widths, weights.On(device));
        weights.RefuseLeftovers();
        using var scope = NewDisposeScope();
        return new Lpips(backbone, [.. widths.Select(width => full(width, weight, device: device))], LpipsEpsilon.Package);
    }

    private static LpipsNet NetOf(RenamedWeights weights, string path) => (weights.ShapeOf("features.0.weight"), weights.Has("features.3.squeeze.weight")) switch
    {
        ([64, 3, 11, 11], _) => LpipsNet.AlexNet,
        ([64, 3, 3, 3], true) => LpipsNet.SqueezeNet,
        ([64, 3, 3, 3], false) => LpipsNet.Vgg16,
        var (shape, _) => throw new UserException($"{path}: expected torchvision's alexnet, vgg16 or squeezenet1_1, but \"features.0.weight\" is {(shape is null ? "missing" : $"[{string.Join(", ", shape)}]")}."),
    };

    private static string HeadKey(int slice) => $"heads.{slice}";

    // torchvision: features.5.weight; inside an LPIPS module: net.slice2.5.weight or net.slices.1.5.weight, and lin0.model.1.weight.
    // Everything else (classifier, scaling_layer, the copies under lins.) is not needed.
    private static string? KeyOf(string name)
    {
        if (FeatureName().Match(name) is { Success: true } feature)
        {
            return $"features.{feature.Groups[1].Value}";
        }

        return HeadName().Match(name) is { Success: true } head ? $"heads.{head.Groups[1].Value}" : null;
    }

    // On disk convolution i of a small network is convs.i; in the module tree an activation and a pool follow each: features.3i.
    private static string? SmallKeyOf(string name)
    {
        var parts = name.Split('.');
        return parts is ["convs", _, _] && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var i)
            ? $"features.{3 * i}.{parts[2]}"
            : null;
    }

    private static string SmallName(string key)
    {
        var parts = key.Split('.');
        return $"convs.{int.Parse(parts[1], CultureInfo.InvariantCulture) / 3}.{parts[2]}";
    }

    private const int MaxConfigBytes = 1 << 16; // ours: such a file has 200 bytes

    [GeneratedRegex(@"^(?:features|net\.slice\d+|net\.slices\.\d+)\.(\d+\.(?:(?:squeeze|expand1x1|expand3x3)\.)?(?:weight|bias))$")]
    private static partial Regex FeatureName();

    [GeneratedRegex(@"^lin(\d+)\.model\.1\.weight$")]
    private static partial Regex HeadName();
}
