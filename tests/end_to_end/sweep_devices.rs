//! `bert-sweep --jobs auto`: a trial on each CUDA device. A script in the place of `bert-finetune` notes which device each trial sees, so
//! that it takes none.

use std::collections::BTreeSet;

use testkit::{outcome, program};

use crate::sweep::{GRID, search_pipeline, sweep, swept};

#[test]
fn each_of_the_trials_that_run_at_the_same_time_sees_another_device() {
    let pipeline = search_pipeline(GRID);
    swept(&pipeline, "--profile sweep.toml --out alone");
    let script = "#!/bin/sh\ncase \"$*\" in *--plan*) exec PROGRAM \"$@\" ;; esac\necho \"begins ${CUDA_VISIBLE_DEVICES-all}\" >> seen.txt\n\
        PROGRAM \"$@\"\ncode=$?\necho \"ends ${CUDA_VISIBLE_DEVICES-all}\" >> seen.txt\nexit $code\n";
    pipeline.write("finetune.sh", script.replace("PROGRAM", &program("bert-finetune").display().to_string()));
    let script = pipeline.path("finetune.sh");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();

    for (out, devices, expected) in
        [("two", "3, GPU-8a", &["3", "GPU-8a"][..]), ("none", "", &[""]), ("one", "1", &["1"])]
    {
        pipeline.write("seen.txt", "");
        let mut command =
            sweep(&pipeline, &format!("--profile sweep.toml --out {out} --jobs auto --finetune {}", script.display()));
        command.env("CUDA_VISIBLE_DEVICES", devices);
        let outcome = outcome(&mut command);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let seen = pipeline.text("seen.txt");
        let mut busy = BTreeSet::new();
        let mut used = BTreeSet::new();
        for line in seen.lines() {
            let (event, device) = line.split_once(' ').unwrap();
            used.insert(device);
            let is_alone = if event == "begins" { busy.insert(device) } else { busy.remove(device) };
            assert!(is_alone, "two trials on {device}: {seen}");
        }
        assert_eq!(used.into_iter().collect::<Vec<_>>(), expected);
        assert_eq!(seen.lines().count(), 8);
        for file in ["trials.jsonl", "leaderboard.md", "summary.json", "best.toml", "sweep.html"] {
            assert_eq!(pipeline.text(&format!("alone/{file}")), pipeline.text(&format!("{out}/{file}")), "{file}");
        }
    }
    let refused = outcome(&mut sweep(&pipeline, "--profile sweep.toml --out refused --jobs 0"));
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("expected 1 to 1024, or auto"), "{}", refused.stderr);
}
