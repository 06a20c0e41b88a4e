//! The hub: its address, the proxies on the way, and the cache of what was fetched.

use std::env;
use std::fs;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use stage::{hub_cache, hub_endpoint, hub_is_offline, shown_hub_endpoint};
use ureq::Proxy;
use ureq::http::Uri;

use crate::finding::Finding;

const PATIENCE: Duration = Duration::from_secs(2);
/// As `sst-fetch` reads them: the first that has an address.
const PROXIES: [&str; 6] = ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

pub(crate) fn findings() -> Vec<Finding> {
    vec![hub(), cache()]
}

fn hub() -> Finding {
    let name = "hub";
    let endpoint = shown_hub_endpoint();
    let Some((uri, host)) = address(&hub_endpoint()) else {
        let fact = format!("HF_ENDPOINT is {endpoint:?}");
        return Finding::wrong(name, fact, "expected an address as https://huggingface.co");
    };
    if hub_is_offline() {
        return Finding::fine(name, format!("{endpoint}, not tried: HF_HUB_OFFLINE is set, so only the cache is read"));
    }
    let proxies: Vec<(&str, String)> = PROXIES.iter().filter_map(|name| Some((*name, variable(name)?))).collect();
    if let Some((wrong, value)) = proxies.iter().find(|(_, value)| Proxy::new(value).is_err()) {
        let shown = value.rsplit('@').next().unwrap_or_default(); // a password may stand before
        let fact = format!("{wrong} is {shown:?}, which is no address of a proxy, and is not used");
        return Finding::wrong(name, fact, format!("correct or unset {wrong}"));
    }
    match Proxy::try_from_env().filter(|proxy| !proxy.is_no_proxy(&uri)) {
        None if is_reachable(&host) => Finding::fine(name, format!("{endpoint}, reachable")),
        None => Finding::note(
            name,
            format!("{endpoint}, not reachable"),
            "local folders still work as --source; for the hub, set HTTPS_PROXY, or a mirror in HF_ENDPOINT",
        ),
        Some(proxy) => {
            let variable = proxies.first().map_or("", |(name, _)| name);
            let through = format!("{endpoint}, through the proxy {}:{} of {variable}", proxy.host(), proxy.port());
            if is_reachable(&(bare(proxy.host()), proxy.port())) {
                Finding::fine(name, format!("{through}, which is reachable"))
            } else {
                let what = format!("correct or unset {variable}; NO_PROXY names hosts that need none");
                Finding::wrong(name, format!("{through}, which is not reachable"), what)
            }
        }
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn is_reachable(host: &(String, u16)) -> bool {
    let addresses = (host.0.as_str(), host.1).to_socket_addrs().into_iter().flatten();
    addresses.take(2).any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
}

/// `https://user@host/path` with its host and port.
fn address(endpoint: &str) -> Option<(Uri, (String, u16))> {
    let uri: Uri = endpoint.parse().ok()?;
    let usual = match uri.scheme_str()? {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let host = (bare(uri.host()?), uri.port_u16().unwrap_or(usual));
    Some((uri, host))
}

/// A host without the brackets of an address of IPv6.
fn bare(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}

/// What names the cache itself; HF_HOME names the folder above it.
const CACHE_VARIABLES: [&str; 2] = ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"];

fn cache() -> Finding {
    let name = "cache";
    let Some(cache) = hub_cache() else {
        return Finding::wrong(name, "neither HF_HOME nor HOME says where it is", "set HF_HOME to a folder");
    };
    let shown_path = cache.display();
    let elsewhere = match CACHE_VARIABLES.iter().find(|name| variable(name).is_some()) {
        Some(variable) => format!("set {variable} to another folder"),
        None => "set HF_HOME to another folder".to_owned(),
    };
    // The first that is there, be it a link to nothing.
    let nearest = cache.ancestors().find(|folder| folder.symlink_metadata().is_ok()).unwrap_or(Path::new("/"));
    if !nearest.is_dir() {
        let what = if nearest.is_symlink() { "is a link that leads to no folder" } else { "is no folder" };
        return Finding::wrong(name, format!("{} {what}", nearest.display()), format!("remove it, or {elsewhere}"));
    }
    if !is_writable(nearest) {
        let what = format!("{elsewhere}, which can be written; local folders still work as --source");
        return Finding::note(name, format!("{} cannot be written", nearest.display()), what);
    }
    if !cache.exists() {
        return Finding::fine(name, format!("{shown_path}, empty"));
    }
    let mut repositories: Vec<PathBuf> = entries(&cache).into_iter().filter(|path| path.is_dir()).collect();
    repositories.sort();
    let folders = || [&cache].into_iter().chain(&repositories);
    if let Some((folder, error)) = folders().find_map(|folder| Some((folder, fs::read_dir(folder).err()?))) {
        let fact = format!("{shown_path}: {} cannot be read ({error})", folder.display());
        return Finding::wrong(name, fact, format!("give this user the right to it, remove it, or {elsewhere}"));
    }
    let broken: Vec<&PathBuf> =
        repositories.iter().filter(|repository| has_dangling_link(&repository.join("snapshots"))).collect();
    if let [first, ..] = broken.as_slice() {
        let fact = format!("{shown_path}: files of {} are missing", counted(broken.len()));
        return Finding::wrong(name, fact, format!("remove {}; it is fetched anew when it is needed", first.display()));
    }
    match folders().find(|folder| !is_writable(folder)) {
        None => Finding::fine(name, shown_path.to_string()),
        Some(folder) => Finding::note(
            name,
            format!("{shown_path}: {} cannot be written", folder.display()),
            format!("what it has is read; to fetch what it has not, give this user the right to it, or {elsewhere}"),
        ),
    }
}

fn counted(n: usize) -> String {
    if n == 1 { "a repository".to_owned() } else { format!("{n} repositories") }
}

/// Whether the system lets this user make files there.
fn is_writable(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
}

/// Whether a link in or below the folder leads nowhere, as those of a snapshot whose files were removed.
fn has_dangling_link(folder: &Path) -> bool {
    entries(folder).iter().any(|path| {
        let dangles = path.is_symlink() && !path.exists();
        dangles || (path.is_dir() && !path.is_symlink() && has_dangling_link(path))
    })
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn the_host_of_an_address_is_found() {
        let host = |endpoint: &str| address(endpoint).map(|(_, host)| host);
        assert_eq!(host("https://hub.example/a/b"), Some(("hub.example".to_owned(), 443)));
        assert_eq!(host("http://user:secret@hub.example:3128"), Some(("hub.example".to_owned(), 3128)));
        assert_eq!(host("http://[::1]"), Some(("::1".to_owned(), 80)));
        for endpoint in ["hub.example", "https:///path", "ftp://hub.example"] {
            assert_eq!(host(endpoint), None, "{endpoint}");
        }
    }
}
