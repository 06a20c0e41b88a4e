use serde_json::json;

use super::*;

fn with(change: impl FnOnce(&mut Value)) -> Result<BertConfig, String> {
    let mut config = json!({
        "model_type": "bert", "vocab_size": 30, "hidden_size": 12, "num_hidden_layers": 2,
        "num_attention_heads": 3, "intermediate_size": 24, "max_position_embeddings": 16, "id2label": {"0": "bad"}
    });
    change(&mut config);
    BertConfig::parse(config.to_string().as_bytes())
}

fn of(key: &str, value: &Value) -> Result<BertConfig, String> {
    with(|config| config[key] = value.clone())
}

#[test]
fn defaults_are_those_of_the_reference() {
    let config = with(|_| {}).unwrap();
    assert_eq!(config.hidden_act, Activation::Gelu);
    assert_eq!((config.layer_norm_eps, config.initializer_range, config.hidden_dropout_prob), (1e-12, 0.02, 0.1));
    assert_eq!((config.type_vocab_size, config.pad_token_id, config.head_size()), (2, Some(0), 4));
    assert_eq!((config.num_labels, config.problem_type, config.classifier_dropout), (None, None, None));
    assert_eq!(config.id2label.unwrap()[&0], "bad");

    let base = BertConfig::parse(br#"{"model_type": "bert"}"#).unwrap();
    assert_eq!((base.vocab_size, base.hidden_size, base.intermediate_size), (30_522, 768, 3072));
    assert_eq!((base.num_hidden_layers, base.num_attention_heads, base.max_position_embeddings), (12, 12, 512));
    assert!(BertConfig::parse(br#"{"architectures": ["BertForMaskedLM"]}"#).is_ok());
}

#[test]
fn null_is_what_the_reference_makes_of_it() {
    assert_eq!(of("pad_token_id", &Value::Null).unwrap().pad_token_id, None);
    for key in ["classifier_dropout", "id2label", "num_labels", "problem_type", "position_embedding_type", "is_decoder"]
    {
        assert!(of(key, &Value::Null).is_ok(), "{key}");
    }
    for key in ["vocab_size", "hidden_size", "type_vocab_size", "max_position_embeddings"] {
        assert_eq!(of(key, &Value::Null).unwrap_err(), format!("{key} is null; expected a whole number"));
    }
    for key in ["hidden_dropout_prob", "layer_norm_eps", "initializer_range"] {
        assert_eq!(of(key, &Value::Null).unwrap_err(), format!("{key} is null; expected a number"));
    }
}

#[test]
fn what_is_not_a_bert_is_refused_with_the_reason() {
    let refusal = |key: &str, value: Value| of(key, &value).unwrap_err();
    assert_eq!(refusal("model_type", json!("roberta")), "model_type is roberta, but only bert is supported");
    let heads = "hidden_size 12 is not a multiple of num_attention_heads 5";
    assert_eq!(refusal("num_attention_heads", json!(5)), heads);
    assert_eq!(refusal("vocab_size", json!(0)), "vocab_size is 0; expected 1 to 16777216");
    assert_eq!(refusal("vocab_size", json!(-5)), "vocab_size is -5; expected 1 to 16777216");
    assert!(refusal("position_embedding_type", json!("relative_key")).contains("only absolute"));
    assert_eq!(
        refusal("add_cross_attention", json!(true)),
        "add_cross_attention is true, but only encoders are supported"
    );
    assert!(refusal("per_layer_config", json!({"0": {"intermediate_size": 8}})).contains("layers of one size"));
    let elsewhere = refusal("transformers_weights", json!("best.safetensors"));
    assert!(elsewhere.starts_with("transformers_weights says that the weights are in best.safetensors"), "{elsewhere}");
    assert!(of("transformers_weights", &json!("model.safetensors")).is_ok());
    let infinite = BertConfig::parse(br#"{"model_type": "bert", "initializer_range": Infinity}"#).unwrap_err();
    assert_eq!(infinite, "initializer_range is the text \"Infinity\"; expected a number");
    assert!(BertConfig::parse(br#"{"model_type": "bert", "unknown": NaN}"#).is_ok());
    assert!(BertConfig::parse(b"{").unwrap_err().starts_with("not JSON"));
    assert_eq!(BertConfig::parse(b"[1]").unwrap_err(), "it is a list; expected an object");
}

#[test]
fn a_wrong_type_is_told_by_key_in_the_words_of_json() {
    let cases = [
        ("hidden_size", json!("12"), "hidden_size is the text \"12\"; expected a whole number"),
        ("hidden_size", json!(12.5), "hidden_size is 12.5; expected a whole number"),
        ("num_hidden_layers", json!([2]), "num_hidden_layers is a list; expected a whole number"),
        ("type_vocab_size", json!(true), "type_vocab_size is true; expected a whole number"),
        ("hidden_dropout_prob", json!("0.1"), "hidden_dropout_prob is the text \"0.1\"; expected a number"),
        ("hidden_dropout_prob", json!(1), "hidden_dropout_prob is 1; expected 0 or more and less than 1"),
        ("classifier_dropout", json!({}), "classifier_dropout is an object; expected a number"),
        ("hidden_act", json!("swish"), "hidden_act is the text \"swish\"; expected one of gelu, gelu_python, "),
        ("model_type", json!(1), "model_type is 1; expected a text"),
        ("is_decoder", json!("no"), "is_decoder is the text \"no\"; expected true or false"),
        ("pad_token_id", json!("0"), "pad_token_id is the text \"0\"; expected a whole number or null"),
        ("pad_token_id", json!(30), "pad_token_id 30 is not below vocab_size 30"),
        ("pad_token_id", json!(-31), "pad_token_id -31 is not below vocab_size 30"),
        ("id2label", json!(["bad"]), "id2label is a list; expected an object such as "),
        ("id2label", json!({"x": "bad"}), "id2label has the key \"x\"; expected \"0\", \"1\", .."),
        ("id2label", json!({"0": null}), "id2label of \"0\" is null; expected a text"),
        ("id2label", json!({"0": "bad", "00": "good"}), "id2label names the output 0 twice"),
        ("num_labels", json!("2"), "num_labels is the text \"2\"; expected a whole number"),
        ("problem_type", json!("ranking"), "problem_type is the text \"ranking\"; expected regression, "),
    ];
    for (key, value, message) in cases {
        let refusal = of(key, &value).unwrap_err();
        assert!(refusal.starts_with(message), "{refusal}");
    }
}

#[test]
fn keys_and_names_may_be_numbers() {
    let names = |value: Value| of("id2label", &value).unwrap().id2label.unwrap().into_iter().collect::<Vec<_>>();
    assert_eq!(names(json!({" 1": "good", "00": 0})), [(0, "0".to_owned()), (1, "good".to_owned())]);
    assert_eq!(names(json!({"0": false, "1": true})), [(0, "False".to_owned()), (1, "True".to_owned())]);
    assert_eq!(of("pad_token_id", &json!(-1)).unwrap().pad_token_id, Some(29));
    assert_eq!(of("hidden_act", &json!("gelu_fast")).unwrap().hidden_act, Activation::GeluNew);
}
