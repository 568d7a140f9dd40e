using System.Text;
using SkiaSharp;

namespace Corl.Reports;

/// <summary>The parts of the page with images: what was drawn and what was answered, stage by stage.</summary>
internal static class ReportGallery
{
    private const int MaxSide = 384;         // pixels; a larger image is scaled down, because a page holds many
    private const int KeepBytes = 48 << 10;  // a smaller file goes in as it is
    private const int WebpQuality = 85;      // no visible loss on photographs

    public static void Images(StringBuilder html, IReadOnlyList<ImageComparison> prompts)
    {
        html.Append("""<div class="gallery">""");
        foreach (var prompt in prompts)
        {
            html.Append($"""<article><p class="prompt">{HtmlReport.Escape(prompt.Prompt)}</p>""");
            if (prompt.Real is { } real)
            {
                Row(html, "real", [real]);
            }

            foreach (var (stage, images) in prompt.Stages)
            {
                Row(html, stage, images);
            }

            html.Append("</article>\n");
        }

        html.Append("</div>\n");
    }

    public static void Answers(StringBuilder html, IReadOnlyList<AnswerComparison> questions)
    {
        html.Append("""<div class="answers">""");
        foreach (var question in questions)
        {
            html.Append("<article>");
            if (question.Image is { } image)
            {
                Image(html, image);
            }

            html.Append($"""<div><p class="prompt">{HtmlReport.Escape(question.Question)}</p><p class="truth">{HtmlReport.Escape(question.Truth)}</p><dl>""");
            foreach (var (stage, answer, isRight) in question.Stages)
            {
                html.Append($"""<dt>{Mark(isRight)}{HtmlReport.Escape(stage)}</dt><dd>{HtmlReport.Escape(answer)}</dd>""");
            }

            html.Append("</dl></div></article>\n");
        }

        html.Append("</div>\n");
    }

    private static void Row(StringBuilder html, string stage, IReadOnlyList<ReportImage> images)
    {
        html.Append($"""<div class="row"><span class="stage">{HtmlReport.Escape(stage)}</span><div class="images">""");
        foreach (var image in images)
        {
            Image(html, image);
        }

        html.Append("</div></div>");
    }

    private static void Image(StringBuilder html, ReportImage image)
    {
        var (source, isSmall) = Source(image.Png);
        var verdict = image.IsRight switch { true => " right", false => " wrong", null => "" };
        html.Append($"""<figure class="image{verdict}">""").Append(source is null ? """<div class="none">no image</div>"""
            : $"""<img{(isSmall ? " class=\"pixels\"" : "")} src="{source}" alt="" loading="lazy" />""");
        if (image.Label is not null || image.IsRight is not null)
        {
            html.Append($"<figcaption>{Mark(image.IsRight)}{HtmlReport.Escape(image.Label ?? "")}</figcaption>");
        }

        html.Append("</figure>");
    }

    private static string Mark(bool? isRight) => isRight switch { true => """<span class="yes">✓</span> """, false => """<span class="no">✗</span> """, null => "" };

    /// <summary>The image as a data address, null when it is none, and whether it is so small that it is to be enlarged with sharp pixels.</summary>
    private static (string? Source, bool IsSmall) Source(ReadOnlyMemory<byte> file)
    {
        const int SmallSide = 96; // below, single pixels matter: the tiny models draw 24 to 64 a side
        using var bitmap = ImageGrid.Decode(file);
        if (bitmap is null)
        {
            return (null, false);
        }

        var side = Math.Max(bitmap.Width, bitmap.Height);
        if (side <= MaxSide && file.Length <= KeepBytes)
        {
            var type = file.Span switch { [0x89, ..] => "png", [0xFF, ..] => "jpeg", _ => "webp" };
            return ($"data:image/{type};base64,{Convert.ToBase64String(file.Span)}", side < SmallSide);
        }

        var scale = Math.Min(1, (double)MaxSide / side);
        var size = new SKImageInfo(Math.Max(1, (int)(bitmap.Width * scale)), Math.Max(1, (int)(bitmap.Height * scale)));
        using var scaled = bitmap.Resize(size, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        using var data = scaled.Encode(SKEncodedImageFormat.Webp, WebpQuality);
        return ($"data:image/webp;base64,{Convert.ToBase64String(data.AsSpan())}", false);
    }
}
