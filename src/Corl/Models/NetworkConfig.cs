namespace Corl.Models;

/// <summary>Reading the configuration of a reward's network.</summary>
internal static class NetworkConfig
{
    private const int MaxBytes = 1 << 20; // ours: those of the hub have 5 kB
    private const int MaxSize = 1 << 20;  // ours: above every width, count and vocabulary

    /// <summary>Opens a configuration.</summary>
    public static JsonAt Open(string file) => JsonAt.Open(file, MaxBytes);

    /// <summary>A width, count or id.</summary>
    /// <param name="at">The object that has it.</param>
    /// <param name="key">Its key.</param>
    /// <param name="standard">Its value where nothing is said; null when it must be there.</param>
    /// <param name="low">The least it may be.</param>
    public static int Size(this JsonAt at, string key, int? standard = null, int low = 1) =>
        at.Find(key) is { } value ? value.Integer(low, MaxSize) : standard ?? at[key].Integer(low, MaxSize);

    /// <summary>ε of the norms.</summary>
    public static double NormEpsilon(this JsonAt at, double standard) => at.Find("layer_norm_eps")?.Number() ?? standard;
}
