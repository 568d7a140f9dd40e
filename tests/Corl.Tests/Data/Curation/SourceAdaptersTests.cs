using Corl.Data.Curation;
using Corl.Reports;

namespace Corl.Tests.Data.Curation;

/// <summary>One item of every published format, field by field, and what is no problem.</summary>
public sealed class SourceAdaptersTests
{
    [Fact]
    public void AOkvqa_Item_HasChoiceAndAgreedAnswer()
    {
        var problem = Problem(SourceFormat.AOkvqa, """
            {"split": "train", "image_id": 139, "question_id": "22Mex", "question": "What is in her mouth? ", "choices": ["toothpick", "food", "candy", "cigarette"],
             "correct_choice_idx": 3, "direct_answers": ["Cigarette", "cigarette", "smoke", "cigarette", "smoke"], "difficult_direct_answer": false,
             "rationales": ["She smokes.", "She is smoking while riding.", "Smoke."]}
            """);
        Assert.Equal(("22Mex", "What is in her mouth?", 3, "cigarette", "She is smoking while riding.", "000000000139.jpg", 139L),
            (problem.Id, problem.Question, problem.Correct, problem.Answer, problem.Rationale, problem.Image, problem.CocoId));
        Assert.Equal(["toothpick", "food", "candy", "cigarette"], problem.Choices);
    }

    [Theory]
    [InlineData("\"direct_answers\": [\"yes\", \"yes\", \"yes\"]")]
    [InlineData("\"direct_answers\": [\"a\", \"a\", \"b\", \"b\"]")] // two agree, three must
    [InlineData("\"direct_answers\": [\"a\", \"a\", \"a\"], \"difficult_direct_answer\": true")]
    public void AOkvqa_AnswersThatDoNotFit_LeaveTheChoice(string answers) => Assert.Null(Problem(SourceFormat.AOkvqa,
        $$"""{"image_id": 1, "question_id": "q", "question": "?", "choices": ["a", "b"], "correct_choice_idx": 0, "rationales": [], {{answers}}}""").Answer);

    [Theory]
    [InlineData(nameof(SourceFormat.AOkvqa), """{"split": "val", "image_id": 1}""", "not of the train split")]
    [InlineData(nameof(SourceFormat.AOkvqa), """{"image_id": 1, "question_id": "q", "question": "?", "choices": ["a", "b"], "correct_choice_idx": 2, "direct_answers": []}""", "the right answer is no choice")]
    [InlineData(nameof(SourceFormat.GptVqa), """{"image_id": 1, "question": "?", "choices": ["a", ""], "correct_choice_idx": 0, "rationales": ["r"]}""", "an empty choice")]
    [InlineData(nameof(SourceFormat.GptVqa), """{"image_id": 1, "question": "?", "choices": ["a", "b"], "correct_choice_idx": 0, "rationales": ["By the description, a."]}""", "the rationale speaks of a description")]
    [InlineData(nameof(SourceFormat.GptVqa), """{"image_id": "vg1", "question": "?", "choices": ["a", "b"], "correct_choice_idx": 0, "rationales": []}""", "not a COCO image")]
    [InlineData(nameof(SourceFormat.ScienceQa), """{"split": "train", "question": "?", "choices": ["a", "b"], "answer": 0, "image": null}""", "no image")]
    [InlineData(nameof(SourceFormat.M3cot), """{"id": "m", "split": "test", "question": "?", "choices": ["a", "b"], "answer": "A"}""", "not of the train split")]
    [InlineData(nameof(SourceFormat.ArxivQa), """{"id": "x", "image": "i.jpg", "question": "?", "options": ["B) a", "A) b"], "label": "A"}""", "the options' letters are out of order")]
    [InlineData(nameof(SourceFormat.ArxivQa), """{"id": "x", "image": "i.jpg", "question": "?", "options": ["A) a", "B) b"], "label": "E"}""", "the right answer is no choice")]
    [InlineData(nameof(SourceFormat.Mavis), """{"image": "i.png", "conversations": [{"from": "human", "value": "<image>\nQuestion: x?"}, {"from": "gpt", "value": "Nobody knows."}]}""", "no final answer")]
    [InlineData(nameof(SourceFormat.Mavis), """{"image": "i.png", "conversations": [{"from": "human", "value": "<image>"}, {"from": "gpt", "value": "Answer: 3"}]}""", "no question")]
    public void Item_OfNoUse_SaysWhy(string format, string json, string reason) => Assert.Equal(reason, Read(Enum.Parse<SourceFormat>(format), json).Reason);

