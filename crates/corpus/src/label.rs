//! Labels as they are in files, numbers or names, and the label names that give them their meaning.
//!
//! A label is stored as the index of its name. Files of numbers may come without names, files of names without an
//! order; [`LabelNames`] resolves both once for all splits of a dataset.

/// A label as it is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// A number.
    Number(i64),
    /// Any other text.
    Name(String),
}

impl Label {
    /// Reads a label written as text; an empty one and -1 mean that there is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches(' ');
        match text.parse() {
            Ok(number) => Self::number(number),
            Err(_) if text.is_empty() => None,
            Err(_) => Some(Self::Name(text.to_owned())),
        }
    }

    /// A label given as a number; -1 means that there is none.
    pub fn number(number: i64) -> Option<Self> {
        (number != -1).then_some(Self::Number(number))
    }

    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Name(name) => name.clone(),
        }
    }
}

/// The names of a dataset's classes; the index of a name is the label's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelNames(Vec<String>);

impl LabelNames {
    /// The names given by the user or by the file.
    ///
    /// # Errors
    /// Fails, in words, when there are fewer than two or one occurs twice.
    pub fn given(names: &[String]) -> Result<Self, String> {
        if names.len() < 2 {
            return Err(format!("expected at least two label names, found {}", names.len()));
        }
        match names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
            Some((_, twice)) => Err(format!("the label name {twice} occurs twice")),
            None => Ok(Self(names.to_vec())),
        }
    }

    /// The names that labels have by themselves: numbers from 0 to the largest, or the distinct names in their order.
    ///
    /// # Errors
    /// Fails, in words, when there is no label, fewer than two classes, or a negative or absurdly large number.
    pub fn of<'a>(labels: impl Iterator<Item = &'a Label> + Clone) -> Result<Self, String> {
        const MAX_CLASSES: i64 = 1000;
        let numbers = labels.clone().map(|label| match label {
            Label::Number(number) => Some(*number),
            Label::Name(_) => None,
        });
        let mut names: Vec<String> = match numbers.collect::<Option<Vec<_>>>() {
            Some(numbers) => {
                if let Some(wrong) = numbers.iter().find(|number| !(0..MAX_CLASSES).contains(*number)) {
                    return Err(format!("the label {wrong} is not a class from 0 to {}", MAX_CLASSES - 1));
                }
                (0..=numbers.into_iter().max().unwrap_or(-1)).map(|number| number.to_string()).collect()
            }
            None => labels.map(Label::text).collect(),
        };
        if names.iter().any(|name| name.parse::<i64>().is_err()) {
            names.sort_unstable();
            names.dedup();
        }
        Self::given(&names)
    }

    /// The index of `label`. A number is an index, unless the names are numbers themselves.
    ///
    /// # Errors
    /// Fails, in words, when the label is not one of the names.
    pub fn index(&self, label: &Label) -> Result<i32, String> {
        let text = label.text();
        let by_name = self.0.iter().position(|name| *name == text);
        let names_are_numbers = self.0.iter().all(|name| name.parse::<i64>().is_ok());
        let index = match label {
            Label::Number(number) if !names_are_numbers => {
                by_name.or_else(|| usize::try_from(*number).ok().filter(|&index| index < self.0.len()))
            }
            _ => by_name,
        };
        index
            .and_then(|index| i32::try_from(index).ok())
            .ok_or_else(|| format!("the label {text} is not one of {} ({})", self.0.len(), self.0.join(", ")))
    }

    /// The names in the order of their values.
    pub fn into_names(self) -> Vec<String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> LabelNames {
        LabelNames::given(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn text_is_a_number_a_name_or_no_label() {
        assert_eq!(Label::parse("3"), Some(Label::Number(3)));
        assert_eq!(Label::parse(" positive"), Some(Label::Name("positive".to_owned())));
        assert_eq!(Label::parse("-1"), None);
        assert_eq!(Label::parse(""), None);
    }

    #[test]
    fn names_are_found_in_the_labels_themselves() {
        let of = |texts: &[&str]| {
            let labels: Vec<Label> = texts.iter().filter_map(|text| Label::parse(text)).collect();
            LabelNames::of(labels.iter()).map(LabelNames::into_names)
        };
        assert_eq!(of(&["2", "0", "2"]).unwrap(), ["0", "1", "2"]);
        assert_eq!(of(&["pos", "neg", "pos"]).unwrap(), ["neg", "pos"]);
        assert_eq!(of(&["1", "many"]).unwrap(), ["1", "many"]);
        assert_eq!(of(&[]).unwrap_err(), "expected at least two label names, found 0");
        assert_eq!(of(&["0", "0"]).unwrap_err(), "expected at least two label names, found 1");
        assert_eq!(of(&["0", "123456789"]).unwrap_err(), "the label 123456789 is not a class from 0 to 999");
    }

    #[test]
    fn a_number_is_an_index_unless_the_names_are_numbers() {
        let polarity = names(&["negative", "positive"]);
        assert_eq!(polarity.index(&Label::Name("positive".to_owned())), Ok(1));
        assert_eq!(polarity.index(&Label::Number(1)), Ok(1));
        assert_eq!(polarity.index(&Label::Number(7)).unwrap_err(), "the label 7 is not one of 2 (negative, positive)");
        let stars = names(&["1", "2", "3"]);
        assert_eq!(stars.index(&Label::Number(3)), Ok(2));
        assert!(stars.index(&Label::Number(0)).is_err());
    }
}
