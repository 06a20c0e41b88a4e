//! CUDA devices: which of them `--jobs auto` gives to the trials, one to each.

use std::env;
use std::fs;

use toml::{Table, Value};

/// CUDA's own variable: a process sees the devices that it names, and counts them from 0.
pub(crate) const VISIBLE: &str = "CUDA_VISIBLE_DEVICES";
/// A folder for each device, where NVIDIA's driver is loaded.
const OF_DRIVER: &str = "/proc/driver/nvidia/gpus";

/// The devices for trials with these settings, as the variable names them; none where they train on the CPU or on a device of
/// their own choice.
pub(crate) fn for_trials(finetune: &Table) -> Vec<String> {
    let n_devices = || fs::read_dir(OF_DRIVER).map_or(0, |devices| devices.flatten().count());
    match finetune.get("device").map(Value::as_str) {
        None | Some(Some("auto" | "cuda")) => visible(env::var(VISIBLE).ok().as_deref(), n_devices),
        Some(_) => Vec::new(),
    }
}

fn visible(variable: Option<&str>, n_devices: impl Fn() -> usize) -> Vec<String> {
    match variable {
        // As CUDA reads it: what follows a device that there is not, does not count.
        Some(names) => {
            let names = names.split(',').map(str::trim).take_while(|name| !name.is_empty() && !name.starts_with('-'));
            names.map(str::to_owned).collect()
        }
        None => (0..n_devices()).map(|number| number.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_those_that_a_process_would_see() {
        let of = |variable| visible(variable, || 3).join(" ");
        assert_eq!(of(None), "0 1 2");
        assert_eq!(of(Some("2, GPU-8a")), "2 GPU-8a");
        assert_eq!(of(Some("1,-1,2")), "1");
        assert_eq!(of(Some("")), "");
    }

    #[test]
    fn trials_that_choose_a_device_themselves_get_none() {
        for settings in ["device = 'cpu'", "device = 'cuda:1'", "device = 1"] {
            assert_eq!(for_trials(&settings.parse().unwrap()), Vec::<String>::new(), "{settings}");
        }
    }
}
