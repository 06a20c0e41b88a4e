//! Typed wins: which keys of `[finetune]` give way to which typed flags, though each is valid by itself.
//!
//! Where several settings say the same thing in different ways, the typed way counts; what only refines a choice goes with
//! the choice that a typed flag replaces. A choice itself (an optimizer, a schedule, a strategy) gives way to its own flag
//! alone: a typed `--adam-beta1` over a profile's `optim = "sgd"` is an error that names both.

use stage::SetAside;

const LORA: &[&str] = &["lora_rank", "lora_alpha", "lora_targets"];
const BEST_MODEL: &[&str] =
    &["metric_for_best_model", "greater_is_better", "early_stopping_patience", "early_stopping_threshold"];

/// The keys of a profile that typed flags of `bert-finetune` set aside.
pub const SET_ASIDE: &[SetAside] = &[
    SetAside::by("per_device_train_batch_size", &["max_tokens_per_batch"]),
    SetAside::by("max_tokens_per_batch", &["per_device_train_batch_size"]),
    SetAside::by("num_train_epochs", &["max_steps"]),
    SetAside::by("optim", &["adam_beta1", "adam_beta2", "adam_epsilon"]).when(|optim| !optim.starts_with("adam")),
    SetAside::by("optim", &["sgd_momentum"]).when(|optim| optim != "sgd"),
    SetAside::by("lr_scheduler_type", &["lr_scheduler_kwargs"]).when_changed(),
    SetAside::by("lr_scheduler_type", &["warmup_ratio", "warmup_steps"])
        .when(|scheduler| matches!(scheduler, "constant" | "reduce_lr_on_plateau")),
    SetAside::by("warmup_ratio", &["warmup_steps"]),
    SetAside::by("warmup_steps", &["warmup_ratio"]),
    SetAside::by("lora_rank", &["freeze_embeddings", "freeze_layers"]),
    SetAside::by("freeze_embeddings", LORA).when(|freeze| freeze != "false"),
    SetAside::by("freeze_layers", LORA).when(|layers| layers != "0"),
    SetAside::by("eval_strategy", &["eval_steps"]).when(|strategy| strategy != "steps"),
    SetAside::by("eval_strategy", BEST_MODEL).when(|strategy| strategy == "no"),
    SetAside::by("metric_for_best_model", &["greater_is_better"]).when_changed(),
    SetAside::by("save_strategy", &["save_steps"]).when(|strategy| strategy != "steps"),
    SetAside::by("logging_strategy", &["logging_steps"]).when(|strategy| strategy != "steps"),
];
