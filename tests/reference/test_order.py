"""The order in which the reference's Trainer reads the rows, which crates/bert/tests/parity.rs has as the same literals."""

import peer
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, PrinterCallback, Trainer, TrainingArguments

ORDERS = {
    (20, 42, 0): [2, 14, 18, 15, 1, 10, 0, 4, 6, 11, 8, 3, 7, 17, 13, 12, 19, 5, 16, 9],
    (33, 7, 3): [32, 30, 28, 10, 19, 1, 14, 13, 29, 5, 7, 22, 31, 23, 8, 20, 27, 16, 4, 21, 26, 24, 18, 3, 6, 2, 0, 12, 15,
                 17, 25, 9, 11],
}


def rows_read(n_rows, epochs, folder, **seeds):
    """Row numbers in the order in which a run reads them."""
    read = []

    def collate(rows):
        read.extend(row["row"] for row in rows)
        return peer.padded([{"input_ids": [1], "labels": 0} for _ in rows], 0)

    config = BertConfig(vocab_size=2, hidden_size=2, num_hidden_layers=1, num_attention_heads=1, intermediate_size=2,
                        max_position_embeddings=1)
    arguments = TrainingArguments(output_dir=folder, save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True,
                                  logging_strategy="no", remove_unused_columns=False, num_train_epochs=epochs,
                                  per_device_train_batch_size=4, **seeds)
    trainer = Trainer(model=BertForSequenceClassification(config), args=arguments, data_collator=collate,
                      train_dataset=[{"row": row} for row in range(n_rows)])
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return torch.tensor(read).view(epochs, n_rows).tolist()


@pytest.mark.parametrize(("n_rows", "seed", "epoch"), ORDERS)
def test_the_golden_orders_are_those_of_the_trainer(n_rows, seed, epoch, tmp_path):
    assert rows_read(n_rows, epoch + 1, tmp_path, seed=seed)[epoch] == ORDERS[n_rows, seed, epoch]


def test_the_data_seed_wins_over_the_seed(tmp_path):
    assert rows_read(20, 1, tmp_path, seed=5, data_seed=42)[0] == ORDERS[20, 42, 0]
