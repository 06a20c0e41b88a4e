"""Makes tests/fixtures anew: schedules.json, optimizers.json, and in small-bert a small random BERT and what the reference
computes with it.

config.json, model.safetensors   the model, with a classifier of three outputs
data.json                        sentences (token ids) and labels
expected.safetensors             logits of all sentences; loss and gradients of the first batch; and, from a run of the
                                 reference's own Trainer, the loss and learning rate of each step and the last weights
"""

import json
import pathlib
import tempfile

import optimizers_fixture
import schedules_fixture
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures"

# Every size differs from every other, and none is a multiple of a vector register.
CONFIG = dict(
    vocab_size=61, hidden_size=30, num_hidden_layers=2, num_attention_heads=5, intermediate_size=44,
    max_position_embeddings=24, type_vocab_size=3, layer_norm_eps=1e-6, hidden_act="gelu_new", initializer_range=0.2,
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_labels=3,
)
# What crates/bert-finetune/tests/parity.rs types.
TRAINING = dict(
    per_device_train_batch_size=6, gradient_accumulation_steps=2, learning_rate=2e-3, weight_decay=0.05,
    num_train_epochs=3, warmup_steps=2, max_grad_norm=1.0, seed=7,
)
FIRST_BATCH = 6


class Padding:
    """Pads the tokens and takes the labels along."""

    pad_token_id = 0

    def __call__(self, rows):
        longest = max(len(row["input_ids"]) for row in rows)
        pad = lambda values: values + [0] * (longest - len(values))
        return {
            "input_ids": torch.tensor([pad(row["input_ids"]) for row in rows]),
            "attention_mask": torch.tensor([pad([1] * len(row["input_ids"])) for row in rows]),
            "labels": torch.tensor([row["labels"] for row in rows]),
        }


class Recorder(Trainer):
    """The reference's Trainer, which also keeps the loss of each optimizer step unrounded."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.losses, self.rates = {}, {}

    def training_step(self, *args, **kwargs):
        loss = super().training_step(*args, **kwargs)
        step = self.state.global_step
        self.losses[step] = self.losses.get(step, 0.0) + loss.double().item()
        self.rates[step] = self.lr_scheduler.get_last_lr()[0]
        return loss


def sentences():
    generator = torch.Generator().manual_seed(1)
    lengths = torch.randint(3, 20, (40,), generator=generator).tolist()
    rows = [torch.randint(1, CONFIG["vocab_size"], (length,), generator=generator).tolist() for length in lengths]
    labels = torch.randint(0, CONFIG["num_labels"], (40,), generator=generator).tolist()
    return [{"input_ids": ids, "labels": label} for ids, label in zip(rows, labels)]


def main(fixtures=FIXTURES):
    schedules_fixture.make(fixtures)
    optimizers_fixture.make(fixtures)
    small_bert(fixtures / "small-bert")


def small_bert(folder):
    torch.manual_seed(0)
    model = BertForSequenceClassification(BertConfig(**CONFIG))
    rows = sentences()
    folder.mkdir(parents=True, exist_ok=True)
    config = {**CONFIG, "model_type": "bert", "id2label": {"0": "a", "1": "b", "2": "c"}}
    del config["num_labels"]
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    (folder / "data.json").write_text(json.dumps(rows) + "\n")
    # The tests read token ids, but a model folder has a tokenizer.
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [f"w{n}" for n in range(5, CONFIG["vocab_size"])]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    save_file({name: value.clone() for name, value in model.state_dict().items()}, folder / "model.safetensors",
              metadata={"format": "pt"})

    expected = {}
    model.eval()
    with torch.no_grad():
        expected["logits"] = model(**Padding()(rows)).logits
    output = model(**Padding()(rows[:FIRST_BATCH]))
    output.loss.backward()
    expected["loss"] = output.loss.detach().reshape(1)
    for name, parameter in model.named_parameters():
        expected[f"gradient/{name}"] = parameter.grad.clone()
    model.zero_grad()

    with tempfile.TemporaryDirectory() as output:
        arguments = TrainingArguments(output_dir=output, save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True,
                                      **TRAINING)
        trainer = Recorder(model=model, args=arguments, train_dataset=rows, data_collator=Padding())
        trainer.train()
    steps = sorted(trainer.losses)
    expected["training/loss"] = torch.tensor([trainer.losses[step] for step in steps], dtype=torch.float64)
    expected["training/learning_rate"] = torch.tensor([trainer.rates[step] for step in steps], dtype=torch.float64)
    for name, parameter in model.named_parameters():
        expected[f"trained/{name}"] = parameter.detach().clone()
    save_file(expected, folder / "expected.safetensors")
    print(f"{len(steps)} steps, loss {expected['training/loss'][0]:.4f} to {expected['training/loss'][-1]:.4f}")


if __name__ == "__main__":
    main()
