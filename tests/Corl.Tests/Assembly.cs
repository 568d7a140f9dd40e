// libtorch's threads, TorchSharp's scope counters and the working directory are shared by all tests of a process.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
