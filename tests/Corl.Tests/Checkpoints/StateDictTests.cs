using Corl.Checkpoints;
using static TorchSharp.torch;

namespace Corl.Tests.Checkpoints;

public sealed class StateDictTests
{
    [Fact]
    public void Load_AllKeys_CopiesValuesAndKeepsTheModulesType()
    {
        using var scope = NewDisposeScope();
        using var module = nn.Sequential(("fc", nn.Linear(2, 1)), ("norm", nn.BatchNorm1d(1)));
        var values = module.state_dict().ToDictionary(pair => pair.Key, pair => full(pair.Value.shape, 3.5, dtype: float64));
        StateDict.Load(module, name => values[name].alias(), values.Keys, "test");
        Assert.All(module.state_dict(), pair => Assert.True(pair.Value.eq(pair.Key.EndsWith("tracked", StringComparison.Ordinal) ? 3 : 3.5).all().item<bool>(), pair.Key));
        Assert.Equal(float32, module.state_dict()["fc.weight"].dtype);
    }

    [Fact]
    public void Load_WrongKeys_NamesEveryMissingUnexpectedAndMisshapenOne()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var module = nn.Sequential(("a", nn.Linear(2, 3)), ("b", nn.Linear(3, 1)));
        Safetensors.Write(folder.File("w.safetensors"), new Dictionary<string, Tensor>
        {
            ["a.weight"] = zeros(3, 2),
            ["a.bias"] = zeros(1), // would broadcast
            ["b.weight"] = zeros(3, 1),
            ["c.bias"] = zeros(1),
            ["ignored"] = zeros(1),
        });
        using var reader = CheckpointReader.Open(folder.File("w.safetensors"));
        var error = Assert.Throws<UserException>(() => StateDict.Load(module, reader, name => name == "ignored"));
        Assert.Equal(
            $"{folder.File("w.safetensors")}: does not fit the model: 1 missing: 'b.bias'; 1 unexpected: 'c.bias'; 2 mis-shaped: 'a.bias' is [1] instead of [3], 'b.weight' is [3, 1] instead of [1, 3]",
            error.Message);
    }
}
