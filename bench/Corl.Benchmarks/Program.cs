using BenchmarkDotNet.Running;
using Corl.Benchmarks;

// "full-size FOLDER COMPANIONS": a model of Janus-Pro-1B's sizes with random weights, made to do everything once; 4.2 GB on the disk, 11 GB of memory; COMPANIONS has tokenizer and image settings.
// "ratios [part of a row's name]" and "spice": one Markdown table each in a minute or two. Anything else goes to BenchmarkDotNet (--list flat, --filter *AdamW*).
if (args is ["ratios", .. var rest])
{
    Ratios.Print(Console.Out, string.Join(' ', rest));
}
else if (args is ["spice"])
{
    SpiceBenchmarks.Print(Console.Out);
}
else if (args is ["full-size", var folder, var companions])
{
    FullSizeRun.Print(Console.Out, folder, companions);
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
