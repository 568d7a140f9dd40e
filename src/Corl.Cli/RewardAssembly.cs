using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;
using System.Text.Json;
using Corl.Cli.Recipes;
using Corl.Rewards;

namespace Corl.Cli;

/// <summary>
/// Makes a reward from a class of the user's. Corl, TorchSharp and whatever else the program has come from the program, so that both sides
/// mean the same types; other dependencies come from the assembly's own folder.
/// </summary>
internal static class RewardAssembly
{
    /// <summary>Loads the assembly and constructs the class.</summary>
    /// <exception cref="UserException">No such file or class, no reward, or it cannot be constructed.</exception>
    public static LoadedReward Load(string name, CustomReward custom)
    {
        var where = $"reward '{name}': {custom.Assembly}";
        var type = Find(custom.Assembly!, custom.Type, where);
        var constructor = type.GetConstructors() switch
        {
            [var only] => only,
            var several => throw new UserException($"{where}: {custom.Type} has {several.Length} public constructors, expected one, whose parameters are the reward's settings"),
        };
        try
        {
            return new LoadedReward(name, (IReward)constructor.Invoke(Arguments(constructor, custom.Settings, $"{where}: {custom.Type}")), custom.Type);
        }
        catch (TargetInvocationException e) when (e.InnerException is { } inner)
        {
            throw new UserException($"{where}: the constructor of {custom.Type} threw {inner.GetType().Name}: {Quoted.Line(inner.Message)}", inner);
        }
    }

    private static Type Find(string file, string name, string where)
    {
        if (!File.Exists(file))
        {
            throw new UserException($"{where}: no such file; build it, or mend the path");
        }

        try
        {
            var assembly = new Context(file).LoadFromAssemblyPath(file);
            var type = assembly.GetType(name);
            return type is null ? throw new UserException($"{where}: it has no class '{name}'; {Known(assembly, name)}")
                : !type.IsAssignableTo(typeof(IReward)) ? throw new UserException($"{where}: the class {name} is no {typeof(IReward).FullName}; {Known(assembly, name)}")
                : type.IsAbstract || !type.IsVisible || type.ContainsGenericParameters ? throw new UserException($"{where}: {name} must be a public class that can be constructed")
                : type;
        }
        catch (Exception e) when (e is BadImageFormatException or FileLoadException or FileNotFoundException or TypeLoadException or ArgumentException)
        {
            throw new UserException($"{where}: it cannot be used ({Quoted.Line(e.Message.Split('\n')[0])}); expected a .NET assembly with its dependencies beside it", e);
        }
    }

    private static string Known(Assembly assembly, string name)
    {
        Type?[] types;
        try
        {
            types = assembly.GetExportedTypes();
        }
        catch (Exception e) when (e is FileNotFoundException or TypeLoadException or ReflectionTypeLoadException)
        {
            types = (e as ReflectionTypeLoadException)?.Types ?? [];
        }

        string[] rewards = [.. types.Where(type => type is { IsAbstract: false } && type.IsAssignableTo(typeof(IReward))).Select(type => type!.FullName!)];
        return rewards.Length == 0 ? "it has no reward at all" : NearestKey.Suggest(name, rewards);
    }

    private static object?[] Arguments(ConstructorInfo constructor, IReadOnlyDictionary<string, string> settings, string where)
    {
        var parameters = constructor.GetParameters().ToDictionary(parameter => JsonNamingPolicy.SnakeCaseLower.ConvertName(parameter.Name!));
        foreach (var key in settings.Keys.Where(key => !parameters.ContainsKey(key)))
        {
            throw new UserException($"{where}: unknown setting '{Quoted.Line(key)}'; {(parameters.Count == 0 ? "its constructor takes none" : NearestKey.Suggest(key, parameters.Keys))}");
        }

        return [.. parameters.Select(parameter =>
            settings.TryGetValue(parameter.Key, out var text) ? Value(text, parameter.Value.ParameterType, $"{where}: setting '{parameter.Key}'")
            : parameter.Value.HasDefaultValue ? parameter.Value.DefaultValue
            : throw new UserException($"{where}: its constructor needs the setting '{parameter.Key}'"))];
    }

    private static object Value(string text, Type type, string where)
    {
        try
        {
            return type.IsEnum ? Enum.Parse(type, text, ignoreCase: true) : Convert.ChangeType(text, type, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            throw new UserException($"{where} is {Quoted.Name(text)}, expected {(type.IsEnum ? string.Join(" or ", Enum.GetNames(type)) : type.Name)}", e);
        }
        catch (InvalidCastException e)
        {
            throw new UserException($"{where}: values of type {type.Name} cannot come from a recipe; numbers, text, true and false, and enumerations can", e);
        }
    }

    private sealed class Context(string file) : AssemblyLoadContext(file)
    {
        private readonly AssemblyDependencyResolver _resolver = new(file);

        protected override Assembly? Load(AssemblyName assemblyName)
        {
            try
            {
                return Default.LoadFromAssemblyName(assemblyName);
            }
            catch (FileNotFoundException)
            {
                return _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
            }
        }

        protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
            _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : nint.Zero;
    }
}
