using Corl.Imaging;

namespace Corl.Evaluation.Drawing;

/// <summary>A benchmark whose items are prompts to draw. It knows where the official scorer looks for an item's images.</summary>
internal interface IDrawingBenchmark : IBenchmark
{
    /// <summary>G: images of each prompt.</summary>
    int ImagesPerPrompt { get; }

    /// <summary>Writes the images of an item.</summary>
    /// <param name="folder">The folder that the official scorer is given.</param>
    /// <param name="item">The item.</param>
    /// <param name="images">G images.</param>
    /// <returns>The files with images, as paths below the folder, with slashes.</returns>
    IReadOnlyList<string> Save(string folder, EvalItem item, IReadOnlyList<RgbImage> images);

    /// <summary>The images of an item that are in such a folder already; none when there are none.</summary>
    /// <param name="folder">The folder that the official scorer is given.</param>
    /// <param name="item">The item.</param>
    IReadOnlyList<string> Find(string folder, EvalItem item);

    /// <summary>Writes the scores in the form of the official tool, after <see cref="IBenchmark.Score"/>.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <returns>The files written.</returns>
    IReadOnlyList<string> WriteOfficial(string folder);
}
