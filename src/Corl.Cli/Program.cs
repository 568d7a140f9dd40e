Console.WriteLine(TorchSharp.torch.arange(3).sum().item<long>());
