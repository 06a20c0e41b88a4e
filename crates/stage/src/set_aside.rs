//! What a typed flag sets aside of the profile, where clap knows of no conflict between the two.
//!
//! A profile may say `max_steps`, which overrides `num_train_epochs`: typed, `--num-train-epochs 2` has to win
//! nevertheless. A program lists such pairs with [`Program::set_aside`](crate::Program::set_aside). What only refines or
//! rivals the typed flag is set aside, never a choice in favor of its default: an optimizer is changed by its own flag.

use toml::{Table, Value};

/// A flag that, typed, takes keys out of the profile.
#[derive(Debug, Clone, Copy)]
pub struct SetAside {
    flag: &'static str,
    keys: &'static [&'static str],
    applies: fn(&str) -> bool,
    only_if_changed: bool,
}

impl SetAside {
    /// The flag `flag`, spelled as a key, sets `keys` aside.
    pub const fn by(flag: &'static str, keys: &'static [&'static str]) -> Self {
        Self { flag, keys, applies: |_| true, only_if_changed: false }
    }

    /// Only where `applies` says so of the typed value.
    #[must_use]
    pub const fn when(mut self, applies: fn(&str) -> bool) -> Self {
        self.applies = applies;
        self
    }

    /// Only where the profile has no value for the flag itself, or another one: `keys` belong to the value there.
    #[must_use]
    pub const fn when_changed(mut self) -> Self {
        self.only_if_changed = true;
        self
    }

    /// The keys that go when `value` is typed for [`SetAside::flag`] over this section of a profile.
    pub(crate) fn keys(&self, value: &str, section: &Table) -> &'static [&'static str] {
        let of_profile = section.get(self.flag);
        let is_same = match of_profile {
            Some(Value::String(text)) => text == value,
            Some(other) => other.to_string() == value,
            None => false,
        };
        if !(self.applies)(value) || (self.only_if_changed && is_same) { &[] } else { self.keys }
    }

    pub(crate) fn flag(&self) -> &'static str {
        self.flag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_applies_to_the_values_that_it_names() {
        let section: Table = "lr_scheduler_type = 'cosine'\nfreeze_layers = 2\n".parse().unwrap();
        let always = SetAside::by("max_tokens", &["batch_size"]);
        assert_eq!(always.keys("60", &section), ["batch_size"]);
        let some = SetAside::by("freeze_layers", &["lora_rank"]).when(|layers| layers != "0");
        assert_eq!((some.keys("0", &section).len(), some.keys("2", &section).len()), (0, 1));
        let changed = SetAside::by("lr_scheduler_type", &["lr_scheduler_kwargs"]).when_changed();
        assert_eq!((changed.keys("cosine", &section).len(), changed.keys("linear", &section).len()), (0, 1));
        let changed = SetAside::by("freeze_layers", &["x"]).when_changed();
        assert_eq!((changed.keys("2", &section).len(), changed.keys("1", &section).len()), (0, 1));
    }
}
