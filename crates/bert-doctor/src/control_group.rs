//! Control group: how much memory the process's groups (cgroups, version 1 and 2) leave it.

use std::fs;
use std::path::Path;

/// The names of the files of one version.
struct Files {
    folder: &'static str,
    limit: &'static str,
    used: &'static str,
    /// In `memory.stat`: what is used and can be taken back, as the pages of files that were read.
    reclaimable: &'static str,
}

const V1: Files = Files {
    folder: "sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    reclaimable: "total_inactive_file ",
};
const V2: Files =
    Files { folder: "sys/fs/cgroup", limit: "memory.max", used: "memory.current", reclaimable: "inactive_file " };

/// The bytes that the tightest group which the process is in has left; infinite where none has a limit. `root` is `/`.
pub(crate) fn memory_left(root: &Path) -> f64 {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    groups.lines().filter_map(group).map(|(files, path)| left(root, files, path)).fold(f64::INFINITY, f64::min)
}

/// Of a line `HIERARCHY:CONTROLLERS:PATH` the group, where it limits memory. That of version 2 has no list of controllers.
fn group(line: &str) -> Option<(&'static Files, &str)> {
    let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
    match controllers {
        "" => Some((&V2, path)),
        controllers if controllers.split(',').any(|controller| controller == "memory") => Some((&V1, path)),
        _ => None,
    }
}

/// What a group and those around it leave.
fn left(root: &Path, files: &Files, path: &str) -> f64 {
    let folder = root.join(files.folder);
    let groups = Path::new(path.trim_start_matches('/')).ancestors().map(|group| folder.join(group));
    let number = |path: &Path| fs::read_to_string(path).ok()?.trim().parse::<f64>().ok();
    let left = groups.filter_map(|group| {
        let limit = number(&group.join(files.limit))?; // `max` is none
        let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
        let reclaimable =
            stat.lines().find_map(|line| line.strip_prefix(files.reclaimable)?.trim().parse::<f64>().ok());
        let used = number(&group.join(files.used)).unwrap_or(0.0) - reclaimable.unwrap_or(0.0);
        Some((limit - used.max(0.0)).max(0.0))
    });
    left.fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::Sandbox;

    fn left_on(files: &[(&str, &str)]) -> f64 {
        let machine = Sandbox::new();
        files.iter().for_each(|(name, content)| machine.write(name, content));
        memory_left(&machine.path("."))
    }

    #[test]
    fn the_tightest_group_counts() {
        let left = left_on(&[
            ("proc/self/cgroup", "0::/slurm/job_7/step\n"),
            ("sys/fs/cgroup/slurm/memory.max", "max\n"),
            ("sys/fs/cgroup/slurm/job_7/memory.max", "3000\n"),
            ("sys/fs/cgroup/slurm/job_7/memory.current", "1500\n"),
            ("sys/fs/cgroup/slurm/job_7/memory.stat", "anon 900\ninactive_file 500\n"),
            ("sys/fs/cgroup/slurm/job_7/step/memory.max", "9000\n"),
        ]);
        assert_eq!(left, 2000.0);
    }

    #[test]
    fn both_versions_are_read_and_none_may_be_there() {
        let left = left_on(&[
            ("proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/docker/7\n0::/\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/docker/7/memory.limit_in_bytes", "300\n"),
            ("sys/fs/cgroup/memory/docker/7/memory.usage_in_bytes", "400\n"),
            ("sys/fs/cgroup/cpu/a/memory.limit_in_bytes", "1\n"),
        ]);
        assert_eq!(left, 0.0);
        assert_eq!(left_on(&[]), f64::INFINITY);
        assert_eq!(left_on(&[("proc/self/cgroup", "0::/\n"), ("sys/fs/cgroup/memory.max", "50")]), 50.0);
    }
}
