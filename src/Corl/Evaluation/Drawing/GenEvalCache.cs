using System.Globalization;
using System.Text;

namespace Corl.Evaluation.Drawing;

/// <summary>
/// Keeps the verdict over every image on disk, under the content of the image and everything else that it depends on: a run that was
/// killed while a detector looked at thousands of images goes on where it stopped.
/// </summary>
/// <param name="folder">Made when it is not there.</param>
/// <param name="detector">Who detects, and who classifies colours.</param>
/// <param name="rules">The thresholds.</param>
internal sealed class GenEvalCache(string folder, string detector, GenEvalRules rules)
{
    /// <summary>The name of a verdict.</summary>
    public string Key(ReadOnlySpan<byte> image, GenEvalMetadata metadata)
    {
        var settings = string.Create(CultureInfo.InvariantCulture, $"{rules.Threshold} {rules.CountingThreshold} {rules.MaxObjects} {rules.MaxOverlap} {rules.PositionThreshold}");
        return DrawnImages.Sha256(Encoding.UTF8.GetBytes($"{DrawnImages.Sha256(image)}\n{metadata.Line}\n{detector}\n{settings}"));
    }

    /// <summary>A verdict that was kept, or null.</summary>
    public GenEvalRow? Find(string key)
    {
        var file = FileOf(key);
        return File.Exists(file) ? GenEvalRow.Parse(file, File.ReadAllText(file, Encoding.UTF8)) : null;
    }

    /// <summary>Keeps a verdict.</summary>
    public void Store(string key, GenEvalRow row) => AtomicFile.WriteText(FileOf(key), row.ToJson() + "\n");

    private string FileOf(string key) => Path.Combine(folder, key[..2], key + ".json");
}
