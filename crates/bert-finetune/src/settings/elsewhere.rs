//! Arguments of Transformers' `TrainingArguments` and `run_glue.py` that people bring, and what there is for them here.

use stage::Elsewhere;

/// By their names in a profile.
pub const ELSEWHERE: &[Elsewhere<'static>] = &[
    ("bf16", "give --precision bf16, or auto, which takes it where the processor or GPU has it"),
    ("bf16_full_eval", "evaluations have the precision of the training; give --precision"),
    ("dataloader_drop_last", "every row is trained on, also those of the last, smaller batch"),
    ("dataloader_num_workers", "batches are made ahead without it"),
    ("do_eval", "--eval-strategy says when to evaluate; a finished run is evaluated by bert-eval"),
    ("do_predict", "bert-predict predicts with a finished run"),
    ("do_train", "bert-finetune always trains"),
    ("evaluation_strategy", "its name is --eval-strategy"),
    ("fp16", "there is no float16; give --precision bf16 or float32"),
    (
        "gradient_checkpointing",
        "give smaller batches and --gradient-accumulation-steps, or --max-tokens-per-batch, where memory is short",
    ),
    ("load_best_model_at_end", "it is always so: the result is the best checkpoint by --metric-for-best-model"),
    ("logging_dir", "the files for TensorBoard are in OUT/tensorboard"),
    ("max_seq_length", "texts are cut by sst-tokenize: give it --max-length"),
    ("model_name_or_path", "give the folder of the model with --model; sst-fetch model brings one from the hub"),
    ("no_cuda", "give --device cpu"),
    ("output_dir", "its name is --out"),
    ("overwrite_output_dir", "give --force to start over"),
    (
        "per_device_eval_batch_size",
        "evaluations pack texts by their tokens, and no result depends on how many go together",
    ),
    ("push_to_hub", "bert-export makes a folder with a model card that can be uploaded"),
    ("report_to", "log.jsonl, curves and files for TensorBoard are always written"),
    ("resume_from_checkpoint", "run the same command again: it goes on where it stopped; --force starts over"),
    ("torch_compile", "there is nothing to compile; on a GPU, --cuda-graphs on"),
    ("train_file", "sst-fetch dataset and sst-tokenize make the folder that --tokens takes"),
    ("use_cpu", "give --device cpu"),
];
