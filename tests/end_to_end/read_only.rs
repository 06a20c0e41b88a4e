//! A finished pipeline on a file system that is read only: every stage finds its folder fresh and says so, and what would have to
//! be written is refused.

use std::process::Command;

use testkit::{Outcome, Pipeline, STAGES, outcome};

/// Mounts the working folder once more, read only, and runs the rest of the words there.
const READ_ONLY: &str =
    "mount --bind \"$PWD\" \"$PWD\" && mount -o remount,bind,ro \"$PWD\" && cd \"$PWD\" && exec \"$@\"";

#[test]
fn what_is_finished_is_fresh_where_nothing_can_be_written() {
    let pipeline = Pipeline::small();
    pipeline.run_up_to("eval/test");
    // As root a mount namespace is enough; else it takes a user namespace, where the kernel allows one.
    let Some(flags) = ["-m", "-rm"].into_iter().find(|flags| {
        let touches = read_only(flags, &mut in_folder(&pipeline, "touch x"));
        touches.stderr.contains("Read-only file system")
    }) else {
        eprintln!("skipped: nothing can be mounted here");
        return;
    };
    let run = |stage: &str, more: &str| {
        let mut command = pipeline.stage(stage);
        command.args(more.split_whitespace());
        read_only(flags, &mut command)
    };
    for stage in STAGES.into_iter().filter(|stage| *stage != "export") {
        let fresh = run(stage, "--json-summary");
        fresh.assert_success(stage);
        assert!(fresh.stderr.ends_with(&format!("{stage} is fresh\n")), "{}", fresh.stderr);
        assert!(fresh.stdout.contains("\"state\":\"fresh\""), "{}", fresh.stdout);
        let explained = run(stage, "--explain");
        assert!(explained.stdout.ends_with(&format!("{stage} is fresh\n")), "{}", explained.stdout);
        let forced = run(stage, "--force");
        assert_eq!(forced.code, Some(2), "{}", forced.stderr);
        assert!(forced.stderr.contains(&format!("{stage} cannot be written: ")), "{}", forced.stderr);
    }
    let others = run("tokens", "--max-length 5");
    assert_eq!(others.code, Some(2), "{}", others.stderr);
    let explained = run("tokens", "--max-length 5 --explain");
    assert!(explained.stdout.contains("tokens is out of date:\n"), "{}{}", explained.stdout, explained.stderr);
}

fn in_folder(pipeline: &Pipeline, line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    command.args(words).current_dir(pipeline.path("."));
    command
}

/// Runs a command where its working folder cannot be written.
fn read_only(flags: &str, command: &mut Command) -> Outcome {
    let mut inside = Command::new("unshare");
    inside.arg(flags).args(["sh", "-c", READ_ONLY, "sh"]).arg(command.get_program()).args(command.get_args());
    inside.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    inside.current_dir(command.get_current_dir().unwrap());
    outcome(&mut inside)
}