    [Theory]
    [InlineData(nameof(SourceFormat.AOkvqa), """{"image_id": 1, "question_id": 5, "question": "?", "choices": ["a", "b"], "correct_choice_idx": 0}""", "set.json, 'k': question_id: expected a string")]
    [InlineData(nameof(SourceFormat.ArxivQa), """{"id": "x", "image": "i", "question": "?", "options": "A", "label": "A"}""", "set.json, 'k': options: expected a list")]
    [InlineData(nameof(SourceFormat.Geomverse), """{"question": "?", "image_path": "a.jpeg"}""", "set.json, 'k': key 'label' is missing")]
    [InlineData(nameof(SourceFormat.RCot), """{"image": [], "conversations": []}""", "set.json, 'k': image: an empty list")]
    [InlineData(nameof(SourceFormat.Tabmwp), "[1]", "set.json, 'k': expected an object")]
    public void Item_Damaged_IsNamedWithItsKey(string format, string json, string message) =>
        Assert.StartsWith(message, Assert.Throws<UserException>(() => Read(Enum.Parse<SourceFormat>(format), json)).Message, StringComparison.Ordinal);

    [Fact]
    public void GptVqa_BothVersions_AreRead()
    {
        var first = Problem(SourceFormat.GptVqa, """
            {"image_id": 407348, "raw_instructions": "…", "question_type": "future_prediction", "question": "What is next?", "choices": ["She waits", "She talks"], "correct_choice_idx": 1,
             "rationales": ["Explanations: She is in the middle of a call."]}
            """);
        Assert.Equal(("407348-k", 1, null, "She is in the middle of a call.", "000000407348.jpg"), (first.Id, first.Correct, first.Answer, first.Rationale, first.Image));
        var choice = Problem(SourceFormat.GptVqa, """{"image": "coco/train2017/000000000025.jpg", "instruction": "What?", "options": ["a", "b", "c"], "choice_answer": "C", "answer": "Because."}""");
        Assert.Equal((2, null, "Because.", 25L), (choice.Correct, choice.Answer, choice.Rationale, choice.CocoId));
        var open = Problem(SourceFormat.GptVqa, """{"image": "vg/1.jpg", "instruction": "What?", "answer": "a kite"}""");
        Assert.Equal((0, "a kite", null), (open.Choices.Length, open.Answer, open.CocoId));
    }

    [Fact]
    public void ScienceQa_Item_PutsTheHintInTheQuestion()
    {
        var problem = Problem(SourceFormat.ScienceQa, """
            {"question": "Which is the warmer?", "choices": ["sample A", "sample B"], "answer": 1, "hint": "The balls show particles.", "image": "image.png", "task": "closed choice",
             "lecture": "Long.", "solution": "B moves faster.", "split": "train"}
            """);
        Assert.Equal(("Which is the warmer?\nContext: The balls show particles.", 1, "B moves faster.", "train/k/image.png"), (problem.Question, problem.Correct, problem.Rationale, problem.Image));
    }

    [Fact]
    public void M3cot_Item_HasALetter()
    {
        var problem = Problem(SourceFormat.M3cot, """
            {"id": "commonsense-7", "category": "c", "image_id": "i", "question": "Why?", "choices": ["x", "y", "z"], "context": "", "answer": "C", "rationale": "z it is.", "split": "train", "domain": "d", "topic": "t"}
            """);
        Assert.Equal(("Why?", 2, "z it is.", "images/commonsense-7.png"), (problem.Question, problem.Correct, problem.Rationale, problem.Image));
    }

