using Corl.Imaging;

namespace Corl.Evaluation;

/// <summary>
/// Reads and prepares the images of the next batches on a thread of its own while the model works. How much it may allocate meanwhile is
/// bounded, so that no garbage collection falls into a step of the model (<see cref="SafeCollection"/>); while somebody waits for it, it is not.
/// </summary>
internal sealed class ImageFeed : IDisposable
{
    private const int Ahead = 2;                    // batches; more would only keep memory
    private const long WhileModelWorks = 32L << 20; // bytes: with one image more, of usual size, far below what a step may allocate

    private readonly IReadOnlyList<IReadOnlyList<ImageSource>> _batches;
    private readonly Func<RgbImage, RgbImage> _prepare;
    private readonly Queue<(RgbImage[]? Images, Exception? Error)> _ready = [];
    private readonly object _gate = new();
    private readonly Thread _thread;
    private bool _isWaitedFor, _isStopped;
    private long _allocated;

    /// <summary>Begins to read.</summary>
    /// <param name="batches">Sources of each batch, in order.</param>
    /// <param name="prepare">Scales an image; called on the other thread, may not touch tensors.</param>
    public ImageFeed(IReadOnlyList<IReadOnlyList<ImageSource>> batches, Func<RgbImage, RgbImage> prepare)
    {
        (_batches, _prepare) = (batches, prepare);
        _thread = new Thread(Run) { IsBackground = true, Name = nameof(ImageFeed) };
        _thread.Start();
    }

    /// <summary>The next batch's images, waiting for them if need be. Call between two steps of the model.</summary>
    /// <exception cref="UserException">An image of this batch is missing or damaged.</exception>
    public RgbImage[] Take()
    {
        lock (_gate)
        {
            (_isWaitedFor, _allocated) = (true, 0);
            Monitor.PulseAll(_gate);
            while (_ready.Count == 0)
            {
                Monitor.Wait(_gate);
            }

            _isWaitedFor = false;
            var (images, error) = _ready.Dequeue();
            Monitor.PulseAll(_gate);
            return error is null ? images! : throw error;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.PulseAll(_gate);
        }

        _thread.Join();
    }

    private void Run()
    {
        foreach (var batch in _batches)
        {
            (RgbImage[]?, Exception?) result;
            try
            {
                result = ([.. batch.Select(Prepared)], null);
            }
            catch (Exception error)
            {
                result = (null, error); // told to whoever takes the batch
            }

            lock (_gate)
            {
                while (_ready.Count >= Ahead && !_isStopped)
                {
                    Monitor.Wait(_gate);
                }

                if (_isStopped || result.Item2 is OperationCanceledException)
                {
                    return;
                }

                _ready.Enqueue(result);
                Monitor.PulseAll(_gate);
            }
        }
    }

    private RgbImage Prepared(ImageSource source)
    {
        lock (_gate)
        {
            while (_allocated > WhileModelWorks && !_isWaitedFor && !_isStopped)
            {
                Monitor.Wait(_gate);
            }

            if (_isStopped)
            {
                throw new OperationCanceledException();
            }
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var image = _prepare(source.Decode());
        lock (_gate)
        {
            _allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        return image;
    }
}
