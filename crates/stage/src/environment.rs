//! Environment variables that more than one program reads.

use std::env;
use std::path::PathBuf;

/// The user's folder for what can be had again: `XDG_CACHE_HOME`, else `.cache` at home. None where neither is known.
pub fn user_cache() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")))
}

/// Which of several tasks this one is, from 0 on, as the engine that started it says: `JOB_COMPLETION_INDEX` in a Job of
/// Kubernetes, `SLURM_ARRAY_TASK_ID` in an array of Slurm, which has to begin at 0.
///
/// # Errors
/// Fails with what is missing or wrong, and what to do, where neither is set, one is no number, or the two differ.
pub fn task_index() -> Result<u64, String> {
    let value = |name| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    index_of(INDEX_VARIABLES.map(|name| (name, value(name))))
}

const INDEX_VARIABLES: [&str; 2] = ["JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID"];

fn index_of(variables: [(&str, Option<String>); 2]) -> Result<u64, String> {
    let mut found: Option<(&str, u64)> = None;
    for (name, value) in variables {
        let Some(value) = value else { continue };
        let index = value.parse().map_err(|_| format!("{name} is `{value}`; expected a number from 0 on"))?;
        if let Some((other, _)) = found.filter(|(_, first)| *first != index) {
            return Err(format!("{other} and {name} differ; type the number instead of `auto`"));
        }
        found = Some((name, index));
    }
    found.map(|(_, index)| index).ok_or_else(|| {
        let names = INDEX_VARIABLES.join(" nor ");
        format!("neither {names} is set; `auto` is for tasks of an engine that sets one: type the number")
    })
}

#[cfg(test)]
mod tests {
    use super::index_of;

    #[test]
    fn an_index_comes_from_the_engine_or_from_nowhere() {
        let of = |kubernetes: Option<&str>, slurm: Option<&str>| {
            let variables = [("JOB_COMPLETION_INDEX", kubernetes), ("SLURM_ARRAY_TASK_ID", slurm)];
            index_of(variables.map(|(name, value)| (name, value.map(str::to_owned))))
        };
        assert_eq!(of(Some("3"), None), Ok(3));
        assert_eq!(of(None, Some("0")), Ok(0));
        assert_eq!(of(Some("2"), Some("2")), Ok(2));
        let refused = |kubernetes, slurm, expected: &str| {
            let error = of(kubernetes, slurm).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        refused(None, None, "neither JOB_COMPLETION_INDEX nor SLURM_ARRAY_TASK_ID is set");
        refused(Some("1"), Some("2"), "JOB_COMPLETION_INDEX and SLURM_ARRAY_TASK_ID differ");
        refused(None, Some("-1"), "SLURM_ARRAY_TASK_ID is `-1`; expected a number from 0 on");
        refused(Some(""), None, "JOB_COMPLETION_INDEX is ``; expected a number from 0 on");
    }
}
