"""Model folders as people have them: small BERTs in every spelling of config and weights, and what is expected of each."""

import dataclasses
import json
import pathlib
import typing

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForPreTraining, BertForSequenceClassification

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] a film of rare beauty two hours i will never get back the plot what . ? ! , it is not good bad".split()
TEXTS = ["A film of rare beauty.", "Two hours I will never get back!", "What plot? The bad plot is not good, is it?", "Zzz"]
SIZES = dict(vocab_size=len(WORDS), hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=24,
             max_position_embeddings=24, initializer_range=0.4)
ABSENT = object()


@dataclasses.dataclass
class Case:
    name: str
    n: int = 2
    names: list | None = None  # of the outputs, where they are not LABEL_0, ...
    config: dict = dataclasses.field(default_factory=dict)  # keys of config.json that are other than those of `plain`
    stored: typing.Callable = lambda tensors: tensors  # the tensors as they lie in the file
    write: typing.Callable | None = None  # writes the weights, where they are no model.safetensors
    head: bool = True  # whether it has a classifier
    exact: typing.Callable = lambda tensor: tensor  # what the dtype leaves of a number
    reference: str = "45"  # the versions of Transformers that read the folder as meant
    said: str = ""  # on stderr of bert-predict, or of bert-finetune
    refused: str = ""  # by sst-fetch model
    unpredictable: str = ""  # fetched, but refused by bert-predict
    untrainable: str = ""  # refused by bert-finetune without --new-head

    def label_names(self):
        return self.names or [f"LABEL_{output}" for output in range(self.n)]

    def model(self):
        """The model that the folder means."""
        torch.manual_seed(7)
        keys = {"num_labels": self.n, **{key: value for key, value in self.config.items() if key in MEANING and not self.refused}}
        model = BertForSequenceClassification(BertConfig(**{**SIZES, **keys})).eval()
        with torch.no_grad():
            for parameter in model.parameters():  # also what begins as zeros or ones
                parameter.copy_(self.exact(parameter + 0.05 * torch.randn_like(parameter)))
        return model

    def make(self, folder):
        folder.mkdir(parents=True)
        names = {str(output): name for output, name in enumerate(self.names)} if self.names else ABSENT
        config = {"model_type": "bert", "architectures": ["BertForSequenceClassification"], **SIZES, "id2label": names, **self.config}
        (folder / "config.json").write_text(json.dumps({key: value for key, value in config.items() if value is not ABSENT}))
        (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in WORDS))
        tensors = {name: tensor.clone() for name, tensor in self.model().state_dict().items()}
        if not self.head:
            tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith("classifier.")}
        (self.write or one_file)(folder, self.stored(tensors))
        return folder


# The keys that change what is computed.
MEANING = {"hidden_act", "layer_norm_eps"}


def one_file(folder, tensors):
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, folder / "model.safetensors", {"format": "pt"})


def shards(names=("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"), change=lambda index, parts: None):
    """Writes two files and their index, each other tensor into each."""
    def write(folder, tensors):
        parts = {name: dict(list(tensors.items())[place::2]) for place, name in enumerate(names)}
        index = {"metadata": {"total_size": 1}, "weight_map": {tensor: name for name, part in parts.items() for tensor in part}}
        change(index, parts)
        for name, part in parts.items():
            (folder / name).parent.mkdir(exist_ok=True)
            save_file({tensor: value.contiguous().clone() for tensor, value in part.items()}, folder / name, {"format": "pt"})
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return write


def prefixed(prefix, strip=""):
    return lambda tensors: {prefix + name.removeprefix(strip): tensor for name, tensor in tensors.items()}


def beside(*names, shape=(3,), dtype=torch.float32):
    return lambda tensors: {**tensors, **{name: torch.ones(shape, dtype=dtype) for name in names}}


def without(part):
    return lambda tensors: {name: tensor for name, tensor in tensors.items() if part not in name}


def with_one(name, change):
    return lambda tensors: {**tensors, name: change(tensors[name].clone())}


def number(value):
    def change(tensor):
        tensor.view(-1)[3] = value
        return tensor
    return change


