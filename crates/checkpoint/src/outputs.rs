//! What the outputs of a classifier mean: their names, and whether they are a score, classes or labels.
//!
//! Transformers leaves out what is its default: two outputs without names are LABEL_0 and LABEL_1. Where `num_labels`
//! contradicts `id2label`, Transformers 4 believes the names and Transformers 5 the number; here the classifier decides.

use std::collections::BTreeMap;

use crate::config::{BertConfig, ProblemType};

/// What the outputs of a classifier mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outputs {
    /// The name of each.
    pub names: Vec<String>,
    /// How a prediction is made of them.
    pub kind: OutputKind,
    /// What has to be said of the names, if anything.
    pub remark: Option<String>,
}

/// How a prediction is made of the outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// The one output is the prediction.
    Score,
    /// One class: softmax.
    Class,
    /// Each output is a label or none: sigmoid.
    Labels,
}

impl BertConfig {
    /// What the `n` outputs of the folder's classifier mean.
    ///
    /// # Errors
    /// Fails, with what the config says, where it speaks of other outputs.
    pub(crate) fn outputs(&self, n: usize) -> Result<Outputs, String> {
        let kind = match (self.problem_type, n) {
            (Some(ProblemType::Regression) | None, 1) => OutputKind::Score,
            (Some(ProblemType::Regression), _) => {
                return Err(format!(
                    "problem_type is regression, but there are {n} outputs; only one score is supported"
                ));
            }
            (Some(ProblemType::SingleLabelClassification), 1) => {
                let problem = "problem_type is single_label_classification, but the classifier has one output; expected \
                               regression, or null";
                return Err(problem.to_owned());
            }
            (Some(ProblemType::SingleLabelClassification) | None, _) => OutputKind::Class,
            (Some(ProblemType::MultiLabelClassification), _) => OutputKind::Labels,
        };
        let (names, remark) = self.names(n)?;
        Ok(Outputs { names, kind, remark })
    }

    fn names(&self, n: usize) -> Result<(Vec<String>, Option<String>), String> {
        let numbered = || (0..n).map(|output| format!("LABEL_{output}")).collect();
        let Some(id2label) = &self.id2label else {
            let (expected, key) =
                self.num_labels.map_or((2, "the default of num_labels"), |number| (number, "num_labels"));
            if n != expected {
                return Err(format!(
                    "it has no id2label, and {key} is {expected}, but the size of the classifier is {n}; name its outputs in id2label"
                ));
            }
            return Ok((numbered(), None));
        };
        let (named, number) = (id2label.len(), self.num_labels.unwrap_or(id2label.len()));
        if n == named {
            if let Some((index, id)) = id2label.keys().enumerate().find(|(index, id)| index != *id) {
                return Err(format!(
                    "id2label names the output {id}, but not {index}; expected outputs 0 to {}",
                    n - 1
                ));
            }
            if let Some((one, other)) = same_name(id2label) {
                return Err(format!(
                    "id2label gives the outputs {one} and {other} one name, {:?}, of ({}); a prediction by name could mean \
                     either, so give each output a name of its own",
                    id2label[&one],
                    id2label.values().cloned().collect::<Vec<_>>().join(", ")
                ));
            }
            let remark =
                format!("num_labels is {number}, but id2label and the classifier have {n} outputs, whose names hold");
            return Ok((id2label.values().cloned().collect(), (number != n).then_some(remark)));
        }
        if n == number {
            let remark = format!(
                "id2label names {named} outputs, but num_labels and the classifier have {n}, which are called LABEL_0 to \
                 LABEL_{}",
                n - 1
            );
            return Ok((numbered(), Some(remark)));
        }
        Err(format!("id2label names {named}, but the size of the classifier is {n}"))
    }
}

/// Two outputs that have one name.
fn same_name(id2label: &BTreeMap<usize, String>) -> Option<(usize, usize)> {
    let mut output_of = BTreeMap::new();
    id2label.iter().find_map(|(&output, name)| output_of.insert(name, output).map(|earlier| (earlier, output)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn outputs(keys: Value, n: usize) -> Result<Outputs, String> {
        serde_json::from_value::<BertConfig>(keys).unwrap().outputs(n)
    }

    fn names(keys: Value, n: usize) -> Vec<String> {
        outputs(keys, n).unwrap().names
    }

    #[test]
    fn names_are_those_of_the_reference() {
        assert_eq!(names(json!({}), 2), ["LABEL_0", "LABEL_1"]);
        assert_eq!(names(json!({"num_labels": 3}), 3), ["LABEL_0", "LABEL_1", "LABEL_2"]);
        assert_eq!(names(json!({"num_labels": 1}), 1), ["LABEL_0"]);
        assert_eq!(names(json!({"id2label": {"1": "good", "0": "bad"}}), 2), ["bad", "good"]);
        let refusal = |keys: Value, n| outputs(keys, n).unwrap_err();
        assert!(refusal(json!({}), 3).starts_with("it has no id2label, and the default of num_labels is 2, but "));
        assert_eq!(
            refusal(json!({"id2label": {"0": "bad"}}), 3),
            "id2label names 1, but the size of the classifier is 3"
        );
        let gap = "id2label names the output 2, but not 1; expected outputs 0 to 1";
        assert_eq!(refusal(json!({"id2label": {"0": "bad", "2": "good"}}), 2), gap);
        for problem in [json!(null), json!("multi_label_classification")] {
            let twice = refusal(json!({"id2label": {"0": "a", "1": "b", "2": "a"}, "problem_type": problem}), 3);
            assert!(twice.starts_with("id2label gives the outputs 0 and 2 one name, \"a\", of (a, b, a); "), "{twice}");
        }
    }

    #[test]
    fn where_number_and_names_differ_the_classifier_decides_and_it_is_said() {
        let keys = json!({"num_labels": 5, "id2label": {"0": "bad", "1": "good"}});
        let two = outputs(keys.clone(), 2).unwrap();
        assert_eq!(two.names, ["bad", "good"]);
        assert!(two.remark.unwrap().starts_with("num_labels is 5, but id2label and the classifier have 2 outputs"));
        let five = outputs(keys.clone(), 5).unwrap();
        assert_eq!(five.names[4], "LABEL_4");
        assert!(five.remark.unwrap().starts_with("id2label names 2 outputs, but num_labels and the classifier have 5"));
        assert_eq!(outputs(keys, 3).unwrap_err(), "id2label names 2, but the size of the classifier is 3");
    }

    #[test]
    fn the_problem_type_says_what_the_outputs_are() {
        let kind = |problem: Value, n: usize| {
            outputs(json!({"problem_type": problem, "num_labels": n}), n).map(|outputs| outputs.kind)
        };
        assert_eq!(kind(json!(null), 1), Ok(OutputKind::Score));
        assert_eq!(kind(json!(null), 2), Ok(OutputKind::Class));
        assert_eq!(kind(json!("regression"), 1), Ok(OutputKind::Score));
        assert_eq!(kind(json!("multi_label_classification"), 1), Ok(OutputKind::Labels));
        assert_eq!(kind(json!("multi_label_classification"), 3), Ok(OutputKind::Labels));
        assert!(kind(json!("single_label_classification"), 1).unwrap_err().contains("expected regression, or null"));
        assert!(kind(json!("regression"), 2).unwrap_err().contains("only one score is supported"));
    }
}
