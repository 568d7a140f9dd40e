using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Corl.Cli.Recipes;

/// <summary>
/// Turns a YAML tree into records of settings and back. The keys are the properties in snake_case; a key that no property has is
/// refused, because a misspelt setting that is silently ignored costs a training run.
/// </summary>
internal static class YamlBinder
{
    private static readonly NullabilityInfoContext Nullability = new();

    /// <summary>Makes a <typeparamref name="T"/>: what the tree does not mention keeps its default.</summary>
    public static T Read<T>(YamlNode node, string file) where T : class => (T)Read(node, typeof(T), "", file)!;

    /// <summary>Every setting of <paramref name="settings"/> as YAML that reads back to an equal record.</summary>
    public static string Write(object settings)
    {
        var text = new StringBuilder();
        Write(text, settings, 0);
        return text.ToString();
    }

    /// <summary>Whether "a.b=value" changes a setting that a <typeparamref name="T"/> has.</summary>
    public static bool Knows<T>(string assignment) => Keys(typeof(T)).Contains(assignment.Split('=', '.')[0].Trim());

    internal static string KeyOf(string property) => JsonNamingPolicy.SnakeCaseLower.ConvertName(property);

    private static object? Read(YamlNode node, Type type, string path, string file)
    {
        var optional = Nullable.GetUnderlyingType(type);
        if (node is YamlScalarNode { Style: ScalarStyle.Plain, Value: "null" or "~" or "" } && (optional is not null || !type.IsValueType))
        {
            return null;
        }

        type = optional ?? type;
        if (ElementOf(type, typeof(IReadOnlyDictionary<,>), 1) is { } value)
        {
            return ReadDictionary(Expect<YamlMappingNode>(node, "a mapping", path, file), value, path, file);
        }

        if (ElementOf(type, typeof(IReadOnlyList<>), 0) is { } element)
        {
            var items = Expect<YamlSequenceNode>(node, "a list", path, file).Children;
            var list = Array.CreateInstance(element, items.Count);
            for (var i = 0; i < items.Count; i++)
            {
                list.SetValue(Read(items[i], element, $"{path}[{i}]", file), i);
            }

            return list;
        }

        return type.IsPrimitive || type.IsEnum || type == typeof(string)
            ? ReadScalar(Expect<YamlScalarNode>(node, NameOf(type), path, file), type, path, file)
            : ReadRecord(Expect<YamlMappingNode>(node, "a mapping", path, file), type, path, file);
    }

    private static object ReadRecord(YamlMappingNode node, Type type, string path, string file)
    {
        var record = Activator.CreateInstance(type)!;
        var open = new OrderedDictionary<string, (object Owner, PropertyInfo Property)>();
        AddSettings(record, open);
        string[] known = [.. open.Keys];
        foreach (var (keyNode, valueNode) in node.Children)
        {
            var key = Expect<YamlScalarNode>(keyNode, "a key", path, file).Value ?? "";
            if (!open.Remove(key, out var setting))
            {
                throw Wrong(keyNode, file, $"unknown key '{Join(path, key)}'; {NearestKey.Suggest(key, known)}");
            }

            var valueType = setting.Property.PropertyType;
            var value = Read(valueNode, valueType, Join(path, key), file);
            if (value is null && Nullable.GetUnderlyingType(valueType) is null && Nullability.Create(setting.Property).WriteState == NullabilityState.NotNull)
            {
                throw Wrong(valueNode, file, $"'{Join(path, key)}' needs a value");
            }

            setting.Property.SetValue(setting.Owner, value);
        }

        return open.FirstOrDefault(x => IsRequired(x.Value.Property)).Key is { } missing
            ? throw Wrong(node, file, $"'{Join(path, missing)}' is missing")
            : record;
    }

    // The settings of an inline record stand among those of the record around it.
    private static void AddSettings(object record, OrderedDictionary<string, (object Owner, PropertyInfo Property)> settings)
    {
        foreach (var property in Settings(record.GetType()))
        {
            if (property.IsDefined(typeof(InlineAttribute)))
            {
                var inner = Activator.CreateInstance(property.PropertyType)!;
                property.SetValue(record, inner);
                AddSettings(inner, settings);
            }
            else
            {
                settings.Add(KeyOf(property.Name), (record, property));
            }
        }
    }

    private static object ReadDictionary(YamlMappingNode node, Type value, string path, string file)
    {
        var dictionary = (IDictionary)Activator.CreateInstance(typeof(OrderedDictionary<,>).MakeGenericType(typeof(string), value))!;
        foreach (var (key, child) in node.Children)
        {
            var name = Expect<YamlScalarNode>(key, "a key", path, file).Value ?? "";
            dictionary.Add(name, Read(child, value, Join(path, name), file));
        }

        return dictionary;
    }

