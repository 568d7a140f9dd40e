namespace Corl.Data.Curation;

/// <summary>The published file formats that problems are read from.</summary>
internal enum SourceFormat
{
    /// <summary>A-OKVQA: aokvqa_v1p0_train.json.</summary>
    AOkvqa,

    /// <summary>GPT-VQA of MLLM-DataEngine, versions 1 and 2.</summary>
    GptVqa,

    /// <summary>M³CoT: train.jsonl or Parquet.</summary>
    M3cot,

    /// <summary>ScienceQA: problems.json or Parquet; its problems with an image.</summary>
    ScienceQa,

    /// <summary>ArxivQA: arxivqa.jsonl.</summary>
    ArxivQa,

    /// <summary>TabMWP: problems_train.json.</summary>
    Tabmwp,

    /// <summary>MAVIS-Instruct: lists of conversations.</summary>
    Mavis,

    /// <summary>GeomVerse: data.jsonl.</summary>
    Geomverse,

    /// <summary>R-CoT: GeoMM.json or JSON Lines of conversations.</summary>
    RCot,
}
