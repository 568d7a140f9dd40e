using System.Security.Cryptography;
using System.Text.Json;
using Corl.Data;

namespace Corl.Tests.Data;

/// <summary>Parquet files of every codec, encoding and layout: the stored values, or one line of refusal.</summary>
public sealed class ParquetGoldenTests
{
    private const string Root = "formats/parquet";

    public static TheoryData<string> Loadable => Cases("load", file => file.EndsWith(".parquet", StringComparison.Ordinal) && file != "nulls.parquet"); // that one has a test of its own

    public static TheoryData<string> Broken => Cases("reject", file => file.EndsWith(".parquet", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Loadable))]
    public void Read_EveryRow_GivesTheStoredValues(string file)
    {
        var content = Case(file).GetProperty("content");
        var columns = content.GetProperty("columns").EnumerateObject().ToDictionary(column => column.Name, column => column.Value.GetString()!);
        var names = NamesFor(columns);
        using var set = SampleSet.Open(GoldenFiles.Path($"{Root}/{file}"), names);
        Assert.Equal(content.GetProperty("rows").GetInt32(), set.Count);

        var row = 0;
        foreach (var values in content.GetProperty("values").EnumerateArray())
        {
            Check(set, row++, values, columns, names);
        }
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void Open_Broken_IsRefusedInOneLineWithItsName(string file)
    {
        var error = Assert.Throws<UserException>(() => ReadAll(GoldenFiles.Path($"{Root}/{file}")));
        Assert.Contains(Path.GetFileName(file), error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Open_PageWithWrongChecksum_IsRefusedOrRead()
    {
        try
        {
            ReadAll(GoldenFiles.Path($"{Root}/broken/page_checksum_wrong.parquet"));
        }
        catch (UserException e)
        {
            Assert.Contains("page_checksum_wrong.parquet", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_NoKnownColumn_ListsTheColumnsThatAreThere()
    {
        var error = Assert.Throws<UserException>(() => SampleSet.Open(GoldenFiles.Path($"{Root}/unknown_columns.parquet")));
        Assert.Contains("unknown_columns.parquet", error.Message, StringComparison.Ordinal);
        Assert.Contains("picture, text", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ColumnNameThatIsNotThere_ListsTheColumnsThatAreThere()
    {
        var error = Assert.Throws<UserException>(() => SampleSet.Open(GoldenFiles.Path($"{Root}/mcot_guess.parquet"), new ColumnNames { Question = "frage" }));
        Assert.Contains("'frage'", error.Message, StringComparison.Ordinal);
        Assert.Contains("image, problem, solution", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_PartWithoutColumn_IsRefusedWhenRequired()
    {
        var error = Assert.Throws<UserException>(() => SampleSet.Open(GoldenFiles.Path($"{Root}/mcot_guess.parquet"), required: SampleParts.All));
        Assert.Contains("no column for the prompt", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Nulls_NamesEachRowThatCannotBeUsed()
    {
        // Rows: image; path to nothing; nothing at all; prompt alone; image of 0 bytes; bytes that are no image.
        using var set = SampleSet.Open(GoldenFiles.Path($"{Root}/nulls.parquet"));
        Assert.Equal(SampleParts.Prompt | SampleParts.RealImage, set.Read(0).Parts);
        Assert.Equal(SampleParts.Prompt, set.Read(3).Parts);
        foreach (var (row, reason) in new[] { (1, "images/0001.png"), (2, "neither a prompt nor a question"), (4, "0 bytes"), (5, "image") })
        {
            var error = Assert.Throws<UserException>(() => set.Read(row));
            Assert.StartsWith($"nulls.parquet, row {row}: ", error.Message, StringComparison.Ordinal);
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_DeepSchema_IsRefused()
    {
        // 100,000 groups inside each other: enough to overflow the stack of a reader that walks them by recursion.
        using var folder = new TemporaryFolder();
        var file = folder.File("deep.parquet");
        File.WriteAllBytes(file, HostileParquet.DeepSchema(100_000));
        Assert.Contains("deep.parquet", Assert.Throws<UserException>(() => SampleSet.Open(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PageThatClaimsAGigabyte_IsRefusedBeforeItIsAllocated()
    {
        var bytes = File.ReadAllBytes(GoldenFiles.Path($"{Root}/codec_zstd.parquet"));
        using var folder = new TemporaryFolder();
        var file = folder.File("bomb.parquet");
        File.WriteAllBytes(file, HostileParquet.ClaimGigabytePage(bytes));
        var before = GC.GetTotalAllocatedBytes();
        Assert.Contains("claims to hold", Assert.Throws<UserException>(() => ReadAll(file)).Message, StringComparison.Ordinal);
        Assert.True(GC.GetTotalAllocatedBytes() - before < 20_000_000);
    }

    [Fact]
    public void Read_DamagedAtRandom_GivesValuesOrOneLine()
    {
        string[] seeds = [.. Loadable.Select(row => row.Data).Where(file => file.StartsWith("codec_", StringComparison.Ordinal) || file is "x2x_rft.parquet" or "encodings.parquet" or "pages_v2.parquet")];
        using var folder = new TemporaryFolder();
        var file = folder.File("damaged.parquet");
        var rng = new CounterRng(1);
        for (var i = 0; i < 400; i++)
        {
            var bytes = File.ReadAllBytes(GoldenFiles.Path($"{Root}/{rng.Choice(seeds)}"));
            var footer = BitConverter.ToInt32(bytes, bytes.Length - 8);
            for (var flips = 1 + rng.Below(4); flips > 0; flips--)
            {
                var at = rng.Below(2) == 0 ? bytes.Length - 8 - 1 - rng.Below(footer) : 4 + rng.Below(bytes.Length - 12);
                bytes[at] = (byte)rng.Below(256);
            }

            File.WriteAllBytes(file, bytes);
            try
            {
                ReadAll(file);
            }
            catch (UserException e)
            {
                Assert.Contains("damaged.parquet", e.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', e.Message);
            }
        }
    }

    private static void ReadAll(string path)
    {
        using var set = SampleSet.Open(path);
        for (var row = 0; row < set.Count; row++)
        {
            set.Read(row);
        }
    }

    private static void Check(SampleSet set, int row, JsonElement values, Dictionary<string, string> columns, ColumnNames names)
    {
        string? Stored(DataField field) =>
            names.Find(field, columns.Keys, "") is { } column && values.GetProperty(column) is { ValueKind: not JsonValueKind.Null } value ? value.ToString() : null;

        var image = names.Find(DataField.Image, columns.Keys, "") is { } name ? ImageOf(values.GetProperty(name)) : default;
        if (image.MustFail || (string.IsNullOrWhiteSpace(Stored(DataField.Prompt)) && string.IsNullOrWhiteSpace(Stored(DataField.Question))))
        {
            Assert.Throws<UserException>(() => set.Read(row));
            return;
        }

        var sample = set.Read(row);
        Assert.Equal(Stored(DataField.Prompt)?.Trim(), sample.Prompt);
        Assert.Equal(Stored(DataField.Question), sample.Question);
        Assert.Equal(Stored(DataField.Answer), sample.Answer);
        if (Stored(DataField.Type) is { } type)
        {
            Assert.Equal(type == "MC" ? QuestionType.MultipleChoice : QuestionType.OpenEnded, sample.Type);
        }

        Assert.Equal(image.Sha256, sample.RealImage is null ? null : Convert.ToHexStringLower(SHA256.HashData(sample.ImageBytes.Span)));
        if (image.Width > 0)
        {
            Assert.Equal((image.Width, image.Height), (sample.RealImage!.Width, sample.RealImage.Height));
        }

        if (image.RgbSha256 is { } pixels)
        {
            Assert.Equal(pixels, Convert.ToHexStringLower(SHA256.HashData(sample.RealImage!.Pixels)));
        }
    }

    /// <summary>What cases.json says of an image cell: its digest and size, and whether reading must fail (no image by that path, or no image at all).</summary>
    private static (string? Sha256, string? RgbSha256, int Width, int Height, bool MustFail) ImageOf(JsonElement cell)
    {
        if (cell.ValueKind == JsonValueKind.Array)
        {
            return cell.GetArrayLength() == 0 ? default : ImageOf(cell[0]);
        }

        if (cell.ValueKind != JsonValueKind.Object)
        {
            return (null, null, 0, 0, cell.ValueKind == JsonValueKind.String);
        }

        if (cell.TryGetProperty("image", out var image) && image.ValueKind == JsonValueKind.Object)
        {
            var isRead = image.GetProperty("format").GetString() is "PNG" or "JPEG" or "WEBP";
            var pixels = image.TryGetProperty("rgb_sha256", out var rgb) ? rgb.GetString() : null;
            return (image.GetProperty("sha256").GetString(), pixels, image.GetProperty("width").GetInt32(), image.GetProperty("height").GetInt32(), !isRead);
        }

        if (cell.TryGetProperty("sha256", out var digest))
        {
            return (digest.GetString(), null, 0, 0, cell.GetProperty("bytes").GetInt32() < 100); // types.parquet holds two binary values that are no images
        }

        var hasBytes = cell.TryGetProperty("bytes", out var bytes) && bytes.ValueKind == JsonValueKind.Number;
        var path = cell.GetProperty("path").GetString();
        return (null, null, 0, 0, hasBytes || path is not null);
    }

    /// <summary>The known names where they are there, otherwise the first columns of fitting types.</summary>
    private static ColumnNames NamesFor(Dictionary<string, string> columns)
    {
        string? First(DataField field, params string[] types) =>
            ColumnNames.Known(field).Any(columns.ContainsKey) ? null : columns.FirstOrDefault(column => types.Any(type => column.Value.StartsWith(type, StringComparison.Ordinal))).Key;

        var hasText = ColumnNames.Known(DataField.Question).Any(columns.ContainsKey);
        return new ColumnNames { Image = First(DataField.Image, "struct<bytes"), Prompt = hasText ? null : First(DataField.Prompt, "string", "large_string", "dictionary<values=string") };
    }

    private static TheoryData<string> Cases(string expected, Func<string, bool> wanted) =>
        new(All().Where(item => item.GetProperty("expected").GetString() == expected).Select(item => item.GetProperty("file").GetString()!).Where(wanted));

    private static JsonElement Case(string file) => All().First(item => item.GetProperty("file").GetString() == file);

    private static JsonElement[] All() => [.. JsonDocument.Parse(File.ReadAllBytes(GoldenFiles.Path($"{Root}/cases.json"))).RootElement.EnumerateArray()];
}
