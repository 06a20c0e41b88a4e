//! The user's order and names for the classes of a label column, checked against the values that were found.

use super::classes::{Class, LabelOrder, found};
use super::meaning::Meaning;
use super::rules::LabelRules;
use super::value::{Number, boolean};
use crate::error::{CorpusError, Result};
use crate::shortened::shortened_list;

/// The classes in the user's order, which names each value once.
pub(super) fn in_given_order(
    classes: Vec<Class>,
    order: LabelOrder,
    rules: &LabelRules,
) -> Result<(Vec<Class>, LabelOrder)> {
    let Some(given) = rules.order else { return Ok((classes, order)) };
    distinct("--label-order", given)?;
    fits("--label-order", given, &classes)?;
    match permuted(&classes, given) {
        Some(classes) => Ok((classes, LabelOrder::Given)),
        None => {
            let is_wrong = |value: &&String| !classes.iter().any(|class| is(class, value));
            let wrong: Vec<&String> = given.iter().filter(is_wrong).collect();
            Err(mismatch(format!("--label-order names {}", shortened_list(&wrong)), &classes))
        }
    }
}

/// The names of the classes: those given, by rank, else their values. Names that are the values themselves are their order.
pub(super) fn named(
    classes: Vec<Class>,
    order: LabelOrder,
    rules: &LabelRules,
) -> Result<(Vec<Class>, Vec<String>, LabelOrder)> {
    let Some(names) = rules.names else {
        let names = classes.iter().map(|class| class.value.clone()).collect();
        return Ok((classes, names, order));
    };
    distinct("--label-names", names)?;
    let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    if classes.is_empty() {
        let classes = names.iter().map(|name| Class::without_rows(name)).collect();
        return Ok((classes, names, LabelOrder::Given)); // only texts to predict
    }
    fits("--label-names", &names, &classes)?;
    let (values, in_order): (Vec<&String>, Vec<Class>) =
        names.iter().filter_map(|name| Some((name, named_class(&classes, name)?.clone()))).unzip();
    if values.is_empty() {
        not_reversed(&classes, &names)?;
        return Ok((classes, names, LabelOrder::Given));
    }
    let problem = if values.len() < names.len() {
        format!("of the names in --label-names only {} occur as labels", shortened_list(&values))
    } else if !each_once(&in_order) {
        "two of the names in --label-names mean one label".to_owned()
    } else if rules.order.is_some() && !same_order(&in_order, &classes) {
        "--label-names and --label-order give different orders".to_owned()
    } else {
        return Ok((in_order, names, LabelOrder::Given));
    };
    Err(mismatch(problem, &classes))
}

/// The class that a name means: the one of this value, else that of the same in another case.
fn named_class<'a>(classes: &'a [Class], name: &str) -> Option<&'a Class> {
    let in_other_case = |class: &&Class| class.value.to_lowercase() == name.to_lowercase();
    classes.iter().find(|class| is(class, name)).or_else(|| classes.iter().find(in_other_case))
}

fn each_once(classes: &[Class]) -> bool {
    classes.iter().enumerate().all(|(at, class)| classes[..at].iter().all(|other| other.value != class.value))
}

/// Refuses names that turn known words around: `neg` cannot be called positive.
fn not_reversed(classes: &[Class], names: &[String]) -> Result<()> {
    let values: Vec<&str> = classes.iter().map(|class| class.value.as_str()).collect();
    if Number::parse(values[0]).is_none()
        && matches!(
            (Meaning::of(&values), Meaning::of(names)),
            (Meaning::Ascends, Meaning::Contradicts) | (Meaning::Contradicts, Meaning::Ascends)
        )
    {
        let pairs: Vec<String> = values.iter().zip(names).map(|(value, name)| format!("{value} {name}")).collect();
        return Err(mismatch(format!("--label-names would call {}", shortened_list(&pairs)), classes));
    }
    Ok(())
}

/// The classes in the order of `values`, each of which is one; `None` where one is no class.
fn permuted(classes: &[Class], values: &[String]) -> Option<Vec<Class>> {
    values.iter().map(|value| classes.iter().find(|class| is(class, value)).cloned()).collect()
}

fn same_order(a: &[Class], b: &[Class]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.value == b.value)
}

/// Whether the user's `text` means this class: numbers are compared as numbers, truths in any case.
fn is(class: &Class, text: &str) -> bool {
    let text = text.trim();
    let number = Number::parse(&class.value);
    let truth = boolean(&class.value);
    class.value == text
        || number.is_some() && number == Number::parse_with_comma(text)
        || truth.is_some() && truth == boolean(text)
}

fn distinct(flag: &str, values: &[String]) -> Result<()> {
    let twice =
        values.iter().enumerate().find(|(i, value)| values[..*i].iter().any(|other| other.trim() == value.trim()));
    let problem = match twice {
        Some((_, value)) => format!("{flag} names {} twice", value.trim()),
        None if values.iter().any(|value| value.trim().is_empty()) => format!("{flag} has an empty name"),
        None => return Ok(()),
    };
    Err(CorpusError::Labels { problem })
}

fn fits(flag: &str, values: &[String], classes: &[Class]) -> Result<()> {
    if values.len() == classes.len() {
        return Ok(());
    }
    Err(mismatch(format!("{flag} gives {} ({})", values.len(), shortened_list(values)), classes))
}

fn mismatch(problem: String, classes: &[Class]) -> CorpusError {
    CorpusError::Labels {
        problem: format!("{problem}, but the label column holds {}: {}", classes.len(), found(classes)),
    }
}
