//! A long run: resident memory stays where it was after its beginning, and so does the number of open files.

use std::time::Duration;

use crate::life::Life;
use crate::sandbox::TrainingSandbox;
use crate::{is_full, size, tell};

const RUN: &str = "--precision float32 --save-strategy steps --eval-strategy steps";

#[test]
fn a_long_run_does_not_grow() {
    let sandbox = TrainingSandbox::small();
    let (settled, steps) = size((500, 3000), (1000, 20_000));
    let every = steps / 20;
    let arguments = format!("{RUN} --max-steps {steps} --save-steps {every} --eval-steps {every}");
    let mut life = Life::begin(&sandbox, "long", &arguments);
    let mut samples: Vec<(u64, u64, usize)> = Vec::new();
    while life.is_alive() {
        std::thread::sleep(Duration::from_millis(5));
        // One sample between two saves, well behind the one, since it and the evaluation before it have files of their own open.
        let is_due = |step: &u64| {
            let is_new = samples.last().is_none_or(|(last, ..)| step / every > last / every);
            *step >= settled && step % every >= every / 10 && is_new
        };
        if life.step().is_none_or(|step| !is_due(&step)) || !life.halt() {
            continue;
        }
        // It went on until it was halted, and a line of the log may be half written.
        if let Some(step) = life.step().filter(is_due)
            && !life.is_inside_a_save()
        {
            samples.push((step, life.resident_bytes(), life.open_files().len()));
        }
        life.go_on();
    }
    let (status, said) = life.end();
    assert!(status.success(), "{said}");

    assert!(samples.len() > 10, "{samples:?}");
    let (first, last) = (samples[0], samples[samples.len() - 1]);
    let most = samples.iter().map(|(_, bytes, _)| *bytes).max().unwrap();
    let grown = most.saturating_sub(first.1);
    let counted = [
        ("steps", steps),
        ("samples", samples.len() as u64),
        ("first at step", first.0),
        ("last at step", last.0),
        ("resident bytes at first", first.1),
        ("at most later", most),
        ("grown by parts in 10000", 10_000 * grown / first.1),
        ("descriptors", first.2 as u64),
    ];
    tell("soak", &counted);
    assert!(samples.iter().all(|(_, _, descriptors)| *descriptors == first.2), "{samples:?}");
    assert!(100 * grown < first.1, "resident memory grew: {samples:?}");
    assert!(!is_full() || last.0 > 18_000, "{samples:?}");
}
