"""Token ids of texts by the tokenizers of model folders, as the current Transformers reads them; requests and answers are those of
crates/corpus/examples/token_ids.rs."""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

from transformers import AutoTokenizer


def answer(request):
    try:
        tokenizer = AutoTokenizer.from_pretrained(request["model"])
        ids = [tokenizer(request["texts"], truncation=True, max_length=length)["input_ids"] for length in request["max_lengths"]]
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"input_ids": ids, "truncation_side": tokenizer.truncation_side.capitalize()}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
