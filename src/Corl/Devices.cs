using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using TorchSharp;
using static TorchSharp.torch;

namespace Corl;

/// <summary>
/// All that depends on the device and on whose libtorch computes: the one that ships with this program (CPU), or one lent by a PyTorch
/// installation (CUDA), named by the environment variable CORL_TORCH_LIB.
/// </summary>
public static partial class Devices
{
    /// <summary>The environment variable with the folder of a PyTorch installation's libraries, usually …/site-packages/torch/lib.</summary>
    public const string FolderVariable = "CORL_TORCH_LIB";

    // TorchSharp 0.107 is built against 2.10. 2.11 passes every probe; 2.13 loads and computes wrong results without an error.
    private static readonly string[] Accepted = ["2.10", "2.11"];
    private static readonly string[] LocalRankNames = ["OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"]; // Open MPI's, MPICH's and Slurm's
    private static bool _isReady;

    /// <summary>
    /// Loads libtorch and tests it on first use, and returns the device.
    /// </summary>
    /// <param name="name">cpu, cuda or cuda:N; cuda is the first device, of several processes on a machine each has its own.</param>
    /// <param name="threads">CPU threads; null leaves libtorch's choice, one per physical core.</param>
    /// <exception cref="UserException">The name is unknown, the device is absent, or the lent libtorch cannot be used.</exception>
    public static Device Open(string name, int? threads = null)
    {
        if (DeviceName().Match(name) is not { Success: true } match)
        {
            throw new UserException($"device '{name}': expected cpu, cuda or cuda:N");
        }

        if (threads is < 1)
        {
            throw new UserException($"--threads {threads}: expected a number from 1");
        }

        Load();
        if (threads is { } count)
        {
            set_num_threads(count);
        }

        if (match.Groups["kind"].Value == "cpu")
        {
            return CPU;
        }

        var present = cuda.is_available() ? cuda.device_count() : 0;
        var index = match.Groups["index"] is { Success: true } digits ? int.Parse(digits.Value, null) : LocalRank % Math.Max(1, present);
        return index < present
            ? device(DeviceType.CUDA, index)
            : throw new UserException(
                $"device '{name}': {(present == 0 ? "no CUDA device is in reach" : $"only {present} CUDA devices are here, numbered from 0")}; "
                + $"the libtorch in use is {TorchFolder ?? "built in"}, and {FolderVariable} may name the torch/lib folder of a CUDA build of PyTorch 2.10 or 2.11");
    }

    /// <summary>The version of the libtorch in use, for example "2.10.0".</summary>
    public static string TorchVersion => TorchFolder is { } folder ? VersionOf(folder)! : __version__[..__version__.LastIndexOf('.')];

    /// <summary>The lent folder in use, or null when the libtorch that ships with this program computes.</summary>
    public static string? TorchFolder => Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder ? Path.GetFullPath(folder) : null;

    /// <summary>Folders of PyTorch installations under the places where Python keeps packages, with their versions.</summary>
    internal static IEnumerable<(string Folder, string? Version, bool IsAccepted)> FindTorch()
    {
        string[] packageFolders = ["site-packages", "dist-packages"];
        string?[] roots =
        [
            Environment.GetEnvironmentVariable("VIRTUAL_ENV"), Environment.GetEnvironmentVariable("CONDA_PREFIX"),
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local"), "/usr/local", "/usr", "/opt/conda",
        ];
        return
            from root in roots
            where root is { Length: > 0 } && Directory.Exists(Path.Combine(root, "lib"))
            from python in Directory.EnumerateDirectories(Path.Combine(root, "lib"), "python3*")
            from packages in packageFolders
            let folder = Path.Combine(python, packages, "torch", "lib")
            where Directory.Exists(folder)
            let version = VersionOf(folder)
            select (folder, version, IsAccepted(version));
    }

    /// <summary>Whether this program runs as it was started, and so with the shipped libtorch, although another is to be used.</summary>
    internal static bool MustRunAgain => TorchFolder is not null && !IsLent;

    private static bool IsLent => AssemblyLoadContext.GetLoadContext(typeof(Devices).Assembly)?.Name == LentContext.ContextName;

    /// <summary>Runs a program again in this process, with the libtorch that the environment variable names.</summary>
    /// <param name="program">A program whose entry point takes its arguments and returns its exit code.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="UserException">The lent libtorch cannot be used.</exception>
    internal static int RunAgain(Assembly program, string[] arguments)
    {
        CheckFolder(TorchFolder!);
        var context = new LentContext(TorchFolder!, program.Location);
        return (int)context.LoadFromAssemblyPath(program.Location).EntryPoint!.Invoke(null, [arguments])!;
    }

