namespace Corl.Text.Parsing;

/// <summary>Word lists of the rule-based parser: closed classes whole, and the verbs and nouns of image captions that its rules ask about.</summary>
internal static class CaptionWords
{
    /// <summary>Words of closed classes and their tag where it does not depend on the context.</summary>
    public static readonly Dictionary<string, string> Tags = Table(
        ("DT", "a an the this that these those some any each every no another all both either neither"),
        ("PRP", "i you he she it we they me him us them himself herself itself themselves myself yourself ourselves"),
        ("PRP$", "my your his its our their her"),
        ("EX", "there"),
        ("NN", "someone something everyone everything anyone anything nobody nothing somebody everybody anybody"),
        ("IN", "of in on at by with from into onto over under above below behind beside besides near between among amid against along across around through during for about after before inside outside beneath underneath beyond toward towards upon within without via per as like than past down up off out if because while although though unless until since whether except despite atop alongside amongst throughout aboard"),
        ("CC", "and or but nor & plus yet"),
        ("MD", "can could will would may might must shall should 'll 'd ca wo"),
        ("VBZ", "is has does"),
        ("VBP", "are am have do 're 've 'm"),
        ("VBD", "was were had did"),
        ("VBN", "been"),
        ("VBG", "being having doing"),
        ("VB", "be"),
        ("WDT", "which"),
        ("WP", "who whom what"),
        ("WP$", "whose"),
        ("WRB", "where when how why"),
        ("RB", "not n't very too also just so quite really still only even almost together away apart here now then again never always often sometimes maybe perhaps else ahead aside forward backward backwards nearby"),
        ("JJ", "many several few various other same own such much multiple numerous more most less"),
        ("CD", "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen"),
        ("TO", "to"),
        (",", ","),
        (":", ": - – — / * # ( ) [ ] { } \" ` % + = < > | ~ ^ \\ @ $"));

    /// <summary>Words that follow a verb as its particle where no noun phrase comes next.</summary>
    public static readonly HashSet<string> Particles = Set("up down off out over on in away back around along through by past inside outside near across behind below above underneath");

    /// <summary>Words that open a clause: "while he holds a kite".</summary>
    public static readonly HashSet<string> Subordinators = Set("while as when because although though before after if since until unless where so");

    /// <summary>Prepositions of several words, longest first where one starts another.</summary>
    public static readonly string[][] Prepositions =
    [
        .. "in front of;on top of;in back of;on side of;in between;next to;close to;left of;right of;out of;inside of;outside of;across from;away from;along with;instead of;because of;due to;ahead of;on board;up against"
            .Split(';').Select(words => words.Split(' ')),
    ];

    /// <summary>Verbs that captions use; their forms are verbs where a noun would also be possible.</summary>
    public static readonly HashSet<string> Verbs = Set(
        "sit stand ride walk play run look hold jump fly eat sleep lie lay rest pose smile wait swim surf ski hit throw swing catch kick read drink talk pull push carry drive cross wear graze stare watch lean hang work show move stop roll feed skate skateboard snowboard sail float climb cook cut prepare serve wave dance sing fall slide race perch roam stroll cover surround fill make take give get go come put place set use try pick enjoy chase laugh cry kiss hug pet touch reach lift open close point face land park pass travel head perform practice compete gather display contain sniff bite lick chew lounge relax bathe brush wash clean paint type listen speak attach attempt approach begin start continue dress decorate line follow join leap lead graze grow");

    /// <summary>Verbs after which a phrase of place belongs to the verb, not to its object: "puts a cup on the table".</summary>
    public static readonly HashSet<string> PlacementVerbs = Set("put place set lay throw toss hit kick pass take bring carry lead pull push pour hang load drop catch ride walk fly drive feed send pile stack roll");

    /// <summary>Verbs with two objects: "gives the dog a bone".</summary>
    public static readonly HashSet<string> GivingVerbs = Set("give show hand feed offer throw bring pass teach serve send");

    /// <summary>Prepositions of direction, which belong to a verb even after its object.</summary>
    public static readonly HashSet<string> Directions = Set("to into onto through toward towards across from off down up along past out");

    /// <summary>Forms in -ing that are nouns before another noun or after one: "parking meter".</summary>
    public static readonly HashSet<string> GerundNouns = Set("building ceiling painting clothing railing awning evening morning wing ring string king thing sling spring bedding wedding pudding earring herring sibling duckling dumpling lightning parking dining swimming shopping wiring siding lighting frosting icing stuffing topping dressing drawing carving");

    /// <summary>Nouns that can act: people, animals, vehicles.</summary>
    public static readonly HashSet<string> Agents = Set(
        "man woman boy girl person people child kid baby guy lady gentleman player rider skier surfer skateboarder snowboarder skater batter pitcher catcher chef cook worker officer police soldier student couple group crowd family friend team bride groom mother father son daughter men women someone toddler teenager adult male female cyclist biker motorcyclist driver passenger pedestrian dancer singer musician cowboy umpire athlete "
        + "dog cat horse cow sheep goat bird elephant giraffe zebra bear lion tiger monkey duck goose swan seagull pigeon parrot owl chicken puppy kitten pony bull calf lamb pig deer rabbit fox wolf animal herd flock "
        + "train bus car truck plane airplane jet boat ship motorcycle bike bicycle van tram trolley helicopter");

    /// <summary>What is worn: a phrase of place after it belongs to the wearer.</summary>
    public static readonly HashSet<string> Worn = Set("shirt hat jacket coat dress pants suit shorts helmet glasses glass hair beard tie uniform skirt shoes shoe t-shirt sweater hoodie cap vest scarf gloves glove boots boot jeans wetsuit costume outfit clothes clothing sunglasses mask backpack");

    // Irregular forms that are only past tense, or only participles; all others are both.
    public static readonly HashSet<string> PastOnly = Set("rode wore ate threw drove took gave saw went did broke chose drew fell flew forgot froze grew hid knew rose shook spoke stole swam sang sank tore woke wrote ran came became began drank bit blew beat was were lay");
    public static readonly HashSet<string> ParticipleOnly = Set("ridden worn eaten thrown driven taken given seen gone done broken chosen drawn fallen flown forgotten frozen grown hidden known risen shaken spoken stolen swum sung sunk torn woken written shown sewn woven swollen bitten beaten blown lain been");

    private static HashSet<string> Set(string words) => [.. words.Split(' ')];

    private static Dictionary<string, string> Table(params (string Tag, string Words)[] rows)
    {
        var table = new Dictionary<string, string>();
        foreach (var (tag, words) in rows)
        {
            foreach (var word in words.Split(' '))
            {
                table[word] = tag;
            }
        }

        return table;
    }
}
