//! File systems of 0.1 to 2.5 checkpoints: a clean exit that names path and bytes, and the old checkpoint stays.
//!
//! Mounting needs rights that an ordinary process lacks, so this test starts itself again in a mount namespace of its
//! own. Once each size is the whole file system, which is refused before the first step; once it is what somebody else
//! leaves free while the run goes on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use testkit::outcome;

use crate::life::Life;
use crate::sandbox::{TrainingSandbox, continued_at, files, whole_checkpoints};
use crate::{size, tell};

const RUN: &str = "--precision float32 --max-steps 90 --save-strategy steps --save-steps 3 --save-total-limit 1 \
     --eval-strategy steps --eval-steps 10";
const LAST_SAVE: u64 = 90;
/// Set for the copy of this test that may mount.
const INSIDE: &str = "CRASH_TESTS_MAY_MOUNT";
const NAME: &str = "disk::a_full_file_system_costs_no_checkpoint";

#[test]
fn a_full_file_system_costs_no_checkpoint() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    // As root a mount namespace is enough; else it takes a user namespace, where the kernel allows one.
    let tries = [["-m"], ["-rm"]].map(|flags| {
        let probe = "mount -t tmpfs -o size=64k none /mnt";
        (flags, outcome(Command::new("unshare").args(flags).args(["sh", "-c", probe])).code == Some(0))
    });
    let Some((flags, _)) = tries.into_iter().find(|(_, works)| *works) else {
        eprintln!("| disk | skipped: nothing can be mounted here |");
        return;
    };
    let mut again = Command::new("unshare");
    again.args(flags).arg(std::env::current_exe().unwrap()).args(["--exact", NAME, "--nocapture"]).env(INSIDE, "1");
    let outcome = outcome(&mut again);
    eprint!("{}", outcome.stderr);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
}

fn inside() {
    let sandbox = TrainingSandbox::small();
    sandbox.finish("whole", RUN);
    let expected = sandbox.hashes("whole");
    let checkpoint = whole_checkpoints(&sandbox.path("whole")).pop().unwrap();
    let bytes: u64 = files(&checkpoint).iter().map(|path| path.metadata().unwrap().len()).sum();

    let tenths: Vec<u64> = (1..=25).step_by(size(6, 1)).collect();
    for &tenth in &tenths {
        refuse(&sandbox, tenth * bytes / 10);
    }
    tell("disk: too small from the start", &[("sizes", tenths.len() as u64), ("refused", tenths.len() as u64)]);
    keep_what_would_make_room(&sandbox, bytes);
    let mut stopped = 0;
    for &tenth in &tenths {
        let did_stop = fill(&sandbox, tenth * bytes / 10, 8 * bytes, &expected);
        stopped += u64::from(did_stop);
        // With less than a checkpoint free no checkpoint can be saved any more.
        assert!(did_stop || tenth >= 10, "{tenth} tenths were enough");
    }
    let counted = [
        ("sizes", tenths.len() as u64),
        ("stopped", stopped),
        ("finished all the same", tenths.len() as u64 - stopped),
        ("lost checkpoints", 0),
        ("differing", 0),
    ];
    tell("disk: filled during the run", &counted);
    assert!(stopped > 0);
}

/// A file system of `bytes`: the run does not begin.
fn refuse(sandbox: &TrainingSandbox, bytes: u64) {
    let disk = Disk::mount(sandbox, bytes);
    let refused = sandbox.run("disk/train", RUN);
    assert_eq!(refused.code, Some(3), "{bytes} bytes: {}", refused.stderr);
    let error = refused.stderr.lines().last().unwrap();
    assert!(error.starts_with("error: disk/train/checkpoints has "), "{bytes} bytes: {error}");
    assert!(error.contains(" bytes free, but this run may need "), "{bytes} bytes: {error}");
    drop(disk);
}

