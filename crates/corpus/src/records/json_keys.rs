//! The keys of all objects of a file, in the order in which they come. A key inside another is one if it is requested.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::json_not_finite;
use super::json_row::{Object, nested};
use super::table::Columns;

/// Names in the order in which they first come: a file may have other keys in every row.
#[derive(Default)]
pub(super) struct DistinctNames {
    pub(super) in_order: Vec<String>,
    known: HashSet<String>,
}

impl DistinctNames {
    pub(super) fn add(&mut self, name: &str) {
        if !self.known.contains(name) {
            self.known.insert(name.to_owned());
            self.in_order.push(name.to_owned());
        }
    }
}

/// Collects keys.
pub(super) struct KeyCollector {
    names: DistinctNames,
    /// Those of the columns that are requested and may be keys inside others.
    inner: Vec<String>,
    n_objects: u64,
}

impl KeyCollector {
    pub(super) fn new(columns: &Columns) -> Self {
        let requested = [&columns.text, &columns.label, &columns.score].into_iter().flatten().chain(&columns.keep);
        let inner = requested.filter(|name| name.contains('.')).cloned().collect();
        Self { names: DistinctNames::default(), inner, n_objects: 0 }
    }

    /// The keys; none where there was no object.
    pub(super) fn names(self) -> Option<Vec<String>> {
        (self.n_objects > 0).then_some(self.names.in_order)
    }

    /// Whether there was no object yet.
    pub(super) fn is_empty(&self) -> bool {
        self.n_objects == 0
    }

    pub(super) fn add(&mut self, object: &Object) {
        self.n_objects += 1;
        object.keys().for_each(|key| self.names.add(key));
        for name in self.inner.iter().filter(|name| nested(object, name).is_some()) {
            self.names.add(name);
        }
    }

    /// Adds the keys of an object that is read from text.
    ///
    /// # Errors
    /// Fails on what is no object.
    pub(super) fn add_text(&mut self, text: &str) -> serde_json::Result<()> {
        if !self.inner.is_empty() {
            self.add(&json_not_finite::parse(text)?);
            return Ok(());
        }
        let mut read = |text: &str| {
            let mut deserializer = serde_json::Deserializer::from_str(text);
            deserializer.deserialize_map(Keys(self))?;
            deserializer.end()
        };
        match read(text) {
            Err(_) if json_not_finite::are_in(text) => read(&json_not_finite::without(text))?,
            result => result?,
        }
        self.n_objects += 1;
        Ok(())
    }
}

struct Keys<'a>(&'a mut KeyCollector);

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<str>>()? {
            self.0.names.add(&key);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}
