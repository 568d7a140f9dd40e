using Corl.Shapes;

namespace Corl.Tests.Shapes;

public sealed class ShapesRecordTests
{
    [Fact]
    public void Of_EverySeed_GivesTheStoredPromptAndMeaning()
    {
        foreach (var golden in GoldenRecords.All)
        {
            var record = ShapesRecord.Of(golden.GetProperty("seed").GetUInt64());
            Assert.Equal(golden.Text("prompt"), record.Prompt);
            Assert.Equal(golden.Text("core"), record.Core);
            Assert.Equal(golden.Text("kind"), World.KindNames[(int)record.Meaning.Kind]);
            var spec = golden.GetProperty("spec");
            var include = spec.GetProperty("include").EnumerateArray().ToArray();
            Assert.Equal(include.Length, record.Meaning.Include.Count);
            foreach (var (expected, wanted) in include.Zip(record.Meaning.Include))
            {
                Assert.Equal(expected.Text("shape"), World.Name(wanted.Shape));
                Assert.Equal(expected.GetProperty("color").GetString(), wanted.Color is { } color ? World.Name(color) : null);
                Assert.Equal(expected.GetProperty("count").GetInt32(), wanted.Count);
            }

            var relation = spec.TryGetProperty("relation", out var said) ? said.GetString() : null;
            Assert.Equal(relation, record.Meaning.Relation is { } r ? World.RelationNames[(int)r] : null);
        }
    }

    [Fact]
    public void Of_EverySeed_GivesTheStoredSceneAndCaption()
    {
        foreach (var golden in GoldenRecords.All)
        {
            var scene = ShapesRecord.Of(golden.GetProperty("seed").GetUInt64()).Scene;
            var expected = golden.GetProperty("scene");
            Assert.Equal(expected.GetProperty("bg").GetInt32(), scene.Background);
            Assert.Equal(expected.GetProperty("gx").GetInt32(), scene.GradientX);
            Assert.Equal(expected.GetProperty("gy").GetInt32(), scene.GradientY);
            var objects = expected.GetProperty("objects").EnumerateArray().ToArray();
            Assert.Equal(objects.Length, scene.Objects.Count);
            foreach (var (stored, item) in objects.Zip(scene.Objects))
            {
                Assert.Equal(stored.Text("shape"), World.Name(item.Shape));
                Assert.Equal(stored.Text("color"), World.Name(item.Color));
                Assert.Equal(stored.GetProperty("cell").GetInt32(), item.Cell);
                Assert.Equal((stored.Number("cx"), stored.Number("cy"), stored.Number("r")), (item.CentreX, item.CentreY, item.Radius));
            }

            Assert.Equal(golden.Text("caption"), SceneCaption.Of(scene.Objects));
        }
    }

    [Fact]
    public void SceneQuestion_BothTypes_AreTheStoredOnes()
    {
        foreach (var golden in GoldenRecords.All)
        {
            var record = ShapesRecord.Of(golden.GetProperty("seed").GetUInt64());
            foreach (var type in new[] { "mcq", "open" })
            {
                var expected = golden.GetProperty("qa").GetProperty(type);
                var question = SceneQuestion.Of(record, type == "mcq");
                Assert.Equal(expected.Text("question"), question.Text);
                Assert.Equal(expected.Text("answer"), question.Answer);
                Assert.Equal(expected.Text("response"), question.Response);
                Assert.Equal(expected.Text("task"), question.Task.ToString().ToLowerInvariant());
            }
        }
    }

    [Fact]
    public void SceneCaption_NoObjects_SaysNothing() => Assert.Equal("nothing", SceneCaption.Of([]));

    [Fact]
    public void Free_ManySeeds_HaveOneToFourObjectsInDifferentCells()
    {
        var scenes = Enumerable.Range(0, 400).Select(i => Scene.Free((ulong)i)).ToArray();
        Assert.Equal([1, 2, 3, 4], scenes.Select(s => s.Objects.Count).Distinct().Order());
        Assert.All(scenes, s => Assert.Equal(s.Objects.Count, s.Objects.Select(o => o.Cell).Distinct().Count()));
    }
}
