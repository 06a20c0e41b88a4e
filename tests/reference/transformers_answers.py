"""What the Transformers of this Python makes of model folders: `transformers_answers.py FOLDER...` reads texts as JSON on standard
input and writes, for each folder, the names of the outputs, the dropout, and the logits of each text. It needs torch alone beside."""

import json
import sys

import torch
from transformers import BertForSequenceClassification, BertTokenizer
from transformers.utils import logging


def answer(folder, texts):
    model = BertForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = BertTokenizer.from_pretrained(folder)
    with torch.no_grad():
        logits = [model(**tokenizer(text, return_tensors="pt")).logits[0].tolist() for text in texts]
    config = model.config
    return {
        "names": [str(config.id2label[output]) for output in range(config.num_labels)], "logits": logits,
        "dropout": [config.hidden_dropout_prob, config.attention_probs_dropout_prob, config.classifier_dropout],
        "keys": sorted(config.to_dict()),
    }


if __name__ == "__main__":
    logging.set_verbosity_error()
    texts = json.load(sys.stdin)
    print(json.dumps([answer(folder, texts) for folder in sys.argv[1:]]))
