using static TorchSharp.torch;

namespace Corl.Shapes;

/// <summary>Rendered scenes for training, one after the other in memory.</summary>
internal sealed class ShapesPool
{
    private readonly byte[] _pixels;

    /// <summary>Renders scenes on all cores.</summary>
    public ShapesPool(IReadOnlyList<Scene> scenes)
        : this(scenes, new byte[scenes.Count * World.ImageBytes]) =>
        Parallel.For(0, scenes.Count, i => SceneRenderer.Render(scenes[i], _pixels.AsSpan(i * World.ImageBytes, World.ImageBytes)));

    private ShapesPool(IReadOnlyList<Scene> scenes, byte[] pixels) => (Scenes, _pixels) = (scenes, pixels);

    /// <summary>What the images show.</summary>
    public IReadOnlyList<Scene> Scenes { get; }

    /// <summary>Images of the pool.</summary>
    public int Count => Scenes.Count;

    /// <summary>The training records' scenes, seeds from 0.</summary>
    public static ShapesPool Of(IReadOnlyList<ShapesRecord> records) => new([.. records.Select(record => record.Scene)]);

    /// <summary>The same scenes with other images, each of <see cref="World.ImageBytes"/> bytes.</summary>
    public ShapesPool With(IEnumerable<byte[]> images) => new(Scenes, [.. images.SelectMany(bytes => bytes)]);

    /// <summary>Numbers of images drawn at random, with repetition.</summary>
    public int[] Draw(int count, ref CounterRng random) => Draw(count, Count, ref random);

    /// <summary>Numbers of images drawn at random from the first <paramref name="below"/>, with repetition.</summary>
    public static int[] Draw(int count, int below, ref CounterRng random)
    {
        var chosen = new int[count];
        foreach (ref var number in chosen.AsSpan())
        {
            number = random.Below(below);
        }

        return chosen;
    }

    /// <summary>Chosen images as a network takes them: [N, 3, H, W] in [−1, 1].</summary>
    public Tensor Pixels(ReadOnlySpan<int> chosen)
    {
        var bytes = new byte[chosen.Length * World.ImageBytes];
        for (var i = 0; i < chosen.Length; i++)
        {
            _pixels.AsSpan(chosen[i] * World.ImageBytes, World.ImageBytes).CopyTo(bytes.AsSpan(i * World.ImageBytes));
        }

        return ToPixels(bytes);
    }

    /// <summary>Chosen images, [N, 3, H, W] in [−1, 1], in the order of the pool.</summary>
    public Tensor Pixels(int first, int count) => Pixels([.. Enumerable.Range(first, count)]);

    /// <summary>Row-major RGB images, one after the other, as [N, 3, H, W] in [−1, 1].</summary>
    public static Tensor ToPixels(byte[] images)
    {
        using var scope = NewDisposeScope();
        var rows = tensor(images, [images.Length / World.ImageBytes, World.Size, World.Size, 3]);
        return ((rows.permute(0, 3, 1, 2).to_type(ScalarType.Float32).contiguous() / 127.5) - 1).MoveToOuterDisposeScope();
    }

    /// <summary>[N, 3, H, W] in about [−1, 1] → images of <see cref="World.ImageBytes"/> bytes, clamped and truncated as Janus does.</summary>
    public static byte[][] ToImages(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        var bytes = ((pixels + 1) / 2 * 255).clamp(0, 255).to_type(ScalarType.Byte).permute(0, 2, 3, 1).contiguous().data<byte>().ToArray();
        return [.. bytes.Chunk(World.ImageBytes)];
    }
}
