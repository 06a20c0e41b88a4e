//! The environment variables of Python's `huggingface_hub`, as it reads them: what it fetched is found, and what it may see is seen.

use std::path::PathBuf;
use std::{env, fs};

use crate::environment::user_cache;

const ENDPOINT: &str = "https://huggingface.co";

/// The address of the hub: `HF_ENDPOINT`, or the usual one.
pub fn hub_endpoint() -> String {
    first_of(&["HF_ENDPOINT"]).map_or_else(|| ENDPOINT.to_owned(), |given| given.trim_end_matches('/').to_owned())
}

/// An address as it may be shown: without the user and the password that may stand before its host.
pub fn without_credentials(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (&url[..scheme.len() + 3], rest));
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let is_host = match authority.rsplit_once(':') {
        Some((_, port)) => !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()),
        None => true,
    };
    // One that is no address may have a password all the same.
    match authority.rfind('@').or_else(|| if is_host { None } else { rest.rfind('@') }) {
        Some(at) => format!("{scheme}{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

/// The address of the hub as it may be shown.
pub fn shown_hub_endpoint() -> String {
    without_credentials(&hub_endpoint())
}

/// Whether `HF_HUB_OFFLINE` forbids the network: 1, ON, YES or TRUE in any case.
pub fn hub_is_offline() -> bool {
    first_of(&["HF_HUB_OFFLINE"]).is_some_and(|value| is_true(&value))
}

/// The folder of fetched repositories: `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `hub` in `HF_HOME`, which is
/// `huggingface` in [`user_cache`] unless it is set. None where nothing says where the user's home is.
pub fn hub_cache() -> Option<PathBuf> {
    folder(&["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"]).or_else(|| Some(home()?.join("hub")))
}

/// What gives access to repositories that are private or gated: `HF_TOKEN`, else `HUGGING_FACE_HUB_TOKEN`, else what
/// `hf auth login` saved in `HF_TOKEN_PATH`, or in `HF_HOME`.
pub fn hub_token() -> Option<String> {
    let saved = || fs::read_to_string(folder(&["HF_TOKEN_PATH"]).or_else(|| Some(home()?.join("token")))?).ok();
    let token = first_of(&["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]).or_else(saved)?;
    Some(token.trim().to_owned()).filter(|token| !token.is_empty())
}

fn home() -> Option<PathBuf> {
    folder(&["HF_HOME"]).or_else(|| Some(user_cache()?.join("huggingface")))
}

/// The first of these variables that is set to more than blanks, without those around it.
fn first_of(names: &[&str]) -> Option<String> {
    let values = names.iter().filter_map(|name| env::var(name).ok());
    values.map(|value| value.trim().to_owned()).find(|value| !value.is_empty())
}

/// The first of these variables that is set, as the path that it is for a shell.
fn folder(names: &[&str]) -> Option<PathBuf> {
    let given = names.iter().filter_map(env::var_os).find(|value| !value.is_empty())?;
    let variable = |name: &str| env::var(name).ok();
    Some(given.to_str().map_or_else(|| PathBuf::from(&given), |path| expanded(path, &variable).into()))
}

/// `~` at the beginning, `$NAME` and `${NAME}` as Python's `expanduser` and `expandvars` replace them: what is not set stays.
fn expanded(path: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let of_home = path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let whole = match (of_home, variable("HOME")) {
        (Some(rest), Some(home)) => home + rest,
        _ => path.to_owned(),
    };
    let mut parts = whole.split('$');
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let braced = part.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let (name, rest) = braced.unwrap_or_else(|| part.split_at(part.find(|c| !is_in_name(c)).unwrap_or(part.len())));
        match variable(name).filter(|_| !name.is_empty()) {
            Some(value) => all.extend([value.as_str(), rest]),
            None => all.extend(["$", part]),
        }
    }
    all
}

fn is_true(value: &str) -> bool {
    ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (url, shown) in [
            ("https://user:p@ss@hub.example:8080/a@b", "https://hub.example:8080/a@b"),
            ("https://hub.example/a@b", "https://hub.example/a@b"),
            ("http://me@hub", "http://hub"),
            ("hub.example", "hub.example"),
            ("user:p@hub.example/a", "hub.example/a"),
            ("https://user:p/a@hub.example", "https://hub.example"),
            ("http:/user:p@hub.example", "hub.example"),
            ("https://hub.example:8080/datasets/a@b", "https://hub.example:8080/datasets/a@b"),
        ] {
            assert_eq!(without_credentials(url), shown);
        }
    }

    #[test]
    fn true_is_what_the_hub_client_of_python_takes_for_it() {
        assert!(["1", "on", "Yes", "TRUE", "true"].into_iter().all(is_true));
        assert!(["", "0", "off", "no", "false", "2"].into_iter().all(|value| !is_true(value)));
    }

    #[test]
    fn a_path_is_expanded_as_python_does() {
        let variable = |name: &str| match name {
            "HOME" => Some("/home/me".to_owned()),
            "SCRATCH" => Some("/big".to_owned()),
            _ => None,
        };
        let of = |path: &str| expanded(path, &variable);
        assert_eq!(of("~"), "/home/me");
        assert_eq!(of("~/hf"), "/home/me/hf");
        assert_eq!(of("$SCRATCH/hf"), "/big/hf");
        assert_eq!(of("/a/${SCRATCH}x/$SCRATCH"), "/a//bigx//big");
        for same in ["/a/~/b", "~other/hf", "a~", "$UNSET/hf", "${UNSET}/hf", "${SCRATCH", "$", "a$/b", "/a b/c", ""] {
            assert_eq!(of(same), same);
        }
    }
}
