"""What the reference computes: loss and gradients of a batch, and every step of a run of its Trainer, unrounded."""

import tempfile

import torch
from transformers import PrinterCallback, Trainer, TrainingArguments


def padded(rows, pad_token_id):
    """A batch as a rectangle."""
    longest = max(len(row["input_ids"]) for row in rows)
    pad = lambda values, filler: list(values) + [filler] * (longest - len(values))
    return {
        "input_ids": torch.tensor([pad(row["input_ids"], pad_token_id) for row in rows]),
        "attention_mask": torch.tensor([pad([1] * len(row["input_ids"]), 0) for row in rows]),
        "labels": torch.tensor([row["labels"] for row in rows]),
    }


def loss_and_gradients(model, rows):
    model.zero_grad()
    output = model(**padded(rows, model.config.pad_token_id))
    output.loss.backward()
    gradients = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    model.zero_grad()
    return output.loss.detach(), gradients


class Recorder(Trainer):
    """The reference's Trainer, which also keeps the loss of each optimizer step unrounded."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.losses = {}

    def training_step(self, *args, **kwargs):
        loss = super().training_step(*args, **kwargs)
        step = self.state.global_step
        self.losses[step] = self.losses.get(step, 0.0) + loss.double().item()
        return loss


def train(model, rows, arguments):
    """Trains the model in place; loss, learning rate and norm of the gradients of each step."""
    with tempfile.TemporaryDirectory() as output:
        arguments = TrainingArguments(output_dir=output, save_strategy="no", logging_steps=1, report_to=[], use_cpu=True,
                                      disable_tqdm=True, **arguments)
        pad_token_id = model.config.pad_token_id
        trainer = Recorder(model=model, args=arguments, train_dataset=rows,
                           data_collator=lambda batch: padded(batch, pad_token_id))
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    logged = [line for line in trainer.state.log_history if "learning_rate" in line]
    assert [line["step"] for line in logged] == [step + 1 for step in sorted(trainer.losses)]
    return [
        {"loss": trainer.losses[step], "learning_rate": line["learning_rate"], "grad_norm": float(line["grad_norm"])}
        for step, line in enumerate(logged)
    ]
