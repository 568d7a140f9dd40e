using BenchmarkDotNet.Attributes;
using Corl.Tokenizers;

namespace Corl.Benchmarks;

/// <summary>
/// Text to ids and back. By default with the small vocabulary of the tests; CORL_TOKENIZER names another tokenizer.json. Compare with
/// `tokenizers` of Hugging Face on the same text and one thread.
/// </summary>
[MemoryDiagnoser]
public class TokenizerBenchmarks
{
    private const string Small = "tests/Corl.Tests/Golden/tokenizers/tiny-1b";
    private string _text = "";
    private string _fresh = "";
    private int[] _ids = [];
    private HfTokenizer _tokenizer = null!;

    [GlobalSetup]
    public void Load()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "Corl.slnx")))
        {
            root = root.Parent;
        }

        _tokenizer = HfTokenizer.Load(Environment.GetEnvironmentVariable("CORL_TOKENIZER") ?? Path.Combine(root.FullName, Small));
        _text = string.Concat(Enumerable.Repeat(File.ReadAllText(Path.Combine(root.FullName, "README.md")), 10));
        _ids = _tokenizer.Encode(_text);
        var letters = CounterRng.Named(0, "benchmark/words");
        _fresh = string.Concat(Enumerable.Range(0, 100_000).Select(_ => letters.Uniform() < 0.15 ? ' ' : (char)('a' + letters.Below(26))));
    }

    /// <summary>Words that repeat, as in prompts.</summary>
    [Benchmark]
    public int[] Encode() => _tokenizer.Encode(_text);

    /// <summary>100,000 random letters: the cache of words helps little.</summary>
    [Benchmark]
    public int[] EncodeRandomWords() => _tokenizer.Encode(_fresh);

    [Benchmark]
    public EncodedText EncodeWithOffsets() => _tokenizer.EncodeWithOffsets(_text);

    [Benchmark]
    public string Decode() => _tokenizer.Decode(_ids);
}
