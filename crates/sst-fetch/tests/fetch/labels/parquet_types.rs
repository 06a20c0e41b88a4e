//! Labels in Parquet: each type that a column can have.

use std::sync::Arc;

use arrow::array::{
    Array, BinaryArray, BooleanArray, DictionaryArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array,
    Int64Array, LargeStringArray, ListArray, NullArray, StringArray, StringViewArray, TimestampSecondArray, UInt8Array,
    UInt64Array,
};
use arrow::datatypes::{Field, Int8Type, Int32Type};
use corpus::Split;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};

use super::parquet::{column, compressed, labeled, with_texts};
use super::{case, check};

/// A categorical column: indices into values.
fn categories(keys: &[Option<i8>], values: impl Array + 'static) -> DictionaryArray<Int8Type> {
    DictionaryArray::new(Int8Array::from(keys.to_vec()), Arc::new(values))
}

/// As pandas writes a categorical whose categories are ordered.
fn ordered(keys: &[Option<i8>], values: impl Array + 'static) -> Vec<u8> {
    let (field, array) = column("label", categories(keys, values));
    let field: Field = field.with_dict_is_ordered(true);
    let pandas = r#"{"index_columns": [], "columns": [
        {"name": "text", "field_name": "text", "pandas_type": "unicode", "numpy_type": "str", "metadata": null},
        {"name": "label", "field_name": "label", "pandas_type": "categorical", "numpy_type": "int8",
         "metadata": {"num_categories": 3, "ordered": true}}]}"#;
    with_texts(vec![(field, array)], &[("pandas", pandas)])
}

/// Moments of a named zone, and bytes that are no text, are no matter in a column that nobody asked for.
#[test]
fn other_columns_may_hold_anything() {
    let moments = TimestampSecondArray::from(vec![0, 86_400]).with_timezone("Europe/Berlin");
    let bytes = BinaryArray::from(vec![&b"\xff\xfe"[..], b"\x89PNG"]);
    let labels = || column("label", Int64Array::from(vec![1, 0]));
    check(&[
        case("moments")
            .file("train.parquet", with_texts(vec![labels(), column("at", moments.clone())], &[]))
            .labels("1 0"),
        case("bytes").file("train.parquet", with_texts(vec![labels(), column("image", bytes)], &[])).labels("1 0"),
        case("moments that are kept")
            .file("train.parquet", with_texts(vec![labels(), column("at", moments)], &[]))
            .flags("--keep-columns at")
            .labels("1 0"),
    ]);
}

#[test]
fn columns_may_be_compressed() {
    let file = |codec| compressed(codec, vec![column("label", Int64Array::from(vec![1, 0, 1]))]);
    check(&[
        case("gzip").file("train.parquet", file(Compression::GZIP(GzipLevel::default()))).labels("1 0 1"),
        case("LZ4, as it was first").file("train.parquet", file(Compression::LZ4)).labels("1 0 1"),
        case("LZ4").file("train.parquet", file(Compression::LZ4_RAW)).labels("1 0 1"),
        case("Zstandard").file("train.parquet", file(Compression::ZSTD(ZstdLevel::default()))).labels("1 0 1"),
    ]);
}

#[test]
fn booleans_and_numbers_of_any_width() {
    check(&[
        case("booleans with a null")
            .file("train.parquet", labeled(BooleanArray::from(vec![Some(true), Some(false), None])))
            .names(&["false", "true"])
            .labels("1 0 -")
            .said(&["train: 3 rows, 3 sentences, 1 without a label"]),
        case("booleans, and words of them in a CSV")
            .file("train.parquet", labeled(BooleanArray::from(vec![true, false])))
            .test(&["True", "FALSE"])
            .names(&["false", "true"])
            .labels_of(Split::Test, "1 0"),
        case("int8").file("train.parquet", labeled(Int8Array::from(vec![4, 0]))).names(&["0", "4"]).labels("1 0"),
        case("int16 codes")
            .file("train.parquet", labeled(Int16Array::from(vec![3030, 1010, 2020])))
            .names(&["1010", "2020", "3030"])
            .labels("2 0 1"),
        case("uint8")
            .file("train.parquet", labeled(UInt8Array::from(vec![5, 1, 200])))
            .names(&["1", "5", "200"])
            .labels("1 0 2"),
        case("int64: -1 is a class")
            .file("train.parquet", labeled(Int64Array::from(vec![-1, 0, 1])))
            .names(&["-1", "0", "1"])
            .labels("0 1 2")
            .unsaid("without a label"),
        case("uint64 beyond int64")
            .file("train.parquet", labeled(UInt64Array::from(vec![u64::MAX, 1])))
            .names(&["1", "18446744073709551615"])
            .labels("1 0"),
        case("whole floats, NaN and null")
            .file("train.parquet", labeled(Float64Array::from(vec![Some(1.0), Some(2.0), Some(f64::NAN), None])))
            .names(&["1", "2"])
            .labels("0 1 - -")
            .said(&["train: 4 rows, 4 sentences, 2 without a label"]),
        case("float64 and --unlabeled -1")
            .file("train.parquet", labeled(Float64Array::from(vec![0.0, 1.0, -1.0])))
            .flags("--unlabeled -1")
            .names(&["0", "1"])
            .labels("0 1 -"),
        case("float32 in its own shortest form")
            .file("train.parquet", labeled(Float32Array::from(vec![0.1, 0.5, 0.1])))
            .names(&["0.1", "0.5"])
            .labels("0 1 0"),
        case("floats in train, whole numbers in validation, -1 alone in test")
            .file("train.parquet", labeled(Float64Array::from(vec![0.0, 1.0])))
            .file("validation.parquet", labeled(Int32Array::from(vec![1, 0])))
            .file("test.parquet", labeled(Int64Array::from(vec![-1, -1])))
            .names(&["0", "1"])
            .labels("0 1")
            .labels_of(Split::Validation, "1 0")
            .labels_of(Split::Test, "- -"),
    ]);
}

