namespace Corl.Evaluation.Understanding;

/// <summary>The state of VLMEvalKit whose rules score. Its answer matcher and its evaluation of formulas changed between the two.</summary>
internal enum KitProfile
{
    /// <summary>Commit c0e00dbe of 2025-05-17, the last before the paper.</summary>
    May2025,

    /// <summary>Commit e8e78f05 of 2026-08-18.</summary>
    Head,
}

/// <summary>Names of the profiles on the command line and in files.</summary>
internal static class KitProfiles
{
    public const string May2025 = "vlmevalkit-2025-05", Head = "vlmevalkit-head";

    public static string Name(this KitProfile profile) => profile == KitProfile.Head ? Head : May2025;

    /// <exception cref="UserException">No such profile.</exception>
    public static KitProfile Parse(string name) => name switch
    {
        May2025 => KitProfile.May2025,
        Head => KitProfile.Head,
        _ => throw new UserException($"--profile {name}: expected {May2025} or {Head}"),
    };
}
