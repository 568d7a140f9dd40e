using Corl.Training;

namespace Corl.Tests.Training;

public sealed class LearningRateTests
{
    [Fact]
    public void At_GoldenSchedules_EqualsEveryUpdateAndTwoBeyondTheEnd()
    {
        foreach (var table in GoldenJson.Read("grpo/optimizer.json").GetProperty("schedules").EnumerateArray())
        {
            var type = table.GetProperty("type").GetString()!;
            var schedule = Enum.Parse<LearningRateSchedule>(type.Split('_')[0], ignoreCase: true);
            var (steps, warmup) = (table.GetProperty("num_training_steps").GetInt64(), table.GetProperty("num_warmup_steps").GetInt64());
            var expected = GoldenJson.Numbers(table.GetProperty("learning_rate"));
            Close.To(expected, [.. expected.Select((_, step) => LearningRate.At(schedule, 1, step, steps, warmup))], 1e-15, what: $"{type}, {steps} steps, warm-up {warmup}");
        }
    }
}
