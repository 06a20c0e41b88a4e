//! The label column as a whole: which values are classes, which are missing, what the classes are called and how they are
//! ordered.

use std::collections::HashMap;

use super::classes::{Class, LabelOrder, found};
use super::distinct::{Distinct, DistinctLabels, MAX_DISTINCT};
use super::framed::numbers_in;
use super::meaning::Meaning;
use super::rules::{LabelRules, SourceNames, is_same};
use super::value::{Number, boolean};
use super::{naming, sentiment};
use crate::error::{CorpusError, Result};
use crate::shortened::{shortened_list, shortened_name};
use crate::split::Split;

/// More different labels than this are no classes.
const MAX_CLASSES: usize = 1000;
/// More different numbers than this are scores if some have a fraction.
const MAX_FRACTIONS: usize = 20;

/// A label column that has been looked at as a whole.
#[derive(Debug, Clone)]
pub struct LabelColumn {
    pub(super) names: Vec<String>,
    pub(super) classes: Vec<Class>,
    pub(super) order: LabelOrder,
    ordered: bool,
    /// Values that the user says mean no label, and that no row has.
    pub(super) unused: Vec<String>,
    /// The words that mean by themselves that there is no label.
    pub(super) missing: Vec<String>,
    index_of: HashMap<String, i32>,
    /// The splits in which -1 means that there is no label.
    without_labels: Vec<Split>,
}

impl LabelColumn {
    /// Decides from the values of all splits what the classes are.
    ///
    /// # Errors
    /// Fails, showing what was found, where names or an order do not fit the values, where a value is not one of the
    /// source's names, where there are too many classes, and where the numbers are scores.
    pub fn infer(labels: DistinctLabels, rules: &LabelRules) -> Result<Self> {
        let mut values = labels.into_values();
        let without_labels = splits_without_labels(&values, rules);
        for value in values.iter_mut().filter(|value| is_minus_one(&value.text)) {
            without_labels.iter().for_each(|&split| value.rows[split as usize] = 0);
        }
        let is_unused = |value: &&String| !values.iter().any(|found| is_same(value, &found.text));
        let unused = rules.unlabeled.iter().filter(is_unused).cloned().collect();
        let means_none = |value: &Distinct| value.n_rows() > 0 && rules.means_no_label(&value.text);
        let spelled = values.iter().filter(|value| means_none(value) && !rules.is_unlabeled(&value.text));
        let missing = spelled.map(|value| value.text.clone()).filter(|text| !text.is_empty()).collect();
        values.retain(|value| value.n_rows() > 0 && !rules.means_no_label(&value.text));
        let (classes, order) = match &rules.source {
            Some(source) => (from_source(values, source, rules)?, LabelOrder::Source),
            None => from_values(values, rules.column)?,
        };
        let (classes, order) = naming::in_given_order(classes, order, rules)?;
        let (classes, names, order) = naming::named(classes, order, rules)?;
        let index_of = (0..).zip(&classes).flat_map(|(index, class)| {
            let texts = class.spellings.iter().map(|spelling| spelling.text.clone());
            texts.chain([class.value.clone()]).map(move |text| (text, index))
        });
        let index_of = index_of.collect();
        let ordered = match order {
            LabelOrder::Alphabet | LabelOrder::NumbersInWords => false,
            LabelOrder::Source => {
                rules.source.as_ref().is_some_and(|source| source.ordered) || Meaning::of(&names) != Meaning::Unknown
            }
            _ => true,
        };
        Ok(Self { names, classes, order, ordered, unused, missing, index_of, without_labels })
    }

    /// The class of a label of `split`; `None` where it means that there is none.
    pub fn index(&self, text: &str, split: Split) -> Option<i32> {
        let text = text.trim();
        let missing = is_minus_one(text) && self.without_labels.contains(&split);
        self.index_of.get(text).copied().filter(|_| !missing)
    }

    /// The names of the classes, by index.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether the order of the classes says something of their meaning.
    pub fn is_ordered(&self) -> bool {
        self.ordered
    }
}

/// A split in which every label is -1 has none, if train has no -1: that is how test splits are shipped.
fn splits_without_labels(values: &[Distinct], rules: &LabelRules) -> Vec<Split> {
    let rows = |split: Split, minus_one: bool| -> usize {
        let counted = values.iter().filter(|value| !rules.means_no_label(&value.text));
        counted.filter(|value| is_minus_one(&value.text) == minus_one).map(|value| value.rows[split as usize]).sum()
    };
    if rules.source.is_some() || rules.name("-1") || rows(Split::Train, true) > 0 || rows(Split::Train, false) == 0 {
        return Vec::new();
    }
    Split::ALL.into_iter().filter(|&split| rows(split, true) > 0 && rows(split, false) == 0).collect()
}

fn is_minus_one(text: &str) -> bool {
    Number::parse(text) == Some(Number::Whole(-1))
}

