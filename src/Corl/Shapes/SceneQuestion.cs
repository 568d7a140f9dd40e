namespace Corl.Shapes;

/// <summary>What a question asks about.</summary>
internal enum QuestionTask
{
    Count,
    Color,
    Where,
    Shape,
    Relation,
    Exists,
}

/// <summary>A question about a record's own scene.</summary>
/// <param name="Text">The question; a multiple-choice one ends in " A. x B. y C. z D. w".</param>
/// <param name="Answer">The letter of the right option, or the word or digit itself.</param>
/// <param name="Reasoning">The scene in words and the conclusion.</param>
/// <param name="Task">What it asks about.</param>
/// <param name="IsMultipleChoice">Whether the answer is a letter.</param>
internal sealed record SceneQuestion(string Text, string Answer, string Reasoning, QuestionTask Task, bool IsMultipleChoice)
{
    /// <summary>The question of the captioning task, whose answer is <see cref="SceneCaption"/> without tags.</summary>
    public const string Describe = "Describe the image.";

    private const ulong MultipleChoiceStream = 1;
    private const ulong OpenEndedStream = 2;
    private const string Letters = "ABCD";
    private static readonly string[] Counts = ["1", "2", "3", "4"];

    /// <summary>The reasoning and the answer in the format that training asks for.</summary>
    public string Response => $"<think> {Reasoning} </think><answer> {Answer} </answer>";

    /// <summary>The multiple-choice or the open-ended question of a record.</summary>
    public static SceneQuestion Of(ShapesRecord record, bool multipleChoice)
    {
        var random = new CounterRng(record.Seed, multipleChoice ? MultipleChoiceStream : OpenEndedStream);
        var objects = record.Scene.Objects;
        SceneObject[] uniqueShapes = [.. objects.Where(o => objects.Count(other => other.Shape == o.Shape) == 1)];
        SceneObject[] uniqueColors = [.. objects.Where(o => objects.Count(other => other.Color == o.Color) == 1)];
        var pairs = UnambiguousPairs(objects, uniqueShapes);
        List<QuestionTask> tasks = [QuestionTask.Count];
        tasks.AddRange(uniqueShapes.Length > 0 ? [QuestionTask.Color, QuestionTask.Where] : []);
        tasks.AddRange(uniqueColors.Length > 0 ? [QuestionTask.Shape] : []);
        tasks.AddRange(pairs.Length > 0 ? [QuestionTask.Relation] : []);
        tasks.AddRange(multipleChoice ? [] : [QuestionTask.Exists]);

        var task = random.Choice(tasks);
        var (text, value, pool) = task switch
        {
            QuestionTask.Color => AskColor(random.Choice(uniqueShapes)),
            QuestionTask.Where => AskWhere(random.Choice(uniqueShapes)),
            QuestionTask.Shape => AskShape(random.Choice(uniqueColors)),
            QuestionTask.Relation => AskRelation(random.Choice(pairs)),
            QuestionTask.Count => AskCount(ref random, objects),
            _ => AskExists(ref random, objects),
        };
        var seen = string.Join(", ", objects.Select(o => $"{World.CellNames[o.Cell]} {World.Name(o.Color)} {World.Name(o.Shape)}"));
        if (!multipleChoice)
        {
            return new SceneQuestion(text, value, $"{seen}. So {value}.", task, false);
        }

        var options = Options(ref random, value, pool);
        var letter = Letters[Array.IndexOf(options, value)].ToString();
        text += string.Concat(options.Select((option, i) => $" {Letters[i]}. {option}"));
        return new SceneQuestion(text, letter, $"{seen}. So {value} {letter}.", task, true);
    }

    // Ordered pairs of unique shapes and a relation that the first, and no other object, has to the second.
    private static (SceneObject First, SceneObject Second, Relation Relation)[] UnambiguousPairs(IReadOnlyList<SceneObject> objects, SceneObject[] unique) =>
    [
        .. from first in unique
           from second in unique
           where first != second
           from relation in Enum.GetValues<Relation>()
           where first.Is(relation, second) && objects.Count(o => o != second && o.Is(relation, second)) == 1
           select (first, second, relation),
    ];

    private static (string Text, string Value, string[] Pool) AskColor(SceneObject item) =>
        ($"What color is the {World.Name(item.Shape)}?", World.Name(item.Color), World.ColorNames);

    private static (string Text, string Value, string[] Pool) AskWhere(SceneObject item) =>
        ($"Where is the {World.Name(item.Shape)}?", World.CellNames[item.Cell], World.CellNames);

    private static (string Text, string Value, string[] Pool) AskShape(SceneObject item) =>
        ($"What shape is the {World.Name(item.Color)} object?", World.Name(item.Shape), World.ShapeNames);

    private static (string Text, string Value, string[] Pool) AskRelation((SceneObject First, SceneObject Second, Relation Relation) pair) =>
        ($"Which shape is {World.RelationNames[(int)pair.Relation]} the {World.Name(pair.Second.Shape)}?", World.Name(pair.First.Shape), World.ShapeNames);

    private static (string Text, string Value, string[] Pool) AskCount(ref CounterRng random, IReadOnlyList<SceneObject> objects)
    {
        if (random.Below(2) == 1)
        {
            return ("How many objects are there?", Counts[objects.Count - 1], Counts);
        }

        var shape = random.Choice(objects).Shape;
        return ($"How many {World.PluralNames[(int)shape]} are there?", Counts[objects.Count(o => o.Shape == shape) - 1], Counts);
    }

    private static (string Text, string Value, string[] Pool) AskExists(ref CounterRng random, IReadOnlyList<SceneObject> objects)
    {
        var item = random.Choice(objects);
        if (random.Below(2) == 0)
        {
            return ($"Is there {item.Phrase}?", "yes", []);
        }

        ShapeColor[] absent = [.. Enum.GetValues<ShapeColor>().Where(color => objects.All(o => o.Color != color))];
        return ($"Is there {World.Phrase(item.Shape, random.Choice(absent))}?", "no", []);
    }

    // Counts and cells are listed whole, in their natural order; of colours and shapes three wrong ones join the right one.
    private static string[] Options(ref CounterRng random, string value, string[] pool)
    {
        if (pool.Length == Letters.Length)
        {
            return pool;
        }

        List<string> options = [.. random.Sample(pool.Where(other => other != value), Letters.Length - 1)];
        options.Insert(random.Below(Letters.Length), value);
        return [.. options];
    }
}
