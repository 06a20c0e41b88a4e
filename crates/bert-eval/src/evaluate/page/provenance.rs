//! Where an evaluation comes from: files with their hashes, settings of the training and of the evaluation, and the command
//! that makes it again.

use std::path::Path;

use bert::Precision;
use figures::Part;
use serde_json::Value;
use stage::{Fingerprint, Manifest, OutputFolder, shell_quoted};

use crate::args::Args;
use crate::evaluate::inputs::Inputs;

/// What says it.
pub(crate) struct Provenance<'a> {
    trained: &'a Manifest,
    /// The inputs of the evaluation, by role.
    inputs: Vec<(String, Fingerprint)>,
    key: String,
    command: String,
    /// What was decided beside the flags, such as the precision.
    facts: Vec<(String, String)>,
}

impl<'a> Provenance<'a> {
    /// Of an evaluation whose outputs are being written.
    pub(crate) fn new(args: &Args, inputs: &'a Inputs, output: &OutputFolder) -> Self {
        let facts = [
            ("split", args.split.name().to_owned()),
            ("precision", inputs.compute.precision.to_string()),
            ("device", inputs.compute.device_name()),
            (
                "long texts",
                format!("{}, of {} tokens at most", inputs.metadata.overflow.described(), inputs.metadata.max_length),
            ),
            ("tokenizer SHA-256", inputs.metadata.tokenizer_sha256.clone()),
        ];
        Self {
            trained: &inputs.trained.manifest,
            inputs: output.inputs().iter().map(|(role, fingerprint)| (role.clone(), fingerprint.clone())).collect(),
            key: output.key().to_owned(),
            command: command(args, inputs.compute.precision),
            facts: facts.map(|(name, value)| (name.to_owned(), value)).into(),
        }
    }

    /// As parts of a page.
    pub(super) fn parts(&self) -> Vec<Part> {
        let head = |names: [&str; 3]| names.map(str::to_owned).to_vec();
        let file = |(role, fingerprint): &(String, Fingerprint)| {
            vec![role.clone(), fingerprint.bytes.to_string(), fingerprint.sha256.clone()]
        };
        let of_training = self.trained.inputs.iter().map(|(role, fingerprint)| (role.clone(), fingerprint.clone()));
        let of_training: Vec<(String, Fingerprint)> = of_training.collect();
        let mut facts = self.facts.clone();
        facts.push(("key of the evaluation".to_owned(), self.key.clone()));
        facts.push(("key of the training".to_owned(), self.trained.key.clone()));
        vec![
            Part::Definitions(facts),
            Part::Subheading("Made again by".to_owned()),
            Part::Code(self.command.clone()),
            Part::Details {
                summary: "Settings of the training".to_owned(),
                parts: vec![Part::Table {
                    head: vec!["argument".to_owned(), "value".to_owned()],
                    rows: settings(&self.trained.plan),
                }],
            },
            Part::Details {
                summary: "Files and their SHA-256".to_owned(),
                parts: vec![
                    Part::Subheading("Read by the evaluation".to_owned()),
                    Part::Table {
                        head: head(["file", "bytes", "SHA-256"]),
                        rows: self.inputs.iter().map(file).collect(),
                    },
                    Part::Subheading("Read by the training".to_owned()),
                    Part::Table {
                        head: head(["file", "bytes", "SHA-256"]),
                        rows: of_training.iter().map(file).collect(),
                    },
                ],
            },
        ]
    }
}

/// The settings that are not null, in words.
fn settings(plan: &Value) -> Vec<Vec<String>> {
    let settings = plan.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    settings
        .map(|(name, value)| vec![name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)])
        .collect()
}

/// A command that makes the evaluation again, in the folder that it was made in.
fn command(args: &Args, precision: Precision) -> String {
    let quoted = |path: &Path| shell_quoted(&path.to_string_lossy());
    let mut words = vec![
        "bert-eval".to_owned(),
        format!("--run {}", quoted(&args.run)),
        format!("--tokens {}", quoted(&args.tokens)),
        format!("--split {}", args.split.name()),
        format!("--precision {precision}"),
        format!("--errors {}", args.errors),
        format!("--attributions {}", args.attributions),
        format!("--window-pooling {}", args.window_pooling),
    ];
    words.extend(args.raw.as_deref().map(|raw| format!("--raw {}", quoted(raw))));
    words.extend(args.calibration.as_deref().map(|file| format!("--calibration {}", quoted(file))));
    let switches = [("--baseline", args.baseline), ("--nodes", args.nodes), ("--save-texts", args.save_texts)];
    words.extend(switches.into_iter().filter(|(_, is_on)| *is_on).map(|(flag, _)| flag.to_owned()));
    words.push(format!("--out {}", quoted(&args.common.out)));
    words.join(" \\\n    ")
}