/// A finished run whose checkpoints would make room for the next one, but not before that has saved its first: it does not begin, and
/// the result stays. `bytes`: of a checkpoint.
fn keep_what_would_make_room(sandbox: &TrainingSandbox, bytes: u64) {
    let disk = Disk::mount(sandbox, 12 * bytes);
    let run = "--precision float32 --max-steps 12 --save-strategy steps --save-steps 3 --save-total-limit 3";
    sandbox.finish("disk/train", run);
    let expected = sandbox.hashes("disk/train");
    let free = stage::available_bytes(&sandbox.path("disk")).unwrap();
    write(&sandbox.path("disk/somebody-else"), free - bytes / 2);
    for (arguments, reason) in [
        (RUN, " for its first checkpoint, beside the "),
        ("--precision float32 --max-steps 13 --save-strategy no", " bytes free, but this run may need "),
    ] {
        let refused = sandbox.run("disk/train", arguments);
        assert_eq!(refused.code, Some(3), "{}", refused.stderr);
        assert!(refused.stderr.contains(reason), "{}", refused.stderr);
        assert_eq!(sandbox.hashes("disk/train"), expected);
    }
    assert!(sandbox.finish("disk/train", run).contains("is fresh"));
    drop(disk);
}

/// A file system of which somebody else leaves `bytes`: whether that stopped the run.
fn fill(sandbox: &TrainingSandbox, bytes: u64, disk_bytes: u64, expected: &BTreeMap<PathBuf, String>) -> bool {
    let disk = Disk::mount(sandbox, disk_bytes);
    let (life, kept) = halted_between_saves(sandbox);
    let filler = sandbox.path("disk/somebody-else");
    let free = stage::available_bytes(&sandbox.path("disk")).unwrap();
    write(&filler, free.saturating_sub(bytes));
    life.go_on();
    let (status, said) = life.end();
    let stopped = !status.success();
    if stopped {
        assert_eq!(status.code(), Some(3), "{bytes} bytes: {said}");
        let error = said.lines().last().unwrap();
        assert!(error.starts_with("error: cannot ") && error.contains("disk/train/"), "{bytes} bytes: {error}");
        assert!(error.contains(" bytes"), "{bytes} bytes: {error}");
    }
    fs::remove_file(&filler).unwrap();
    let said = sandbox.finish("disk/train", RUN);
    assert!(!stopped || continued_at(&said) >= kept, "{bytes} bytes: the checkpoint {kept} is lost: {said}");
    assert_eq!(&sandbox.hashes("disk/train"), expected, "{bytes} bytes");
    drop(disk);
    stopped
}

/// A run that is halted where its next save finds all that is free now, and the step of the one checkpoint that it has.
///
/// Within a save a part of its space is taken already, and before its end that of the checkpoint before is not free yet.
fn halted_between_saves(sandbox: &TrainingSandbox) -> (Life, u64) {
    let out = sandbox.path("disk/train");
    for _ in 0..20 {
        sandbox.finish("disk/train", &format!("{RUN} --stop-at-step 4"));
        let mut life = Life::begin(sandbox, "disk/train", RUN);
        let mut halts = life.takes_a_step() && life.halt();
        while halts {
            match only_checkpoint(&out) {
                Some(step) if step < LAST_SAVE && !life.is_inside_a_save() => return (life, step),
                _ => life.go_on(),
            }
            std::thread::sleep(Duration::from_millis(1));
            halts = life.halt();
        }
        let (status, said) = life.end();
        assert!(status.success(), "{said}");
        // It was over before it was halted in time: this process got no turn for so long.
        sandbox.remove("disk/train");
    }
    panic!("of 20 runs none could be halted between two saves");
}

/// The step of the checkpoint, if it is the only one and whole.
fn only_checkpoint(out: &Path) -> Option<u64> {
    let entries = fs::read_dir(out.join("checkpoints")).unwrap().count();
    let [whole] = whole_checkpoints(out).try_into().ok().filter(|_| entries == 1)?;
    Some(whole.to_str().unwrap().rsplit('-').next().unwrap().parse().unwrap())
}

#[expect(clippy::disallowed_methods, reason = "this file is somebody else's")]
fn write(path: &Path, bytes: u64) {
    fs::write(path, vec![7; bytes as usize]).unwrap();
}

/// A file system in memory, at `disk`, until dropped.
struct Disk {
    path: PathBuf,
}

impl Disk {
    fn mount(sandbox: &TrainingSandbox, bytes: u64) -> Self {
        let path = sandbox.path("disk");
        fs::create_dir_all(&path).unwrap();
        let mounted =
            outcome(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "none"]).arg(&path));
        assert_eq!(mounted.code, Some(0), "{}", mounted.stderr);
        Self { path }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).status();
    }
}
