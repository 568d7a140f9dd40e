using System.Reflection;
using System.Text;

namespace Corl.Tests.Repository;

/// <summary>
/// The whole public surface of the library is one file, so that every change of it is seen in review. After a wanted change run the
/// test with CORL_UPDATE_SNAPSHOT=1, which writes the file anew.
/// </summary>
public sealed class PublicApiTests
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private static readonly string Snapshot = Path.Combine(Source.Root, "tests/Corl.Tests/Repository/PublicApi.txt");

    [Fact]
    public void PublicApi_EqualsTheSnapshot()
    {
        var now = Describe(typeof(Corl.UserException).Assembly);
        if (Environment.GetEnvironmentVariable("CORL_UPDATE_SNAPSHOT") == "1")
        {
            File.WriteAllText(Snapshot, now);
        }

        Assert.Equal(File.ReadAllText(Snapshot).Split('\n'), now.Split('\n'));
    }

    private static string Describe(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Kind(type)).Append(' ').Append(type.FullName).Append('\n');
            foreach (var line in type.GetMembers(Declared).Where(IsVisible).Select(Line).OfType<string>().Distinct().Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(line).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static bool IsVisible(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        FieldInfo field => field.IsPublic || field.IsFamily,
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsVisible),
        _ => member is not Type,
    };

    // What the compiler writes into records and enums, and accessors, which their property shows, are left out.
    private static string? Line(MemberInfo member) => member switch
    {
        _ when member.Name is "PrintMembers" or "EqualityContract" or "Equals" or "GetHashCode" or "ToString" or "Deconstruct" or "value__" or "op_Equality" or "op_Inequality" || member.Name.Contains('<', StringComparison.Ordinal) => null,
        MethodInfo { IsSpecialName: true, Name: not ("op_Implicit" or "op_Explicit") } => null,
        _ => member.ToString(),
    };
}
