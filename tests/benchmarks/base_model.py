"""Makes a BERT-base of random weights with the tokenizer of another model.

    base_model.py TOKENIZER_DIR OUT_DIR
"""

import pathlib
import shutil
import sys

import torch
from transformers import BertConfig, BertModel

source, out = map(pathlib.Path, sys.argv[1:])
torch.manual_seed(0)
BertModel(BertConfig()).save_pretrained(out)
for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json"):
    if (source / name).is_file():
        shutil.copy(source / name, out / name)