def cast(dtype):
    return dict(exact=lambda tensor: tensor.to(dtype).float(), stored=lambda tensors: {name: t.to(dtype) for name, t in tensors.items()})


def old_names(tensors):
    old = lambda name: name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    return {old(name): tensor for name, tensor in tensors.items()}


def pretrained(tensors):
    heads = BertForPreTraining(BertConfig(**SIZES)).state_dict()
    heads = {name: tensor.clone() for name, tensor in heads.items() if name.startswith("cls.")}
    return {**tensors, **heads}


def mixed(tensors):
    dtypes = [torch.float32, torch.float64]
    return {name: tensor.to(dtypes[place % 2]) for place, (name, tensor) in enumerate(tensors.items())}


def pickled(*names):
    def write(folder, tensors):
        for place, name in enumerate(names):
            torch.save(dict(list(tensors.items())[place::len(names)]), folder / name)
        if len(names) > 1:
            (folder / "pytorch_model.bin.index.json").write_text("{}")
    return write


def only(name):
    return lambda folder, tensors: pathlib.Path(folder / name).write_bytes(b"\0")


def text(name, content):
    return lambda folder, tensors: (folder / name).write_text(content)


def beside_an_index(folder, tensors):
    one_file(folder, tensors)
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"x": "lost.safetensors"}}')


def truncated(folder, tensors):
    shards()(folder, tensors)
    path = folder / "model-00002-of-00002.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def move(index, parts):
    index["weight_map"]["bert.pooler.dense.bias"] = next(
        name for name, part in parts.items() if "bert.pooler.dense.bias" not in part)


def unlist(index, parts):
    del index["weight_map"]["bert.pooler.dense.bias"]


def twice(index, parts):
    for part in parts.values():
        part["bert.pooler.dense.bias"] = torch.zeros(12)


def lose(index, parts):
    for part in parts.values():
        part.pop("bert.pooler.dense.bias", None)


def lose_file(index, parts):
    parts.pop("model-00002-of-00002.safetensors")


def listed(name):
    return lambda index, parts: index["weight_map"].update({"classifier.bias": name})


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 90868376\n"
NAMES = ["bad", "good"]
THREE = ["bad", "middling", "good"]
WORD_TABLE = "bert.embeddings.word_embeddings.weight"
POOLER_BIAS = "bert.pooler.dense.bias"

