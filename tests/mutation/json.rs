//! Mutation of JSON documents, whose result is mostly JSON again: values, keys, types, and whole parts.

use serde_json::{Map, Value, json};
use testkit::Random;

use crate::bytes::{index, once_in};
use crate::text::piece;

/// A document in some layout, changed one to four times.
pub(crate) fn mutated(random: &mut Random, document: &Value, other: &Value) -> Vec<u8> {
    let mut value = document.clone();
    for _ in 0..=random.below(4) {
        change(random, &mut value, other);
    }
    let text = if once_in(random, 2) { value.to_string() } else { format!("{value:#}") };
    layout(random, text).into_bytes()
}

/// What no [`Value`] can say: a key twice, brackets without end, numbers that no type holds.
fn layout(random: &mut Random, text: String) -> String {
    match random.below(16) {
        0 => text.replacen("{", r#"{"model_type": "bert", "model_type": 7, "#, 1),
        1 => {
            let depth = [130, 1000, 100_000][index(random, 3)];
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            text.replacen(": ", &format!(": {deep}, \"x\": "), 1).replacen("\":", &format!("\":{deep},\"x\":"), 1)
        }
        2 => text.replacen("1", "1e999", 1),
        3 => text.replacen("0", "-0.0000000000000000000000000000000001e-400", 1),
        4 => format!("\u{feff}{text}"),
        5 => text + "{}",
        6 => text.replace('"', "\\u0022"),
        _ => text,
    }
}

/// Changes one value somewhere in the document.
pub(crate) fn change(random: &mut Random, document: &mut Value, other: &Value) {
    let target = index(random, count(document));
    let donor = nth_value(other, index(random, count(other))).clone();
    let value = nth(document, target);
    match (random.below(10), &mut *value) {
        (0, _) => *value = donor,
        (1, _) => *value = extreme(random),
        (2, Value::Object(fields)) if !fields.is_empty() => {
            let key = nth_key(random, fields);
            fields.remove(&key);
        }
        (3, Value::Object(fields)) if !fields.is_empty() => {
            let key = nth_key(random, fields);
            let field = fields.remove(&key).unwrap_or_default();
            fields.insert(format!("{key}{}", piece(random)), field);
        }
        (4, Value::Object(fields)) if fields.len() > 1 => {
            let (one, two) = (nth_key(random, fields), nth_key(random, fields));
            let (first, second) = (fields[&one].clone(), fields[&two].clone());
            fields.insert(one, second);
            fields.insert(two, first);
        }
        (5, Value::Object(fields)) => {
            fields.insert(piece(random), donor);
        }
        (6, Value::Array(items)) if !items.is_empty() => {
            let item = items[index(random, items.len())].clone();
            (0..=random.below(50)).for_each(|_| items.push(item.clone()));
        }
        (7, Value::Array(items)) if !items.is_empty() => drop(items.remove(index(random, items.len()))),
        (_, Value::Number(number)) => {
            let near = number.as_i64().map(|n| n.wrapping_add(random.below(5) as i64 - 2));
            *value = near.filter(|_| once_in(random, 2)).map_or_else(|| extreme(random), Value::from);
        }
        (8, Value::String(text)) => *text = piece(random),
        (_, Value::String(text)) => {
            let other = text.clone();
            crate::text::change(random, text, &other);
        }
        (_, Value::Bool(flag)) => *flag = !*flag,
        _ => *value = extreme(random),
    }
}

fn extreme(random: &mut Random) -> Value {
    const NUMBERS: [f64; 8] = [0.0, -0.0, 0.5, 1e308, -1e308, 5e-324, 4_294_967_296.0, 1e-12];
    match random.below(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!([]),
        3 => json!({}),
        4 => json!(""),
        5 => json!(u64::MAX),
        6 => json!(i64::MIN),
        7 => json!(-1),
        8 => json!(0),
        9 => json!(1_u64 << random.below(63)),
        10 => (0..100).fold(json!(1), |inner, _| json!([inner])),
        11 => json!(piece(random)),
        _ => json!(NUMBERS[index(random, NUMBERS.len())]),
    }
}

/// The values in a document, itself counted.
fn count(value: &Value) -> usize {
    1 + children(value).map(count).sum::<usize>()
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => Box::new(std::iter::empty()),
    }
}

/// The path to the value with this number, as child numbers.
fn nth_value(value: &Value, n: usize) -> &Value {
    let mut rest = n;
    let mut value = value;
    while rest > 0 {
        rest -= 1;
        let Some(child) = children(value).find(|child| {
            let n = count(child);
            let inside = rest < n;
            rest -= if inside { 0 } else { n };
            inside
        }) else {
            return value;
        };
        value = child;
    }
    value
}

fn nth(value: &mut Value, n: usize) -> &mut Value {
    if n == 0 {
        return value;
    }
    let mut rest = n - 1;
    let mut at = 0;
    for child in children(value) {
        let n = count(child);
        if rest < n {
            break;
        }
        rest -= n;
        at += 1;
    }
    let child = match value {
        Value::Array(items) => items.get_mut(at),
        Value::Object(fields) => fields.values_mut().nth(at),
        _ => None,
    };
    nth(child.unwrap(), rest)
}

fn nth_key(random: &mut Random, fields: &Map<String, Value>) -> String {
    fields.keys().nth(index(random, fields.len())).cloned().unwrap_or_default()
}
