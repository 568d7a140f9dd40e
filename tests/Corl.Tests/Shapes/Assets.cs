namespace Corl.Tests.Shapes;

/// <summary>The shipped assets of the Shapes world.</summary>
internal static class Assets
{
    public static string Base => Folder("base");

    public static string Folder(string name) => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../../assets/shapes", name));
}
