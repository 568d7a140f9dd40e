using System.Text.Json;
using Corl.Tokenizers;

namespace Corl.Tests.Tokenizers;

public sealed class JanusPromptTests
{
    private static readonly string Prompts = GoldenFiles.Path("janus/prompts");
    private static readonly string Native = GoldenFiles.Path("janus/tiny/native");
    private static readonly JsonElement Info = JsonElement.Parse(File.ReadAllText(Path.Combine(Prompts, "info.json")));
    private static readonly int ImageTokens = Info.GetProperty("num_image_tokens").GetInt32();

    public static TheoryData<string> Checkpoints() => [.. new[] { "native", "original" }.Where(layout => Directory.Exists(GoldenFiles.Path($"janus/tiny/{layout}")))];

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Encode_GoldenConversations_GivesTheOriginalsStringsAndIds(string layout)
    {
        foreach (var row in Rows("prompts.jsonl"))
        {
            var prompt = Load(layout, row.GetProperty("sft_format").GetString()!);
            var rendered = Render(prompt, row);
            Assert.Equal(row.GetProperty("rendered").GetString(), rendered);
            var ids = prompt.Encode(rendered);
            Assert.Equal(row.GetProperty("length").GetInt32(), ids.Length);
            Assert.Equal(Spans(row, "image_spans"), ImageSpans(prompt, ids));
            if (row.TryGetProperty("expanded_ids", out var expanded))
            {
                Assert.Equal(Numbers(expanded), ids);
                Assert.Equal(Numbers(row.GetProperty("ids")), prompt.Tokenizer.Encode(rendered).Prepend(prompt.Bos));
            }
        }
    }

    [Fact]
    public void Encode_AddSpecialToken_KeepsThePlaceholderBeforeTheImage()
    {
        foreach (var row in Rows("prompts.jsonl").Where(row => row.TryGetProperty("expanded_ids_keep_placeholder", out _)))
        {
            var prompt = Load("native", row.GetProperty("sft_format").GetString()!, keepsPlaceholder: true);
            var ids = prompt.Encode(Render(prompt, row));
            Assert.Equal(Numbers(row.GetProperty("expanded_ids_keep_placeholder")), ids);
            Assert.Equal(Spans(row, "image_spans_keep_placeholder"), ImageSpans(prompt, ids));
        }
    }