    private static object ReadScalar(YamlScalarNode node, Type type, string path, string file)
    {
        var text = node.Value ?? "";
        var invariant = CultureInfo.InvariantCulture;
        object? value = type switch
        {
            _ when type == typeof(string) => text,
            _ when type == typeof(bool) => text switch { "true" => true, "false" => false, _ => null },
            _ when type == typeof(int) => int.TryParse(text, NumberStyles.AllowLeadingSign, invariant, out var x) ? x : null,
            _ when type == typeof(long) => long.TryParse(text, NumberStyles.AllowLeadingSign, invariant, out var x) ? x : null,
            _ when type == typeof(ulong) => ulong.TryParse(text, NumberStyles.None, invariant, out var x) ? x : null,
            _ when type == typeof(float) => float.TryParse(text, NumberStyles.Float, invariant, out var x) && float.IsFinite(x) ? x : null,
            _ when type == typeof(double) => double.TryParse(text, NumberStyles.Float, invariant, out var x) && double.IsFinite(x) ? x : null,
            _ when type.IsEnum => Enum.GetValues(type).Cast<object>().FirstOrDefault(x => KeyOf(x.ToString()!) == text),
            _ => throw new InvalidOperationException($"a setting of type {type} has no YAML form"),
        };
        return value ?? throw Wrong(node, file, $"'{path}' is '{text}', expected {NameOf(type)}");
    }

    private static void Write(StringBuilder text, object settings, int depth)
    {
        foreach (var (key, value) in Entries(settings))
        {
            text.Append(' ', 2 * depth).Append(key).Append(':');
            if (value is null || IsScalar(value))
            {
                text.Append(' ').Append(Scalar(value)).Append('\n');
            }
            else if (value is IEnumerable list and not IDictionary)
            {
                text.Append(" [").AppendJoin(", ", list.Cast<object?>().Select(Scalar)).Append("]\n");
            }
            else if (value is IDictionary { Count: 0 })
            {
                text.Append(" {}\n");
            }
            else
            {
                text.Append('\n');
                Write(text, value, depth + 1);
            }
        }
    }

    private static IEnumerable<(string Key, object? Value)> Entries(object settings)
    {
        if (settings is not IDictionary dictionary)
        {
            return Settings(settings.GetType()).SelectMany(x => x.IsDefined(typeof(InlineAttribute))
                ? Entries(x.GetValue(settings)!)
                : [(KeyOf(x.Name), x.GetValue(settings))]);
        }

        var entries = new List<(string, object?)>();
        foreach (DictionaryEntry entry in dictionary)
        {
            entries.Add(((string)entry.Key, entry.Value));
        }

        return entries;
    }

    private static bool IsScalar(object value) => value is string or Enum || value.GetType().IsPrimitive;

    private static string Scalar(object? value) => value switch
    {
        null => "null",
        string text => JsonSerializer.Serialize(text), // a JSON string is a YAML string
        bool flag => flag ? "true" : "false",
        Enum name => KeyOf(name.ToString()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new InvalidOperationException($"a setting of type {value.GetType()} has no YAML form"),
    };

    private static IEnumerable<string> Keys(Type type) =>
        Settings(type).SelectMany(x => x.IsDefined(typeof(InlineAttribute)) ? Keys(x.PropertyType) : [KeyOf(x.Name)]);

    // What a record inherits stands first. Pairs (the parameters of two rarely used losses) have no YAML form and keep their defaults.
    private static IEnumerable<PropertyInfo> Settings(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(x => x.CanWrite && !x.PropertyType.IsAssignableTo(typeof(ITuple))).OrderBy(x => Depth(x.DeclaringType!));

    private static int Depth(Type type) => type.BaseType is { } parent ? 1 + Depth(parent) : 0;

    private static bool IsRequired(PropertyInfo property) => property.IsDefined(typeof(RequiredMemberAttribute));

    private static Type? ElementOf(Type type, Type open, int argument) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == open ? type.GetGenericArguments()[argument] : null;

    private static T Expect<T>(YamlNode node, string expected, string path, string file) where T : YamlNode =>
        node as T ?? throw Wrong(node, file, $"'{path}' is {YamlTree.Kind(node)}, expected {expected}");

    private static string NameOf(Type type) => type switch
    {
        _ when type.IsEnum => string.Join(" or ", Enum.GetNames(type).Select(KeyOf)),
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(string) => "text",
        _ when type == typeof(float) || type == typeof(double) => "a finite number",
        _ => "a whole number",
    };

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    // A node that came from --set has no line of the file.
    internal static UserException Wrong(YamlNode node, string file, string what) => new(!node.Start.Equals(Mark.Empty) ? $"{file}:{node.Start.Line}: {what}" : $"{file}: {what}");
}

/// <summary>On a property of a settings record: its own settings are written beside those around it, not under a key of its own.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class InlineAttribute : Attribute;
