// Writes assets/text/unicode-forms.bin, the table behind src/Corl/Text/UnicodeForms.cs, from two files of the Unicode Character Database
// (Debian package unicode-data, folder /usr/share/unicode; or https://www.unicode.org/Public/15.0.0/ucd/):
//   dotnet run build/data/UnicodeForms.cs -- UnicodeData.txt CompositionExclusions.txt assets/text/unicode-forms.bin
// One line per character that has a decomposition or a combining class: code, class, flags (k: compatibility only, x: never composed),
// then its one-step decomposition; compressed as raw deflate.
#:property PublishAot=false
using System.IO.Compression;
using System.Text;

if (args.Length != 3)
{
    Console.Error.WriteLine("usage: UnicodeForms.cs UnicodeData.txt CompositionExclusions.txt OUT");
    return 2;
}

var excluded = File.ReadLines(args[1]).Select(line => line.Split('#')[0].Trim()).Where(code => code.Length > 0).ToHashSet();
var table = new StringBuilder();
foreach (var line in File.ReadLines(args[0]))
{
    var fields = line.Split(';');
    var (code, combiningClass, decomposition) = (fields[0], fields[3], fields[5]);
    if (combiningClass == "0" && decomposition.Length == 0)
    {
        continue;
    }

    var isCompatibility = decomposition.StartsWith('<');
    var parts = isCompatibility ? decomposition[(decomposition.IndexOf('>') + 2)..] : decomposition;
    table.Append(code).Append(' ').Append(combiningClass).Append(' ').Append(isCompatibility ? "k" : excluded.Contains(code) ? "x" : "-");
    table.Append(parts.Length > 0 ? " " : "").Append(parts).Append('\n');
}

using var file = File.Create(args[2]);
using var deflate = new DeflateStream(file, CompressionLevel.SmallestSize);
deflate.Write(Encoding.ASCII.GetBytes(table.ToString()));
return 0;
