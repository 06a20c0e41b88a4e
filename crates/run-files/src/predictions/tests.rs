use arrow::datatypes::DataType;

use super::*;
use crate::RunFileError;

fn classes() -> Predictions {
    Predictions {
        label_names: vec!["negative".to_owned(), "positive".to_owned()],
        ids: vec![7, 8, 9],
        sentence_ids: vec![3, 4, 4],
        outcomes: Outcomes::Classes {
            labels: vec![Some(0), None, Some(1)],
            predictions: vec![0, 1, 1],
            probabilities: vec![0.75, 0.25, 0.1, 0.9, 0.5, 0.5],
            logits: vec![1.0, -1.0, -2.0, 2.0, 0.5, 0.5],
        },
    }
}

fn scores() -> Predictions {
    Predictions {
        label_names: vec!["score".to_owned()],
        ids: vec![1, 2],
        sentence_ids: vec![1, 2],
        outcomes: Outcomes::Scores { labels: vec![None, Some(0.25)], predictions: vec![0.5, 0.125] },
    }
}

fn bytes(predictions: &Predictions) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = PredictionsWriter::new(&mut bytes, predictions, &[], None).unwrap();
    writer.write(0..predictions.len(), &[]).unwrap();
    writer.finish().unwrap();
    bytes
}

fn read_bytes(bytes: &[u8]) -> Result<Predictions, RunFileError> {
    use std::io::Write;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    Predictions::read(file.path()).map(|(predictions, _)| predictions)
}

#[test]
fn what_was_written_is_read_back() {
    for predictions in [classes(), scores()] {
        assert_eq!(read_bytes(&bytes(&predictions)).unwrap(), predictions);
        assert_eq!(bytes(&predictions), bytes(&predictions));
    }
}

#[test]
fn columns_of_text_are_written_beside_and_read_back() {
    let columns = TextColumns {
        names: vec!["text".to_owned(), "region".to_owned()],
        values: vec![
            vec![Some("a".to_owned()), Some(String::new()), Some("c".to_owned())],
            vec![None, Some("north".to_owned()), None],
        ],
    };
    let (predictions, mut bytes) = (classes(), Vec::new());
    let mut writer = PredictionsWriter::new(&mut bytes, &predictions, &columns.names, Some(1.5)).unwrap();
    for rows in [0..1, 1..3] {
        let values: Vec<_> = columns.values.iter().map(|values| values[rows.clone()].to_vec()).collect();
        writer.write(rows, &values).unwrap();
    }
    writer.finish().unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, &bytes).unwrap();
    assert_eq!(Predictions::read(file.path()).unwrap(), (predictions, columns));
}

#[test]
fn damage_is_an_error_that_names_the_file() {
    let whole = bytes(&classes());
    for length in [0, 4, whole.len() / 2, whole.len() - 1] {
        let error = read_bytes(&whole[..length]).unwrap_err().to_string();
        assert!(error.contains("not the predictions of bert-eval"), "{error}");
    }
    let missing = Predictions::read(std::path::Path::new("no/such.parquet")).unwrap_err();
    assert_eq!(missing.to_string(), "cannot read no/such.parquet");
}

#[test]
fn a_class_without_a_name_is_refused() {
    let mut predictions = classes();
    let Outcomes::Classes { labels, .. } = &mut predictions.outcomes else { unreachable!() };
    labels[0] = Some(2);
    let error = read_bytes(&bytes(&predictions)).unwrap_err().to_string();
    assert!(error.ends_with("class 2 has no name; expected a class below 2"), "{error}");
}

#[test]
fn the_tables_are_those_of_the_schemas() {
    let name = |data_type: &DataType| match data_type {
        DataType::List(element) => format!("list of {}", element.data_type().to_string().to_lowercase()),
        other => other.to_string().to_lowercase(),
    };
    for (predictions, table) in [classes(), scores()].iter().zip(TABLES) {
        let schema = writer::schema(predictions, &[], None).unwrap();
        let columns: Vec<_> = schema
            .fields()
            .iter()
            .map(|column| {
                let nullable = if column.is_nullable() { ", nullable" } else { "" };
                (column.name().clone(), name(column.data_type()) + nullable)
            })
            .collect();
        let fields: Vec<_> =
            table.fields.iter().map(|field| (field.name.to_owned(), field.type_name.to_owned())).collect();
        assert_eq!(columns, fields);
    }
}
