namespace Corl.Tokenizers;

/// <summary>The files beside a tokenizer.json that say what its special tokens are for.</summary>
internal sealed class PromptFiles
{
    private readonly string _directory;
    private readonly JsonAt?[] _places; // in the order in which a token is looked up

    private PromptFiles(string directory, JsonAt? tokenizer, JsonAt? specialTokens, JsonAt? processor)
    {
        _directory = directory;
        _places = [tokenizer, Inner(tokenizer), specialTokens];
        Processor = processor;

        // A map from role to token in transformers 5, a list of tokens before.
        static JsonAt? Inner(JsonAt? tokenizer) => tokenizer?.Find("extra_special_tokens") is { Kind: System.Text.Json.JsonValueKind.Object } map ? map : null;
    }

    /// <summary>processor_config.json, or null.</summary>
    public JsonAt? Processor { get; }

    public static PromptFiles Open(string directory, long maxBytes)
    {
        return new PromptFiles(directory, Read("tokenizer_config.json"), Read("special_tokens_map.json"), Read("processor_config.json"));

        JsonAt? Read(string name)
        {
            var path = Path.Combine(directory, name);
            return File.Exists(path) ? JsonAt.Open(path, maxBytes) : null;
        }
    }

    /// <summary>The text of a special token: a string or an object with its content; Janus-Pro's own where no file says.</summary>
    public string Content(string role, string janus)
    {
        var stated = _places.Select(place => place?.Find(role)).FirstOrDefault(token => token is not null);
        return stated is not { } token ? janus : token.Kind == System.Text.Json.JsonValueKind.Object ? token["content"].Text() : token.Text();
    }

    public int Id(HfTokenizer tokenizer, string content) =>
        tokenizer.IdOf(content) ?? throw new UserException($"{_directory}: the special token {content} is not in the vocabulary of tokenizer.json; this is not a Janus tokenizer.");
}
