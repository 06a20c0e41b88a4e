//! JSON documents that are no list: the rows of a table in one object.
//!
//! `{"data": [{...}, ...]}` as programs answer, and what pandas writes: an object or a list for each column
//! (`orient="columns"`, `"list"`), an object for each row (`"index"`), names and lists of values (`"split"`).

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::table::Columns;
use crate::shortened::shortened_list;

/// An object that keeps the order of its keys.
pub(super) struct Document(Vec<(String, Part)>);

/// A value of the object. Inside an object the order of the keys is that of the rows.
enum Part {
    Object(Vec<(String, Value)>),
    List(Vec<Value>),
    Scalar,
}

/// The rows of a document, and in which form they are.
pub(super) struct DocumentRows {
    pub(super) rows: Vec<Map<String, Value>>,
    pub(super) said: String,
}

impl Document {
    /// The rows in it; none where it is a row itself.
    ///
    /// # Errors
    /// Fails, in words, where it holds several tables, or columns of different lengths.
    pub(super) fn rows(self, columns: &Columns) -> Result<Option<DocumentRows>, String> {
        let is_text = |(key, part): &(String, Part)| columns.is_text(key) && !matches!(part, Part::Scalar);
        if self.0.iter().any(|(key, part)| columns.is_text(key) && matches!(part, Part::Scalar)) {
            return Ok(None);
        }
        if self.0.iter().any(is_text) {
            let rows = self.by_columns(columns)?;
            return Ok(Some(DocumentRows { rows, said: "one value of the JSON object for each column".to_owned() }));
        }
        let lists: Vec<&str> = self.0.iter().filter(|(_, part)| part.is_table()).map(|(key, _)| key.as_str()).collect();
        match lists.as_slice() {
            [] => Ok(match self.by_split()? {
                Some(rows) => Some(rows),
                None => self.by_index(columns),
            }),
            [list] => {
                let said = format!("the JSON list under `{list}`");
                let list = (*list).to_owned();
                let part = self.0.into_iter().find(|(key, _)| *key == list).map(|(_, part)| part);
                let Some(Part::List(items)) = part else { return Ok(None) };
                let rows =
                    items.into_iter().filter_map(|item| if let Value::Object(row) = item { Some(row) } else { None });
                Ok(Some(DocumentRows { rows: rows.collect(), said }))
            }
            [first, ..] => Err(format!(
                "it holds several lists of objects, {}; expected one, as `jq '.[{}]'` takes it out",
                shortened_list(&lists.iter().map(|&list| list.to_owned()).collect::<Vec<_>>()),
                Value::from(*first)
            )),
        }
    }

    fn by_columns(self, columns: &Columns) -> Result<Vec<Map<String, Value>>, String> {
        let named = |part: Part| match part {
            Part::Object(pairs) => pairs,
            Part::List(items) => items.into_iter().enumerate().map(|(row, item)| (row.to_string(), item)).collect(),
            Part::Scalar => Vec::new(),
        };
        let (texts, others): (Vec<_>, Vec<_>) = self.0.into_iter().partition(|(key, _)| columns.is_text(key));
        let Some((text_column, part)) = texts.into_iter().next() else { return Ok(Vec::new()) };
        let mut rows = Vec::new();
        let mut row_of = HashMap::new();
        for (name, text) in named(part) {
            row_of.insert(name, rows.len());
            rows.push(Map::from_iter([(text_column.clone(), text)]));
        }
        for (column, part) in others.into_iter().filter(|(_, part)| !matches!(part, Part::Scalar)) {
            let values = named(part);
            if values.len() != rows.len() {
                return Err(format!(
                    "it has {} values for {text_column}, but {} for {column}",
                    rows.len(),
                    values.len()
                ));
            }
            for (name, value) in values {
                let Some(row) = row_of.get(&name).and_then(|&row| rows.get_mut(row)) else {
                    return Err(format!("it has no {text_column} for the row {name} of {column}"));
                };
                row.insert(column.clone(), value);
            }
        }
        Ok(rows)
    }

    /// pandas' `split`: the names under `columns`, and a list of values for each row under `data`.
    fn by_split(&self) -> Result<Option<DocumentRows>, String> {
        let part = |name: &str| self.0.iter().find(|(key, _)| key == name).map(|(_, part)| part);
        let (Some(Part::List(names)), Some(Part::List(data))) = (part("columns"), part("data")) else {
            return Ok(None);
        };
        let Some(names) = names.iter().map(Value::as_str).collect::<Option<Vec<_>>>() else { return Ok(None) };
        let row = |values: &Value| {
            let values = values.as_array().filter(|values| values.len() == names.len())?;
            Some(names.iter().map(|name| (*name).to_owned()).zip(values.iter().cloned()).collect())
        };
        let Some(rows) = data.iter().map(row).collect::<Option<Vec<_>>>() else { return Ok(None) };
        match names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)) {
            Some((_, name)) => Err(format!("two columns are called {name}; rename one of them")),
            None => Ok(Some(DocumentRows { rows, said: "the JSON lists under `data`".to_owned() })),
        }
    }

    /// pandas' `index`: an object for each row, under its name.
    fn by_index(&self, columns: &Columns) -> Option<DocumentRows> {
        let row = |(_, part): &(String, Part)| match part {
            Part::Object(pairs) => Some(pairs.iter().cloned().collect::<Map<_, _>>()),
            Part::List(_) | Part::Scalar => None,
        };
        let rows = self.0.iter().map(row).collect::<Option<Vec<_>>>()?;
        let has_text = rows.iter().any(|row| row.keys().any(|key| columns.is_text(key)));
        has_text.then(|| DocumentRows { rows, said: "one value of the JSON object for each row".to_owned() })
    }
}

impl Part {
    fn is_table(&self) -> bool {
        matches!(self, Self::List(items) if !items.is_empty() && items.iter().all(Value::is_object))
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Document, A::Error> {
        pairs(map).map(Document)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DocumentVisitor)
    }
}

/// The pairs of an object in their order.
fn pairs<'de, A: MapAccess<'de>, T: Deserialize<'de>>(mut map: A) -> Result<Vec<(String, T)>, A::Error> {
    let mut pairs = Vec::new();
    while let Some(pair) = map.next_entry()? {
        pairs.push(pair);
    }
    Ok(pairs)
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Part, A::Error> {
        pairs(map).map(Part::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Part, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Part::List(items))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Part, E> {
        Ok(Part::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Part, E> {
        Ok(Part::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Part, E> {
        Ok(Part::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Part, E> {
        Ok(Part::Scalar)
    }

    fn visit_str<E>(self, _: &str) -> Result<Part, E> {
        Ok(Part::Scalar)
    }

    fn visit_unit<E>(self) -> Result<Part, E> {
        Ok(Part::Scalar)
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}
