using System.Text;
using System.Text.Json.Nodes;
using Corl.Tokenizers;

namespace Corl.Tests.Tokenizers;

/// <summary>Files that are wrong by mistake or on purpose: one line that names file and key, in bounded time.</summary>
public sealed class HostileTokenizerTests
{
    private const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}""";

    [Theory]
    [InlineData("model", """{"type":"WordPiece","vocab":{}}""", "model.type: expected a BPE model, got WordPiece")]
    [InlineData("model", "null", "key 'model' is missing")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}""", "model.vocab: id 0 is given twice, the second time to 'b'")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":-1},"merges":[]}""", "model.vocab: expected an integer from 0 to")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":2147483647},"merges":[]}""", "model.vocab: expected an integer from 0 to")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":1.5},"merges":[]}""", "model.vocab: expected an integer from 0 to")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}""", "not valid JSON")]
    [InlineData("model", """{"type":"BPE","vocab":{"\ud800":0},"merges":[]}""", "not valid JSON (Cannot read incomplete UTF-16")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":["a b"]}""", "model.merges[0]: 'b' is not in the vocabulary")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}""", "model.merges[0]: 'ab' is not in the vocabulary")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":["a"]}""", "model.merges[0]: expected two tokens and a space between them")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[["a","a","a"]]}""", "model.merges[0]: expected two tokens, got 3")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[7]}""", "model.merges[0]: expected a list, got 7")]
    [InlineData("model", """{"type":"BPE","dropout":0.1,"vocab":{"a":0},"merges":[]}""", "model.dropout: this option is not supported")]
    [InlineData("model", """{"type":"BPE","byte_fallback":true,"vocab":{"a":0},"merges":[]}""", "model.byte_fallback: this option is not supported")]
    [InlineData("added_tokens", """[{"id":0,"content":"<x>"}]""", "added_tokens[0].id: id 0 of '<x>' belongs to")]
    [InlineData("added_tokens", """[{"id":5000,"content":"<x>"},{"id":5000,"content":"<y>"}]""", "added_tokens[1].id: id 5000 of '<y>' belongs to '<x>'")]
    [InlineData("added_tokens", """[{"id":5000}]""", "added_tokens[0]: key 'content' is missing")]
    [InlineData("added_tokens", """[{"id":5000,"content":"<x>","lstrip":"yes"}]""", "added_tokens[0].lstrip: expected true or false")]
    [InlineData("normalizer", """{"type":"NFKC"}""", "normalizer: the normalizer NFKC is not supported")]
    [InlineData("pre_tokenizer", "null", "pre_tokenizer: expected ByteLevel as the last step")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace"}""", "pre_tokenizer: the pre-tokenizer Metaspace is not supported")]
    [InlineData("pre_tokenizer", $$"""{"type":"Sequence","pretokenizers":[{{ByteLevel}},{"type":"Digits"}]}""", "pre_tokenizer.pretokenizers[1]: nothing can follow ByteLevel")]
    [InlineData("pre_tokenizer", """{"type":"Sequence","pretokenizers":{}}""", "pre_tokenizer.pretokenizers: expected a list, got an object")]
    [InlineData("post_processor", """{"type":"BertProcessing"}""", "post_processor: the post-processor BertProcessing is not supported")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[],"special_tokens":{}}""", "post_processor: single: expected the text once, got it 0 times")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<q>"}},{"Sequence":{"id":"A"}}],"special_tokens":{}}""", "post_processor.special_tokens: key '<q>' is missing")]
    [InlineData("decoder", "null", "decoder: expected ByteLevel, got none")]
    [InlineData("decoder", """{"type":"WordPiece"}""", "decoder: expected ByteLevel, got WordPiece")]
    public void Parse_WrongPart_NamesFileAndKey(string part, string json, string expected) => AssertRefused(With(part, json), expected);

    [Theory]
    [InlineData("(", "a group that is not closed")]
    [InlineData("a)", "a closing parenthesis without an opening one")]
    [InlineData("[a", "the end where more is expected")]
    [InlineData("*a", "a quantifier without anything to repeat")]
    [InlineData("\\", "the end where more is expected")]
    [InlineData("(a)\\1", "\\1, which is not supported")]
    [InlineData("\\p{Han}", "the property 'Han', which is not supported")]
    [InlineData("[[:alpha:]]", "the class [:alpha:], which is not supported")]
    [InlineData("\\p", "\\p without a name in braces")]
    [InlineData("[b-a]", "a range without an end, or one that ends before it starts")]
    [InlineData("(?<name>a)", "a kind of group that is not supported")]
    [InlineData("a{200000}", "a repetition of more than 100000 times")]
    [InlineData("a{2}?", "engines read in different ways")]
    [InlineData("\\x{110000}", "a hexadecimal character that is not one")]
    [InlineData("a{3,2}", "the pattern is not understood")]
    public void Parse_WrongPattern_SaysWhatIsWrong(string pattern, string expected) =>
        AssertRefused(WithPattern(pattern), "pre_tokenizer.pretokenizers[0].pattern.Regex: ", expected);

    [Fact]
    public void Parse_OversizedPatterns_AreRefused()
    {
        AssertRefused(WithPattern(new string('(', 60) + new string(')', 60)), "more than 50 nested groups");
        AssertRefused(WithPattern(new string('[', 60) + "a" + new string(']', 60)), "more than 50 nested classes");
        AssertRefused(WithPattern(new string('a', 9000)), "the pattern has 9000 characters");
        AssertRefused(WithPattern(string.Concat(Enumerable.Repeat("[^a]\\p{L}", 900))), "once its classes are written out");
        var many = string.Join(',', Enumerable.Repeat("""{"type":"Digits"}""", 100));
        AssertRefused(With("pre_tokenizer", $$"""{"type":"Sequence","pretokenizers":[{{many}}]}"""), "more than 64 steps");
        var deep = string.Concat(Enumerable.Repeat("""{"type":"Sequence","pretokenizers":[""", 80)) + string.Concat(Enumerable.Repeat("]}", 80));
        AssertRefused(Encoding.UTF8.GetBytes($$"""{"pre_tokenizer":{{deep}}}"""), "not valid JSON");
    }

    [Fact]
    public void Parse_MoreAstralClassesThanUnits_IsRefused()
    {
        var tokens = string.Join(',', Enumerable.Range(0, 3000).Select(i => $$"""{"id":{{5000 + i}},"content":"{{char.ConvertFromUtf32(0x20000 + i)}}"}"""));
        AssertRefused(With("added_tokens", $"[{tokens}]"), "distinguish too many characters above U+FFFF");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{\"model\":\"\xff\"}")]
    public void Parse_NotATokenizer_IsRefused(string text) => AssertRefused(Encoding.Latin1.GetBytes(text), "hostile.json: ");

    [Fact]
    public void Load_MissingOrOversizedFile_NamesThePath()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("tokenizer.json: cannot be read", Assert.Throws<UserException>(() => HfTokenizer.Load(folder.Path)).Message, StringComparison.Ordinal);
        using (var file = File.Create(folder.File("tokenizer.json")))
        {
            file.SetLength(TokenizerFile.MaxBytes + 1); // sparse: takes no space
        }

        Assert.Contains("at most 67108864 are read", Assert.Throws<UserException>(() => HfTokenizer.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_PatternThatBacktracksWithoutEnd_StopsWithOneLine()
    {
        var tokenizer = HfTokenizer.Parse("hostile.json", WithPattern("(?:[ab]+c?)+\\d"));
        var error = Assert.Throws<UserException>(() => tokenizer.Encode(new string('a', 60)));
        Assert.StartsWith("hostile.json: pre_tokenizer: a pattern took too long on a text of 60 characters", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_VeryLongWord_TakesLittleTime()
    {
        // A quadratic merge loop would need minutes for a million symbols.
        var before = Environment.CpuUsage.TotalTime;
        Assert.Equal("a", TokenizerGolden.Load("tiny-1b").Decode(TokenizerGolden.Load("tiny-1b").Encode(new string('a', 1_000_000)))[^1..]);
        Assert.InRange((Environment.CpuUsage.TotalTime - before).TotalSeconds, 0, 20);
    }

    private static byte[] With(string part, string json)
    {
        var file = JsonNode.Parse(TokenizerGolden.Json("tiny-1b"))!.AsObject();
        file.Remove(part);
        var text = file.ToJsonString();
        return Encoding.UTF8.GetBytes($$"""{"{{part}}":{{json}},{{text[1..]}}""");
    }

    private static byte[] WithPattern(string pattern) => With("pre_tokenizer", $$$"""
        {"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":{{{JsonValue.Create(pattern).ToJsonString()}}}},"behavior":"Isolated"},{{{ByteLevel}}}]}
        """);

    private static void AssertRefused(byte[] json, params string[] expected)
    {
        var before = Environment.CpuUsage.TotalTime;
        var error = Assert.Throws<UserException>(() => HfTokenizer.Parse("hostile.json", json));
        Assert.StartsWith("hostile.json: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.All(expected, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        Assert.InRange((Environment.CpuUsage.TotalTime - before).TotalSeconds, 0, 5); // an unbounded case would take minutes
    }
}
