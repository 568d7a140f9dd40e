namespace Corl.Data.Curation;

/// <summary>The closed lists of entity extraction: COCO's 80 categories with the words captions use for them, phrases, and words that name nothing.</summary>
internal static class EntityWords
{
    // COCO 2017's category names; after the colon other words for the same thing, as captions have them.
    private const string Categories = """
        person: people, persons, human
        bicycle: bike, cycle
        car: automobile, sedan
        motorcycle: motorbike, motor bike, moped
        airplane: plane, jet, aeroplane, aircraft, jetliner
        bus
        train: locomotive
        truck
        boat: ship, canoe, sailboat
        traffic light: stoplight, stop light, traffic signal
        fire hydrant: hydrant
        stop sign
        parking meter
        bench
        bird
        cat: kitten, kitty
        dog: puppy, pup, doggy
        horse: pony, foal
        sheep: lamb
        cow: cattle, calf
        elephant
        bear
        zebra
        giraffe
        backpack: rucksack
        umbrella: parasol
        handbag: purse, hand bag
        tie: necktie
        suitcase: luggage
        frisbee
        skis: ski
        snowboard
        sports ball: ball
        kite
        baseball bat: bat
        baseball glove: mitt
        skateboard: skate board
        surfboard: surf board
        tennis racket: racket, racquet, tennis racquet
        bottle
        wine glass
        cup: mug
        fork
        knife
        spoon
        bowl
        banana
        apple
        sandwich
        orange
        broccoli
        carrot
        hot dog: hotdog
        pizza
        donut: doughnut
        cake: cupcake
        chair
        couch: sofa
        potted plant: house plant
        bed
        dining table: table
        toilet
        tv: television, tv monitor
        laptop: laptop computer
        mouse: computer mouse
        remote: remote control
        keyboard: computer keyboard
        cell phone: cellphone, phone, smartphone, mobile phone
        microwave: microwave oven
        oven: stove
        toaster
        sink
        refrigerator: fridge
        book
        clock
        vase
        scissors
        teddy bear: teddy, stuffed bear
        hair drier: hair dryer, blow dryer
        toothbrush: tooth brush
        """;

    // Other words that captions use for one thing, and other things of two words.
    private const string Others = """
        child: kid, toddler
        man: guy, gentleman, fellow
        woman: lady
        ice cream
        polar bear
        living room
        bath tub: bathtub
        street light: lamp post, street lamp
        road: roadway
        bow tie
        peanut butter
        french fries: fries
        wet suit: wetsuit
        baseball player
        tennis player
        tennis court
        train station
        coffee table
        night stand: nightstand
        side walk: sidewalk
        """;

    /// <summary>Any word or phrase of the lists to the one that stands for it.</summary>
    public static readonly Dictionary<string, string> Canonical = Parse(Categories + "\n" + Others);

    /// <summary>The words and phrases that stand for others: always entities.</summary>
    public static readonly HashSet<string> Named = [.. Canonical.Values];

    /// <summary>Nouns that speak of the picture or of amounts, not of what is in it.</summary>
    public static readonly HashSet<string> Meta =
    [
        "image", "picture", "photo", "photograph", "view", "side", "top", "front", "back", "group", "lot", "couple", "type", "kind", "bunch", "piece", "pair", "set", "row",
        "background", "foreground", "middle", "center", "bottom", "end", "edge", "corner", "part", "way", "thing", "something", "someone", "one", "day", "time", "number", "other",
        "left", "right", "close", "shot", "scene", "area", "variety", "display", "color", "size", "shape", "answer", "question", "choice", "reason", "use", "fact", "case",
    ];

    /// <summary>Words of grammar that a dictionary also has as nouns: "at" is a unit, "it" a trade, "he" a gas.</summary>
    public static readonly HashSet<string> Grammar =
    [
        "a", "an", "the", "am", "as", "at", "but", "by", "do", "he", "her", "his", "i", "if", "in", "it", "its", "me", "my", "no", "now", "of", "off", "on", "or", "our", "out", "over", "own", "past",
        "she", "so", "some", "such", "than", "that", "them", "then", "there", "they", "this", "to", "up", "us", "vs", "we", "while", "who", "with", "you", "inside", "outside", "front", "upside",
        "down", "here", "what", "which", "where", "when", "why", "how", "yes", "not", "all", "any", "both", "each", "more", "most", "much", "many", "few", "least", "less", "same",
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "dozen", "hundred", "thousand", "first", "second", "third", "sat", "ran", "lot",
    ];

    /// <summary>Verbs of captions that are also nouns.</summary>
    public static readonly HashSet<string> Verbs =
    [
        "stand", "sit", "walk", "ride", "play", "look", "hold", "run", "jump", "fly", "eat", "wear", "catch", "hit", "swing", "throw", "pose", "drive", "cut", "lie", "lay", "rest",
        "hang", "show", "watch", "wait", "talk", "cross", "pull", "push", "surf", "skate", "work", "make", "have", "do", "go", "get", "take", "put", "need", "help", "want", "can", "will",
        "be", "is", "are", "was", "must", "may", "like", "love", "stop", "start", "turn", "move", "try", "think", "know", "see", "read", "reach", "lean", "face", "serve", "cook",
    ];

    /// <summary>Nouns that look like forms of a verb.</summary>
    public static readonly HashSet<string> NounsInIng = ["building", "ceiling", "clothing", "painting", "railing", "wedding", "awning", "dressing", "frosting", "icing", "topping", "pudding", "stuffing", "lighting", "crossing", "evening", "morning", "bed", "shed", "sled", "seed", "weed"];

    private static Dictionary<string, string> Parse(string lists)
    {
        var canonical = new Dictionary<string, string>();
        foreach (var line in Lines(lists))
        {
            var parts = line.Split(':', 2);
            foreach (var word in (string[])[parts[0], .. parts.Length > 1 ? parts[1].Split(',', StringSplitOptions.TrimEntries) : []])
            {
                canonical.TryAdd(word, parts[0]);
            }
        }

        return canonical;
    }

    private static string[] Lines(string lists) => lists.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
