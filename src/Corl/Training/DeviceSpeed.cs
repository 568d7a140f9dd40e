namespace Corl.Training;

/// <summary>What a plan needs to know of a device.</summary>
/// <param name="Name">For people.</param>
/// <param name="Memory">Bytes; null when unknown.</param>
/// <param name="Flops">Floating-point operations per second that training reaches.</param>
/// <param name="Bandwidth">Bytes per second.</param>
/// <param name="LaunchSeconds">Time from one small operation to the next, which bounds decoding on a card.</param>
internal sealed record DeviceSpeed(string Name, double? Memory, double Flops, double Bandwidth, double LaunchSeconds)
{
    private const double Reached = 0.5; // of a card's peak, in training: 45 to 60 % is usual
    private const double CardLaunch = 5e-6; // eager operations, 4 to 6 µs each

    /// <summary>Cards by name, with their makers' figures: memory, dense bfloat16 operations and bandwidth.</summary>
    public static IReadOnlyDictionary<string, DeviceSpeed> Cards { get; } = new[]
    {
        Card("h100", 80e9, 989e12, 3.35e12),
        Card("h100-pcie", 80e9, 756e12, 2.0e12),
        Card("h200", 141e9, 989e12, 4.8e12),
        Card("b200", 180e9, 2250e12, 8e12),
        Card("a100", 80e9, 312e12, 2.04e12),
        Card("a100-40gb", 40e9, 312e12, 1.56e12),
        Card("l40s", 48e9, 362e12, 0.864e12),
        Card("rtx-4090", 24e9, 165e12, 1.008e12),
        Card("rtx-3090", 24e9, 71e12, 0.936e12),
    }.ToDictionary(card => card.Name);

    /// <summary>A CPU whose matrix products have been timed. Its memory's speed is that of a desktop's; decoding seldom waits for it.</summary>
    public static DeviceSpeed Cpu(double flops, double? memory) => new("cpu", memory, flops, 20e9, 3e-6);

    private static DeviceSpeed Card(string name, double memory, double flops, double bandwidth) => new(name, memory, Reached * flops, bandwidth, CardLaunch);
}