    [Fact]
    public void Encode_FullSizeImages_HaveTheOriginalsLengthsAndPlaces()
    {
        const int JanusPro = 576;
        foreach (var row in Rows("prompts.jsonl").Where(row => row.TryGetProperty("length_576", out _)))
        {
            var prompt = Load("native", row.GetProperty("sft_format").GetString()!, imageTokens: JanusPro);
            var ids = prompt.Encode(Render(prompt, row));
            Assert.Equal(row.GetProperty("length_576").GetInt32(), ids.Length);
            Assert.Equal(Spans(row, "image_spans_576"), ImageSpans(prompt, ids));
        }

        var names = Load("native", "deepseek", imageTokens: JanusPro).Question("a red cat");
        var tokenizer = HfTokenizer.Load(Native);
        foreach (var place in Info.GetProperty("layout_576").EnumerateObject())
        {
            Assert.Equal(place.Value.GetString(), tokenizer.TokenOf(names[int.Parse(place.Name, System.Globalization.CultureInfo.InvariantCulture)]));
        }
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Load_SpecialTokens_AreFoundByContent(string layout)
    {
        var prompt = JanusPrompt.Load(GoldenFiles.Path($"janus/tiny/{layout}"), ImageTokens);
        Assert.Equal(
            (Id("bos"), Id("eos"), Id("pad"), Id("begin_of_image"), Id("end_of_image"), Id("image_placeholder")),
            (prompt.Bos, prompt.Eos, prompt.Pad, prompt.BeginOfImage, prompt.EndOfImage, prompt.ImagePlaceholder));
        Assert.Equal(JanusPrompt.StockSystemPrompt, Info.GetProperty("stock_system_prompt").GetString());

        static int Id(string name) => Info.GetProperty(name + "_id").GetInt32();
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Encode_GoldenTexts_BeginWithOneBos(string layout)
    {
        var prompt = JanusPrompt.Load(GoldenFiles.Path($"janus/tiny/{layout}"), imageTokens: ImageTokens);
        foreach (var row in Rows("tokenizer.jsonl"))
        {
            var text = row.GetProperty("text").GetString()!;
            var ids = Numbers(row.GetProperty("ids"));
            Assert.Equal(Numbers(row.GetProperty("ids_without_bos")), prompt.Tokenizer.Encode(text));
            Assert.Equal(row.GetProperty("tokens").EnumerateArray().Select(token => token.GetString()), ids.Select(prompt.Tokenizer.TokenOf));
            Assert.Equal(row.GetProperty("decoded").GetString(), prompt.Tokenizer.Decode(ids, skipSpecial: false));
            Assert.Equal(row.GetProperty("decoded_skip_special").GetString(), prompt.Tokenizer.Decode(ids));
            if (!text.Contains("<image_placeholder>", StringComparison.Ordinal))
            {
                Assert.Equal(ids, prompt.Encode(text));
            }
        }

        Assert.Equal([prompt.Bos, 97], prompt.Encode("<｜begin▁of▁sentence｜>a"));
    }

    [Fact]
    public void TextToImage_EqualsTheRenderedConversation_AndLosesItsConditionForGuidance()
    {
        var prompt = JanusPrompt.Load(Native, ImageTokens);
        var row = Rows("prompts.jsonl").First(row => row.GetProperty("suffix").GetString() == "<begin_of_image>" && row.GetProperty("system").GetString() == "none");
        var ids = prompt.TextToImage(row.GetProperty("conversation")[0].GetProperty("content").GetString()!);
        Assert.Equal(Numbers(row.GetProperty("ids")), ids);
        Assert.Equal([prompt.Bos, .. Enumerable.Repeat(prompt.Pad, ids.Length - 2), prompt.BeginOfImage], prompt.Unconditional(ids));
        Assert.Throws<ArgumentException>(() => prompt.Unconditional(prompt.Question("why?")));
    }

    [Fact]
    public void Question_ImagesByCountOrByTag_AreThoseOfTheGoldenPrompts()
    {
        var prompt = JanusPrompt.Load(Native, ImageTokens);
        Assert.Equal(Golden("understanding", "none"), prompt.Question("What is the red cat?"));
        Assert.Equal(Golden("understanding", "stock"), prompt.Question("What is the red cat?", JanusPrompt.StockSystemPrompt));
        Assert.Equal(Golden("two_images", "none"), prompt.Question("Which is red?", images: 2));
        Assert.Equal(Golden("image_inside_text", "none"), prompt.Question("Look at <image_placeholder> and say what is in it."));
        var error = Assert.Throws<UserException>(() => prompt.Question("<image_placeholder>, <image_placeholder>?"));
        Assert.Contains("2 × <image_placeholder> for 1 image", error.Message, StringComparison.Ordinal);

        static int[] Golden(string name, string system) => Numbers(Rows("prompts.jsonl")
            .Single(row => row.GetProperty("name").GetString() == name && row.GetProperty("system").GetString() == system).GetProperty("expanded_ids"));
    }

    [Fact]
    public void Answer_AfterItsQuestion_IsTheAnsweredConversation()
    {
        var prompt = JanusPrompt.Load(Native, ImageTokens);
        var answered = prompt.Encode(prompt.Render([new(JanusPrompt.User, "<image_placeholder>\nIs it blue?"), new(JanusPrompt.Assistant, "the square is blue.")]));
        Assert.Equal(answered, prompt.Question("Is it blue?").Concat(prompt.Answer(" the square is blue.\n")));
        Assert.Equal([prompt.Eos], prompt.Answer(""));
    }

    [Fact]
    public void PromptSpan_GoldenCaptions_AreTheMaskedPositions()
    {
        var prompt = JanusPrompt.Load(Native, ImageTokens);
        var samples = JsonElement.Parse(File.ReadAllText(GoldenFiles.Path("janus/tim/tim.json"))).GetProperty("samples");
        foreach (var sample in samples.EnumerateArray())
        {
            int[] ids = [.. Enumerable.Repeat(prompt.Pad, sample.GetProperty("pad").GetInt32()), .. prompt.Question(sample.GetProperty("caption").GetString()!)];
            var (start, length) = prompt.PromptSpan(ids);
            Assert.Equal(Numbers(sample.GetProperty("prompt_positions")), new[] { start, start + length });
        }

        Assert.Equal(0, prompt.PromptSpan(prompt.Question("")).Length);
        Assert.Throws<ArgumentException>(() => prompt.PromptSpan(prompt.Answer("a cat")));
    }

    [Fact]
    public void PromptSpan_PromptToDraw_HoldsItsWords()
    {
        var prompt = JanusPrompt.Load(Native, ImageTokens);
        var ids = prompt.TextToImage("a red cat");
        var (start, length) = prompt.PromptSpan(ids);
        Assert.Equal(" a red cat", prompt.Tokenizer.Decode(ids.AsSpan(start, length)));
        Assert.Equal(0, prompt.PromptSpan(prompt.TextToImage("")).Length);
    }

    [Fact]
    public void Load_TokenizerWithoutImageTokens_NamesTheMissingToken()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(Path.Combine(folder.Path, "tokenizer.json"), TokenizerGolden.Json("flags"));
        var error = Assert.Throws<UserException>(() => JanusPrompt.Load(folder.Path, ImageTokens));
        Assert.Contains("<｜begin▁of▁sentence｜> is not in the vocabulary", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OtherNumberOfImageTokens_IsRefused()
    {
        var error = Assert.Throws<UserException>(() => JanusPrompt.Load(Native, ImageTokens + 1));
        Assert.Contains("processor_config.json: num_image_tokens", error.Message, StringComparison.Ordinal);
    }

    // The tiny checkpoint's tokenizer with another processor_config.json.
    private static JanusPrompt Load(string layout, string template, bool keepsPlaceholder = false, int? imageTokens = null)
    {
        using var folder = new TemporaryFolder();
        foreach (var name in new[] { "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json" })
        {
            File.Copy(GoldenFiles.Path($"janus/tiny/{layout}/{name}"), Path.Combine(folder.Path, name));
        }

        var processor = new { sft_format = template, add_special_token = keepsPlaceholder, num_image_tokens = imageTokens ?? ImageTokens, image_tag = "<image_placeholder>" };
        File.WriteAllText(Path.Combine(folder.Path, "processor_config.json"), JsonSerializer.Serialize(processor));
        return JanusPrompt.Load(folder.Path, imageTokens ?? ImageTokens);
    }

    private static string Render(JanusPrompt prompt, JsonElement row)
    {
        var turns = row.GetProperty("conversation").EnumerateArray().Select(turn => new ChatTurn(turn.GetProperty("role").GetString()!, turn.GetProperty("content").GetString()!)).ToArray();
        return prompt.Render(turns, row.GetProperty("system").GetString() == "stock" ? JanusPrompt.StockSystemPrompt : null) + row.GetProperty("suffix").GetString();
    }

    private static List<(int, int)> ImageSpans(JanusPrompt prompt, int[] ids)
    {
        var spans = new List<(int Start, int End)>();
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i] != prompt.ImagePlaceholder)
            {
                continue;
            }

            if (spans.Count > 0 && spans[^1].End == i)
            {
                spans[^1] = (spans[^1].Start, i + 1);
            }
            else
            {
                spans.Add((i, i + 1));
            }
        }

        return spans;
    }

    private static IEnumerable<(int, int)> Spans(JsonElement row, string key) => row.GetProperty(key).EnumerateArray().Select(span => (span[0].GetInt32(), span[1].GetInt32()));

    private static IEnumerable<JsonElement> Rows(string file) => JsonLines.Read(Path.Combine(Prompts, file));

    private static int[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetInt32())];
}
