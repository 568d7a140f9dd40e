using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Corl.Data;
using Corl.Data.Curation;
using Corl.Imaging;
using Corl.Rollouts;
using Corl.Text;
using static TorchSharp.torch;

namespace Corl.Cli;

/// <summary>
/// How often a policy answers a row right. Each result is appended to a file under a hash of all that it depends on, so that a run that
/// was stopped asks nothing twice.
/// </summary>
internal sealed class PassRates : IDisposable
{
    private readonly Policy _policy;
    private readonly DifficultySettings _settings;
    private readonly string _model;
    private readonly ulong _seed;
    private readonly Dictionary<string, double> _known;
    private readonly FileStream _file;

    private PassRates(Policy policy, DifficultySettings settings, string model, ulong seed, Dictionary<string, double> known, FileStream file) =>
        (_policy, _settings, _model, _seed, _known, _file) = (policy, settings, model, seed, known, file);

    /// <summary>Loads the policy of <c>--model</c> and what was measured before.</summary>
    public static PassRates Open(Session session, DifficultySettings settings, string path, ulong seed)
    {
        var model = session.Value(ModelFolder.Option) ?? throw new UserException("the recipe has a section 'difficulty': name the policy with --model");
        var policy = ModelFolder.Load(session);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var (known, length) = Read(path);
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        file.SetLength(length); // a line that was cut off by a kill
        file.Position = length;
        return new PassRates(policy, settings, Describe(model), seed, known, file);
    }

    /// <summary>The share of the policy's answers that are right, [0, 1].</summary>
    public double Of(CuratedRow row, RgbImage image)
    {
        var key = Key(row);
        if (_known.TryGetValue(key, out var known))
        {
            return known;
        }

        using var scope = NewDisposeScope();
        using var off = no_grad();
        var ids = _policy.Prompt.Question(row.Text.Question);
        var embeds = _policy.Model.EmbedImages(_policy.Images.ToTensor([image]).to(_policy.Model.Device));
        var config = new SamplingConfig { Temperature = _settings.Temperature, MaxNewTokens = _settings.MaxTokens };
        var answers = TextSampler.Sample(_policy.Model, [ids], embeds, _policy.Ids, _settings.Samples, config, new Draws(_seed, $"curate/difficulty/{row.Id}"));
        var isChoice = row.Text.Type == QuestionType.MultipleChoice;
        var rate = answers.Ids.Average(answer => AnswerMatch.Accuracy(isChoice, row.Text.Question, row.Text.Solution, _policy.Prompt.Tokenizer.Decode(answer)).Score);
        _file.Write(JsonSerializer.SerializeToUtf8Bytes(new { key, rate }));
        _file.WriteByte((byte)'\n');
        _file.Flush();
        return _known[key] = rate;
    }

    public void Dispose()
    {
        _file.Dispose();
        _policy.Dispose();
    }

    private string Key(CuratedRow row)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{_model}\n{_settings.Samples} {_settings.Temperature:R} {_settings.MaxTokens} {_seed}\n{row.Id}\n{row.Text.Type}\n{row.Text.Question}\n{row.Text.Answer}\n{Convert.ToHexStringLower(SHA256.HashData(row.Image.Span))}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    // Names, sizes and times of the model's files: reading 14 GB of weights only to name them would take minutes.
    private static string Describe(string folder) => string.Join('\n', Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)
        .Select(file => string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(file)} {new FileInfo(file).Length} {File.GetLastWriteTimeUtc(file).Ticks}")));

    // Whole lines and their length in bytes; the file is ours, but the last line may have been cut off.
    private static (Dictionary<string, double> Known, long Length) Read(string path)
    {
        Dictionary<string, double> known = [];
        var length = 0L;
        foreach (var line in File.Exists(path) ? File.ReadAllText(path).Split('\n')[..^1] : [])
        {
            var item = JsonAt.Parse(path, Encoding.UTF8.GetBytes(line));
            known[item["key"].Text()] = item["rate"].Number();
            length += Encoding.UTF8.GetByteCount(line) + 1;
        }

        return (known, length);
    }
}
