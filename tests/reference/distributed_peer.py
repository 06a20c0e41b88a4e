"""PyTorch's DistributedDataParallel on the batches of a run of several processes: started by torchrun, it writes the loss of each
step, and the weights after the last one.

    distributed_peer.py MODEL ROWS.json STEPS OUT      ROWS.json: input_ids and labels of the train split
"""

import json
import os
import pathlib
import sys

import torch
from peer import padded
from safetensors.torch import save_file
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from transformers import BertForSequenceClassification

BATCH, RATE, DECAY, SEED = 4, 5e-5, 0.01, 42


def groups(model):
    """Weight decay for matrices, as the Trainer has it."""
    without = lambda name: "bias" in name or "LayerNorm" in name
    named = list(model.named_parameters())
    return [
        {"params": [parameter for name, parameter in named if not without(name)], "weight_decay": DECAY},
        {"params": [parameter for name, parameter in named if without(name)], "weight_decay": 0.0},
    ]


def main(folder, rows, n_steps, out):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo")
    rank, size = distributed.get_rank(), distributed.get_world_size()
    model = BertForSequenceClassification.from_pretrained(folder).train()
    parallel = DistributedDataParallel(model)
    optimizer = torch.optim.AdamW(groups(model), lr=RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: (n_steps - step) / n_steps)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(SEED)).tolist()
    losses = []
    for step in range(n_steps):
        begin = (step * size + rank) * BATCH
        batch = padded([rows[row] for row in order[begin : begin + BATCH]], model.config.pad_token_id)
        loss = parallel(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step(), schedule.step(), optimizer.zero_grad()
        mean = loss.detach().double()
        distributed.all_reduce(mean)
        losses.append(mean.item() / size)
    if rank == 0:
        save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, pathlib.Path(out) / "ddp.safetensors")
        (pathlib.Path(out) / "ddp.json").write_text(json.dumps(losses))
    # Both end together, and at once: taking the group down, gloo's threads have waited for a process that was gone.
    distributed.barrier()
    os._exit(0)


if __name__ == "__main__":
    model, rows, steps, out = sys.argv[1:]
    assert "RANK" in os.environ, "torchrun starts this"
    main(model, json.loads(pathlib.Path(rows).read_text()), int(steps), out)
