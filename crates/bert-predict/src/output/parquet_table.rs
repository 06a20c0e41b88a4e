//! Parquet: a row for each answer, row groups of 65,536 rows, Snappy. Equal answers give equal bytes.
//!
//! Metadata: `label_names`, a JSON list by class index (one name for regression).

use std::io::Write;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float32Builder, Float64Builder, ListBuilder, RecordBatch, StringBuilder, StructBuilder,
};
use arrow::datatypes::{DataType, Field, Fields, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use run_files::attribution::TokenContribution;

use super::layout::Layout;
use super::table_columns::{Kind, Value, columns, values};
use crate::answer::Answer;

/// Rows of a row group.
const ROW_GROUP_SIZE: usize = 1 << 16;
/// Rows that are encoded at a time; it divides a row group, so that the bytes do not depend on how rows come.
const WRITE_SIZE: usize = 1 << 12;
const LABEL_NAMES: &str = "label_names";

/// Writes a row for each answer.
pub(crate) struct ParquetWriter<'a, W: Write + Send> {
    layout: &'a Layout,
    schema: Arc<Schema>,
    writer: ArrowWriter<W>,
    builders: Vec<Builder>,
    n_rows: usize,
}

enum Builder {
    Text(StringBuilder),
    Score(Float32Builder),
    Boolean(BooleanBuilder),
    Probability(Float64Builder),
    Names(ListBuilder<StringBuilder>),
    Attribution(ListBuilder<StructBuilder>),
}

impl<'a, W: Write + Send> ParquetWriter<'a, W> {
    pub(super) fn new(layout: &'a Layout, sink: W) -> anyhow::Result<Self> {
        let columns = columns(layout);
        let data_type = |kind| match kind {
            Kind::Text => DataType::Utf8,
            Kind::Score => DataType::Float32,
            Kind::Boolean => DataType::Boolean,
            Kind::Probability => DataType::Float64,
            Kind::Names => DataType::List(element(DataType::Utf8)),
            Kind::Attribution => DataType::List(element(DataType::Struct(token_fields()))),
        };
        let fields = columns.iter().map(|column| Field::new(&column.name, data_type(column.kind), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let label_names = serde_json::to_string(&layout.decoding.names)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP_SIZE))
            .set_key_value_metadata(Some(vec![KeyValue::new(LABEL_NAMES.to_owned(), label_names)]))
            .build();
        let writer = ArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties))?;
        let builders = columns.iter().map(|column| Builder::new(column.kind)).collect();
        Ok(Self { layout, schema, writer, builders, n_rows: 0 })
    }

    pub(super) fn write(&mut self, answer: &Answer) -> anyhow::Result<()> {
        for (builder, value) in self.builders.iter_mut().zip(values(self.layout, answer)) {
            builder.append(value);
        }
        self.n_rows += 1;
        if self.n_rows == WRITE_SIZE { self.encode() } else { Ok(()) }
    }

    fn encode(&mut self) -> anyhow::Result<()> {
        if self.n_rows > 0 {
            let arrays = self.builders.iter_mut().map(Builder::finish).collect();
            self.writer.write(&RecordBatch::try_new(Arc::clone(&self.schema), arrays)?)?;
            self.n_rows = 0;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.encode()?;
        self.writer.close()?;
        Ok(())
    }
}

/// The element of a list column.
fn element(data_type: DataType) -> Arc<Field> {
    Field::new("element", data_type, true).into()
}

/// A token of an attribution.
fn token_fields() -> Fields {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    vec![field("token", DataType::Utf8), field("contribution", DataType::Float64)].into()
}

fn append_tokens(builder: &mut ListBuilder<StructBuilder>, tokens: &[TokenContribution]) {
    let row = builder.values();
    for TokenContribution { token, contribution } in tokens {
        if let Some(names) = row.field_builder::<StringBuilder>(0) {
            names.append_value(token);
        }
        if let Some(numbers) = row.field_builder::<Float64Builder>(1) {
            numbers.append_value(*contribution);
        }
        row.append(true);
    }
    builder.append(true);
}

impl Builder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Score => Self::Score(Float32Builder::new()),
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Probability => Self::Probability(Float64Builder::new()),
            Kind::Names => Self::Names(ListBuilder::new(StringBuilder::new()).with_field(element(DataType::Utf8))),
            Kind::Attribution => {
                let builder = StructBuilder::from_fields(token_fields(), 0);
                Self::Attribution(ListBuilder::new(builder).with_field(element(DataType::Struct(token_fields()))))
            }
        }
    }

    /// Appends a value of the column's kind, or a null.
    fn append(&mut self, value: Value) {
        match (self, value) {
            (Self::Text(builder), Value::Text(text)) => builder.append_value(text),
            (Self::Score(builder), Value::Score(score)) => builder.append_value(score),
            (Self::Boolean(builder), Value::Boolean(value)) => builder.append_value(value),
            (Self::Probability(builder), Value::Probability(probability)) => builder.append_value(probability),
            (Self::Names(builder), Value::Names(names)) => builder.append_value(names.into_iter().map(Some)),
            (Self::Attribution(builder), Value::Attribution(tokens)) => append_tokens(builder, tokens),
            (Self::Text(builder), _) => builder.append_null(),
            (Self::Score(builder), _) => builder.append_null(),
            (Self::Boolean(builder), _) => builder.append_null(),
            (Self::Probability(builder), _) => builder.append_null(),
            (Self::Names(builder), _) => builder.append_null(),
            (Self::Attribution(builder), _) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Score(builder) => Arc::new(builder.finish()),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Probability(builder) => Arc::new(builder.finish()),
            Self::Names(builder) => Arc::new(builder.finish()),
            Self::Attribution(builder) => Arc::new(builder.finish()),
        }
    }
}
