"""Labels of texts by what people use otherwise, the model loaded and warm, its threads all cores; prints JSON.

    reference_answers.py EXPORT/hf TEXTS.txt pipeline|onnx/FILE.onnx

`pipeline` is Transformers' own; else the file is run by ONNX Runtime, texts made tokens by `tokenizers`. Both are given the texts
sorted by length, in batches of 32, which pads least.
"""

import json
import pathlib
import sys
import time

BATCH = 32


def by_pipeline(folder):
    from transformers import pipeline

    classify = pipeline("text-classification", str(folder), batch_size=BATCH)
    return lambda texts: [answer["label"] for answer in classify(texts, truncation=True)]


def by_onnx_runtime(folder, file):
    import numpy
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(folder / file, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(512)
    tokenizer.enable_padding()
    names = json.loads((folder / "config.json").read_text())["id2label"]

    def answers(texts):
        labels = []
        for begin in range(0, len(texts), BATCH):
            rows = tokenizer.encode_batch(texts[begin : begin + BATCH])
            ids, mask = (numpy.array([getattr(row, part) for row in rows], numpy.int64) for part in ("ids", "attention_mask"))
            logits = session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)})[0]
            labels += [names[str(output)] for output in logits.argmax(1)]
        return labels

    return answers


def main():
    folder, file, side = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    texts = sorted(pathlib.Path(file).read_text().splitlines(), key=len)
    answers = by_pipeline(folder) if side == "pipeline" else by_onnx_runtime(folder, side)
    answers(texts[:: len(texts) // (4 * BATCH)])
    begun = time.perf_counter()
    answers(texts)
    print(json.dumps({"sentences_per_second": len(texts) / (time.perf_counter() - begun)}))


if __name__ == "__main__":
    main()
