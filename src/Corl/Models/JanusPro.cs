using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Corl.Models;

/// <summary>
/// Janus-Pro: one Llama that reads images through a SigLIP tower and writes images as VQ codes. Module names are the keys of the
/// original checkpoint layout. Every size comes from the configuration, so the 1B, the 7B and the embedded tiny model are this code.
/// Shapes: B rows, S positions, D width, I tokens per image, V text vocabulary, C image codes, M images, H × W pixels.
/// </summary>
public sealed class JanusPro : Module
{
    private readonly VisionModel vision_model;
    private readonly Projector aligner, gen_aligner;
    private readonly VqModel gen_vision_model;
    private readonly Table gen_embed;
    private readonly ImageHead gen_head;
    private readonly Llama language_model;

    /// <summary>Builds the model; every parameter is frozen until a trainer asks for it.</summary>
    /// <param name="config">All sizes.</param>
    /// <param name="weights">Where the parameters come from.</param>
    /// <exception cref="UserException">A parameter is missing or has another shape.</exception>
    public JanusPro(JanusConfig config, WeightSource weights) : base(nameof(JanusPro))
    {
        Config = config;
        var width = config.Language.HiddenSize;
        vision_model = new VisionModel(weights.At(nameof(vision_model)), config.Vision);
        aligner = new Projector(weights.At(nameof(aligner)), config.Vision.Width, width, config.AlignerDepth);
        gen_vision_model = new VqModel(weights.At(nameof(gen_vision_model)), config.Vq);
        gen_aligner = new Projector(weights.At(nameof(gen_aligner)), config.Vq.CodeWidth, width, config.CodeAlignerDepth);
        gen_head = new ImageHead(weights.At(nameof(gen_head)), config);
        gen_embed = new Table(weights.At(nameof(gen_embed)), config.Vq.Codes, config.Vq.CodeWidth);
        language_model = new Llama(weights.At(nameof(language_model)), config.Language);
        RegisterComponents();
    }

    /// <summary>All sizes.</summary>
    public JanusConfig Config { get; }

    /// <summary>Where the parameters are.</summary>
    public Device Device => gen_embed.Weight.device;

    /// <summary>Type of the parameters.</summary>
    public ScalarType Dtype => gen_embed.Weight.dtype;

    /// <summary>The adapter with which the model computes, its own; null for the plain weights. See <see cref="Adapt"/>.</summary>
    internal LoraAdapter? Adapter { get; private set; }

    /// <summary>The VQ tokenizer alone, for its own training.</summary>
    internal VqModel Vq => gen_vision_model;

    /// <summary>The tower alone, for tests of its parts.</summary>
    internal VisionModel Vision => vision_model;

    /// <summary>Text token embeddings: int64 [B, S] → [B, S, D].</summary>
    public Tensor EmbedText(Tensor ids) => language_model.Embed(ids);

    /// <summary>Images as the language model reads them: [M, 3, H, W] in [−1, 1] → [M, I, D].</summary>
    public Tensor EmbedImages(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        return aligner.call(vision_model.Forward(pixels.to(Dtype))).MoveToOuterDisposeScope();
    }

    /// <summary>Image codes as the language model reads them while it writes an image: int64 [B, L] → [B, L, D].</summary>
    public Tensor EmbedCodes(Tensor codes)
    {
        using var scope = NewDisposeScope();
        return gen_aligner.call(gen_embed.call(codes)).MoveToOuterDisposeScope();
    }

    /// <summary>Puts image embeddings where the placeholders stand.</summary>
    /// <param name="embeds">[B, S, D].</param>
    /// <param name="places">bool [B, S], true on M·I placeholders.</param>
    /// <param name="images">[M, I, D], in the order of the placeholders.</param>
    /// <returns>[B, S, D].</returns>
    public static Tensor PlaceImages(Tensor embeds, Tensor places, Tensor images) =>
        embeds.masked_scatter(places.unsqueeze(-1), images);

    /// <summary>Runs the language model up to its final norm, causally.</summary>
    /// <param name="embeds">[B, S, D].</param>
    /// <param name="mask">bool [B, S], true on real tokens; null without padding. Padding may stand left or right.</param>
    /// <param name="cache">Earlier tokens; the new ones are appended.</param>
    /// <param name="afterLayer">Sees each layer's output.</param>
    /// <param name="tape">For training, when layers shall keep their inputs alone; not together with a cache.</param>
    /// <returns>[B, S, D].</returns>
    internal Tensor Hidden(Tensor embeds, Tensor? mask = null, KvCache? cache = null, Action<int, Tensor>? afterLayer = null, GradientTape? tape = null) =>
        language_model.Hidden(embeds, mask, cache, afterLayer, tape);

    /// <summary>Scores of the next text token: [.., D] → [.., V].</summary>
    public Tensor TextLogits(Tensor hidden) => language_model.Logits(hidden);

    /// <summary>Scores of the next image code: [.., D] → [.., C].</summary>
    public Tensor ImageLogits(Tensor hidden) => gen_head.call(hidden);

    /// <summary>Paints codes: int64 [N, I] → [N, 3, H, W], about [−1, 1], not clamped.</summary>
    public Tensor DecodeCodes(Tensor codes)
    {
        using var scope = NewDisposeScope();
        return gen_vision_model.Decode(gen_vision_model.Quantized(codes)).MoveToOuterDisposeScope();
    }

    /// <summary>Nearest codes of images: [N, 3, H, W] in [−1, 1] → int64 [N, I] in raster order.</summary>
    public Tensor EncodeImages(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        return gen_vision_model.Nearest(gen_vision_model.Latents(pixels.to(Dtype))).MoveToOuterDisposeScope();
    }

    /// <summary>Puts an adapter on the model, which owns it from now on; null takes off the one that is there.</summary>
    internal void Adapt(LoraAdapter? adapter)
    {
        LoraAdapter.Detach(this);
        Adapter?.Dispose();
        Adapter = adapter;
        adapter?.Attach(this);
    }

    /// <summary>A cache for <paramref name="rows"/> rows of at most <paramref name="capacity"/> tokens.</summary>
    internal KvCache NewCache(long rows, long capacity, bool padded) => new(Config.Language, rows, capacity, Device, Dtype, padded);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Adapter?.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Linear, GELU, Linear to the image codes.</summary>
internal sealed class ImageHead : Module<Tensor, Tensor>
{
    private readonly Dense output_mlp_projector, vision_head;

    public ImageHead(WeightSource source, JanusConfig config) : base(nameof(ImageHead))
    {
        output_mlp_projector = new Dense(source.At(nameof(output_mlp_projector)), config.Language.HiddenSize, config.ImageHeadWidth);
        vision_head = new Dense(source.At(nameof(vision_head)), config.ImageHeadWidth, config.Vq.Codes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return vision_head.call(functional.gelu(output_mlp_projector.call(x))).MoveToOuterDisposeScope();
    }
}
