using BenchmarkDotNet.Running;
using Corl.Benchmarks;

// "ratios [part of a row's name]": one Markdown table in a minute or two. Anything else goes to BenchmarkDotNet (--list flat, --filter *AdamW*).
if (args is ["ratios", .. var rest])
{
    Ratios.Print(Console.Out, string.Join(' ', rest));
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
