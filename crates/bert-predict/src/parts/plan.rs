//! The plan of a run in parts: everything in the settings that defines the bytes of the parts.

use bert::Precision;
use corpus::records::TablePlan;
use corpus::tokenizer::Overflow;
use serde::Serialize;

use crate::args::Args;
use crate::output::{Format, Layout};
use crate::settings::Settings;

/// The names of its fields are part of the key. What is absent was not given.
#[derive(Debug, Serialize)]
pub(super) struct Plan<'a> {
    format: &'static str,
    rows_per_part: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_column: Option<&'a str>,
    /// Under their names in the output.
    keep_columns: &'a [String],
    tables: TablePlan,
    max_length: usize,
    overflow: String,
    window_pooling: &'static str,
    precision: Precision,
    #[serde(skip_serializing_if = "Option::is_none")]
    head_precision: Option<Precision>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    attributions: bool,
}

/// The name of the field that alone differs between the shards of an input.
pub(super) const SHARD: &str = "shard";

impl<'a> Plan<'a> {
    pub(super) fn of(args: &'a Args, settings: &Settings, layout: &'a Layout, format: Format) -> Self {
        let overflow = match settings.overflow {
            Overflow::Truncate(side) => side.to_string(),
            Overflow::Windows { stride } => format!("windows that share {stride} tokens"),
        };
        Self {
            format: format.name(),
            rows_per_part: args.output.rows_per_part,
            shard: args.output.shard.map(|shard| shard.folder()),
            text_column: args.input.text_column.as_deref(),
            keep_columns: &layout.kept,
            tables: args.input.tables.plan(),
            max_length: settings.max_length,
            overflow,
            window_pooling: args.window_pooling.name(),
            precision: settings.compute.precision,
            head_precision: settings.compute.precision.of_head(),
            top_k: layout.decoding.top_k,
            threshold: layout.decoding.threshold,
            temperature: layout.decoding.temperature,
            attributions: layout.attributions,
        }
    }
}
