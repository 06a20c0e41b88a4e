//! What to do where a model has no safetensors: the command that converts what it has, elsewhere. Nothing is unpickled here.

use crate::shards::WEIGHTS_INDEX;

/// Reads pickles with nothing but tensors in them, and keeps every tensor, of whatever head.
const CONVERT_PICKLE: &str = "python3 -c 'import glob, torch; from safetensors.torch import save_file; save_file({name: \
    tensor.contiguous().clone() for file in sorted(glob.glob(\"pytorch_model*.bin\")) for name, tensor in torch.load(file, \
    map_location=\"cpu\", weights_only=True).items()}, \"model.safetensors\", {\"format\": \"pt\"})'";

/// Formats that Transformers 4 reads, and the argument for each.
const OF_OTHER_LIBRARIES: [(&str, &str, &str); 6] = [
    ("tf_model.h5", "TensorFlow", "from_tf"),
    ("tf_model.h5.index.json", "TensorFlow", "from_tf"),
    ("model.ckpt.index", "TensorFlow", "from_tf"),
    ("bert_model.ckpt.index", "TensorFlow", "from_tf"),
    ("flax_model.msgpack", "Flax", "from_flax"),
    ("flax_model.msgpack.index.json", "Flax", "from_flax"),
];

/// How files of weights end, in whatever format.
const WEIGHTS: [&str; 13] =
    ["safetensors", "bin", "pt", "pth", "ckpt", "onnx", "gguf", "ggml", "h5", "msgpack", "xml", "tflite", "mlmodel"];

/// Files that are named; of more only the number is said.
const MAX_NAMED: usize = 3;

/// What to say of a model without `model.safetensors` that has these files, by their paths in it: the end of a sentence.
pub fn no_weights_hint(files: &[String]) -> String {
    let has = |name: &str| files.iter().any(|file| file == name);
    let pickle = ["pytorch_model.bin", "pytorch_model.bin.index.json"].into_iter().find(|name| has(name));
    if let Some(name) = pickle {
        return format!(
            ", nor a {WEIGHTS_INDEX}: its weights are {name}, a pickle, which can run any code when it is read, and is never \
             read here; where you trust it, convert it in its folder with PyTorch and safetensors: {CONVERT_PICKLE}"
        );
    }
    let other = OF_OTHER_LIBRARIES.into_iter().find(|(name, ..)| has(name));
    let Some((name, library, argument)) = other else {
        return format!(", nor a {WEIGHTS_INDEX}{}", other_weights(files));
    };
    let path = if name == "bert_model.ckpt.index" { name } else { "." };
    format!(
        ", nor a {WEIGHTS_INDEX}: its weights are {name}, of {library}; convert it in its folder with Transformers 4, PyTorch and \
         {library}: python3 -c 'import json, transformers; kind = (json.load(open(\"config.json\")).get(\"architectures\") or \
         [\"BertForPreTraining\"])[0]; getattr(transformers, kind).from_pretrained(\"{path}\", {argument}=True, \
         config=\"config.json\").save_pretrained(\".\")'"
    )
}

/// Weights under other names or in other formats, and what to do with them.
fn other_weights(files: &[String]) -> String {
    let extension = |file: &str| file.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let is_weights = |file: &&String| extension(file).is_some_and(|extension| WEIGHTS.contains(&extension.as_str()));
    let mut found: Vec<&str> = files.iter().filter(is_weights).map(String::as_str).collect();
    let is_safetensors = |file: &str| extension(file).as_deref() == Some("safetensors");
    found.sort_unstable_by_key(|file| (!is_safetensors(file), *file));
    let Some(first) = found.first() else { return String::new() };
    let named = found.iter().take(MAX_NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = found.len().saturating_sub(MAX_NAMED);
    let named = if more == 0 { named } else { format!("{named} and {more} more") };
    let advice = if first.contains("-of-0") && is_safetensors(first) {
        "these are parts of weights in several files, whose index is missing"
    } else if is_safetensors(first) {
        "where one is the model, let its name be model.safetensors"
    } else {
        "only safetensors are read; save the model with save_pretrained of Transformers"
    };
    format!("; of weights it has {named}: {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_its_command() {
        let hint = |name: &str| no_weights_hint(&["config.json".to_owned(), name.to_owned()]);
        assert_eq!(hint("README.md"), ", nor a model.safetensors.index.json");
        assert!(hint("pytorch_model.bin").contains("its weights are pytorch_model.bin, a pickle"));
        assert!(hint("pytorch_model.bin.index.json").contains("weights_only=True"));
        assert!(hint("tf_model.h5").contains("from_pretrained(\".\", from_tf=True"));
        assert!(hint("bert_model.ckpt.index").contains("from_pretrained(\"bert_model.ckpt.index\", from_tf=True"));
        assert!(hint("flax_model.msgpack").contains("from_flax=True"));
    }

    #[test]
    fn weights_under_another_name_or_in_another_format_are_named() {
        let hint = |names: &[&str]| {
            let hint = no_weights_hint(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
            hint.strip_prefix(", nor a model.safetensors.index.json").unwrap().to_owned()
        };
        assert_eq!(hint(&["vocab.txt", "README.md"]), "");
        let renamed =
            "; of weights it has model.fp16.safetensors: where one is the model, let its name be model.safetensors";
        assert_eq!(hint(&["model.fp16.safetensors"]), renamed);
        let several = hint(&["a.onnx", "onnx/model.onnx", "model.Q4.GGUF", "x.pt", "model.fp16.safetensors"]);
        assert!(
            several.starts_with("; of weights it has model.fp16.safetensors, a.onnx, model.Q4.GGUF and 2 more: where")
        );
        assert!(
            hint(&["openvino/openvino_model.xml"]).ends_with("save the model with save_pretrained of Transformers")
        );
        assert!(hint(&["model-00001-of-00002.safetensors"]).ends_with("in several files, whose index is missing"));
    }
}
