"""tests/fixtures/small-bert: a random BERT for tests of all kinds; tests/fixtures/parity: small ones of every shape and
spelling, with what the reference computes.

config.json, model.safetensors, vocab.txt   the model, with a classifier
data.json                                   sentences (token ids) and labels
training.json                               arguments of a run of the reference's Trainer, by its names
expected.safetensors                        logits of all sentences; loss and gradients of the first batch; the loss, the
                                            learning rate and the gradients' norm of each step; and the last weights
"""

import json

import torch
from peer import loss_and_gradients, padded, train
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification

SAVED = [
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "max_position_embeddings",
    "type_vocab_size", "layer_norm_eps", "hidden_act", "initializer_range", "hidden_dropout_prob",
    "attention_probs_dropout_prob",
]
FIRST_BATCH = 6
SENTENCES = 40

SMALL_BERT = dict(
    vocab_size=61, hidden_size=30, num_hidden_layers=2, num_attention_heads=5, intermediate_size=44,
    max_position_embeddings=24, type_vocab_size=3, layer_norm_eps=1e-6, hidden_act="gelu_new", initializer_range=0.2,
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_labels=3,
)
# What the others have where nothing else is said: no size is a multiple of a vector register.
COMMON = dict(
    vocab_size=31, hidden_size=10, num_hidden_layers=1, num_attention_heads=5, intermediate_size=17,
    max_position_embeddings=21, initializer_range=0.2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
)
# Each run is 50 steps. The rate is as high as key.bias allows: its true gradient is zero, and after rates of 2e-3 the
# reference itself ends 1e-3 apart there when it only pads the batches to another length. 40 sentences are 7 batches of 6, the last one short, and the last window of an epoch is short.
TRAINING = dict(
    per_device_train_batch_size=6, gradient_accumulation_steps=2, learning_rate=1e-4, weight_decay=0.1,
    num_train_epochs=12.5, warmup_steps=5, max_grad_norm=1.0, seed=7,
)

VARIANTS = {
    # A plain encoder's checkpoint with a classifier beside it, and the defaults of BERT.
    "bare-names-two-outputs": dict(
        config=dict(type_vocab_size=2, layer_norm_eps=1e-12, hidden_act="gelu", num_labels=2, num_hidden_layers=2),
        training=dict(seed=42), spelling=lambda name: name.removeprefix("bert."),
    ),
    "old-names-regression": dict(
        config=dict(type_vocab_size=1, layer_norm_eps=1e-5, hidden_act="gelu_new", num_labels=1, hidden_size=12,
                    num_attention_heads=3, max_position_embeddings=19, problem_type="regression"),
        training=dict(gradient_accumulation_steps=3, num_train_epochs=16.5, max_grad_norm=0.5, lr_scheduler_type="cosine"),
        spelling=lambda name: old(name),
    ),
    "bare-old-names-five-outputs": dict(
        config=dict(type_vocab_size=2, layer_norm_eps=1e-12, hidden_act="relu", num_labels=5, hidden_size=9,
                    num_attention_heads=3),
        training=dict(adam_beta1=0.8, adam_beta2=0.99, adam_epsilon=1e-6, max_grad_norm=1e3),
        spelling=lambda name: old(name.removeprefix("bert.")),
    ),
    # Nothing is what it usually is, not even the id of [PAD].
    "odd-shape-three-outputs": dict(
        config=dict(type_vocab_size=3, layer_norm_eps=1e-6, hidden_act="gelu_new", num_labels=3, hidden_size=14,
                    num_attention_heads=7, pad_token_id=4),
        training=dict(lr_scheduler_type="constant_with_warmup"), spelling=lambda name: name,
    ),
}


def old(name):
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


def sentences(config, lengths, first_id):
    """Random words of ids from `first_id`, and random labels."""
    generator = torch.Generator().manual_seed(1)
    draw = lambda low, high, n: torch.randint(low, high, (n,), generator=generator).tolist()
    lengths = draw(*lengths, SENTENCES)
    rows = [draw(first_id, config.vocab_size, length) for length in lengths]
    if config.num_labels == 1:
        labels = [number / 16 for number in draw(0, 17, SENTENCES)]
    else:
        labels = draw(0, config.num_labels, SENTENCES)
    return [{"input_ids": ids, "labels": label} for ids, label in zip(rows, labels)]


def random_model(config):
    torch.manual_seed(0)
    return BertForSequenceClassification(BertConfig(**config))


def write_model(folder, model, rows, spelling=lambda name: name):
    """A model folder and its sentences."""
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config
    kept = {name: getattr(config, name) for name in SAVED} | {"model_type": "bert"}
    if config.pad_token_id != 0:
        kept["pad_token_id"] = config.pad_token_id
    kept["id2label"] = {str(output): chr(ord("a") + output) for output in range(config.num_labels)}
    (folder / "config.json").write_text(json.dumps(kept, indent=1) + "\n")
    (folder / "data.json").write_text(json.dumps(rows) + "\n")
    # The tests read token ids, but a model folder has a tokenizer.
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [f"w{n}" for n in range(5, config.vocab_size)]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    tensors = {spelling(name): value.clone() for name, value in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def variant(folder, config, training, spelling):
    model = random_model({**COMMON, **config})
    rows = sentences(model.config, (1, model.config.max_position_embeddings + 1), first_id=0)  # [PAD] is a word, too
    write_model(folder, model, rows, spelling)
    training = {**TRAINING, **training}
    (folder / "training.json").write_text(json.dumps(training, indent=1) + "\n")

    with torch.no_grad():
        expected = {"logits": model.eval()(**padded(rows, model.config.pad_token_id)).logits}
    loss, gradients = loss_and_gradients(model, rows[:FIRST_BATCH])
    expected["loss"] = loss.reshape(1)
    expected |= {f"gradient/{name}": gradient for name, gradient in gradients.items()}
    steps = train(model, rows, training)
    for name in ("loss", "learning_rate", "grad_norm"):
        expected[f"training/{name}"] = torch.tensor([step[name] for step in steps], dtype=torch.float64)
    expected |= {f"trained/{name}": parameter.detach().clone() for name, parameter in model.named_parameters()}
    save_file(expected, folder / "expected.safetensors")
    print(f"{folder.name}: {len(steps)} steps, loss {steps[0]['loss']:.4f} to {steps[-1]['loss']:.4f}")


def make(folder):
    model = random_model(SMALL_BERT)
    write_model(folder / "small-bert", model, sentences(model.config, lengths=(3, 20), first_id=1))
    for name, parts in VARIANTS.items():
        variant(folder / "parity" / name, **parts)
