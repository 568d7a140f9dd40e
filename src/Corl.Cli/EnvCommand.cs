using System.CommandLine;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Corl.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace Corl.Cli;

/// <summary>What computes here: versions, devices, threads, libtorch in use, and how fast it multiplies matrices.</summary>
internal static class EnvCommand
{
    private const int Size = 1024; // the matrix product that all speed figures of this project are ratios of
    private static readonly Option<bool> FindTorch = new("--find-torch") { Description = "Look for PyTorch installations that could lend their libraries" };

    public static Command Create() =>
        new Verb("env", "Versions, devices, threads, libtorch in use, matrix product peak", "corl env --json", Run) { FindTorch };

    private static int Run(Session session)
    {
        if (session.Value(FindTorch))
        {
            var found = Devices.FindTorch().Select(x => new { x.Folder, x.Version, usable = x.IsAccepted }).ToArray();
            foreach (var x in found)
            {
                session.Print($"{x.Folder}  PyTorch {x.Version ?? "?"}  {(x.usable ? $"usable: {Devices.FolderVariable}={x.Folder}" : "not usable, 2.10 or 2.11 is")}");
            }

            session.Print(found.Length == 0 ? "no PyTorch installation found" : $"{found.Length} found");
            session.Document(new { found });
            return Program.Done;
        }

        var device = session.OpenDevice();
        var environment = new
        {
            corl = VersionOf(typeof(EnvCommand).Assembly),
            dotnet = RuntimeInformation.FrameworkDescription,
            os = $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}".ToLowerInvariant(),
            torchSharp = VersionOf(typeof(torch).Assembly),
            libtorch = Devices.TorchVersion,
            libtorchFolder = Devices.TorchFolder ?? "built in",
            cores = Environment.ProcessorCount,
            threads = get_num_threads(),
            cudaDevices = cuda.is_available() ? cuda.device_count() : 0,
            mpi = MpiLibrary.Find(launch: null) is { } mpi ? $"{mpi.Version} ({mpi.Name})" : "none",
            device = device.ToString(),
            gemmGflops = Math.Round(GemmGflops(device, session.Interrupt), 1),
        };
        foreach (var property in environment.GetType().GetProperties())
        {
            session.Print($"{property.Name,-15} {property.GetValue(environment)}");
        }

        session.Document(environment);
        return Program.Done;
    }

    /// <summary>The best of repeated fp32 products of two 1024 × 1024 matrices within half a second, in 10⁹ operations per second.</summary>
    internal static double GemmGflops(Device device, CancellationToken interrupt)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var a = rand(Size, Size, device: device);
        var b = rand(Size, Size, device: device);
        var best = double.MaxValue;
        for (var total = Stopwatch.StartNew(); total.Elapsed.TotalSeconds < 0.5;)
        {
            interrupt.ThrowIfCancellationRequested();
            var watch = Stopwatch.StartNew();
            using var product = a.matmul(b);
            product[0, 0].item<float>(); // waits for the device
            best = Math.Min(best, watch.Elapsed.TotalSeconds);
        }

        return 2.0 * Size * Size * Size / best / 1e9;
    }

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? assembly.GetName().Version!.ToString();
}
