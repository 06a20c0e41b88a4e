//! List of values of one flag: one record of CSV, so that an item may have a comma: `"Culture, arts",R&D,Sport`.
//!
//! A list in a profile becomes such a record and is read by the same parser. Blanks around an item do not belong to it,
//! unless they are quoted; a quote within quotes is doubled; an item that is empty is an error, quoted or not.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// At least one item, none of them empty; serialized as a list of strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct List {
    items: Vec<String>,
}

/// Why a text is no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// No item at all.
    #[error("the list is empty; expected at least one item")]
    Empty,
    /// Nothing between two commas, or behind the last.
    #[error("item {0} of the list is empty")]
    EmptyItem(usize),
    /// A quote that opens an item, and none that closes it.
    #[error("the quote that opens item {0} of the list is never closed")]
    OpenQuote(usize),
    /// Something between the closing quote and the comma.
    #[error(
        "{rest:?} behind the closing quote of item {item} of the list; expected a comma (a quote in quotes is doubled)"
    )]
    AfterQuote {
        /// The item, from 1.
        item: usize,
        /// What stands there.
        rest: String,
    },
}

impl List {
    /// A list of these items; that none is empty is checked where its text is read.
    pub(crate) fn of(items: Vec<String>) -> Self {
        Self { items }
    }

    /// The items in their order.
    pub fn items(&self) -> &[String] {
        &self.items
    }
}

impl From<List> for Vec<String> {
    fn from(list: List) -> Self {
        list.items
    }
}

impl FromStr for List {
    type Err = ListError;

    fn from_str(text: &str) -> Result<Self, ListError> {
        if text.trim().is_empty() {
            return Err(ListError::Empty);
        }
        let mut items = Vec::new();
        let mut rest = Some(text);
        while let Some(text) = rest {
            let number = items.len() + 1;
            let (item, behind) = match text.trim_start().strip_prefix('"') {
                Some(quoted) => quoted_item(quoted, number)?,
                None => plain_item(text),
            };
            if item.is_empty() {
                return Err(ListError::EmptyItem(number));
            }
            items.push(item);
            rest = behind;
        }
        Ok(Self { items })
    }
}

/// The item up to the next comma, and what is behind that comma.
fn plain_item(text: &str) -> (String, Option<&str>) {
    let (item, behind) = text.split_once(',').map_or((text, None), |(item, behind)| (item, Some(behind)));
    (item.trim().to_owned(), behind)
}

/// The item whose opening quote has been read, and what is behind its comma.
fn quoted_item(text: &str, number: usize) -> Result<(String, Option<&str>), ListError> {
    let mut item = String::new();
    let mut rest = text;
    loop {
        let (before, behind) = rest.split_once('"').ok_or(ListError::OpenQuote(number))?;
        item.push_str(before);
        match behind.strip_prefix('"') {
            Some(doubled) => {
                item.push('"');
                rest = doubled;
            }
            None => {
                let behind = behind.trim_start();
                if behind.is_empty() {
                    return Ok((item, None));
                }
                let next = behind.strip_prefix(',');
                let problem = || ListError::AfterQuote { item: number, rest: behind.to_owned() };
                return next.map(|next| (item, Some(next))).ok_or_else(problem);
            }
        }
    }
}

/// The text that reads as this list.
impl fmt::Display for List {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.items.iter().enumerate() {
            if index > 0 {
                formatter.write_str(",")?;
            }
            if item.is_empty() || item.contains([',', '"']) || item.trim() != item {
                write!(formatter, "\"{}\"", item.replace('"', "\"\""))?;
            } else {
                formatter.write_str(item)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Vec<String> {
        text.parse::<List>().unwrap().into()
    }

    fn problem(text: &str) -> String {
        text.parse::<List>().unwrap_err().to_string()
    }

    #[test]
    fn an_item_may_have_a_comma_a_quote_and_blanks() {
        assert_eq!(items("bad,good"), ["bad", "good"]);
        assert_eq!(items(r#""Culture, arts",R&D,Sport"#), ["Culture, arts", "R&D", "Sport"]);
        assert_eq!(items(r#"a, "b, c" ,d "#), ["a", "b, c", "d"]);
        assert_eq!(items(r#"5" disk,"the ""best""",x"#), ["5\" disk", "the \"best\"", "x"]);
        assert_eq!(items("\" a\",b c"), [" a", "b c"]);
    }

    #[test]
    fn what_is_no_list_is_told_by_its_item() {
        assert_eq!(problem(""), "the list is empty; expected at least one item");
        assert_eq!(problem(" "), "the list is empty; expected at least one item");
        assert_eq!(problem("a,,b"), "item 2 of the list is empty");
        assert_eq!(problem("a,b,"), "item 3 of the list is empty");
        assert_eq!(problem("a,\"\""), "item 2 of the list is empty");
        assert_eq!(problem("a,\"b,c"), "the quote that opens item 2 of the list is never closed");
        assert_eq!(
            problem("\"a\" b,c"),
            "\"b,c\" behind the closing quote of item 1 of the list; expected a comma (a quote in quotes is doubled)"
        );
    }

    #[test]
    fn the_text_of_a_list_reads_as_the_same_list() {
        for list in [vec!["Culture, arts", "R&D"], vec![" a ", "\"", "b\"c", "日本"], vec!["\n", ",", "x"]] {
            let list = List::of(list.into_iter().map(str::to_owned).collect());
            assert_eq!(list.to_string().parse::<List>().unwrap(), list);
        }
        assert_eq!(serde_json::to_string(&List::of(vec!["a".to_owned()])).unwrap(), r#"["a"]"#);
    }
}
