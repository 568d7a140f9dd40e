using System.Text.Json;
using Corl.Imaging;
using Corl.Models;
using Corl.Rewards;
using Corl.Text;
using Corl.Tests.Models;
using static TorchSharp.torch;

namespace Corl.Tests.Rewards;

public sealed class CycleConsistencyRewardTests
{
    private static readonly string Folder = GoldenFiles.Path("reward-models");
    private static readonly JsonElement Golden = JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, "cycle/cycle.json")));

    [Fact]
    public void Score_ReferenceRun_EqualsItsRewards()
    {
        using var scope = NewDisposeScope();
        using var lpips = LpipsTests.Formula(LpipsNet.Vgg16, LpipsEpsilon.Torchmetrics);
        using var captioner = Captioner();
        var (prompt, real) = (Golden.GetProperty("prompt").GetString()!, Image("cycle/real.png"));
        RgbImage[] images = [.. Golden.GetProperty("images").EnumerateArray().Select(name => Image(name.GetString()!))];
        foreach (var size in images.Select(image => image.Width).Distinct()) // one call scores images of one size
        {
            int[] rows = [.. Enumerable.Range(0, images.Length).Where(i => images[i].Width == size)];
            double[] similarities = [.. rows.Select(row => Golden.GetProperty("bertscore_f1_own_row")[row].GetDouble())];
            var reward = new CycleConsistencyReward(lpips, captioner, (_, _) => similarities);
            var candidates = new Candidates { GroupSize = rows.Length, Prompts = [prompt], Images = cat([.. rows.Select(row => Pixels(images[row]))]), RealImages = [real] };

            var scores = reward.Score(candidates);

            Assert.Equal(PerceptualSize.Square, reward.Size);
            for (var i = 0; i < rows.Length; i++)
            {
                Assert.Equal(Golden.GetProperty("captions")[rows[i]].GetString(), scores.Notes["caption"][i]);
                Assert.Equal(1 - Golden.GetProperty("lpips")[rows[i]].GetSingle(), scores.Parts["lpips"][i]!.Value, 1e-5f);
                Assert.Equal(Golden.GetProperty("reward_with_own_row")[rows[i]].GetSingle(), scores[i]!.Value, 1e-5f);
            }
        }
    }

    [Fact]
    public void Score_Groups_ComparesEachCandidateWithItsOwnPrompt()
    {
        // Prompt 0 has a real image, prompt 1 has none; captions are compared with the candidate's own prompt.
        using var scope = NewDisposeScope();
        using var lpips = Small();
        using var captioner = Captioner();
        string[] scenes = ["blip/images/scene_0.png", "blip/images/scene_1.png", "blip/images/scene_2.png", "blip/images/scene_3.png"];
        var images = cat([.. scenes.Select(scene => Pixels(Image(scene)))]);
        var seen = new List<string>();
        var reward = new CycleConsistencyReward(lpips, captioner, (captions, prompts) =>
        {
            seen.AddRange(prompts);
            return [.. captions.Select(_ => 0.5)];
        });

        var scores = reward.Score(new Candidates { GroupSize = 2, Prompts = ["a bar", "a square"], Images = images, RealImages = [Image(scenes[0]), null] });

        Assert.Equal(["a bar", "a bar", "a square", "a square"], seen);
        Assert.Equal(1f, scores.Parts["lpips"][0]);               // the real image itself
        Assert.InRange(scores.Parts["lpips"][1]!.Value, 0, 0.999f);
        Assert.Null(scores.Parts["lpips"][2]);
        Assert.Equal(1.5f, scores[0]);
        Assert.Equal(0.5f, scores[3]);                            // the textual half alone
    }

    [Fact]
    public void Score_Spice_IsThatOfTheCaption()
    {
        using var scope = NewDisposeScope();
        using var lpips = Small();
        using var captioner = Captioner();
        var images = Pixels(Image("blip/images/scene_1.png"));
        var caption = captioner.Caption(images)[0];
        var reward = new CycleConsistencyReward(lpips, captioner, Spice.Shapes);

        var scores = reward.Score(new Candidates { GroupSize = 1, Prompts = ["two purple circles"], Images = images });

        Assert.Equal((float)Spice.Shapes.Score(caption, "two purple circles").F, scores.Parts["spice"][0]);
        Assert.Equal(scores.Parts["spice"][0], scores[0]);
    }

    [Fact]
    public void Score_NoImages_DoesNotApply()
    {
        using var lpips = Small();
        using var captioner = Captioner();
        var scores = new CycleConsistencyReward(lpips, captioner, Spice.Shapes).Score(new Candidates { GroupSize = 2, Prompts = [""] });
        Assert.Equal([null, null], scores.Values);
    }

    [Fact]
    public void Score_UnusableImage_CannotBeScored()
    {
        using var scope = NewDisposeScope();
        using var lpips = Small();
        using var captioner = Captioner();
        var images = full(2, 3, 48, 48, float.NaN);
        images[1] = full(3, 48, 48, 3f); // beyond the range, but a number
        var scores = new CycleConsistencyReward(lpips, captioner, Spice.Shapes).Score(new Candidates { GroupSize = 2, Prompts = ["a bar"], Images = images, RealImages = [Image("blip/images/scene_0.png")] });
        Assert.Equal(float.NaN, scores[0]);
        Assert.True(float.IsFinite(scores[1]!.Value));
        Assert.True(scores.Parts["lpips"][1] > 0);
    }

    [Theory]
    [InlineData(PerceptualSize.Square, 224, 224)]
    [InlineData(PerceptualSize.Crop, 224, 224)]
    [InlineData(PerceptualSize.AsGenerated, 48, 48)]
    public void Sized_EverySize_BringsBothTogether(PerceptualSize size, int height, int width)
    {
        using var scope = NewDisposeScope();
        var generated = CandidateImages.Sized(Pixels(Image("blip/images/scene_0.png")), size);
        var real = CandidateImages.Sized([Image("lpips/images/100x73_different_0.png")], size, generated);
        Assert.Equal([1, 3, height, width], generated.shape);
        Assert.Equal([1, 3, height, width], real.shape);
    }

    [Fact]
    public void Sized_ReferencePath_EqualsPillowAndTorchvision()
    {
        using var scope = NewDisposeScope();
        var rows = JsonElement.Parse(File.ReadAllText(Path.Combine(Folder, "lpips/lpips.json"))).GetProperty("reference_reward_path_vgg_224").EnumerateArray();
        var checkedRows = 0;
        foreach (var row in rows.Where(row => File.Exists(Path.Combine(Folder, row.GetProperty("real").GetString()!))))
        {
            var generated = CandidateImages.Sized(Pixels(Image(row.GetProperty("generated").GetString()!)), PerceptualSize.Square);
            var real = CandidateImages.Sized([Image(row.GetProperty("real").GetString()!)], PerceptualSize.Square, generated);
            Check(row.GetProperty("resized_generated"), generated);
            Check(row.GetProperty("resized_real"), real);
            checkedRows++;
        }

        Assert.True(checkedRows > 0);

        static void Check(JsonElement stored, Tensor actual)
        {
            Assert.Equal(stored.GetProperty("sum").GetDouble(), actual.to_type(ScalarType.Float64).sum().item<double>(), 0.01); // one level of one pixel is .004
            var places = tensor(stored.GetProperty("flat_indices").EnumerateArray().Select(place => place.GetInt64()).ToArray());
            Tensors.Close(tensor(stored.GetProperty("values").EnumerateArray().Select(value => value.GetSingle()).ToArray()), actual.flatten().index_select(0, places), 1e-6);
        }
    }

    private static BlipCaptioner Captioner() => BlipCaptioner.Load(Path.Combine(Folder, "blip/captioner"));

    private static Lpips Small()
    {
        long[] widths = [4, 6];
        return new Lpips(LpipsBackbone.CreateSmall(widths, InitialWeights.FanIn(1)), [.. widths.Select(width => full(width, 0.125f))], LpipsEpsilon.Package);
    }

    private static RgbImage Image(string relative) => ImageCodec.Decode(File.ReadAllBytes(Path.Combine(Folder, relative)), relative);

    // [1, 3, H, W] in [−1, 1]
    private static Tensor Pixels(RgbImage image)
    {
        using var scope = NewDisposeScope();
        return ((ImageInput.AsTensor(image).unsqueeze(0).to_type(ScalarType.Float32) / 127.5) - 1).MoveToOuterDisposeScope();
    }
}
