//! The card of a dataset, README.md: its head, in YAML, says which files are of which configuration and split, and how labels
//! are called, as `datasets` reads it (https://huggingface.co/docs/hub/datasets-manual-configuration).

use std::collections::BTreeMap;

use corpus::catch_panic;
use yaml_rust2::scanner::{Scanner, TokenType};
use yaml_rust2::{Yaml, YamlLoader};

/// The name of the file.
pub(super) const CARD: &str = "README.md";
/// Heads nest a few levels; a longer chain would cost the stack.
const MAX_DEPTH: usize = 32;
/// The configuration that is meant where none is named.
pub(super) const DEFAULT_CONFIG: &str = "default";
/// The split of files that the card names without one.
const TRAIN: &str = "train";

/// What a card says of the data; nothing where it has no head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Card {
    /// The configurations whose files it names.
    pub(super) configs: Vec<Config>,
    /// The names of the labels 0, 1, ... by configuration, if it is named, and column.
    pub(super) label_names: Vec<(Option<String>, String, Vec<String>)>,
}

/// A configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Config {
    pub(super) name: String,
    pub(super) is_default: bool,
    /// The folder of its files, with a slash at its end; empty for the whole repository.
    pub(super) folder: String,
    /// The patterns of the files of each split, by the name that the card gives it; none where the folder alone is named.
    pub(super) splits: Vec<(String, Vec<String>)>,
}

impl Card {
    /// Reads the head of a card.
    ///
    /// # Errors
    /// Says what is wrong with a head that is no YAML, or none of a card.
    pub(super) fn parse(card: &str) -> Result<Self, String> {
        let Some(head) = head(card) else { return Ok(Self::default()) };
        catch_panic(|| Self::of_head(&head))
    }

    fn of_head(head: &str) -> Result<Self, String> {
        refuse_what_grows(head)?;
        let documents = YamlLoader::load_from_str(head).map_err(|error| error.to_string())?;
        let Some(head) = documents.first() else { return Ok(Self::default()) };
        Ok(Self { configs: items(&head["configs"]).filter_map(Config::of).collect(), label_names: label_names(head) })
    }

    /// The names of the labels in a column, in a configuration.
    pub(super) fn names_of(&self, config: Option<&str>, column: &str) -> Option<&[String]> {
        let is_config = |of: &Option<String>| of.is_none() || config.is_none() || of.as_deref() == config;
        let mut found = self.label_names.iter().filter(|(of, name, _)| is_config(of) && name == column);
        let (_, _, names) = found.next()?;
        found.all(|(_, _, other)| other == names).then_some(names)
    }
}

impl Config {
    fn of(config: &Yaml) -> Option<Self> {
        let folder = text(&config["data_dir"]);
        let path = folder
            .as_deref()
            .map(|folder| folder.trim_start_matches("./").trim_matches(['/', '.']))
            .unwrap_or_default();
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut splits: Vec<(String, Vec<String>)> = Vec::new();
        let mut add = |split: &str, path: &Yaml| {
            let patterns = items(path).filter_map(text).map(|path| {
                let path = path.strip_prefix("./").unwrap_or(&path).to_owned();
                format!("{prefix}{path}")
            });
            match splits.iter_mut().find(|(name, _)| name == split) {
                Some((_, known)) => known.extend(patterns),
                None => splits.push((split.to_owned(), patterns.collect())),
            }
        };
        for files in items(&config["data_files"]) {
            match text(&files["split"]) {
                Some(split) => add(&split, &files["path"]),
                None if files.as_hash().is_none() => add(TRAIN, files),
                None => files.as_hash().into_iter().flatten().for_each(|(split, path)| {
                    text(split).into_iter().for_each(|split| add(&split, path));
                }),
            }
        }
        let name = text(&config["config_name"]).unwrap_or_else(|| DEFAULT_CONFIG.to_owned());
        let is_default = config["default"].as_bool().unwrap_or_default();
        (!splits.is_empty() || folder.is_some()).then_some(Self { name, is_default, folder: prefix, splits })
    }
}

/// What stands between the two lines of dashes that a card begins with.
fn head(card: &str) -> Option<String> {
    let mut lines = card.trim_start_matches('\u{feff}').lines().map(str::trim_end);
    if lines.next()? != "---" {
        return None;
    }
    let mut head = String::new();
    for line in lines {
        if line == "---" {
            return Some(head);
        }
        head += line;
        head.push('\n');
    }
    None
}