LOADED = [
    Case("plain", names=NAMES),
    # config.json: names of the outputs
    Case("two-without-names"),
    Case("names-null", config={"id2label": None, "label2id": None}),
    Case("three-named", n=3, names=THREE),
    Case("num-labels-alone", n=3, config={"num_labels": 3}),
    Case("num-labels-beside-names", names=NAMES, config={"num_labels": 2}),
    Case("num-labels-null", names=NAMES, config={"num_labels": None}, reference="4"),
    Case("more-num-labels-than-names", names=NAMES, config={"num_labels": 5}, reference="4",
         said="num_labels is 5, but id2label and the classifier have 2 outputs, whose names hold"),
    Case("more-outputs-than-names", n=3, config={"num_labels": 3, "id2label": {"0": "x", "1": "y"}}, reference="5",
         said="id2label names 2 outputs, but num_labels and the classifier have 3"),
    Case("keys-of-older-versions", names=NAMES, config={
        "_num_labels": 5, "finetuning_task": "mnli", "task_specific_params": {"x": 1}, "pruned_heads": {}, "torch_dtype": "float32",
        "output_past": True, "pooler_type": "first_token_transform", "directionality": "bidi", "gradient_checkpointing": False}),
    Case("names-that-are-numbers", names=["0", "1"], config={"id2label": {"0": 0, "1": 1}}),
    Case("names-that-are-truth-values", names=["False", "True"], config={"id2label": {"0": False, "1": True}}),
    Case("one-name-twice", n=3, config={"id2label": {"0": "a", "1": "b", "2": "a"}}, reference="", said="for the classes (a, b, a)",
         unpredictable='id2label gives the outputs 0 and 2 one name, "a", of (a, b, a)'),
    Case("names-in-another-order", names=NAMES, config={"id2label": {" 1": "good", "00": "bad"}}),
    # config.json: other keys
    Case("pad-null", names=NAMES, config={"pad_token_id": None}),
    Case("pad-below-zero", names=NAMES, config={"pad_token_id": -1}),
    Case("pad-elsewhere", names=NAMES, config={"pad_token_id": 3}),
    Case("classifier-dropout-null", names=NAMES, config={"classifier_dropout": None}),
    Case("classifier-dropout", names=NAMES, config={"classifier_dropout": 0.3, "hidden_dropout_prob": 0}),
    Case("problem-type-null", names=NAMES, config={"problem_type": None}),
    Case("single-label", names=NAMES, config={"problem_type": "single_label_classification"}),
    Case("regression", n=1, config={"num_labels": 1, "problem_type": "regression"}),
    Case("one-output", n=1, config={"num_labels": 1}),
    Case("multi-label", n=3, names=THREE, config={"problem_type": "multi_label_classification"},
         untrainable="problem_type is multi_label_classification, which is not trained here; --new-head"),
    Case("no-model-type", names=NAMES, config={"model_type": ABSENT}),
    Case("layer-norm-eps", names=NAMES, config={"layer_norm_eps": 1e-3}),
    *[Case(act, names=NAMES, config={"hidden_act": act})
      for act in ["gelu_new", "gelu_fast", "gelu_python", "gelu_pytorch_tanh", "gelu_accurate", "relu"]],
    # config.json: keys that mean nothing here, with values that one version of Transformers refuses, or both
    Case("refused-by-5", names=NAMES, reference="4", config={
        "use_cache": None, "tie_word_embeddings": None, "initializer_range": 1, "bos_token_id": "", "eos_token_id": 1.5,
        "layer_types": ["full_attention"], "attn_implementation": "flash_attention_2", "output_hidden_states": "x"}),
    Case("refused-by-both", names=NAMES, reference="", config={
        "is_decoder": None, "_attn_implementation": "flash_attention_2", "chunk_size_feed_forward": 2, "use_return_dict": True,
        "sub_configs": {"a": 1}, "rope_scaling": "x", "position_embedding_type": None}),
    Case("chunks-null", names=NAMES, reference="", config={"chunk_size_feed_forward": None, "add_cross_attention": None}),
    Case("positions-null", names=NAMES, reference="5", config={"position_embedding_type": None}),
    Case("no-numbers", names=NAMES, config={"unknown": [float("nan"), float("inf"), float("-inf")], "half a pair": "\ud83d"}),
    # dtypes
    Case("float16", names=NAMES, **cast(torch.float16)),
    Case("bfloat16", names=NAMES, **cast(torch.bfloat16)),
    Case("float64", names=NAMES, **cast(torch.float64)),
    Case("float32-and-64", names=NAMES, stored=mixed),
    # several files
    Case("shards", names=NAMES, write=shards()),
    Case("shards-below", names=NAMES, write=shards(("parts/a.safetensors", "parts/b.safetensors"))),
    Case("shards-with-dots", names=NAMES, write=shards(("./a.safetensors", "./b.safetensors"))),
    Case("shard-with-more-than-listed", names=NAMES, write=shards(change=unlist), reference="5"),
    Case("one-file-beside-an-index", names=NAMES, write=beside_an_index),
    Case("shards-float16-prefixed", names=NAMES, write=shards(), reference="", said="begins with module., which is cut off",
         exact=cast(torch.float16)["exact"], stored=lambda tensors: prefixed("module.")(cast(torch.float16)["stored"](tensors))),
    # names of tensors
    *[Case(f"prefix-{prefix}", names=NAMES, stored=prefixed(prefix), reference="", said=f"begins with {prefix}, which is cut off")
      for prefix in ["module.", "model.", "model.module.", "_orig_mod.", "bert."]],
    *[Case(f"prefix-{prefix}-without-bert", names=NAMES, stored=prefixed(prefix, strip="bert."), reference="", said=f"begins with {prefix}, which")
      for prefix in ["tinybert.", "rubert.", "my_bert.", "albert."]],
    Case("prefix-without-bert", head=False, stored=prefixed("module.", strip="bert."), reference=""),
    Case("old-names", names=NAMES, stored=old_names),
    Case("encoder-alone", head=False, stored=prefixed("", strip="bert."), unpredictable="have no classifier.weight [n, 12]"),
    Case("pre-training", head=False, stored=pretrained, said="left aside, as of another task: cls.* ("),
    Case("question-answering", head=False, stored=beside("qa_outputs.weight", "qa_outputs.bias"),
         said="left aside, as of another task: qa_outputs.* (2 tensors)"),
    Case("beside-a-head", names=NAMES, stored=beside("lm_head.bias", "crf.transitions"),
         said="left aside, as of another task: crf.* (1 tensor), lm_head.* (1 tensor)"),
    Case("beside-a-teacher", names=NAMES, stored=beside("teacher.bert.embeddings.word_embeddings.weight"), said="teacher.* (1 tensor)"),
    Case("buffers", names=NAMES, stored=beside("bert.embeddings.position_ids", "bert.embeddings.token_type_ids", dtype=torch.int64)),
    Case("token-classification", head=False, stored=lambda tensors: beside("classifier.bias", shape=(5,))(
        beside("classifier.weight", shape=(5, 12))(without("pooler")(tensors)))),
    Case("gap-in-names", names=None, config={"id2label": {"0": "x", "2": "y"}}, reference="",
         unpredictable="config.json: id2label names the output 2, but not 1; expected outputs 0 to 1"),
    Case("three-outputs-two-names", n=3, config={"id2label": {"0": "x", "1": "y"}}, reference="",
         unpredictable="config.json: id2label names 2, but the size of the classifier is 3"),
    Case("three-outputs-without-names", n=3, reference="",
         unpredictable="config.json: it has no id2label, and the default of num_labels is 2, but the size of the classifier is 3"),
]

