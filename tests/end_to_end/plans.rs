//! The plans of finished folders: what they hold decides whether the folders of users stay fresh.
//!
//! `plans.json` holds, of each stage with its usual settings, the version and the plan as manifests have them. A field that gets
//! another name, form or default makes every folder out of date that was finished before. Where that is meant, raise the stage's
//! version, say so in CHANGELOG.md, and take the new plans: `UPDATE_PLANS=1 just test plans`.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use testkit::{Pipeline, STAGES, workspace};

#[test]
fn finished_folders_stay_fresh() {
    let pipeline = Pipeline::small();
    let mut found = BTreeMap::new();
    for stage in STAGES {
        // What a machine decides is said here.
        let flags = if stage == "train" { "--precision float32" } else { "" };
        pipeline.run_stage(stage, flags).assert_success(stage);
        let manifest: Value = serde_json::from_str(&pipeline.text(&format!("{stage}/manifest.json"))).unwrap();
        found.insert(stage, json!({"version": manifest["version"], "plan": manifest["plan"]}));
    }
    let path = workspace().join("tests/end_to_end/plans.json");
    let text = serde_json::to_string_pretty(&found).unwrap() + "\n";
    if std::env::var_os("UPDATE_PLANS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let expected: BTreeMap<String, Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    for (stage, found) in found {
        assert_eq!(Some(&found), expected.get(stage), "{stage}: folders that were finished before are out of date");
    }
}
