//! How a label column was read, in words: one line, and warnings of what looks like a slip.

use tokenizers::NormalizedString;

use super::classes::{Class, LabelOrder};
use super::column::LabelColumn;
use super::combined;
use super::meaning::names_contradict_order;
use super::value::Number;
use crate::shortened::{first_dozen, shortened_list, shortened_name};

impl LabelColumn {
    /// How the column was read, in one line: the classes, their values where names differ, their order, and the words that were
    /// taken for no label.
    pub fn description(&self) -> String {
        let class = |(index, (name, class)): (usize, (&String, &Class))| {
            let shown = shortened_name(name);
            match self.order {
                LabelOrder::Source => format!("{index} = {shown}"),
                _ if *name == class.value => shown,
                _ => format!("{shown} ({})", shortened_name(&class.value)),
            }
        };
        let classes = self.names.iter().zip(&self.classes).enumerate().map(class);
        let n = self.classes.len();
        let order = match self.order {
            LabelOrder::Source => "as the source numbers them",
            LabelOrder::Given => "in the order given",
            LabelOrder::Booleans => "false before true",
            LabelOrder::Numbers => "in the order of numbers",
            LabelOrder::Sentiment => "in the order of their meaning",
            LabelOrder::NumbersInWords => "in the order of the numbers in them; --label-order gives another",
            LabelOrder::Alphabet => "in the order of the alphabet; --label-order gives another",
        };
        let class = if n == 1 { "class" } else { "classes" };
        // It may be a class of its own, such as the stance `None`.
        let missing = match self.missing.as_slice() {
            [] => String::new(),
            missing => format!("; no label: {} (a class if --label-names has it)", shortened_list(missing)),
        };
        format!("labels: {n} {class}, {}; {order}{missing}", first_dozen(classes))
    }

    /// What looks like a slip in the labels: several labels in one, words among numbers, words that differ only in case, an
    /// order against their meaning, a value of the user's that no row has.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = Vec::new();
        let unused =
            self.unused.iter().map(|value| format!("no row has the label {} of --unlabeled", shortened_name(value)));
        warnings.extend(unused);
        if names_contradict_order(&self.names) {
            warnings.push(format!(
                "{} is not the order of their meaning, the most negative first, so no task can give the classes other names \
                 or values; --label-order gives another",
                shortened_list(&self.names)
            ));
        }
        if let Some((label, separator)) = combined::example(&self.classes) {
            warnings.push(format!(
                "labels such as {:?} look like several labels of one text, with {separator:?} between them; each such combination \
                 is a class of its own here",
                shortened_name(label)
            ));
        }
        if matches!(self.order, LabelOrder::Alphabet | LabelOrder::Sentiment | LabelOrder::Given) {
            let is_number = |class: &&Class| Number::parse(&class.value).is_some();
            let n_numbers = self.classes.iter().filter(is_number).count();
            let stray = self.classes.iter().find(|class| !is_number(class)).and_then(|class| class.spellings.first());
            if let Some(stray) = stray.filter(|_| 2 * n_numbers >= self.classes.len()) {
                warnings.push(format!(
                    "{n_numbers} of the {} labels are numbers, but `{}` ({}) is none, so all are words",
                    self.classes.len(),
                    shortened_name(&stray.text),
                    stray.first
                ));
            }
        }
        let lower: Vec<String> = self.classes.iter().map(|class| class.value.to_lowercase()).collect();
        let seen: Vec<String> = self.classes.iter().map(|class| as_seen(&class.value)).collect();
        for (i, class) in self.classes.iter().enumerate() {
            let twin = |keys: &[String]| (0..i).find(|&j| keys[j] == keys[i]);
            let found = twin(&lower).map(|twin| (twin, "in case"));
            let found =
                found.or_else(|| twin(&seen).map(|twin| (twin, "in blanks, or in how their letters are encoded")));
            if let Some((twin, what)) = found {
                let (a, b) = (shortened_name(&self.classes[twin].value), shortened_name(&class.value));
                warnings.push(format!("the labels `{a}` and `{b}` differ only {what}, and are two classes"));
            }
        }
        warnings
    }
}

/// A label as it looks: composed letters and decomposed ones are one, blanks of all kinds too, and what has no width is not there.
fn as_seen(label: &str) -> String {
    let mut composed = NormalizedString::from(label);
    composed.nfkc();
    let has_width = |c: &char| !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let visible: String = composed.get().chars().filter(has_width).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
