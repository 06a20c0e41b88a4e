//! Environment variables that more than one program reads.

use std::env;
use std::path::PathBuf;

/// Whether `HF_HUB_OFFLINE` forbids the network: 1, ON, YES or TRUE in any case, as `huggingface_hub` reads it.
pub fn hub_is_offline() -> bool {
    env::var("HF_HUB_OFFLINE").is_ok_and(|value| is_true(&value))
}

/// The user's folder for what can be had again: `XDG_CACHE_HOME`, else `.cache` at home. None where neither is known.
pub fn user_cache() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")))
}

fn is_true(value: &str) -> bool {
    ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str())
}

#[cfg(test)]
mod tests {
    #[test]
    fn true_is_what_the_hub_client_of_python_takes_for_it() {
        assert!(["1", "on", "Yes", "TRUE", "true"].into_iter().all(super::is_true));
        assert!(["", "0", "off", "no", "false", "2"].into_iter().all(|value| !super::is_true(value)));
    }
}