    [Theory]
    [InlineData("""["A) 2", "B) 3", "C) 5"]""", "B", "2|3|5")]
    [InlineData("""["A. 2", "B. 3", "-", "C. 5"]""", "B. 3", "2|3|5")]
    [InlineData("""["[A] 2", "[B] 3"]""", "[B]", "2|3")]
    [InlineData("""["### Figure 2", "A: 2", "B: 3"]""", "B)", "2|3")]
    [InlineData("""["two", "three"]""", "B", "two|three")]
    public void ArxivQa_OptionsAsTheyWereWritten_AreCleaned(string options, string label, string choices)
    {
        var problem = Problem(SourceFormat.ArxivQa, $$"""{"id": "cond-mat-1", "image": "images/cond-mat0001_0.jpg", "options": {{options}}, "question": "Which?", "label": "{{label}}", "rationale": "r"}""");
        Assert.Equal((choices, 1, "images/cond-mat0001_0.jpg"), (string.Join('|', problem.Choices), problem.Correct, problem.Image));
    }

    [Fact]
    public void Tabmwp_BothTypes_KeepTheUnitInTheQuestion()
    {
        var free = Problem(SourceFormat.Tabmwp, """{"question": "How much?", "choices": null, "answer": "1,234.50", "unit": "$", "table_title": null, "table": "a | b", "solution": "Add.", "ques_type": "free_text", "ans_type": "decimal_number", "split": "train"}""");
        Assert.Equal(("How much? (Unit: $)", "1,234.50", "Add.", "tables/k.png"), (free.Question, free.Answer, free.Rationale, free.Image));
        var choice = Problem(SourceFormat.Tabmwp, """{"question": "Shortage?", "choices": ["shortage", "surplus"], "answer": "surplus", "unit": null, "solution": "s", "ques_type": "multi_choice", "split": "train"}""");
        Assert.Equal(("Shortage?", 1, null), (choice.Question, choice.Correct, choice.Answer));
    }

    [Theory]
    [InlineData("26.66", "26.66")]
    [InlineData("\"26.66\"", "26.66")]
    public void Geomverse_Label_IsANumberOrAText(string label, string answer) => Assert.Equal((answer, "GeomVerse/TRAIN/images/1.jpeg", "The area is 26.66."),
        Problem(SourceFormat.Geomverse, $$"""{"question": "Area?", "cot": "The area is 26.66.", "label": {{label}}, "tikz": "", "image_path": "GeomVerse/TRAIN/images/1.jpeg"}""") is var problem ? (problem.Answer, problem.Image, problem.Rationale) : default);

    [Fact]
    public void Mavis_Choice_IsCutFromTheConversation()
    {
        var problem = Problem(SourceFormat.Mavis, """
            {"id": "12", "image": "geo/1.png", "subject": "plane geometry", "question_type": "multiple-choice", "conversations": [
              {"from": "human", "value": "<image>\nAccording to the question shown in the image, please first perform reasoning, then finally select the right answer from the choices, e.g., Answer: xxx.\nQuestion: What is the constant term?\nChoices:\nA. 3\nB. 5\nC. 8\nD. 13"},
              {"from": "gpt", "value": "The constants add up to $3 + 5 = 8$. So the answer is C\nAnswer: C"}]}
            """);
        Assert.Equal(("12", "What is the constant term?", "3|5|8|13", 2, "The constants add up to $3 + 5 = 8$.", "geo/1.png"),
            (problem.Id, problem.Question, string.Join('|', problem.Choices), problem.Correct, problem.Rationale, problem.Image));
    }

    [Theory]
    [InlineData("First, 2 + 3.\\nThe answer is 5.", "5", "First, 2 + 3.")]
    [InlineData("It is \\\\boxed{7}", "7", "It is")]
    [InlineData("It is 4.\\n#### 4", "4", "It is 4.")]
    [InlineData("The answer is 3? No.\\nAnswer: $12$", "12", "The answer is 3? No.")]
    public void Conversation_OpenAnswer_IsTheLastOne(string reply, string answer, string rationale)
    {
        var problem = Problem(SourceFormat.Mavis, $$"""{"image": "i.png", "conversations": [{"from": "human", "value": "<image>\nPlease answer.\nQuestion: How many?"}, {"from": "gpt", "value": "{{reply}}"}]}""");
        Assert.Equal(("How many?", answer, rationale), (problem.Question, problem.Answer, problem.Rationale));
    }

