using BenchmarkDotNet.Running;
using Corl.Benchmarks;

// "ratios [part of a row's name]" and "spice": one Markdown table each in a minute or two. Anything else goes to BenchmarkDotNet (--list flat, --filter *AdamW*).
if (args is ["ratios", .. var rest])
{
    Ratios.Print(Console.Out, string.Join(' ', rest));
}
else if (args is ["spice"])
{
    SpiceBenchmarks.Print(Console.Out);
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
