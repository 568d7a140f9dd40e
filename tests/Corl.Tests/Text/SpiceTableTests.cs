using System.Globalization;
using Corl.Text;

namespace Corl.Tests.Text;

/// <summary>
/// Caption pairs with the tuples that sound parsing and the extraction rules give, and their scores. Columns: row, candidate, its tuples,
/// reference, its tuples, matched tuples, candidate tuples, reference tuples, F. A tuple is "object", "object:attribute" or
/// "subject-relation-object"; "a/b" is one object that both words name.
/// </summary>
public sealed class SpiceTableTests
{
    [Theory, MemberData(nameof(Rows))]
    public void Score_EveryRow_HasTheTuplesAndScore(string row, string candidate, string candidateTuples, string reference, string referenceTuples, int[] counts, double f)
    {
        var spice = Spice.Clean with { Synonyms = SynsetIds.Meteor };
        Assert.Equal($"{row}: {Sorted(candidateTuples)}", $"{row}: {Printed(spice.Graph(candidate))}");
        Assert.Equal($"{row}: {Sorted(referenceTuples)}", $"{row}: {Printed(spice.Graph(reference))}");
        var score = spice.Score(candidate, reference);
        Assert.Equal((counts[0], counts[1], counts[2]), (score.Matched, score.Candidate, score.Reference));
        Assert.Equal(f, score.F, 0.0005); // the table has three decimals
        Assert.Equal(score, Spice.Clean.Score(candidate, reference)); // no pair here hangs on two synsets with one number
    }

    public static TheoryData<string, string, string, string, string, int[], double> Rows()
    {
        var rows = new TheoryData<string, string, string, string, string, int[], double>();
        foreach (var fields in Table.Split('\n').Select(line => line.Split('|').Select(field => field.Trim()).ToArray()))
        {
            int[] counts = [.. fields[5..8].Select(count => int.Parse(count, CultureInfo.InvariantCulture))];
            rows.Add(fields[0], fields[1], fields[2], fields[3], fields[4], counts, double.Parse(fields[8], CultureInfo.InvariantCulture));
        }

        return rows;
    }

    private static string Printed(SceneGraph graph) => Sorted(string.Join("; ", graph.Tuples.Select(tuple => string.Join(tuple.Length == 2 ? ':' : '-', tuple))));

    // Tuples in ordinal order, the words of a merged object too.
    private static string Sorted(string tuples) => string.Join("; ", tuples.Split("; ")
        .Select(tuple => string.Join('-', tuple.Split('-').Select(part => string.Join('/', part.Split('/').Order(StringComparer.Ordinal))))).Order(StringComparer.Ordinal));

