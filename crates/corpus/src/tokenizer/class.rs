//! Tokenizer class: how Transformers builds the tokenizer of a folder, by the class that its files name.
//!
//! Source: `AutoTokenizer` of Transformers 5.23, for a model of type `bert`. Its BERT class takes nothing but the vocabulary
//! and the added tokens from `tokenizer.json` and builds all else from `tokenizer_config.json` and defaults. Classes that it does
//! not know are taken as they are written in `tokenizer.json`. Code of a repository is never run.

use checkpoint::TOKENIZER_CONFIG;
use serde_json::Value;

use super::behavior::unwrapped;
use super::files::TokenizerFiles;
use crate::error::Result;

/// Where the rules of a tokenizer come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// BERT's, with the flags of `tokenizer_config.json`.
    Bert,
    /// Those that are written in `tokenizer.json`.
    AsWritten,
}

/// Classes with BERT's rules, without `Tokenizer` or `TokenizerFast` at their end.
const BERT: [&str; 10] = [
    "Bert",
    "DPRContextEncoder",
    "DPRQuestionEncoder",
    "DPRReader",
    "DistilBert",
    "Electra",
    "LayoutLM",
    "Lxmert",
    "MobileBert",
    "SqueezeBert",
];

/// Classes of Transformers with rules of their own, which are not followed here.
const OTHERS: [&str; 95] = [
    "Albert",
    "AyaVision",
    "Bart",
    "Barthez",
    "Bartpho",
    "BertGeneration",
    "BertJapanese",
    "Bertweet",
    "BigBird",
    "BioGpt",
    "Biogpt",
    "Blenderbot",
    "BlenderbotSmall",
    "ByT5",
    "CLIP",
    "CTRL",
    "Camembert",
    "Canine",
    "Clvp",
    "CodeGen",
    "CodeLlama",
    "Cohere",
    "ConvBert",
    "Cpm",
    "CpmAnt",
    "Deberta",
    "DebertaV2",
    "Dia",
    "Esm",
    "Esmc",
    "FNet",
    "FSMT",
    "FastSpeech2Conformer",
    "Flaubert",
    "Funnel",
    "GPT2",
    "GPTNeoX",
    "GPTNeoXJapanese",
    "GPTSw3",
    "Gemma",
    "Herbert",
    "LED",
    "Lasr",
    "LayoutLMv2",
    "LayoutLMv3",
    "LayoutXLM",
    "Llama",
    "Longformer",
    "Luke",
    "M2M100",
    "MBart",
    "MBart50",
    "MLuke",
    "MPNet",
    "Marian",
    "MarkupLM",
    "Mgpstr",
    "Mvp",
    "MyT5",
    "Nllb",
    "Nougat",
    "OpenAIGPT",
    "PLBart",
    "Parakeet",
    "Pegasus",
    "Perceiver",
    "Phobert",
    "Pop2Piano",
    "ProphetNet",
    "Qwen2",
    "Qwen3_5",
    "Rag",
    "Reformer",
    "RemBert",
    "RoCBert",
    "RoFormer",
    "Roberta",
    "SeamlessM4T",
    "Siglip",
    "Siglip2",
    "Speech2Text",
    "SpeechT5",
    "Splinter",
    "T5",
    "Tapas",
    "Tipsv2",
    "Udop",
    "VideoPrism",
    "Vits",
    "Wav2Vec2CTC",
    "Wav2Vec2PhonemeCTC",
    "Whisper",
    "XGLM",
    "XLM",
    "XLNet",
];

/// Whether `tokenizer.json` has the rules that Transformers gives a tokenizer of XLM-RoBERTa: the map of its SentencePiece model, if
/// any, and words at white space that `▁` begins.
fn is_written_as_built(files: &TokenizerFiles) -> bool {
    let part = |key: &str| files.json.as_ref().and_then(|file| file.json.get(key)).cloned().unwrap_or_default();
    let normalizer = unwrapped(part("normalizer"), "normalizers");
    let words = part("pre_tokenizer");
    let kinds = words["pretokenizers"].as_array().map_or(&[][..], Vec::as_slice);
    let [split, mark] = kinds else { return false };
    (normalizer.is_null() || normalizer["type"] == "Precompiled")
        && split["type"] == "WhitespaceSplit"
        && mark["type"] == "Metaspace"
        && mark["replacement"] == "▁"
        && (mark["prepend_scheme"] == "always" || mark["add_prefix_space"] == true)
}

/// The rules of a folder, and what has to be said of them.
///
/// # Errors
/// Fails, naming the class, where its rules are not those of BERT nor written in `tokenizer.json`.
pub(super) fn rules(files: &TokenizerFiles) -> Result<(Rules, Option<String>)> {
    let is_code = |map: &Value| map.get("AutoTokenizer").is_some_and(|class| !class.is_null()) || map.is_array();
    let is_program = files.config.get("auto_map").is_some_and(is_code);
    // Transformers does not run it either, unless it is told to trust it, where it has a class of its own.
    let not_run = || is_program.then(|| "auto_map names a program, which is not run; the rules are BERT's".to_owned());
    let Some((file, class)) = files.class()? else { return Ok((Rules::Bert, not_run())) };
    let fail = |problem: String| Err(files.error(file, problem));
    let name = class.strip_suffix("Fast").unwrap_or(&class);
    let name = name.strip_suffix("Tokenizer").unwrap_or(name);
    if BERT.contains(&name) {
        return Ok((Rules::Bert, not_run()));
    }
    if is_program {
        return fail(format!(
            "auto_map: the tokenizer {class} is a program in its repository, which is never run; save it as tokenizer.json"
        ));
    }
    if OTHERS.contains(&name) {
        return fail(format!("tokenizer_class is {class}; only tokenizers of BERT are supported"));
    }
    if files.json.is_none() {
        return fail(format!("tokenizer_class is {class}, whose rules are in tokenizer.json, and there is none"));
    }
    if name == "XLMRoberta" && !is_written_as_built(files) {
        return fail(format!(
            "tokenizer_class is {class}, and Transformers builds one with other rules than tokenizer.json has; if that is right, \
             write \"tokenizer_class\": \"PreTrainedTokenizerFast\" into {TOKENIZER_CONFIG}"
        ));
    }
    let is_general = matches!(name, "PreTrained" | "TokenizersBackend" | "XLMRoberta");
    let said = (!is_general).then(|| format!("{class} is not known; tokenizer.json is taken as it is"));
    Ok((Rules::AsWritten, said))
}
