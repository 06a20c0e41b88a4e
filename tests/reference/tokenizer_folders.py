"""Model folders with the tokenizers that people have: each file alone and against the others, each flag, each way to add a token."""

import copy
import json

from conftest import MINILM

VOCABULARY = (MINILM / "vocab.txt").read_text().splitlines() if MINILM.is_dir() else []
#: What an uncased vocabulary has not: capitals, accents, and a few pieces.
CASED = [*VOCABULARY, *(word.capitalize() for word in VOCABULARY[1996:4000] if word.isalpha()), *(f"{mark}{letter}" for mark in ("", "##") for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZéïöüßİΟΔΣ"), "##电影", "电影"]
CASED = list(dict.fromkeys(CASED))
BERT = {"model_type": "bert", "vocab_size": 40000}
NAMES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def token(content, id=None, **flags):
    fields = {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {**({} if id is None else {"id": id}), **fields, **flags}


def tokenizer_json(vocabulary=CASED, **changes):
    """A tokenizer.json as Transformers writes it, with changes of its parts."""
    ids = {word: id for id, word in enumerate(vocabulary)}
    whole = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [token(name, ids[name]) for name in sorted(NAMES, key=ids.get)],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {name: {"id": name, "ids": [ids[name]], "tokens": [name]} for name in ("[CLS]", "[SEP]")}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": ids}}
    for path, value in changes.items():
        *parents, key = path.split("__")
        part = whole
        for parent in parents:
            part = part[parent]
        part[key] = value
    return whole


def added(*tokens, **changes):
    """A tokenizer.json with more added tokens."""
    whole = tokenizer_json(**changes)
    whole["added_tokens"] += [{"id": len(CASED) + index, **fields} if "id" not in fields else fields for index, fields in enumerate(tokens)]
    return whole


def without(*names):
    return [word for word in CASED if word not in names]


def unigram():
    """A SentencePiece model as XLM-RoBERTa has it, under the model of a BERT."""
    pieces = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["▁", -2.0]]
    pieces += [[piece, -3.0 - index / 100] for index, piece in enumerate(dict.fromkeys(["▁the", "▁film", "▁good", "▁not", *(mark + letter for mark in ("", "▁") for letter in "abcdefghijklmnopqrstuvwxyzABCDEF.,é电影")]))]
    pieces += [["<mask>", 0.0]]
    names = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": len(pieces) - 1}
    return {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": {"type": "NFKC"},
        "added_tokens": [token(name, id, lstrip=name == "<mask>") for name, id in names.items()],
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}, "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}}},
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": 3, "vocab": pieces, "byte_fallback": False}}


def xlm_roberta():
    """The same with the rules that Transformers gives its class."""
    whole = unigram()
    whole["normalizer"] = None
    whole["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, whole["pre_tokenizer"]]}
    return whole


def folder(said=False, refused=(), config=BERT, **files):
    """Files by name with `.` as `__`; `said`: whether their reader has something to say."""
    return {"said": said, "refused": refused, "files": {"config.json": config, **{name.replace("__", "."): content for name, content in files.items()}}}


def listed(*tokens, **flags):
    """A tokenizer_config.json that lists the added tokens."""
    ids = {word: id for id, word in enumerate(CASED)}
    decoder = {str(ids[name]): token(name) for name in NAMES}
    decoder |= {str(fields.pop("id", len(CASED) + index)): fields for index, fields in enumerate(copy.deepcopy(list(tokens)))}
    return {"tokenizer_class": "BertTokenizer", "added_tokens_decoder": decoder, **flags}


NEW = [token("[NEW]", normalized=False), token("[Word]", special=False, normalized=True), token("<new>", special=False, lstrip=True, rstrip=True)]
JSON = tokenizer_json()
CASED_JSON = tokenizer_json(normalizer__lowercase=False)

FOLDERS = {
    "tokenizer.json alone": folder(tokenizer__json=JSON),
    "tokenizer.json, cased": folder(tokenizer__json=CASED_JSON, tokenizer_config__json={"do_lower_case": False}),
    "vocab.txt alone": folder(vocab__txt=CASED),
    "vocab.txt, cased": folder(vocab__txt=CASED, tokenizer_config__json={"do_lower_case": False}),
    "both": folder(tokenizer__json=JSON, vocab__txt=CASED),
    "both with other vocabularies": folder(tokenizer__json=JSON, vocab__txt=list(reversed(CASED))),
    "capitals by tokenizer.json, nothing said": folder(True, tokenizer__json=CASED_JSON),
    "capitals by tokenizer.json, lower case by the config": folder(True, tokenizer__json=CASED_JSON, tokenizer_config__json={"do_lower_case": True}),
    "lower case by tokenizer.json, capitals by the config": folder(True, tokenizer__json=JSON, tokenizer_config__json={"do_lower_case": False}),
    "a multilingual one: capitals, accents kept": folder(tokenizer__json=tokenizer_json(normalizer__lowercase=False, normalizer__strip_accents=False), tokenizer_config__json={"do_lower_case": False, "strip_accents": False}),
    "accents stripped by the config": folder(True, tokenizer__json=CASED_JSON, tokenizer_config__json={"do_lower_case": False, "strip_accents": True}),
    "accents kept by the config": folder(vocab__txt=CASED, tokenizer_config__json={"strip_accents": False}),
    "accents kept by tokenizer.json alone": folder(True, tokenizer__json=tokenizer_json(normalizer__strip_accents=False)),
    "Chinese characters not taken apart": folder(vocab__txt=CASED, tokenizer_config__json={"tokenize_chinese_chars": False}),
    "Chinese characters not taken apart by tokenizer.json alone": folder(True, tokenizer__json=tokenizer_json(normalizer__handle_chinese_chars=False)),
    "text not cleaned": folder(True, tokenizer__json=tokenizer_json(normalizer__clean_text=False)),
    "no normalizer": folder(True, tokenizer__json=tokenizer_json(normalizer=None)),
    "another normalizer": folder(True, tokenizer__json=tokenizer_json(normalizer={"type": "Lowercase"})),
    "words at spaces": folder(True, tokenizer__json=tokenizer_json(pre_tokenizer={"type": "WhitespaceSplit"})),
    "short words": folder(True, tokenizer__json=tokenizer_json(model__max_input_chars_per_word=5)),
    "another prefix": folder(True, tokenizer__json=tokenizer_json(model__continuing_subword_prefix="@@")),
    "nothing around a text": folder(True, tokenizer__json=tokenizer_json(post_processor=None)),
    "the old post-processor": folder(tokenizer__json=tokenizer_json(post_processor={"type": "BertProcessing", "sep": ["[SEP]", 102], "cls": ["[CLS]", 101]})),
    "the same, as its own class": folder(tokenizer__json=CASED_JSON, tokenizer_config__json={"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": True}),
    "as its own class by config.json": folder(tokenizer__json=tokenizer_json(normalizer={"type": "Lowercase"}), config={**BERT, "tokenizer_class": "PreTrainedTokenizerFast"}),
    "a program beside BERT's class": folder(True, tokenizer__json=JSON, tokenizer_config__json={"tokenizer_class": "BertTokenizer", "auto_map": {"AutoTokenizer": ["tokenization.MyTokenizer", None]}}),
    "a program beside no class": folder(True, vocab__txt=CASED, tokenizer_config__json={"do_lower_case": False, "auto_map": {"AutoTokenizer": ["tokenization.MyTokenizer", None]}}),
    "as its own class, tokens added": folder(True, tokenizer__json=CASED_JSON, tokenizer_config__json={"tokenizer_class": "TokenizersBackend", "additional_special_tokens": ["[EXTRA]"], "mask_token": "<mask>"}),
    "a class that nobody knows": folder(True, tokenizer__json=CASED_JSON, tokenizer_config__json={"tokenizer_class": "MyBertTokenizer"}),
    "a SentencePiece model": folder(tokenizer__json=unigram(), tokenizer_config__json={"tokenizer_class": "PreTrainedTokenizerFast"}),
    "a SentencePiece model, of the class of XLM-RoBERTa": folder(tokenizer__json=xlm_roberta(), tokenizer_config__json={"tokenizer_class": "XLMRobertaTokenizerFast"}),
    "added in tokenizer.json": folder(tokenizer__json=added(*NEW)),
    "added in tokenizer.json, capitals": folder(tokenizer__json=added(*NEW, normalizer__lowercase=False), tokenizer_config__json={"do_lower_case": False}),
    "added in tokenizer.json, at its gaps": folder(True, tokenizer__json=added(token("[X]", len(CASED) + 5), token("[EXTRA]", len(CASED) + 9))),
    "added in added_tokens.json": folder(True, vocab__txt=CASED, added_tokens__json={"[X]": len(CASED), "Newly": len(CASED) + 1}),
    "added in added_tokens.json, special by the map": folder(True, vocab__txt=CASED, added_tokens__json={"[X]": len(CASED), "Newly": len(CASED) + 1}, special_tokens_map__json={"additional_special_tokens": ["Newly"]}),
    "added in added_tokens.json, special by objects": folder(True, vocab__txt=CASED, added_tokens__json={"[X]": len(CASED), "Newly": len(CASED) + 1}, tokenizer_config__json={"additional_special_tokens": [{"__type": "AddedToken", "content": "Newly", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}]}),
    "added in both": folder(True, tokenizer__json=added(*NEW[1:]), added_tokens__json={"newly": len(CASED) + 7}),
    "listed by the config": folder(tokenizer__json=added(*NEW[1:]), tokenizer_config__json=listed(*NEW[1:])),
    "listed by the config alone": folder(True, vocab__txt=CASED, tokenizer_config__json=listed(*NEW)),
    "listed by the config, fewer than in tokenizer.json": folder(True, tokenizer__json=added(*NEW[1:]), tokenizer_config__json=listed()),
    "an empty list in the config": folder(True, tokenizer__json=added(*NEW[1:]), tokenizer_config__json={"added_tokens_decoder": {}}),
    "listed with other flags than in tokenizer.json": folder(True, tokenizer__json=added(*NEW[1:]), tokenizer_config__json=listed(token("[Word]", special=False, single_word=True), token("<new>", special=False, normalized=True))),
    "listed, normalized and special": folder(True, tokenizer__json=JSON, tokenizer_config__json=listed(token("Héy", normalized=True), token("New York", normalized=True, special=False, single_word=True))),
    "a list beside the map, which has no say then": folder(vocab__txt=CASED, tokenizer_config__json={**listed(), "unk_token": "[UNK]"}, special_tokens_map__json={"mask_token": "[NEW]", "cls_token": "[X]"}),
    "additional special tokens": folder(True, vocab__txt=CASED, tokenizer_config__json={"additional_special_tokens": ["[EXTRA]", "[X]"]}),
    "extra special tokens by name": folder(True, tokenizer__json=JSON, tokenizer_config__json={"extra_special_tokens": {"image_token": "[EXTRA]"}}),
    "a special token of the model's own": folder(True, tokenizer__json=JSON, tokenizer_config__json={"image_token": "[EXTRA]", "bos_token": "<s>"}),
    "other names by the config": folder(vocab__txt=["<pad>", "<unk>", "<s>", "</s>", "<mask>", *CASED[999:]], tokenizer_config__json={"unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "mask_token": "<mask>"}),
    "other names by the map": folder(True, vocab__txt=["<pad>", "<unk>", "<s>", "</s>", "<mask>", *CASED[999:]], special_tokens_map__json={"unk_token": "<unk>", "cls_token": {"content": "<s>", "lstrip": False, "rstrip": True, "normalized": True, "single_word": False}, "sep_token": "</s>", "pad_token": "<pad>", "mask_token": "<mask>"}),
    "a name as an object": folder(vocab__txt=CASED, tokenizer_config__json={"mask_token": {"__type": "AddedToken", "content": "[MASK]", "lstrip": False, "rstrip": False, "normalized": False, "single_word": False}}),
    "a mask that takes the space before it": folder(True, vocab__txt=CASED, tokenizer_config__json={"mask_token": {"__type": "AddedToken", "content": "[MASK]", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}}),
    "a mask that is null": folder(True, vocab__txt=CASED, tokenizer_config__json={"mask_token": None}),
    "a mask that is null by the map": folder(True, vocab__txt=CASED, special_tokens_map__json={"mask_token": None, "bos_token": None}),
    "a mask that is null, but listed by tokenizer.json": folder(tokenizer__json=JSON, tokenizer_config__json={"mask_token": None}),
    "a mask that is null and not listed": folder(tokenizer__json=tokenizer_json(added_tokens=JSON["added_tokens"][:-1]), tokenizer_config__json={"mask_token": None}),
    "tokens of the model's own under one key": folder(True, tokenizer__json=JSON, tokenizer_config__json={"model_specific_special_tokens": {"image_token": "[X]"}}),
    "tokens of the model's own under one key, and another beside": folder(True, tokenizer__json=JSON, tokenizer_config__json={"image_token": "[EXTRA]", "model_specific_special_tokens": {"other_token": "[X]"}}),
    "a token of the model's own as an object": folder(True, tokenizer__json=JSON, tokenizer_config__json={"image_token": {"__type": "AddedToken", "content": "[X]", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}}),
    "a length that is infinite": folder(vocab__txt=CASED, tokenizer_config__json={"model_max_length": float("inf")}),
    "no [MASK]": folder(True, vocab__txt=without("[MASK]")),
    "no [PAD] and no [MASK]": folder(True, vocab__txt=without("[MASK]", "[PAD]"), tokenizer_config__json={"do_lower_case": False}),
    "special tokens in texts are taken apart": folder(vocab__txt=CASED, tokenizer_config__json={"split_special_tokens": True}),
    "cut on the left": folder(vocab__txt=CASED, tokenizer_config__json={"truncation_side": "left"}),
    "cut on the left by tokenizer.json": folder(tokenizer__json=tokenizer_json(truncation={"direction": "Left", "max_length": 64, "strategy": "LongestFirst", "stride": 0})),
    "padded and truncated by tokenizer.json": folder(tokenizer__json=tokenizer_json(
        truncation={"direction": "Right", "max_length": 64, "strategy": "LongestFirst", "stride": 0},
        padding={"strategy": {"Fixed": 12}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"})),
    "no model_type in config.json": folder(vocab__txt=CASED, tokenizer_config__json={"tokenizer_class": "BertTokenizer"}, config={"architectures": ["BertModel"], "vocab_size": 40000}),
    **{f"class {name}": folder(True, tokenizer__json=CASED_JSON, tokenizer_config__json={"tokenizer_class": name}) for name in [
        "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast", "ElectraTokenizerFast", "LayoutLMTokenizer", "LxmertTokenizer",
        "MobileBertTokenizer", "SqueezeBertTokenizer", "DPRReaderTokenizer", "DPRQuestionEncoderTokenizer", "DPRContextEncoderTokenizerFast"]},
}

REFUSED = {
    "a Japanese tokenizer": folder(refused=["tokenizer_config.json", "tokenizer_class is BertJapaneseTokenizer"], vocab__txt=CASED, tokenizer_config__json={"tokenizer_class": "BertJapaneseTokenizer"}),
    "a Japanese tokenizer by config.json": folder(refused=["/config.json", "tokenizer_class is BertJapaneseTokenizer"], vocab__txt=CASED, config={**BERT, "tokenizer_class": "BertJapaneseTokenizer"}),
    "a tokenizer of RoBERTa": folder(refused=["tokenizer_class is RobertaTokenizerFast"], tokenizer__json=JSON, tokenizer_config__json={"tokenizer_class": "RobertaTokenizerFast"}),
    "a tokenizer of ConvBERT": folder(refused=["tokenizer_class is ConvBertTokenizer"], tokenizer__json=JSON, tokenizer_config__json={"tokenizer_class": "ConvBertTokenizer"}),
    "a program": folder(refused=["auto_map", "never run"], tokenizer__json=JSON, tokenizer_config__json={"tokenizer_class": "MyTokenizer", "auto_map": {"AutoTokenizer": ["tokenization.MyTokenizer", None]}}),
    "a class of its own without its file": folder(refused=["PreTrainedTokenizerFast", "there is none"], vocab__txt=CASED, tokenizer_config__json={"tokenizer_class": "PreTrainedTokenizerFast"}),
    "a SentencePiece model as BERT's": folder(refused=["its model is Unigram", "PreTrainedTokenizerFast"], tokenizer__json=unigram()),
    "a SentencePiece model with rules of its own": folder(refused=["tokenizer_class is XLMRobertaTokenizer", "PreTrainedTokenizerFast"], tokenizer__json=unigram(), tokenizer_config__json={"tokenizer_class": "XLMRobertaTokenizer"}),
    **{f"a tokenizer of {name}": folder(refused=[f"tokenizer_class is {name}"], tokenizer__json=JSON, tokenizer_config__json={"tokenizer_class": name}) for name in [
        "FNetTokenizer", "TapasTokenizer", "MarkupLMTokenizerFast", "Wav2Vec2CTCTokenizer"]},
    **{f"{key} is null": folder(refused=["tokenizer_config.json", f"{key} is null, and a BERT needs one"], vocab__txt=CASED, tokenizer_config__json={key: None}) for key in [
        "cls_token", "sep_token", "unk_token", "pad_token"]},
    "a null by the map": folder(refused=["special_tokens_map.json", "cls_token is null"], vocab__txt=CASED, special_tokens_map__json={"cls_token": None}),
    "one additional token": folder(refused=["tokenizer_config.json", "additional_special_tokens is "], vocab__txt=CASED, tokenizer_config__json={"additional_special_tokens": "[X]"}),
    "a pointer in place of the vocabulary": folder(refused=["vocab.txt", "git lfs pull"], vocab__txt=["version https://git-lfs.github.com/spec/v1", "oid sha256:0", "size 231508"]),
    "a flag that is none": folder(refused=["tokenizer_config.json", 'do_lower_case is "yes"; expected true or false'], vocab__txt=CASED, tokenizer_config__json={"do_lower_case": "yes"}),
    "a side that is none": folder(refused=['truncation_side is "middle"'], vocab__txt=CASED, tokenizer_config__json={"truncation_side": "middle"}),
    "a list of added tokens without content": folder(refused=["added_tokens_decoder", '"5"'], vocab__txt=CASED, tokenizer_config__json={"added_tokens_decoder": {"5": "[X]"}}),
    "added tokens without ids": folder(refused=["added_tokens.json", "[X]"], vocab__txt=CASED, added_tokens__json={"[X]": "last"}),
    "a post-processor with a token that is not there": folder(refused=["tokenizer.json"], tokenizer__json=tokenizer_json(post_processor__special_tokens={})),
    "no [CLS]": folder(refused=["vocab.txt", "the vocabulary has no [CLS]"], vocab__txt=without("[CLS]")),
    "several tokenizer.json": folder(refused=["fast_tokenizer_files"], tokenizer__json=JSON, tokenizer_config__json={"fast_tokenizer_files": ["tokenizer.json", "tokenizer.4.0.0.json"]}),
}


def write(parent, name):
    """Writes the folder `name` below `parent`."""
    path = parent / name
    path.mkdir()
    for file, content in {**FOLDERS, **REFUSED}[name]["files"].items():
        text = "\n".join(content) + "\n" if isinstance(content, list) else json.dumps(content, ensure_ascii=False)
        (path / file).write_text(text)
    return path
