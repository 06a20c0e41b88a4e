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

/// What to say of a model without `model.safetensors`, of whose files `has` knows the names: the end of a sentence.
pub fn no_weights_hint(has: impl Fn(&str) -> bool) -> String {
    let pickle = ["pytorch_model.bin", "pytorch_model.bin.index.json"].into_iter().find(|name| has(name));
    if let Some(name) = pickle {
        return format!(
            ", nor a {WEIGHTS_INDEX}: its weights are {name}, a pickle, which can run any code when it is read, and is never \
             read here; where you trust it, convert it in its folder with PyTorch and safetensors: {CONVERT_PICKLE}"
        );
    }
    let other = OF_OTHER_LIBRARIES.into_iter().find(|(name, ..)| has(name));
    let Some((name, library, argument)) = other else { return format!(", nor a {WEIGHTS_INDEX}") };
    let path = if name == "bert_model.ckpt.index" { name } else { "." };
    format!(
        ", nor a {WEIGHTS_INDEX}: its weights are {name}, of {library}; convert it in its folder with Transformers 4, PyTorch and \
         {library}: python3 -c 'import json, transformers; kind = (json.load(open(\"config.json\")).get(\"architectures\") or \
         [\"BertForPreTraining\"])[0]; getattr(transformers, kind).from_pretrained(\"{path}\", {argument}=True, \
         config=\"config.json\").save_pretrained(\".\")'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_its_command() {
        let hint = |name: &str| no_weights_hint(|other| other == name);
        assert_eq!(hint("README.md"), ", nor a model.safetensors.index.json");
        assert!(hint("pytorch_model.bin").contains("its weights are pytorch_model.bin, a pickle"));
        assert!(hint("pytorch_model.bin.index.json").contains("weights_only=True"));
        assert!(hint("tf_model.h5").contains("from_pretrained(\".\", from_tf=True"));
        assert!(hint("bert_model.ckpt.index").contains("from_pretrained(\"bert_model.ckpt.index\", from_tf=True"));
        assert!(hint("flax_model.msgpack").contains("from_flax=True"));
    }
}