/// Aliases make little text into much, and nesting costs the stack: cards have neither.
fn refuse_what_grows(head: &str) -> Result<(), String> {
    let mut depth = 0_usize;
    for token in Scanner::new(head.chars()) {
        match token.1 {
            TokenType::Alias(_) => return Err("it has an alias".to_owned()),
            TokenType::BlockSequenceStart
            | TokenType::BlockMappingStart
            | TokenType::FlowSequenceStart
            | TokenType::FlowMappingStart => depth += 1,
            TokenType::BlockEnd | TokenType::FlowSequenceEnd | TokenType::FlowMappingEnd => {
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(format!("it nests more than {MAX_DEPTH} levels"));
        }
    }
    Ok(())
}

/// `dataset_info`: of one configuration, or a list of several.
fn label_names(head: &Yaml) -> Vec<(Option<String>, String, Vec<String>)> {
    let mut found = Vec::new();
    for info in items(&head["dataset_info"]) {
        let config = text(&info["config_name"]);
        for feature in items(&info["features"]) {
            let names = &feature["dtype"]["class_label"]["names"];
            if let (Some(column), Some(names)) = (text(&feature["name"]), names_in_order(names)) {
                found.push((config.clone(), column, names));
            }
        }
    }
    found
}

/// The names of the labels: a list, or an object with a name for each number.
fn names_in_order(names: &Yaml) -> Option<Vec<String>> {
    if let Some(list) = names.as_vec() {
        return list.iter().map(text).collect();
    }
    let numbered = names.as_hash()?.iter().map(|(number, name)| Some((text(number)?.parse().ok()?, text(name)?)));
    let by_number: BTreeMap<usize, String> = numbered.collect::<Option<_>>()?;
    by_number.keys().copied().eq(0..by_number.len()).then(|| by_number.into_values().collect())
}

/// The items of a list; of anything else that is there, itself.
fn items(value: &Yaml) -> Box<dyn Iterator<Item = &Yaml> + '_> {
    match value {
        Yaml::Array(items) => Box::new(items.iter()),
        Yaml::BadValue | Yaml::Null => Box::new(std::iter::empty()),
        one => Box::new(std::iter::once(one)),
    }
}

/// A scalar as it is spelled, but for numbers and truth.
fn text(value: &Yaml) -> Option<String> {
    match value {
        Yaml::String(text) | Yaml::Real(text) => Some(text.clone()),
        Yaml::Integer(number) => Some(number.to_string()),
        Yaml::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(head: &str) -> Result<Card, String> {
        Card::parse(&format!("---\n{head}---\n# Reviews\n"))
    }

    #[test]
    fn configurations_name_their_files_in_every_form() {
        let card = parse(
            "license: mit\nconfigs:\n- config_name: en\n  default: true\n  data_files:\n  - split: train\n    path: \"en/train-*\"\n  \
             - split: test\n    path: [en/a.csv, ./en/b.csv]\n- config_name: de\n  data_dir: de\n  data_files: reviews.csv\n\
             - config_name: empty\n- config_name: map\n  data_files: {validation: v.csv}\n- config_name: fr\n  data_dir: ./data/fr\n",
        );
        let config = |name: &str, is_default, folder: &str, splits: &[(&str, &[&str])]| Config {
            name: name.to_owned(),
            is_default,
            folder: folder.to_owned(),
            splits: splits
                .iter()
                .map(|(split, paths)| ((*split).to_owned(), paths.iter().map(|&path| path.to_owned()).collect()))
                .collect(),
        };
        let expected = [
            config("en", true, "", &[("train", &["en/train-*"]), ("test", &["en/a.csv", "en/b.csv"])]),
            config("de", false, "de/", &[("train", &["de/reviews.csv"])]),
            config("map", false, "", &[("validation", &["v.csv"])]),
            config("fr", false, "data/fr/", &[]),
        ];
        assert_eq!(card.unwrap().configs, expected);
    }

    #[test]
    fn labels_have_the_names_of_their_column_and_configuration() {
        let card = parse(
            "dataset_info:\n- config_name: en\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names:\n          \
             '0': neg\n          '1': pos\n  - name: text\n    dtype: string\n- config_name: de\n  features:\n  - name: label\n    \
             dtype: {class_label: {names: [schlecht, gut]}}\n  - name: topic\n    dtype: {class_label: {names: {'1': a}}}\n",
        )
        .unwrap();
        assert_eq!(card.names_of(Some("en"), "label").unwrap(), ["neg", "pos"]);
        assert_eq!(card.names_of(Some("de"), "label").unwrap(), ["schlecht", "gut"]);
        assert_eq!([card.names_of(None, "label"), card.names_of(Some("de"), "topic")], [None, None]);
    }

    /// Every card with a bit turned, and every one that ends early, says something or is refused.
    #[test]
    fn damaged_cards_never_panic() {
        let card = "---\nconfigs:\n- config_name: \"a\"\n  data_files: [x, 'y*']\ndataset_info: {features: [{name: l, dtype: {class_label: \
                    {names: {'0': n}}}}]}\nz: |\n  text\n---\n";
        for index in 0..card.len() * 8 {
            let mut bytes = card.as_bytes().to_vec();
            bytes[index / 8] ^= 1 << (index % 8);
            let read = Card::parse(&String::from_utf8_lossy(&bytes));
            assert!(read.is_ok() || read.is_err_and(|problem| !problem.is_empty()));
            let _ = Card::parse(&card[..index / 8]);
        }
    }

    #[test]
    fn what_is_no_card_says_nothing_and_what_would_grow_is_refused() {
        for plain in ["", "# Reviews\n", "---\nlicense: mit\n", "---\n---\n", "---\n- 1\n---\n"] {
            assert_eq!(Card::parse(plain), Ok(Card::default()), "{plain}");
        }
        assert!(parse("a: [1\n").is_err());
        assert_eq!(parse("a: &x [1]\nb: *x\n").unwrap_err(), "it has an alias");
        assert!(parse(&format!("a: {}\n", "[".repeat(100_000))).is_err());
        let deep: String = (0..50).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        assert_eq!(parse(&deep).unwrap_err(), "it nests more than 32 levels");
    }
}