fn from_source(values: Vec<Distinct>, source: &SourceNames, rules: &LabelRules) -> Result<Vec<Class>> {
    let names = source.names.iter().filter(|name| !rules.is_unlabeled(name));
    let mut classes: Vec<Class> = names.map(|name| Class::without_rows(name)).collect();
    for value in values {
        match classes.iter_mut().find(|class| class.value == value.text) {
            Some(class) => class.spellings.push(value),
            None => {
                let problem = format!(
                    "{}: the label {} is none of those that the source names: {}",
                    value.first,
                    shortened_name(&value.text),
                    shortened_list(&source.names)
                );
                return Err(CorpusError::Labels { problem });
            }
        }
    }
    Ok(classes)
}

/// Booleans, else numbers, else words: all values are of one kind.
fn from_values(values: Vec<Distinct>, column: &str) -> Result<(Vec<Class>, LabelOrder)> {
    let texts = || values.iter().map(|value| value.text.as_str());
    if texts().all(|text| boolean(text).is_some()) {
        let mut classes = grouped(values, |text| boolean(text).map_or(String::new(), |truth| truth.to_string()));
        classes.sort_by(|a, b| a.value.cmp(&b.value));
        return Ok((classes, LabelOrder::Booleans));
    }
    let number = if texts().any(|text| text.contains('.')) { Number::parse } else { Number::parse_with_comma };
    if let Some(mut numbers) = texts().map(number).collect::<Option<Vec<_>>>() {
        numbers.sort_by(|a, b| a.order(*b));
        numbers.dedup();
        let n_rows = values.iter().map(Distinct::n_rows).sum();
        let mut classes = grouped(values, |text| number(text).map_or(String::new(), |n| n.to_string()));
        let position: HashMap<String, usize> = numbers.iter().map(Number::to_string).zip(0..).collect();
        classes.sort_by_key(|class| position.get(&class.value));
        not_scores(&numbers, n_rows, &classes, column)?;
        not_too_many(&classes, column)?;
        return Ok((classes, LabelOrder::Numbers));
    }
    let mut classes = grouped(values, str::to_owned);
    not_too_many(&classes, column)?;
    classes.sort_by(|a, b| a.value.cmp(&b.value));
    let words: Vec<&str> = classes.iter().map(|class| class.value.as_str()).collect();
    if let Some(order) = sentiment::order(&words) {
        return Ok((order.into_iter().map(|index| classes[index].clone()).collect(), LabelOrder::Sentiment));
    }
    let in_order = |numbers: &Vec<Number>| numbers.is_sorted_by(|a, b| a.order(*b).is_le());
    let Some(numbers) = numbers_in(&words).filter(|numbers| !in_order(numbers)) else {
        return Ok((classes, LabelOrder::Alphabet));
    };
    let mut numbered: Vec<(Number, Class)> = numbers.into_iter().zip(classes).collect();
    numbered.sort_by(|(a, _), (b, _)| a.order(*b));
    Ok((numbered.into_iter().map(|(_, class)| class).collect(), LabelOrder::NumbersInWords))
}

/// One class for each name that `name` gives to a spelling.
fn grouped(values: Vec<Distinct>, name: impl Fn(&str) -> String) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    let mut index_of: HashMap<String, usize> = HashMap::new();
    for value in values {
        let name = name(&value.text);
        let index = *index_of.entry(name.clone()).or_insert_with(|| {
            classes.push(Class::without_rows(&name));
            classes.len() - 1
        });
        classes[index].spellings.push(value);
    }
    classes
}

/// Numbers with fractions are scores where there are many of them, or nearly as many as rows; half stars are not.
fn not_scores(numbers: &[Number], n_rows: usize, classes: &[Class], column: &str) -> Result<()> {
    let has = |step: f64| numbers.iter().any(|number| (number.value() / step).fract() != 0.0);
    let many = numbers.len() > MAX_FRACTIONS && has(1.0);
    let fine = has(0.5) && numbers.len() > 5 && 2 * numbers.len() > n_rows;
    if many || fine {
        let problem = format!(
            "the column {column} holds {} different numbers with fractions, which are scores rather than classes: {}; \
             read it with --score-column {column}",
            numbers.len(),
            found(classes)
        );
        return Err(CorpusError::Labels { problem });
    }
    Ok(())
}

fn not_too_many(classes: &[Class], column: &str) -> Result<()> {
    if classes.len() <= MAX_CLASSES {
        return Ok(());
    }
    let problem = format!(
        "the column {column} holds {}{} different values, more than {MAX_CLASSES}: {}; is it a column of ids, texts or scores? \
         name the column of labels with --label-column",
        if classes.len() < MAX_DISTINCT { "" } else { "at least " },
        classes.len(),
        found(classes)
    );
    Err(CorpusError::Labels { problem })
}