    // Number of this process among those that a launcher started on this machine: 0 without one.
    private static int LocalRank => LocalRankNames.Max(name => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var rank) ? rank : 0);

    private static void Load()
    {
        if (_isReady)
        {
            return;
        }

        if (MustRunAgain)
        {
            CheckFolder(TorchFolder!);
            throw new UserException($"{FolderVariable} is for the corl command; a program of your own ships the libtorch that it uses");
        }

        NativeHeap.KeepFreedMemory();
        YieldWhenIdle();
        SelfTest();
        SilenceWarnings();
        _isReady = true;
    }

    private static void CheckFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new UserException($"{FolderVariable}={folder}: no such folder; expected the torch/lib folder of a PyTorch installation");
        }

        var version = VersionOf(folder);
        if (!IsAccepted(version))
        {
            throw new UserException(
                $"{FolderVariable}={folder}: {(version is null ? "no version of PyTorch found beside it" : $"PyTorch {version} cannot be used")}; "
                + $"expected {string.Join(" or ", Accepted)} (others load and compute wrong results)");
        }
    }

    /// <summary>
    /// Refuses a libtorch whose binary interface is not the one TorchSharp was compiled for. A wrong one does not fail: it returns
    /// matrices of other sizes and numbers of other types. Takes about 10 ms.
    /// </summary>
    private static void SelfTest()
    {
        using var scope = NewDisposeScope();
        foreach (var type in new[] { ScalarType.Byte, ScalarType.Int32, ScalarType.Int64, ScalarType.Float16, ScalarType.Float32, ScalarType.Float64, ScalarType.Bool, ScalarType.BFloat16 })
        {
            var seven = full(2, 3, 1, dtype: type);
            Check(seven.dtype == type && seven.to_type(ScalarType.Float64).sum().item<double>() == 6, $"a tensor of type {type}");
        }

        var a = arange(6, dtype: float32).view(2, 3).requires_grad_(true); // [[0, 1, 2], [3, 4, 5]]
        var product = a.matmul(ones(3, 4)); // rows of 3 and 12
        Check(product.shape is [2, 4] && product.sum().item<float>() == 60, "a matrix product"); // 4 · (3 + 12)
        var logp = product.log_softmax(-1);
        Check(Math.Abs(logp[0, 0].item<float>() + Math.Log(4)) < 1e-6, "log-softmax"); // four equal logits
        (a * a).sum().backward();
        Check(a.grad!.sum().item<float>() == 30, "automatic differentiation"); // Σ 2a

        static void Check(bool isRight, string what)
        {
            if (!isRight)
            {
                throw new UserException(
                    $"libtorch {TorchFolder ?? "(built in)"} fails the self-test: {what} came out wrong; "
                    + (TorchFolder is null ? "reinstall the program" : $"name a folder of PyTorch {string.Join(" or ", Accepted)} in {FolderVariable}"));
            }
        }
    }

    // OpenMP's idle threads spin by default. Where another process wants a core too, two threads then take twenty times as long as
    // one (measured with a step of the embedded model); threads that sleep cost nothing there. Read once, when libtorch is loaded.
    private static void YieldWhenIdle()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetEnvironment("OMP_WAIT_POLICY", "passive", overwrite: 0); // the user's own choice stays
        }
    }

    // The environment as native code sees it, which .NET's own does not change.
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    // libtorch writes a line to stderr at every convolution on a CPU that its NNPACK does not know.
    private static void SilenceWarnings()
    {
        const int Error = 2; // its log levels: 0 info, 1 warning, 2 error
        if (NativeLibrary.TryLoad("c10", typeof(torch).Assembly, null, out var library) && NativeLibrary.TryGetExport(library, "FLAGS_caffe2_log_level", out var level))
        {
            Marshal.WriteInt32(level, Error);
        }
    }

    private static bool IsAccepted(string? version) => version is not null && Accepted.Any(x => version == x || version.StartsWith(x + ".", StringComparison.Ordinal));

    // A pip or conda installation has torch/version.py above torch/lib, an unpacked libtorch has the file build-version above lib.
    private static string? VersionOf(string folder)
    {
        var above = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        foreach (var name in new[] { "version.py", "build-version" })
        {
            var file = Path.Combine(above ?? folder, name);
            if (File.Exists(file) && new FileInfo(file).Length < 10_000 && VersionNumber().Match(File.ReadAllText(file)) is { Success: true } match)
            {
                return match.Value;
            }
        }

        return null;
    }

    private static string FileNameOf(string library) =>
        OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    [GeneratedRegex(@"^(?<kind>cpu|cuda)(:(?<index>\d{1,3}))?$")]
    private static partial Regex DeviceName();

    [GeneratedRegex(@"\b\d+\.\d+\.\d+\b")]
    private static partial Regex VersionNumber();

    /// <summary>
    /// A second home for the program's assemblies, which answers TorchSharp's question for libtorch. In the first home the runtime would
    /// look beside the program before anybody is asked, and find the shipped one.
    /// </summary>
    private sealed class LentContext(string folder, string program) : AssemblyLoadContext(ContextName)
    {
        public const string ContextName = "lent libtorch";
        private readonly AssemblyDependencyResolver _resolver = new(program);

        protected override Assembly? Load(AssemblyName assemblyName) => _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;

        // TorchSharp's native part names the libraries it needs; once the lent ones are in the process, the linker takes them for these names.
        protected override nint LoadUnmanagedDll(string unmanagedDllName)
        {
            if (unmanagedDllName is "torch_cpu" or "torch_cuda" or "c10")
            {
                return NativeLibrary.TryLoad(Path.Combine(folder, FileNameOf(unmanagedDllName)), out var lent) ? lent : 0;
            }

            if (unmanagedDllName == "LibTorchSharp")
            {
                NativeLibrary.Load(Path.Combine(folder, FileNameOf("torch_cpu")));
                NativeLibrary.Load(Path.Combine(folder, FileNameOf("torch")));
            }

            return _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
        }
    }
}
