using Corl.Imaging;

namespace Corl.Evaluation.Drawing;

/// <summary>Finds objects in images.</summary>
internal interface IObjectDetector
{
    /// <summary>What results are marked with.</summary>
    string Name { get; }

    /// <summary>Whether it is the detector of the official protocol.</summary>
    bool IsOfficial { get; }

    /// <summary>The classes it knows, in the order of its outputs.</summary>
    IReadOnlyList<string> Classes { get; }

    /// <summary>All objects of an image, in the order in which the detector lists them.</summary>
    /// <param name="image">The image.</param>
    /// <param name="file">Its path below the folder of images, with slashes.</param>
    IReadOnlyList<DetectedObject> Detect(RgbImage image, string file);
}
