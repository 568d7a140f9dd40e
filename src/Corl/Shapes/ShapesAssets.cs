using System.Globalization;
using Corl.Models;
using Corl.Rollouts;
using Corl.Tokenizers;
using static TorchSharp.torch;

namespace Corl.Shapes;

/// <summary>
/// Trains everything that ships for the Shapes world from nothing but its grammar and its renderer: the VQ tokenizer, the captioner, the
/// perceptual network and the tiny Janus, in this order. Every step is resumable; on two free cores all of it takes under an hour.
/// </summary>
/// <param name="output">The folder of the assets; <c>base</c> in it must have the tokenizer and processor files, which are no result of training.</param>
/// <param name="work">Where training states are kept until all is done.</param>
/// <param name="progress">Told what happens, a line at a time.</param>
/// <param name="interrupt">Stops after the current step; the next call goes on from there.</param>
internal sealed class ShapesAssets(string output, string work, Action<string> progress, CancellationToken interrupt = default)
{
    private const int Records = 24_000;
    private const int FreeScenes = 12_000;
    private const ulong VqSeed = 0;
    private const ulong JanusSeed = 1;
    private const int MostWorkers = 2; // threads that compute gradients side by side; more would only split the rounding further

    // Most answers of the last steps come without reasoning and tags, so that a base has the habit to answer at once, as untrained
    // models have, and reinforcement learning has a format to teach.
    private const double BareShare = 0.2;
    private const double LastBareShare = 0.6;
    private static readonly CosineSchedule MainSchedule = new(2e-3, Steps: 3000, WarmUp: 100, Floor: 0.1);
    private static readonly CosineSchedule LastSchedule = new(5e-4, Steps: 120, WarmUp: 20, Floor: 0.1);
    private readonly TrainingLoop _loop = new(work, progress, interrupt);
    private readonly int _workers = Math.Min(Environment.ProcessorCount, MostWorkers);

    /// <summary>The folder of a shipped asset beside the program.</summary>
    public string Base => Path.Combine(output, "base");

    /// <summary>Trains what is not trained yet and writes the three folders.</summary>
    /// <exception cref="OperationCanceledException">Interrupted; states are kept.</exception>
    public void Rebuild()
    {
        var threads = get_num_threads();
        set_num_threads(1); // the threads of the replicas are the parallelism
        try
        {
            var records = Enumerable.Range(0, Records).Select(i => ShapesRecord.Of(Seeds.Training + (ulong)i)).ToArray();
            var pool = ShapesPool.Of(records);
            progress($"{Records} records rendered");
            using var vq = Vq(pool);
            Perceptual(pool);
            Captioner(pool, vq);
            Janus(records, pool, vq);
        }
        finally
        {
            SafeCollection.Release();
            set_num_threads(threads);
        }
    }

    private VqModel Vq(ShapesPool pool)
    {
        var vq = new VqModel(TinyJanus.Start(VqSeed).At("gen_vision_model"), TinyJanus.Config.Vq);
        using var training = new ShapesVqTraining(vq, pool, _workers, VqSeed);
        _loop.Run(training.Phase(ShapesVqTraining.Main));
        ShapesVqTraining.NormaliseTable(vq);
        _loop.Run(training.Polish(ShapesVqTraining.PolishSchedule));
        var fidelity = VqFidelity.Of(vq);
        progress(string.Create(CultureInfo.InvariantCulture, $"vq: {fidelity.Psnr:F1} dB, verdicts kept {fidelity.Verdicts:P1}, objects kept {fidelity.Objects:P1}"));
        return vq;
    }

    private void Perceptual(ShapesPool pool)
    {
        using var training = new PerceptualTraining(pool);
        _loop.Run(training.Phase(PerceptualTraining.Schedule));
        using var metric = training.Metric();
        metric.SaveSmall(Folder("perceptual"));
    }

    private void Captioner(ShapesPool pool, VqModel vq)
    {
        var training = new CaptionerTraining();
        using var captioner = training.Captioner;
        _loop.Run(training.OnPrompts(CaptionerTraining.FirstSchedule, pool));
        var clean = new ShapesPool([.. Enumerable.Range(0, FreeScenes).Select(i => Scene.Free((ulong)i))]);
        var repainted = clean.With(ShapesVqTraining.Repaint(vq, clean));
        _loop.Run(training.OnFreeScenes(CaptionerTraining.SecondSchedule, clean, repainted));
        progress(string.Create(CultureInfo.InvariantCulture, $"captioner: exact captions of free scenes {CaptionerTraining.Exact(captioner, clean):P1}, repainted {CaptionerTraining.Exact(captioner, repainted):P1}"));
        captioner.Save(Folder("captioner"), ScalarType.Float16);
    }

    private void Janus(ShapesRecord[] records, ShapesPool pool, VqModel vq)
    {
        using var model = new JanusPro(TinyJanus.Config, TinyJanus.Start(JanusSeed));
        TinyJanus.TakeVq(model, vq);
        var prompts = JanusPrompt.Load(Base, model.Config.Vision.Tokens);
        var ids = new SpecialIds(prompts.Bos, prompts.Eos, prompts.Pad, prompts.BeginOfImage, prompts.ImagePlaceholder);
        using var training = new ShapesPretraining(model, ids, pool, _workers);
        _loop.Run(training.Phase("main", MainSchedule, PretrainingText.Of(records, prompts, BareShare)));
        _loop.Run(training.Phase("final", LastSchedule, PretrainingText.Of(records, prompts, LastBareShare)));
        JanusCheckpoint.Save(model, Base, JanusLayout.Native, ScalarType.Float16, ids);
        using var policy = Policy.Load(Base);
        var scores = ShapesEval.Run(new ShapesPlayer(policy, seed: 0).Paint);
        progress(string.Create(CultureInfo.InvariantCulture, $"base: ShapesEval {scores.Overall:F3}, strict {scores.Strict:F3}"));
    }

    private string Folder(string name)
    {
        var folder = Path.Combine(output, name);
        Directory.CreateDirectory(folder);
        return folder;
    }
}
