using Corl.Evaluation;
using Corl.Imaging;

namespace Corl.Tests.Evaluation;

/// <summary>Images that are read ahead.</summary>
public sealed class ImageFeedTests
{
    [Fact]
    public void Take_ManyBatches_KeepsTheOrder()
    {
        using var feed = new ImageFeed([.. Enumerable.Range(1, 20).Select(n => (IReadOnlyList<ImageSource>)[.. Enumerable.Range(0, n % 4).Select(k => Source((10 * n) + k))])], image => image);
        for (var n = 1; n <= 20; n++)
        {
            Assert.Equal(Enumerable.Range(0, n % 4).Select(k => (10 * n) + k), feed.Take().Select(image => image.Width));
        }
    }

    [Fact]
    public void Take_DamagedImage_FailsItsOwnBatchOnly()
    {
        var damaged = new ImageSource("row 2", () => [1, 2, 3]);
        using var feed = new ImageFeed([[Source(5)], [damaged], [Source(6)]], image => image);
        Assert.Equal(5, feed.Take()[0].Width);
        Assert.StartsWith("row 2: expected a PNG", Assert.Throws<UserException>(feed.Take).Message, StringComparison.Ordinal);
        Assert.Equal(6, feed.Take()[0].Width);
    }

    [Fact]
    public void Dispose_BeforeTheEnd_EndsTheThread()
    {
        var read = 0;
        var feed = new ImageFeed([.. Enumerable.Range(1, 1000).Select(n => (IReadOnlyList<ImageSource>)[Counted(n)])], image => image);
        feed.Take();
        feed.Dispose();
        Assert.InRange(read, 1, 10); // the one taken, those ahead, and one in the making

        ImageSource Counted(int n) => new("image", () =>
        {
            Interlocked.Increment(ref read);
            return Source(n % 100 + 1).Read();
        });
    }

    private static ImageSource Source(int width) => new($"image {width}", () => ImageCodec.EncodePng(new RgbImage(width, 2, new byte[width * 2 * 3])));
}
