using Corl.Text;

namespace Corl.Tests.Text;

public sealed class CaptionFormTests
{
    [Theory]
    [InlineData(CaptionForm.Raw, " A dog, (two) cats. ", " A dog, (two) cats. ")]
    [InlineData(CaptionForm.Tokenised, " A dog, (two) cats. ", "a dog two cats")]
    [InlineData(CaptionForm.Tokenised, "The man's 2.5-ton truck!", "the man's 2.5-ton truck")]
    [InlineData(CaptionForm.Stopped, " a dog ", "A dog.")]
    [InlineData(CaptionForm.Stopped, "A dog?", "A dog?")]
    [InlineData(CaptionForm.Stopped, "  ", "")]
    public void Apply_Caption_IsWrittenSo(CaptionForm form, string caption, string expected) => Assert.Equal(expected, form.Apply(caption));
}
