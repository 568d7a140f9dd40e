using Corl.Models;
using Corl.Rollouts;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Corl.Tests.Rollouts;

/// <summary>Gradients through parts that are run again equal those of one graph, and the graph is not kept.</summary>
public sealed class RecomputationTests : IDisposable
{
    private static readonly SpecialIds Ids = new(300, 301, 302, 303, 305); // golden/janus/tiny
    private readonly JanusPro _model = JanusCheckpoint.Load(GoldenFiles.Path("janus/tiny/native"));
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void Layers_RunAgain_GiveThePlainGradientsOfEveryWeight()
    {
        var parameters = Unfrozen();
        var plain = Gradients(parameters, null);
        using var tape = new GradientTape { RecomputesLayers = true };
        var again = Gradients(parameters, tape);
        Assert.Equal(plain.Keys, again.Keys);
        Assert.Contains("language_model.model.embed_tokens.weight", plain.Keys);
        Assert.Contains("language_model.lm_head.weight", plain.Keys);
        Assert.All(plain, p => Tensors.Close(p.Value, again[p.Key], 1e-6, what: p.Key));
    }

    [Fact]
    public void Layers_RunAgainUnderAnAdapter_GiveThePlainGradients()
    {
        // Nothing before the first adapted layer needs a gradient: the embedding is frozen.
        _model.Adapt(LoraAdapter.Create(_model, LoraNames.Native, new LoraConfig { R = 2, TargetPattern = @".*language_model.*layers\.1.*v_proj", Dora = true }, seed: 2));
        var parameters = _model.Adapter!.Trained(_model).ToList();
        foreach (var (name, parameter) in parameters)
        {
            parameter.requires_grad = false;
            parameter.add_(name.Contains("lora_B", StringComparison.Ordinal) ? randn(parameter.shape) : zeros(1));
            parameter.requires_grad = true;
        }

        var plain = Gradients(parameters, null);
        using var tape = new GradientTape { RecomputesLayers = true };
        var again = Gradients(parameters, tape);
        Assert.Equal(3, plain.Count);
        Assert.All(plain, p => Tensors.Close(p.Value, again[p.Key], 1e-6, what: p.Key));
    }

    [Theory]
    [InlineData(EntropyUse.None)]
    [InlineData(EntropyUse.Logged)]
    [InlineData(EntropyUse.Trained)]
    public void Head_InChunks_GivesThePlainScoresAndGradients(object use)
    {
        var entropy = (EntropyUse)use;
        // 65536 columns: 256 tokens are scored at a time, so that 600 take three chunks.
        var (tokens, width, vocabulary) = (600, 4, 1 << 16);
        using var weight = new Parameter(randn(vocabulary, width));
        var states = randn(tokens, width);
        var ids = randint(0, vocabulary, [tokens], int64);
        var upstream = randn(tokens);
        var (scores, byWeight, byStates) = Run(null);
        using var tape = new GradientTape();
        var (scoresAgain, byWeightAgain, byStatesAgain) = Run(tape);
        Tensors.Close(scores, scoresAgain, 1e-6, 1e-6);
        Tensors.Close(byWeight, byWeightAgain, 1e-5, 1e-6);
        Tensors.Close(byStates, byStatesAgain, 1e-5, 1e-6);

        (Tensor Scores, Tensor ByWeight, Tensor ByStates) Run(GradientTape? tape)
        {
            weight.grad = null;
            var leaf = states.detach().clone().requires_grad_(true);
            var (logps, entropies) = TokenHead.Score(x => nn.functional.linear(x, weight), vocabulary, leaf * 1.5, ids, 1, entropy, tape);
            ((logps + (entropy == EntropyUse.Trained ? 0.5 * entropies! : 0)) * upstream).sum().backward();
            tape?.Backward();
            return (cat([logps, .. entropies is null ? [] : new[] { entropies }]).detach(), weight.grad!, leaf.grad!);
        }
    }

    [Fact]
    public void Tape_BeforeTheBackwardPass_HoldsInputsAlone()
    {
        var x = ones(8, 4).requires_grad_(true);
        using var tape = new GradientTape();
        using (NewDisposeScope())
        {
            var y = tape.Run(tape.Run(x, v => (v * v).exp().sin()), atOnce: 3, (v, first) => v * (first + 1));
            Assert.True(y.requires_grad);
            y.sum().backward();
        }

        Assert.Null(x.grad); // the tape cuts the graph
        tape.Backward();
        // d sin(exp(v²)) = cos(exp(v²)) · exp(v²) · 2v, times 1, 4 or 7 by the chunk of three rows
        double[] rows = [1, 1, 1, 4, 4, 4, 7, 7];
        Tensors.Close(tensor(rows.Select(r => r * Math.Cos(Math.E) * Math.E * 2).ToArray()).unsqueeze(1).expand(8, 4).to(float32), x.grad!, 1e-5, 1e-5);
    }

    private List<(string Name, Parameter Parameter)> Unfrozen()
    {
        var parameters = _model.named_parameters().Where(p => p.name.StartsWith("language_model.", StringComparison.Ordinal)).ToList();
        parameters.ForEach(p => p.parameter.requires_grad = true);
        return parameters;
    }

    // A loss over images and answers of rows of different lengths.
    private Dictionary<string, Tensor> Gradients(List<(string Name, Parameter Parameter)> parameters, GradientTape? tape)
    {
        parameters.ForEach(p => p.Parameter.grad = null);
        var codes = (arange(2 * _model.Config.ImageCodes, ScalarType.Int64).view(2, -1) * 7) % _model.Config.Vq.Codes;
        var (images, _) = LogProbs.Image(_model, [[300, 4, 9, 303], [300, 11, 7, 12, 13, 303]], codes, Ids.Pad, tape: tape);
        var (answers, mask) = LogProbs.Text(_model, [[300, 5, 6], [300, 8, 9, 10, 11]], [[20, 21, 22, 301], [23, 301]], null, Ids, tape: tape);
        ((images * 0.3).exp().mean() + ((answers * mask).sum() / 7)).backward();
        tape?.Backward();
        return parameters.Where(p => p.Parameter.grad is not null).ToDictionary(p => p.Name, p => p.Parameter.grad!.clone());
    }
}
