"""Makes a BERT of random weights with the tokenizer of another model: BERT-base, or one of another size.

    base_model.py TOKENIZER_DIR OUT_DIR [LAYERS HIDDEN]
"""

import pathlib
import shutil
import sys

import torch
from transformers import BertConfig, BertModel

source, out = map(pathlib.Path, sys.argv[1:3])
size = {}
if len(sys.argv) > 3:
    layers, hidden = map(int, sys.argv[3:])
    size = {"num_hidden_layers": layers, "hidden_size": hidden, "intermediate_size": 4 * hidden, "num_attention_heads": hidden // 64}
torch.manual_seed(0)
BertModel(BertConfig(**size)).save_pretrained(out)
for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json"):
    if (source / name).is_file():
        shutil.copy(source / name, out / name)
