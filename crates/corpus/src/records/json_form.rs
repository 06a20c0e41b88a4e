//! Form: how the objects of a JSON file lie in it.

use std::ops::ControlFlow;

use super::json_document::Document;
use super::json_not_finite;
use super::json_row::Object;
use super::table::Columns;
use super::text_file::TextFile;
use crate::error::{CorpusError, Result};

/// The largest document that is read as a whole, in bytes.
const MAX_DOCUMENT: usize = 1 << 30;

/// How the objects lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An object a line.
    Lines,
    /// One list of objects.
    List,
    /// Objects one after the other, each of them over several lines.
    Spread,
    /// One object that holds a table.
    Document,
}

/// Finds out how the objects lie in a file, and says so where they are neither lines nor a list.
pub(super) fn form(file: &TextFile, columns: &Columns) -> Result<(Form, Option<String>)> {
    let begins_as_object = match file.first_character()? {
        Some('[') => return Ok((Form::List, None)),
        first => first == Some('{'),
    };
    // Whether the first two lines that are not blank are objects; one that is longer than a line may be is none.
    let mut are_objects: Vec<bool> = Vec::new();
    file.for_each_short_line(&mut |_, line| {
        let line = line.trim();
        if !line.is_empty() {
            are_objects.push(json_not_finite::parse::<Object>(line).is_ok());
        }
        Ok(if are_objects.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    let one_a_line = are_objects.len() == 2 && are_objects[0];
    let second_is_object = are_objects.get(1) == Some(&true);
    if begins_as_object && !one_a_line {
        // Too large for a document, it may still be lines of which the first is broken.
        let text = if second_is_object { file.read_whole(MAX_DOCUMENT)?.map(finite) } else { Some(whole(file)?) };
        if let Some(document) = text.and_then(|text| serde_json::from_str::<Document>(&text).ok())
            && let Some(found) = document.rows(columns).map_err(|problem| damaged(file, problem))?
        {
            return Ok((Form::Document, Some(found.said)));
        }
    }
    // What begins as nothing else is a line that cannot be read.
    let lines = one_a_line || !begins_as_object || are_objects.get(1).is_none_or(|&is_object| is_object);
    Ok((if lines { Form::Lines } else { Form::Spread }, None))
}

pub(super) fn damaged(file: &TextFile, problem: String) -> CorpusError {
    CorpusError::Damaged { file: file.path().to_owned(), format: "a table in a JSON object", problem }
}

/// The text of a file that is read as one document, in which numbers are finite.
pub(super) fn whole(file: &TextFile) -> Result<String> {
    let text = file.read_whole(MAX_DOCUMENT)?.ok_or_else(|| {
        let problem = format!(
            "it is one JSON document of more than {MAX_DOCUMENT} bytes, which is read as a whole; write an object a line"
        );
        CorpusError::Damaged { file: file.path().to_owned(), format: "JSON", problem }
    })?;
    Ok(finite(text))
}

fn finite(text: String) -> String {
    if json_not_finite::are_in(&text) { json_not_finite::without(&text) } else { text }
}