REFUSED = [
    *[Case(f"config-{key}", config={key: value}, refused=message) for key, value, message in [
        ("hidden_size", "12", 'hidden_size is the text "12"; expected a whole number'),
        ("hidden_size", None, "hidden_size is null; expected a whole number"),
        ("hidden_size", 12.0, "hidden_size is 12.0; expected a whole number"),
        ("vocab_size", 0, "vocab_size is 0; expected 1 to "),
        ("num_attention_heads", 5, "hidden_size 12 is not a multiple of num_attention_heads 5"),
        ("hidden_act", "swish", 'hidden_act is the text "swish"; expected one of gelu, '),
        ("hidden_dropout_prob", "0.1", 'hidden_dropout_prob is the text "0.1"; expected a number'),
        ("layer_norm_eps", None, "layer_norm_eps is null; expected a number"),
        ("model_type", "roberta", "model_type is roberta, but only bert is supported"),
        ("position_embedding_type", "relative_key", "position_embedding_type is relative_key, but only absolute"),
        ("is_decoder", True, "is_decoder is true, but only encoders"),
        ("id2label", ["bad", "good"], "id2label is a list; expected an object such as "),
        ("id2label", {"x": "bad"}, 'id2label has the key "x"; expected "0", "1", ..'),
        ("id2label", {"0": None}, 'id2label of "0" is null; expected a text'),
        ("pad_token_id", 99, f"pad_token_id 99 is not below vocab_size {len(WORDS)}"),
        ("pad_token_id", "0", 'pad_token_id is the text "0"; expected a whole number or null'),
        ("problem_type", "ranking", 'problem_type is the text "ranking"; expected regression, '),
        ("num_labels", "2", 'num_labels is the text "2"; expected a whole number'),
        ("per_layer_config", {"0": {"intermediate_size": 8}}, "only layers of one size are supported"),
    ]],
    Case("integer-weights", stored=with_one(POOLER_BIAS, lambda t: t.to(torch.int64)), refused=f"{POOLER_BIAS}: expected numbers of type"),
    Case("bytes", stored=with_one(POOLER_BIAS, lambda t: t.to(torch.uint8)), refused=f"{POOLER_BIAS}: expected numbers of type"),
    Case("nan", stored=with_one(WORD_TABLE, number(float("nan"))), refused=f"{WORD_TABLE}: 1 of its "),
    Case("infinite-float16", stored=with_one(WORD_TABLE, lambda t: number(float("inf"))(t.half())), refused="the first, infinity, at [0, 3]"),
    Case("float64-beyond-float32", stored=with_one(WORD_TABLE, lambda t: number(1e39)(t.double())), refused="one too large for float32, at [0, 3]"),
    Case("shape", stored=with_one("bert.pooler.dense.weight", lambda t: t[:4]), refused="has shape [4, 12]; config.json asks for [12, 12]"),
    Case("missing", stored=without("layer.1.output.dense.bias"), refused="tensor bert.encoder.layer.1.output.dense.bias: missing"),
    Case("unexpected", stored=beside("bert.encoder.layer.1.output.more.bias"), refused="unexpected: this BERT has no such tensor"),
    Case("more-layers-than-the-config", config={"num_hidden_layers": 1},
         refused="unexpected: num_hidden_layers of config.json is 1, and this is of layer 1, counted from 0"),
    Case("prefix-on-some", stored=lambda tensors: {**prefixed("module.")(tensors), "n_averaged": torch.ones(1)},
         refused="tensor n_averaged: has not the prefix module. of the encoder's tensors"),
    Case("two-encoders", stored=lambda tensors: {**prefixed("query.")(tensors), **prefixed("context.")(tensors)},
         refused="is the beginning of a second encoder"),
    Case("same-tensor-twice", stored=lambda tensors: {**tensors, "pooler.dense.bias": tensors[POOLER_BIAS]},
         refused="is the same tensor as bert.pooler.dense.bias"),
    Case("shard-missing", write=shards(change=lose_file), refused="weight_map names model-00002-of-00002.safetensors, which is not there"),
    Case("shard-truncated", write=truncated, refused="model-00002-of-00002.safetensors is not a complete safetensors file"),
    Case("index-puts-it-elsewhere", write=shards(change=move), refused=f"tensor {POOLER_BIAS}: weight_map puts it into model-0000"),
    Case("index-lists-what-is-not-there", write=shards(change=lose), refused=f"tensor {POOLER_BIAS}: weight_map puts it into model-0000"),
    Case("in-two-shards", write=shards(change=twice), refused=f"tensor {POOLER_BIAS}: it is in model-00001-of-00002.safetensors and in "),
    Case("shard-outside", write=shards(change=listed("../x.safetensors")), refused="expected a .safetensors file below the folder"),
    Case("shard-pickled", write=shards(change=listed("pytorch_model.bin")), refused="expected a .safetensors file below the folder"),
    Case("index-list", write=shards(change=lambda index, parts: index.update(weight_map=[])), refused="weight_map is a list; expected an object"),
    Case("pickle", names=NAMES, write=pickled("pytorch_model.bin"), refused="its weights are pytorch_model.bin, a pickle"),
    Case("pickles", names=NAMES, write=pickled("pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"),
         refused="its weights are pytorch_model.bin.index.json, a pickle"),
    Case("tensorflow", write=only("tf_model.h5"), refused="its weights are tf_model.h5, of TensorFlow"),
    Case("flax", write=only("flax_model.msgpack"), refused="its weights are flax_model.msgpack, of Flax"),
    Case("pointer", write=text("model.safetensors", POINTER), refused="model.safetensors is not a complete safetensors file: it is a pointer of Git LFS"),
    Case("page", write=text("model.safetensors", "<!DOCTYPE html>"), refused="model.safetensors is not a complete safetensors file: it is an HTML page"),
    Case("pointer-index", write=text("model.safetensors.index.json", POINTER), refused="model.safetensors.index.json: it is a pointer of Git LFS"),
    Case("another-name", write=only("model.fp16.safetensors"), refused="of weights it has model.fp16.safetensors: where one is the model, "),
    Case("onnx", write=only("model.onnx"), refused="of weights it has model.onnx: only safetensors are read"),
    Case("shard-alone", write=only("model-00001-of-00002.safetensors"), refused="weights in several files, whose index is missing"),
    Case("link", write=lambda folder, tensors: (folder / "model.safetensors").symlink_to("../blobs/0"),
         refused="has no model.safetensors: model.safetensors is a link to ../blobs/0, which is not there"),
    Case("nothing", write=only("README.md"), refused="has no model.safetensors, nor a model.safetensors.index.json"),
]
