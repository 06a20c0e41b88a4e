//! Which hosts are asked without the proxy of the environment: `NO_PROXY` as curl reads it.

use std::env;

/// Whether the environment exempts a host from its proxy.
pub(super) fn is_exempt(host: &str) -> bool {
    let listed = ["no_proxy", "NO_PROXY"].into_iter().find_map(|name| env::var(name).ok());
    listed.is_some_and(|listed| is_listed(&listed, host))
}

/// Whether a list has a host: an entry is a host or a domain, with or without a dot before it, or `*` for all; blanks around it
/// do not count.
fn is_listed(listed: &str, host: &str) -> bool {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    listed.split(',').map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let entry = entry.to_ascii_lowercase();
        let domain = entry.trim_start_matches("*.").trim_start_matches('.').trim_matches(['[', ']']);
        entry == "*" || host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_domains_are_exempt() {
        for (listed, host) in [
            ("localhost, 127.0.0.1", "127.0.0.1"),
            ("example.com", "hub.example.com"),
            (".example.com", "hub.example.com"),
            ("*.Example.com", "HUB.example.com"),
            ("*", "anything"),
            ("::1", "[::1]"),
        ] {
            assert!(is_listed(listed, host), "{listed} {host}");
        }
        for (listed, host) in
            [("", "a"), (",", "a"), ("example.com", "badexample.com"), ("hub.example.com", "example.com")]
        {
            assert!(!is_listed(listed, host), "{listed} {host}");
        }
    }
}
