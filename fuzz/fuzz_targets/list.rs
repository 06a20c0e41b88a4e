//! A list of a flag: no panic, and the text of a list reads as the same list.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stage::List;

fuzz_target!(|text: &str| {
    if let Ok(list) = text.parse::<List>() {
        assert!(!list.items().is_empty() && list.items().iter().all(|item| !item.is_empty()));
        assert_eq!(list.to_string().parse::<List>().as_ref(), Ok(&list));
    }
});
