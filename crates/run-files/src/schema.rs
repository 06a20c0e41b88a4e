//! Schemas of the formats as data: what the tables of `docs/formats.md` are compared with.
//!
//! Each format module lists its fields in a [`Table`]; its own tests compare the list with what its types really
//! serialize to ([`check_json`]) or with its Arrow schema, and `tests/documentation.rs` compares it with the document.

use serde_json::Value;

/// One field of a record, or one column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The name in the file.
    pub name: &'static str,
    /// `integer`, `number`, `string`, `boolean`, `object`, `list of ...`, or an Arrow type. `, optional` says that the
    /// field may be absent, `, nullable` that it may be null.
    pub type_name: &'static str,
    /// What it means, with its unit.
    pub meaning: &'static str,
}

/// The fields of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// The name by which the document marks its table: `<!-- table: log.train -->`.
    pub name: &'static str,
    /// In the order in which they are written.
    pub fields: &'static [Field],
}

/// Checks that `record` has the fields of `table` and no others, each of its type.
///
/// # Errors
/// Names the first field that is missing, not in the table, or of another type.
pub fn check_json(record: &Value, table: &Table) -> Result<(), String> {
    let object = record.as_object().ok_or_else(|| format!("{}: {record} is not an object", table.name))?;
    for field in table.fields {
        let (type_name, modifier) = field.type_name.split_once(", ").unwrap_or((field.type_name, ""));
        let fits = match object.get(field.name) {
            None => modifier == "optional",
            Some(Value::Null) => modifier == "nullable",
            Some(value) => type_name.split(" or ").any(|name| is_of_type(value, name)),
        };
        if !fits {
            let found = object.get(field.name).map_or("nothing".to_owned(), Value::to_string);
            return Err(format!("{}: `{}` should be {}, found {found}", table.name, field.name, field.type_name));
        }
    }
    match object.keys().find(|name| table.fields.iter().all(|field| field.name != **name)) {
        Some(name) => Err(format!("{}: `{name}` is not in the table", table.name)),
        None => Ok(()),
    }
}

fn is_of_type(value: &Value, type_name: &str) -> bool {
    match type_name {
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_f64(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        _ => value.is_array() && type_name.starts_with("list of "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TABLE: Table = Table {
        name: "sample",
        fields: &[
            Field { name: "step", type_name: "integer", meaning: "" },
            Field { name: "loss", type_name: "number, nullable", meaning: "" },
            Field { name: "note", type_name: "string or object, optional", meaning: "" },
        ],
    };

    #[test]
    fn a_missing_an_unknown_and_a_mistyped_field_are_named() {
        assert_eq!(check_json(&json!({"step": 1, "loss": null, "note": {}}), &TABLE), Ok(()));
        assert_eq!(check_json(&json!({"step": 1, "loss": 0.5}), &TABLE), Ok(()));
        let problem = |record: Value| check_json(&record, &TABLE).unwrap_err();
        assert_eq!(problem(json!({"step": 1})), "sample: `loss` should be number, nullable, found nothing");
        assert_eq!(problem(json!({"step": 0.5, "loss": 0.5})), "sample: `step` should be integer, found 0.5");
        assert_eq!(problem(json!({"step": 1, "loss": 0.5, "f1": 1})), "sample: `f1` is not in the table");
    }
}
