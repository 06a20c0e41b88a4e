//! The baseline's answers as JSON, for comparison with scikit-learn (`tests/reference/test_baseline.py`).
//!
//! One JSON object on stdin: `{"texts", "labels", "n_classes", "others"}`, or `targets` in place of `labels`. On
//! stdout the probabilities of `others`, row after row, or their scores.

use baseline::{Baseline, RidgeBaseline};
use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let request: Value = serde_json::from_reader(std::io::stdin().lock())?;
    let texts = |key: &str| -> Vec<String> {
        request[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (train, others) = (texts("texts"), texts("others"));
    let answer = match request.get("targets") {
        Some(targets) => {
            let targets: Vec<f64> = targets.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
            RidgeBaseline::fit(&train, &targets)?.predict(&others)
        }
        None => {
            let labels = request["labels"].as_array().into_iter().flatten().filter_map(Value::as_u64);
            let labels: Vec<usize> = labels.map(|label| label as usize).collect();
            let n_classes = request["n_classes"].as_u64().unwrap_or(0) as usize;
            let start = std::time::Instant::now();
            let baseline = Baseline::fit(&train, &labels, n_classes)?;
            eprintln!("trained on {} texts in {:.2} s", train.len(), start.elapsed().as_secs_f64());
            baseline.predict_proba(&others)
        }
    };
    println!("{}", serde_json::to_string(&answer)?);
    Ok(())
}
