using System.Globalization;
using System.Text.RegularExpressions;

namespace Corl.Models;

/// <summary>Answers, for a module's name, whether a <see cref="LoraConfig"/> adapts it and how: PEFT's rules, name for name.</summary>
internal sealed partial class LoraTargets
{
    // Ours. Patterns come from files of unknown origin: matching takes linear time, and these bound what a pattern is compiled into.
    private const int MaxPatternLength = 2000, MaxRepeats = 1000;

    private readonly LoraConfig _config;
    private readonly string _where;
    private readonly Regex? _target, _exclude;
    private readonly HashSet<string> _targets, _excluded;
    private readonly Regex[] _layers;
    private readonly (Regex Pattern, int Rank)[] _ranks;
    private readonly (Regex Pattern, double Alpha)[] _alphas;

    /// <summary>Prepares the rules.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="where">File or section, for errors.</param>
    /// <exception cref="UserException">A pattern is no regular expression of the allowed kind.</exception>
    public LoraTargets(LoraConfig config, string where)
    {
        (_config, _where) = (config, where);
        _target = config.TargetPattern is { } target ? Pattern(target, "target_modules", "^(?:", ")$") : null;
        _exclude = config.ExcludePattern is { } exclude ? Pattern(exclude, "exclude_modules", "^(?:", ")$") : null;
        _targets = [.. config.TargetModules];
        _excluded = [.. config.ExcludeModules];
        _layers = config.LayersPattern.Count == 0 ? [AnyList()] : [.. config.LayersPattern.Select(p => Pattern(p, "layers_pattern", @"^.*\.(?:", @")\.(?<layer>[0-9]+)\."))];
        _ranks = [.. config.RankPattern.Select(p => (Pattern(p.Key, "rank_pattern", @"^(?:.*\.)?(?:", ")$"), p.Value))];
        _alphas = [.. config.AlphaPattern.Select(p => (Pattern(p.Key, "alpha_pattern", @"^(?:.*\.)?(?:", ")$"), p.Value))];
    }

    /// <summary>Whether a module gets a low-rank update.</summary>
    public bool IsTarget(string module) =>
        !(_exclude?.IsMatch(module) ?? Ends(_excluded, module)) && !IsSaved(module)
        && (_target?.IsMatch(module) ?? (_targets.Contains(module) || (Ends(_targets, module) && IsInLayers(module))));

    /// <summary>Whether a module, or one around it, is trained whole.</summary>
    public bool IsSaved(string module)
    {
        for (var end = module.Length; end > 0; end = module.LastIndexOf('.', end - 1))
        {
            if (_config.ModulesToSave.Any(name => name.Length > 0 && module.AsSpan(0, end).EndsWith(name, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>r of a module.</summary>
    public int Rank(string module) => _ranks.FirstOrDefault(p => p.Pattern.IsMatch(module)) is { Pattern: not null } own ? own.Rank : _config.R;

    /// <summary>s of a module: α/r or α/√r.</summary>
    public double Scale(string module)
    {
        var alpha = _alphas.FirstOrDefault(p => p.Pattern.IsMatch(module)) is { Pattern: not null } own ? own.Alpha : _config.Alpha;
        return alpha / (_config.Rslora ? Math.Sqrt(Rank(module)) : Rank(module));
    }

    // A name in the set, or the part of the name after one of its dots.
    private static bool Ends(HashSet<string> names, string module)
    {
        for (var start = 0; ;)
        {
            if (names.Contains(module[start..]))
            {
                return true;
            }

            var dot = module.IndexOf('.', start);
            if (dot < 0)
            {
                return false;
            }

            start = dot + 1;
        }
    }

    private bool IsInLayers(string module) =>
        _config.LayersToTransform is not { Count: > 0 } layers
        || (_layers.Select(p => p.Match(module)).FirstOrDefault(m => m.Success) is { } match
            && int.TryParse(match.Groups["layer"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var layer) && layers.Contains(layer));

    private Regex Pattern(string pattern, string key, string before, string after)
    {
        var repeats = Repeat().Matches(pattern).Aggregate(1L, (product, m) => Math.Min(MaxRepeats + 1L, product * Math.Max(1, long.TryParse(m.Groups["most"].ValueSpan, out var n) ? n : MaxRepeats + 1L)));
        if (pattern.Length > MaxPatternLength || repeats > MaxRepeats)
        {
            throw new UserException($"{_where}: {key}: the pattern {Quoted.Name(pattern)} is too large; name the modules instead");
        }

        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant); // alone, so that it closes its own brackets
            return new Regex(before + pattern + after, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new UserException($"{_where}: {key}: {Quoted.Name(pattern)} is no regular expression that can be used here ({Quoted.Line(e.Message)}); look-around and back-references are not allowed", e);
        }
    }

    // The last number between dots: greedy, as PEFT looks for it.
    [GeneratedRegex(@"^.*\.[^.]*\.(?<layer>[0-9]+)\.", RegexOptions.NonBacktracking)]
    private static partial Regex AnyList();

    [GeneratedRegex(@"\{(?:[0-9]+,)?(?<most>[0-9]+)\}", RegexOptions.NonBacktracking)]
    private static partial Regex Repeat();
}
