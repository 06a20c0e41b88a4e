//! A panic in one line: what the machine refused, in words, or that it is a fault of the program.

use std::panic::PanicHookInfo;

/// What it means where a thread cannot be started.
pub const NO_THREAD: &str =
    "no more threads can be started; the limit of processes is reached (`ulimit -u`, or pids.max of the container)";

/// What the machine may refuse in places that cannot hand on an error: by what such messages hold, and what it means.
const REFUSALS: [(&[&str], &str); 2] = [
    (
        &["can't allocate memory", "not enough memory", "out of memory", "bad_alloc"],
        "out of memory; `--plan` says what a training takes, and smaller batches take less",
    ),
    (&["failed to spawn thread", "The global thread pool has not been initialized"], NO_THREAD),
];

/// What libtorch throws has its whole stack behind the first line.
pub(crate) fn panic_line(panic: &PanicHookInfo<'_>) -> String {
    let whole = panic.payload_as_str().unwrap_or("no message");
    let line = whole.lines().next().unwrap_or_default();
    let line = line.split("\\nException raised from").next().unwrap_or(line);
    if let Some(refusal) = refusal(whole) {
        return format!("{refusal} ({line})");
    }
    panic.location().map_or(format!("internal: {line}"), |location| format!("internal: {line} ({location})"))
}

/// What the machine refused, where a message says so.
fn refusal(message: &str) -> Option<&'static str> {
    let holds_one = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    REFUSALS.iter().find(|(parts, _)| holds_one(parts)).map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn what_the_machine_refuses_is_no_fault_of_the_program() {
        let of_libtorch = "called `Result::unwrap()` on an `Err` value: Torch(\"[enforce fail at alloc_cpu.cpp:127] . \
                           DefaultCPUAllocator: can't allocate memory: you tried to allocate 90856000 bytes.";
        assert!(refusal(of_libtorch).unwrap().starts_with("out of memory"));
        assert!(refusal("CUDA out of memory. Tried to allocate 20.00 MiB").unwrap().starts_with("out of memory"));
        assert!(refusal("failed to spawn thread: Os { code: 11 }").unwrap().starts_with("no more threads"));
        assert_eq!(refusal("index out of bounds: the len is 3 but the index is 3"), None);
    }
}
