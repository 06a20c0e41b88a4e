//! Usage: how each program takes the folder.

use checkpoint::{LongTexts, OutputKind};
use corpus::tokenizer::Overflow;
use run_files::layout::export::HF;
use stage::OutputWriter;

use crate::card_facts::Card;
use crate::format::{Dtype, Format};

pub(super) fn usage(card: &Card<'_>) -> String {
    let mut parts = vec!["## How to use it\n".to_owned()];
    if card.args.format.has(Format::Hf) {
        parts.push(transformers(card));
        parts.push(predict(card));
        parts.extend(text_embeddings_inference(card));
    }
    let mut graphs = card.args.format.list().iter().filter(|format| format.products().is_some());
    parts.extend(graphs.next().map(|&format| onnx_runtime(card, format)));
    if card.args.format.has(Format::Onnx) && card.args.format.has(Format::OnnxInt8) {
        parts.push(format!(
            "`{}` is the same with int8 products, smaller and faster. The scale of its activations is that of a whole batch, so \
             what it says of a text depends a little on the texts beside it.\n",
            Format::OnnxInt8.file()
        ));
    }
    parts.join("\n") + "\n"
}

fn transformers(card: &Card<'_>) -> String {
    let extra = match card.kind() {
        OutputKind::Class => "top_k=None",
        OutputKind::Labels => "top_k=None, function_to_apply=\"sigmoid\"",
        OutputKind::Score => "function_to_apply=\"none\"",
    };
    format!(
        "Transformers (`PATH` is this folder, or its name on the hub):\n\n```python\nfrom transformers import pipeline\n\n\
         classify = pipeline(\"text-classification\", \"PATH\")\n\
         print(classify([\"A text.\", \"Another one.\"], truncation=True, {extra}))\n```\n"
    )
}

fn predict(card: &Card<'_>) -> String {
    // A calibration is of the weights in float32.
    let has_its_weights = card.args.dtype == Dtype::Float32;
    let calibrated = if card.calibration.is_some() && has_its_weights { " --calibration calibration.json" } else { "" };
    format!("This project's own program:\n\n```sh\nbert-predict --model PATH{calibrated} \"A text.\"\n```\n")
}

/// Its rules: a fast tokenizer, and `id2label` of several labels; a model of one output would be served as a re-ranker of pairs.
fn text_embeddings_inference(card: &Card<'_>) -> Option<String> {
    let has_tokenizer = card.staged.written(&format!("{HF}/tokenizer.json")).is_some();
    if !has_tokenizer || card.kind() == OutputKind::Score {
        return None;
    }
    let is_labels = card.kind() == OutputKind::Labels;
    let raw = if is_labels || card.calibration.is_some() { ", \"raw_scores\": true" } else { "" };
    let mut remarks = Vec::new();
    if is_labels {
        remarks.push("With `raw_scores` it gives logits, whose sigmoid is the probability of each label.".to_owned());
    } else if card.calibration.is_some() {
        remarks.push(
            "With `raw_scores` it gives logits, to be divided by the temperature before their softmax.".to_owned(),
        );
    }
    let positions = card.folder.config.max_position_embeddings;
    let is_as_here =
        |long: &&LongTexts| long.max_length >= positions && long.truncation_side == "right" && long.other.is_none();
    if let Some(long) = card.long_texts.filter(|long| !is_as_here(long)) {
        remarks.push(format!("It cuts texts at {positions} tokens on the right; the training {}.", in_training(long)));
    }
    let remarks = if remarks.is_empty() { String::new() } else { format!("\n{}\n", remarks.join(" ")) };
    Some(format!(
        "text-embeddings-inference:\n\n```sh\ntext-embeddings-router --model-id PATH --dtype float32 --auto-truncate --port 8080\n\
         curl localhost:8080/predict -H 'Content-Type: application/json' -d '{{\"inputs\": \"A text.\"{raw}}}'\n```\n{remarks}"
    ))
}

/// What the training did with long texts.
fn in_training(long: &LongTexts) -> String {
    let LongTexts { max_length, truncation_side, other } = long;
    match other {
        Some((Overflow::WINDOW_STRIDE, stride)) => {
            format!("read them in windows of {max_length} tokens, of which neighbors share {stride}")
        }
        Some(_) => format!("cut them at {max_length} in the middle"),
        None => format!("cut them at {max_length} on the {truncation_side}"),
    }
}

fn onnx_runtime(card: &Card<'_>, format: Format) -> String {
    let max_length = card.long_texts.map_or(card.folder.config.max_position_embeddings, |long| long.max_length);
    let temperature = card.calibration.map(|calibration| format!("logits /= {}\n", calibration.temperature));
    let outcome = match card.kind() {
        OutputKind::Class => {
            "probabilities = np.exp(logits - logits.max(-1, keepdims=True))\n\
             probabilities /= probabilities.sum(-1, keepdims=True)\n\
             print([(labels[row.argmax()], row.max()) for row in probabilities])\n"
        }
        OutputKind::Labels => {
            "probabilities = 1 / (1 + np.exp(-logits))\n\
             print([[labels[i] for i in np.flatnonzero(row >= 0.5)] for row in probabilities])\n"
        }
        OutputKind::Score => "print(logits[:, 0])\n",
    };
    format!(
        "ONNX Runtime:\n\n```python\nimport json\nimport numpy as np\nimport onnxruntime\nfrom transformers import AutoTokenizer\n\n\
         tokenizer = AutoTokenizer.from_pretrained(\"PATH\")\n\
         session = onnxruntime.InferenceSession(\"PATH/{}\")\n\
         labels = json.loads(session.get_modelmeta().custom_metadata_map[\"labels\"])\n\
         batch = tokenizer([\"A text.\", \"Another one.\"], padding=True, truncation=True, max_length={max_length}, return_tensors=\"np\",\n\
         \x20                 return_token_type_ids=True)\n\
         inputs = {{name: batch[name].astype(np.int64) for name in (\"input_ids\", \"attention_mask\", \"token_type_ids\")}}\n\
         logits, = session.run(None, inputs)\n{}{outcome}```\n",
        format.file(),
        temperature.unwrap_or_default()
    )
}
