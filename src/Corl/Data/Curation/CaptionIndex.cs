namespace Corl.Data.Curation;

/// <summary>A caption of an image.</summary>
internal sealed record Caption(long Id, string Text);

/// <summary>
/// COCO's captions and labels for the images that are asked about: captions_train2017.json (images, annotations with id, image_id and
/// caption) and instances_train2017.json (annotations with image_id and category_id, categories). The files are streamed; only what
/// belongs to these images is kept, and the counts of nouns over all captions.
/// </summary>
internal sealed class CaptionIndex
{
    private readonly Dictionary<long, List<Caption>> _captions = [];
    private readonly Dictionary<long, HashSet<string>> _labels = [];

    private CaptionIndex(IReadOnlySet<long> images)
    {
        foreach (var image in images)
        {
            _captions[image] = [];
        }
    }

    /// <summary>The lexicon of the captions' nouns.</summary>
    public EntityLexicon Lexicon { get; private set; } = new(new HashSet<string>());

    /// <summary>All captions of the file, of whatever image.</summary>
    public int Read { get; private set; }

    /// <summary>Reads the files.</summary>
    /// <param name="captions">captions_train2017.json.</param>
    /// <param name="instances">instances_train2017.json, or null.</param>
    /// <param name="images">Whose captions are kept.</param>
    /// <param name="fewest">How often a noun must occur in the captions to be an entity.</param>
    /// <param name="cancellation">Stops between two items.</param>
    public static CaptionIndex Open(string captions, string? instances, IReadOnlySet<long> images, int fewest, CancellationToken cancellation)
    {
        var index = new CaptionIndex(images);
        Dictionary<string, int> counts = [];
        foreach (var item in JsonItems.Read(captions, "annotations"))
        {
            cancellation.ThrowIfCancellationRequested();
            var json = item.Parse();
            var (image, text) = ((long)json["image_id"].Integer(0, int.MaxValue), json["caption"].Text());
            index.Read++;
            foreach (var noun in EntityLexicon.Nouns(text))
            {
                counts[noun] = counts.GetValueOrDefault(noun) + 1;
            }

            if (index._captions.TryGetValue(image, out var kept))
            {
                kept.Add(new Caption(json["id"].Integer(0, int.MaxValue), text));
            }
        }

        index.Lexicon = EntityLexicon.Of(counts, fewest);
        if (instances is not null)
        {
            index.ReadLabels(instances, cancellation);
        }

        return index;
    }

    /// <summary>The captions of an image; none where the file has none.</summary>
    public IReadOnlyList<Caption> Of(long image) => _captions.GetValueOrDefault(image) ?? [];

    /// <summary>The labels of the objects in an image; null without the file of instances.</summary>
    public IReadOnlySet<string>? LabelsOf(long image) => _labels.GetValueOrDefault(image);

    private void ReadLabels(string path, CancellationToken cancellation)
    {
        var names = JsonItems.Read(path, "categories").Select(item => item.Parse()).ToDictionary(json => json["id"].Integer(0, int.MaxValue), json => json["name"].Text());
        foreach (var item in JsonItems.Read(path, "annotations"))
        {
            cancellation.ThrowIfCancellationRequested();
            var json = item.Parse();
            long image = json["image_id"].Integer(0, int.MaxValue);
            if (_captions.ContainsKey(image) && names.TryGetValue(json["category_id"].Integer(0, int.MaxValue), out var name))
            {
                (_labels.TryGetValue(image, out var labels) ? labels : _labels[image] = []).Add(name);
            }
        }
    }
}
