using System.Text.Json;
using Corl.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Corl.Tests.Models;

/// <summary>BERT and RoBERTa encoders in miniature, scored by torchmetrics and by the authors' bert-score.</summary>
public sealed class BertScoreTests
{
    private static readonly string Folder = GoldenFiles.Path("reward-models/bertscore");

    public static TheoryData<string> Models => new(Directory.GetDirectories(Folder).Where(path => File.Exists(Path.Combine(path, "bert_score.json"))).Select(path => Path.GetFileName(path)!));

    [Theory]
    [MemberData(nameof(Models))]
    public void Forward_StoredTexts_EqualsTheReference(string model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var encoder = BertEncoder.Load(Path.Combine(Folder, model));
        using var golden = Tensors.Golden($"reward-models/bertscore/{model}/hidden_states.safetensors");
        foreach (var name in golden.Tensors.Keys.Where(name => name.Contains(".hidden_states.", StringComparison.Ordinal)))
        {
            var parts = name.Split('.');
            var states = encoder.Forward(golden.Read($"{parts[0]}.input_ids"), null, int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture));
            Tensors.Close(golden.Read(name), states, 2e-5, 1e-4, name);
        }

        var real = golden.Read("padded.attention_mask");
        var padded = encoder.Forward(golden.Read("padded.input_ids"), real.to_type(ScalarType.Bool), encoder.Config.Layers) * real.unsqueeze(-1);
        Tensors.Close(golden.Read("padded.last_hidden_state") * real.unsqueeze(-1), padded, 2e-5, 1e-4, "padded");
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Score_Torchmetrics_EqualsTheReference(string model)
    {
        var golden = Golden(model, "torchmetrics.json");
        var (candidates, references) = (Texts(golden, "candidates"), Texts(golden, "references"));
        using (var score = Open(model, new()))
        {
            Assert.Equal(Ids(golden, "candidate_ids"), candidates.Select(score.Ids));
            Assert.Equal(Ids(golden, "reference_ids"), references.Select(score.Ids));
        }

        foreach (var layer in golden.GetProperty("one_pair_per_call").EnumerateObject())
        {
            var options = new BertScoreOptions { Layer = layer.Name == "default" ? null : Number(layer.Name) };
            Check(layer.Value, Of(model, options, candidates, references), layer.Name, candidates, references);
        }

        var baseline = Path.Combine(Folder, model, "baseline.tsv");
        Check(golden.GetProperty("one_pair_per_call_rescaled_default_layer"), Of(model, new() { Baseline = baseline }, candidates, references), "rescaled", candidates, references);
        Check(golden.GetProperty("one_pair_per_call_rescaled_layer_2"), Of(model, new() { Baseline = baseline, Layer = 2 }, candidates, references), "rescaled, 2", candidates, references);
        Check(golden.GetProperty("batch_all_pairs").GetProperty("in_input_order"), Of(model, new(), candidates, references), "batch", candidates, references);
        Check(golden.GetProperty("batch_all_pairs_idf").GetProperty("in_input_order"), Of(model, new() { Idf = true }, candidates, references), "idf", candidates, references);
        Check(golden.GetProperty("batch_all_pairs_idf_rescaled_layer_3").GetProperty("in_input_order"), Of(model, new() { Idf = true, Layer = 3, Baseline = baseline }, candidates, references), "idf, rescaled", candidates, references);
        foreach (var name in new[] { "group", "group_reversed" })
        {
            var captions = Texts(golden.GetProperty(name), "captions");
            var prompts = captions.Select(_ => golden.GetProperty("group").GetProperty("prompt").GetString()!).ToArray();
            Check(golden.GetProperty(name).GetProperty("in_input_order"), Of(model, new(), captions, prompts), name, captions, prompts);
        }

        CheckMultiple(golden.GetProperty("multiple_references"), "as_returned", model, new());
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Score_BertScore_EqualsTheReference(string model)
    {
        var golden = Golden(model, "bert_score.json");
        var (candidates, references) = (Texts(golden, "candidates"), Texts(golden, "references"));
        var rules = new BertScoreOptions { Rules = BertScoreRules.BertScore };
        using (var score = Open(model, rules))
        {
            Assert.Equal(Ids(golden, "candidate_ids"), candidates.Select(score.Ids));
            Assert.Equal(Ids(golden, "reference_ids"), references.Select(score.Ids));
            var weights = BertScore.Weights([.. references.Select(score.Ids)]);
            Assert.All(golden.GetProperty("idf_weights").EnumerateObject(), pair => Assert.Equal(pair.Value.GetDouble(), weights[Number(pair.Name)], 1e-12));
        }

        var baseline = Path.Combine(Folder, model, "baseline.tsv");
        foreach (var layer in golden.EnumerateObject().Where(x => x.Name.StartsWith("layer_", StringComparison.Ordinal) && x.Name != "layer_rule"))
        {
            var options = rules with
            {
                Layer = Number(layer.Name[..7]),
                Idf = layer.Name.Contains("idf", StringComparison.Ordinal),
                Baseline = layer.Name.Contains("rescaled", StringComparison.Ordinal) ? baseline : null,
            };
            Check(layer.Value, Of(model, options, candidates, references), layer.Name, candidates, references);
        }

        CheckMultiple(golden.GetProperty("multiple_references"), "layer_4", model, rules with { Layer = 4 });
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Score_AnyOrderAndBatch_IsTheSame(string model)
    {
        var golden = Golden(model, "torchmetrics.json");
        var (candidates, references) = (Texts(golden, "candidates"), Texts(golden, "references"));
        using var score = Open(model, new());
        var together = score.Score(candidates, references);
        var reversed = score.Score([.. candidates.Reverse()], [.. references.Reverse()]);
        var swapped = score.Score(references, candidates);
        for (var i = 0; i < candidates.Length; i++)
        {
            var alone = score.Score([candidates[i]], [references[i]])[0];
            Assert.Equal(together[i].F, alone.F, 2e-5);
            Assert.Equal(together[i].F, reversed[candidates.Length - 1 - i].F, 2e-5);
            Assert.Equal((together[i].Precision, together[i].Recall), (swapped[i].Recall, swapped[i].Precision), (a, b) => Math.Abs(a.Item1 - b.Item1) < 2e-5 && Math.Abs(a.Item2 - b.Item2) < 2e-5);
        }

        var same = score.Score(["a man riding a horse"], ["a man riding a horse"])[0];
        Assert.Equal((1, 1, 1), (Math.Round(same.Precision, 5), Math.Round(same.Recall, 5), Math.Round(same.F, 5)));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Score_HostileText_IsDefined(string model)
    {
        using var score = Open(model, new());
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        string[] texts = ["", " \n", "\uD83D", "\0", string.Concat(Enumerable.Repeat("a dog ", 2_000_000)), new string('x', 10_000_000), "[CLS] <s> </s> [SEP]"];
        foreach (var result in score.Score(texts, [.. texts.Select(_ => "a dog")]).Concat(score.Score([.. texts.Select(_ => "a dog")], texts)))
        {
            Assert.True(double.IsFinite(result.Precision) && double.IsFinite(result.Recall) && result.F is >= 0 and <= 1.00001);
        }

        Assert.Equal(default, score.Score([""], ["a dog"])[0]);
        Assert.Empty(score.Score([], Array.Empty<string>()));
        Assert.Equal(live, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [InlineData("bert-base-uncased.json")]
    [InlineData("roberta-large.json")]
    public void Key_ReleasedNames_AreThoseOfTheEncoder(string file)
    {
        using var scope = NewDisposeScope();
        var listed = JsonElement.Parse(File.ReadAllText(GoldenFiles.Path($"reward-models/keys/{file}"))).GetProperty("tensors").EnumerateObject()
            .Select(x => (Key: BertEncoder.Key(x.Name), Shape: x.Value.EnumerateArray().Select(size => size.GetInt64()).ToArray())).Where(x => x.Key is not null).ToDictionary(x => x.Key!, x => x.Shape);
        var isRoberta = file.StartsWith("roberta", StringComparison.Ordinal);
        var config = isRoberta ? new BertConfig(50265, 1024, 24, 16, 4096, 514, 1e-5, 1, 2) : new BertConfig(30522, 768, 12, 12, 3072, 512, 1e-12, 2);
        using var encoder = BertEncoder.Empty(config, META);
        var shapes = encoder.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter.shape);
        Assert.Equal(listed.Keys.Order(), shapes.Keys.Order());
        Assert.All(listed, pair => Assert.Equal(pair.Value, shapes[pair.Key]));
        Assert.Equal("embeddings.LayerNorm.weight", BertEncoder.Key("bert.embeddings.LayerNorm.gamma"));
        Assert.Null(BertEncoder.Key("bert.pooler.dense.weight"));
    }

    [Fact]
    public void Load_WhatDoesNotFit_IsNamed()
    {
        var model = Path.Combine(Folder, "bert_tiny");
        Assert.Contains("layers 0 to 4", Error(model, new() { Layer = 5 }), StringComparison.Ordinal);
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("b.tsv"), "LAYER,P,R,F\n1,0.1,0.1,0.1\n4,0.1,1,0.1\n");
        Assert.Contains("no row for layer 2", Error(model, new() { Layer = 2, Baseline = folder.File("b.tsv") }), StringComparison.Ordinal);
        Assert.Contains("layer 4: expected three numbers below 1", Error(model, new() { Baseline = folder.File("b.tsv") }), StringComparison.Ordinal);
        foreach (var file in Directory.GetFiles(model))
        {
            File.Copy(file, folder.File(Path.GetFileName(file)));
        }

        File.WriteAllText(folder.File("tokenizer_config.json"), """{"do_lower_case": false}""");
        Assert.Contains("only uncased", Error(folder.Path, new()), StringComparison.Ordinal);
        File.WriteAllText(folder.File("config.json"), """{"model_type": "albert"}""");
        Assert.Contains("\"bert\" or \"roberta\"", Error(folder.Path, new()), StringComparison.Ordinal);

        static string Error(string folder, BertScoreOptions options) => Assert.Throws<UserException>(() => BertScore.Load(folder, options)).Message;
    }

    private static BertScore Open(string model, BertScoreOptions options) => BertScore.Load(Path.Combine(Folder, model), options);

    private static IReadOnlyList<TextSimilarity> Of(string model, BertScoreOptions options, string[] candidates, string[] references)
    {
        using var score = Open(model, options);
        return score.Score(candidates, references);
    }

    // Where a text is empty both programs give NaN, or rescale 0 to something negative: 0 here.
    private static void Check(JsonElement expected, IReadOnlyList<TextSimilarity> actual, string what, string[] candidates, string[] references)
    {
        Assert.Equal(candidates.Length, actual.Count);
        for (var i = 0; i < actual.Count; i++)
        {
            var isEmpty = string.IsNullOrWhiteSpace(candidates[i]) || string.IsNullOrWhiteSpace(references[i]);
            Close.To(isEmpty ? 0 : Value("P", i), actual[i].Precision, 2e-5, what: $"{what}, P of {i}");
            Close.To(isEmpty ? 0 : Value("R", i), actual[i].Recall, 2e-5, what: $"{what}, R of {i}");
            Close.To(isEmpty ? 0 : Value("F", i), actual[i].F, 2e-5, what: $"{what}, F of {i}");
        }

        double Value(string name, int row) => expected.GetProperty(name)[row].GetDouble();
    }

    private static void CheckMultiple(JsonElement golden, string key, string model, BertScoreOptions options)
    {
        using var score = Open(model, options);
        IReadOnlyList<IReadOnlyList<string>> references = [.. golden.GetProperty("references").EnumerateArray().Select(texts => texts.EnumerateArray().Select(text => text.GetString()!).ToArray())];
        Check(golden.GetProperty(key), score.Score(Texts(golden, "candidates"), references), key, Texts(golden, "candidates"), Texts(golden, "candidates"));
    }

    private static JsonElement Golden(string model, string file) => JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, model, file)));

    private static string[] Texts(JsonElement golden, string key) => [.. golden.GetProperty(key).EnumerateArray().Select(text => text.GetString()!)];

    private static IEnumerable<int[]> Ids(JsonElement golden, string key) => golden.GetProperty(key).EnumerateArray().Select(row => row.EnumerateArray().Select(id => id.GetInt32()).ToArray());

    private static int Number(string name) => int.Parse(name.Replace("layer_", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);
}