#[test]
fn texts_and_categories() {
    let five = ["x", "y", "z", "y", "x"];
    check(&[
        case("strings")
            .file("train.parquet", labeled(LargeStringArray::from(vec![Some("spam"), Some("NA"), Some("ham"), None])))
            .names(&["ham", "spam"])
            .labels("1 - 0 -"),
        case("views of strings")
            .file("train.parquet", labeled(StringViewArray::from(vec!["good", " bad"])))
            .names(&["bad", "good"])
            .labels("1 0"),
        case("strings of numbers")
            .file("train.parquet", labeled(StringArray::from(vec!["10", "9.0", "9"])))
            .names(&["9", "10"])
            .labels("1 0 0"),
        case("categories of strings")
            .file(
                "train.parquet",
                labeled(categories(&[Some(0), Some(1), None, Some(0)], StringArray::from(vec!["spam", "ham"]))),
            )
            .names(&["ham", "spam"])
            .labels("1 0 - 1")
            .said(&["alphabet"]),
        case("ordered categories give their order")
            .file(
                "train.parquet",
                ordered(&[Some(0), Some(1), Some(2), Some(0), None], StringArray::from(vec!["low", "medium", "high"])),
            )
            .names(&["low", "medium", "high"])
            .labels("0 1 2 0 -")
            .unsaid("alphabet")
            .task("sst3", &["low", "medium", "high"], "0 1 2 0"),
        case("--label-order before the order of categories")
            .file(
                "train.parquet",
                ordered(&[Some(0), Some(1), Some(2)], StringArray::from(vec!["low", "medium", "high"])),
            )
            .flags("--label-order high,medium,low")
            .names(&["high", "medium", "low"])
            .labels("2 1 0"),
        case("categories of integers are their values, not their places")
            .file("train.parquet", labeled(categories(&[Some(0), Some(1), None], Int64Array::from(vec![20, 10]))))
            .names(&["10", "20"])
            .labels("1 0 -"),
        case("categories of floats")
            .file("train.parquet", labeled(categories(&[Some(0), Some(1)], Float64Array::from(vec![2.0, 1.0]))))
            .names(&["1", "2"])
            .labels("1 0"),
        case("a dictionary that repeats a value is no matter")
            .file(
                "train.parquet",
                labeled(categories(&[Some(0), Some(1), Some(2), Some(3), Some(4)], StringArray::from(five.to_vec()))),
            )
            .names(&["x", "y", "z"])
            .labels("0 1 2 1 0"),
        case("a column of nulls in the test split")
            .file("train.parquet", labeled(Int64Array::from(vec![1, 0])))
            .file("test.parquet", labeled(NullArray::new(2)))
            .names(&["0", "1"])
            .labels_of(Split::Test, "- -")
            .said(&["test: 2 rows, 2 sentences, 2 without a label"]),
    ]);
}

#[test]
fn other_types_are_refused_by_name() {
    let lists = || ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)]), Some(vec![Some(0)])]);
    check(&[
        case("a list").file("train.parquet", labeled(lists())).refused(&["data/train.parquet", "column label", "List"]),
        case("a list in the test split")
            .file("train.parquet", labeled(Int64Array::from(vec![1, 0])))
            .file("test.parquet", labeled(lists()))
            .refused(&["data/test.parquet", "column label", "List"]),
        case("a time").file("train.parquet", labeled(TimestampSecondArray::from(vec![0, 1]))).refused(&[
            "data/train.parquet",
            "column label",
            "Timestamp",
        ]),
    ]);
}