    private const string Table = """
        1 | a man riding a horse | man; horse; man-ride-horse | a man riding a horse | man; horse; man-ride-horse | 3 | 3 | 3 | 1.000
        2 | a young man rides a brown horse | man; horse; man:young; horse:brown; man-ride-horse | a man riding a horse | man; horse; man-ride-horse | 3 | 5 | 3 | 0.750
        3 | a person on a bicycle | person; bicycle; person-on-bicycle | a person on a bike | person; bike; person-on-bike | 3 | 3 | 3 | 1.000
        4 | a woman on a motorcycle | woman; motorcycle; woman-on-motorcycle | a person on a bike | person; bike; person-on-bike | 1 | 3 | 3 | 0.333
        5 | a bicycle and a motorcycle | bicycle; motorcycle | a bike | bike | 2 | 2 | 1 | 1.333
        6 | two dogs are running on the beach | dog; beach; dog:two; dog-run on-beach | two dogs run on a beach | dog; beach; dog:two; dog-run on-beach | 4 | 4 | 4 | 1.000
        7 | three dogs on a beach | dog; beach; dog:three; dog-on-beach | two dogs on a beach | dog; beach; dog:two; dog-on-beach | 3 | 4 | 4 | 0.750
        8 | 2 cats | cat; cat:2 | two cats | cat; cat:two | 2 | 2 | 2 | 1.000
        9 | one dog on a couch | dog; couch; dog-on-couch | a dog on a sofa | dog; sofa; dog-on-sofa | 3 | 3 | 3 | 1.000
        10 | a lot of horses in a field | horse; field; lot; horse:a; horse-in-field | horses in a field | horse; field; horse-in-field | 3 | 5 | 3 | 0.750
        11 | a couple of dogs | dog; couple; dog:a | two dogs | dog; dog:two | 1 | 3 | 2 | 0.400
        12 | a pair of scissors | scissors; pair; scissors:a | scissors | scissors | 1 | 3 | 1 | 0.500
        13 | several boats on the water | boat; water; boat:several; boat-on-water | boats on the water | boat; water; boat-on-water | 3 | 4 | 3 | 0.857
        14 | a group of people standing around a table | people; table; group; people-stand around-table; group-of-people | people standing around a table | people; table; people-stand around-table | 3 | 5 | 3 | 0.750
        15 | the cat is black | cat; cat:black | a black cat | cat; cat:black | 2 | 2 | 2 | 1.000
        16 | the animal is a dog | animal; dog; animal:dog | a dog | dog | 1 | 3 | 1 | 0.500
        17 | a cat is on the couch | cat; couch; cat-on-couch | there is a cat on the couch | cat; couch; cat-on-couch | 3 | 3 | 3 | 1.000
        18 | a frisbee is caught by a dog | dog; frisbee; dog-catch-frisbee | a dog catches a frisbee | dog; frisbee; dog-catch-frisbee | 3 | 3 | 3 | 1.000
        19 | a bus is parked on the street | bus; street | a bus parked on the street | bus; street; bus-park on-street | 2 | 2 | 3 | 0.800
        20 | a man picking up a bag | man; bag; man-pick up-bag | a man picks up a bag | man; bag; man-pick up-bag | 3 | 3 | 3 | 1.000
        21 | a man's hat | man; hat; man-have-hat | a man wearing a hat | man; hat; man-wear-hat | 2 | 3 | 3 | 0.667
        22 | a dog with its tail up | dog/tail; dog/tail-with-dog/tail; dog/tail-have-dog/tail | a dog with a tail | dog/tail; dog/tail-with-dog/tail | 2 | 3 | 2 | 0.800
        23 | a boy smiles while he holds a kite | boy; kite; boy:smile; boy-hold-kite | a smiling boy holding a kite | boy; kite; boy:smile; boy-hold-kite | 4 | 4 | 4 | 1.000
        24 | he is riding a wave | wave | a man riding a wave | man; wave; man-ride-wave | 1 | 1 | 3 | 0.500
        25 | two women and their dogs | woman; dog; woman:two; woman-have-dog | two women with dogs | woman; dog; woman:two; woman-with-dog | 3 | 4 | 4 | 0.750
        26 | a tennis racket on a tennis court | racket; court; racket:tennis; court:tennis; racket-on-court | a tennis racket on a court | racket; court; racket:tennis; racket-on-court | 4 | 5 | 4 | 0.889
        27 | a fire hydrant | hydrant; hydrant:fire | a hydrant | hydrant | 1 | 2 | 1 | 0.667
        28 | a large dog | dog; dog:large | a big dog | dog; dog:big | 2 | 2 | 2 | 1.000
        29 | a small grey elephant | elephant; elephant:small; elephant:grey | a big gray elephant | elephant; elephant:big; elephant:gray | 2 | 3 | 3 | 0.667
        30 | a man stands and holds a bat | man; bat; man:stand; man-hold-bat | a man holding a bat | man; bat; man-hold-bat | 3 | 4 | 3 | 0.857
        31 | a plate with rice and beans | plate; rice; bean; plate-with-rice; plate-with-bean | a plate of rice | plate; rice; plate-of-rice | 2 | 5 | 3 | 0.500
        32 | a dog in front of a house | dog; house; dog-in front of-house | a dog in front of a home | dog; home; dog-in front of-home | 3 | 3 | 3 | 1.000
        33 | a cat next to a lamp | cat; lamp; cat-next to-lamp | a cat beside a lamp | cat; lamp; cat-beside-lamp | 2 | 3 | 3 | 0.667
        34 | a man who is riding a horse | man; horse | a man riding a horse | man; horse; man-ride-horse | 2 | 2 | 3 | 0.800
        35 | a cat sleeping | cat | a sleeping cat | cat; cat:sleep | 1 | 1 | 2 | 0.667
        36 | a red and white bus | bus; bus:red; bus:white | a red bus | bus; bus:red | 2 | 3 | 2 | 0.800
        37 | a tv on a stand with a television | television/tv; stand; television/tv-on-stand; stand-with-television/tv | a tv on a stand | tv; stand; tv-on-stand | 3 | 4 | 3 | 0.857
        38 | a man throwing a frisbee to a dog | man; frisbee; dog; man-throw-frisbee; man-throw to-dog | a man throws a frisbee to his dog | man; frisbee; dog; man-throw-frisbee; man-throw to-dog; man-have-dog | 5 | 5 | 6 | 0.909
        39 | a clock on the side of a building | clock; side; building; clock-on-side; side-of-building | a clock on a building | clock; building; clock-on-building | 2 | 5 | 3 | 0.500
        40 | a woman is trying to open a box | woman; box; woman:try | a woman opening a box | woman; box; woman-open-box | 2 | 3 | 3 | 0.667
        41 | no people on the beach | people; beach; people-on-beach | people on the beach | people; beach; people-on-beach | 3 | 3 | 3 | 1.000
        42 | a dog and a dog and a dog | dog | a dog | dog | 1 | 1 | 1 | 1.000
        43 | |  | a dog | dog | 0 | 0 | 1 | 0.000
        44 | running quickly | | a dog running | dog | 0 | 0 | 1 | 0.000
        """;
}