    [Fact]
    public void Conversation_HostileText_TakesNoTime()
    {
        // Runs of blanks after every "answer is", which a careless pattern tries in all splits.
        var hostile = string.Concat(Enumerable.Repeat("the answer is" + new string(' ', 4_000) + "\\n", 11)) + "the answer is 4.";
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal("4", Problem(SourceFormat.Mavis, $$"""{"image": "i.png", "conversations": [{"from": "human", "value": "Question: How many?"}, {"from": "gpt", "value": "{{hostile}}"}]}""").Answer);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
        Assert.Equal("the conversation is too long", Read(SourceFormat.Mavis, $$"""{"image": "i.png", "conversations": [{"value": "?"}, {"value": "{{new string('x', 50_001)}}"}]}""").Reason);
    }

    [Theory]
    [InlineData("""["Your_path/R-CoT-main/GeoMM/result/a/1.png"]""", "result/a/1.png")]
    [InlineData("\"a/1.png\"", "a/1.png")]
    public void RCot_ImagePath_BeginsBelowGeoMM(string image, string path)
    {
        var problem = Problem(SourceFormat.RCot, $$"""{"image": {{image}}, "conversations": [{"from": "user", "value": "<ImageHere>Find AB."}, {"from": "assistant", "value": "By Pythagoras, the answer is: 5"}]}""");
        Assert.Equal((path, "Find AB.", "5"), (problem.Image, problem.Question, problem.Answer));
    }

    [Fact]
    public void ParquetRows_BecomeTheSameObjects()
    {
        // Text and whole numbers as our writer stores them; lists and structs come from a golden file of Arrow.
        using var folder = new TemporaryFolder();
        using (var stream = File.Create(folder.File("a.parquet")))
        {
            using var table = new ParquetTable(stream, [new TextColumn("question", []), new IntegerColumn("answer", []), new ImageColumn("image", [])]);
            table.WriteRows([new TextColumn("question", ["a\"b", null]), new IntegerColumn("answer", [3, 4]), new ImageColumn("image", [(new byte[] { 1 }, "x"), default])]);
            table.Finish();
        }

        var rows = ParquetItems.Read([(folder.File("a.parquet"), "a.parquet")]).ToArray();
        Assert.Equal([0, 1], rows.Select(row => row.Row));
        Assert.Equal(("a.parquet, row 1", "a\"b", 3), (rows[1].Where, rows[0].Parse()["question"].Text(), rows[0].Parse()["answer"].Integer(0, 9)));
        Assert.Null(rows[1].Parse().Find("question"));
        Assert.Null(rows[0].Parse().Find("image"));

        // options of image_lists.parquet: the first i of a, b, c, d in row i.
        var lists = ParquetItems.Read([(GoldenFiles.Path("formats/parquet/image_lists.parquet"), "lists")]).Select(row => SourceAdapters.Texts(row.Parse(), "options")).ToArray();
        Assert.Equal(["", "a", "ab", "abc", "abcd"], lists.Select(options => string.Concat(options)));

        // nested of types.parquet: one struct of role and content, then none; 2⁶⁴ − 1 does not fit a signed number and is left to whoever asks for it.
        var types = ParquetItems.Read([(GoldenFiles.Path("formats/parquet/types.parquet"), "types")]).Select(row => row.Parse()).ToArray();
        Assert.Equal(["user: hi"], types[0]["nested"].Items().Select(turn => $"{turn["role"].Text()}: {turn["content"].Text()}"));
        Assert.Empty(types[1]["nested"].Items());
        Assert.Equal((-128, 127, "MC"), (types[0]["i8"].Integer(-128, 127), types[1]["i8"].Integer(-128, 127), types[0]["category"].Text()));
    }

    private static Problem Problem(SourceFormat format, string json) => Read(format, json).Problem ?? throw new InvalidOperationException(Read(format, json).Reason);

    private static Adapted Read(SourceFormat format, string json) => SourceAdapters.Read(format, new SourceItem("set.json, 'k'", "k", System.Text.Encoding.UTF8.GetBytes(json)));
}
