using Corl.Reports;

namespace Corl.Tests.Evaluation.Drawing;

/// <summary>
/// A graph with the inputs and outputs of an exported Mask2Former and no network in it: masks are a 1 × 1 convolution of the image with
/// stride 8, class logits are a constant. Written field by field (onnx.proto3).
/// </summary>
internal static class OnnxGraph
{
    private const int Float = 1, Int64s = 7;                     // TensorProto.DataType, AttributeProto.AttributeType
    private const long IrVersion = 8, OperatorSet = 13;
    public const int Stride = 8;

    /// <summary>The file.</summary>
    /// <param name="classLogits">[Q][C + 1].</param>
    /// <param name="maskWeights">[Q][3]: what red, green and blue add to a mask's logit.</param>
    /// <param name="classOutput">Name of the first output.</param>
    public static byte[] Of(float[][] classLogits, float[][] maskWeights, string classOutput = "class_queries_logits")
    {
        var (queries, classes) = (classLogits.Length, classLogits[0].Length);
        var graph = new ProtoMessage()
            .Message(1, Node("Conv", ["pixel_values", "weights"], "masks_queries_logits").Message(5, Integers("strides", Stride, Stride)))
            .Message(1, Node("Identity", ["constant"], classOutput))
            .Text(2, "mask2former")
            .Message(5, Tensor("weights", [queries, 3, 1, 1], [.. maskWeights.SelectMany(row => row)]))
            .Message(5, Tensor("constant", [1, queries, classes], [.. classLogits.SelectMany(row => row)]))
            .Message(11, Value("pixel_values", "1", "3", "height", "width"))
            .Message(12, Value(classOutput, "1", $"{queries}", $"{classes}"))
            .Message(12, Value("masks_queries_logits", "1", $"{queries}", "h", "w"));
        return new ProtoMessage().Integer(1, IrVersion).Message(8, new ProtoMessage().Text(1, "").Integer(2, OperatorSet)).Message(7, graph).ToArray();
    }

    private static ProtoMessage Node(string type, string[] inputs, string output)
    {
        var node = inputs.Aggregate(new ProtoMessage(), (message, input) => message.Text(1, input));
        return node.Text(2, output).Text(3, output).Text(4, type);
    }

    private static ProtoMessage Integers(string name, params long[] values) => values.Aggregate(new ProtoMessage().Text(1, name), (message, value) => message.Integer(8, value)).Integer(20, Int64s);

    private static ProtoMessage Tensor(string name, long[] shape, float[] values)
    {
        var tensor = shape.Aggregate(new ProtoMessage(), (message, size) => message.Integer(1, size)).Integer(2, Float);
        return values.Aggregate(tensor, (message, value) => message.Float(4, value)).Text(8, name);
    }

    // A number is a size, a word an open one.
    private static ProtoMessage Value(string name, params string[] shape)
    {
        var sizes = shape.Aggregate(new ProtoMessage(), (message, size) => message.Message(1, long.TryParse(size, out var number) ? new ProtoMessage().Integer(1, number) : new ProtoMessage().Text(2, size)));
        return new ProtoMessage().Text(1, name).Message(2, new ProtoMessage().Message(1, new ProtoMessage().Integer(1, Float).Message(2, sizes)));
    }
}
