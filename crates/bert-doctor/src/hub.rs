//! The hub: its address, the proxies on the way, and the cache of what was fetched.

use std::env;
use std::fs;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use stage::{hub_is_offline, user_cache};

use crate::finding::Finding;

const PATIENCE: Duration = Duration::from_secs(2);
/// As HTTP clients read them, the first that is set.
const PROXIES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];

pub(crate) fn findings() -> Vec<Finding> {
    vec![hub(), cache()]
}

fn hub() -> Finding {
    let name = "hub";
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let endpoint = variable("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned());
    let Some(host) = address(&endpoint) else {
        let fact = format!("HF_ENDPOINT is {endpoint:?}");
        return Finding::wrong(name, fact, "expected an address as https://huggingface.co");
    };
    if hub_is_offline() {
        return Finding::fine(name, format!("{endpoint}, not tried: HF_HUB_OFFLINE is set, so only the cache is read"));
    }
    let proxy = PROXIES.iter().find_map(|name| Some((*name, variable(name)?)));
    match proxy {
        None if is_reachable(&host) => Finding::fine(name, format!("{endpoint}, reachable")),
        None => Finding::note(
            name,
            format!("{endpoint}, not reachable"),
            "local folders still work as --source; for the hub, set HTTPS_PROXY, or a mirror in HF_ENDPOINT",
        ),
        Some((variable, proxy)) => {
            // A proxy's address may have a password before its host.
            let shown = proxy.rsplit('@').next().unwrap_or_default();
            match address(&proxy).or_else(|| address(&format!("http://{proxy}"))) {
                Some(host) if is_reachable(&host) => Finding::fine(
                    name,
                    format!("{endpoint}, through the proxy {shown} of {variable}, which is reachable"),
                ),
                _ => Finding::wrong(
                    name,
                    format!("{endpoint}, through the proxy {shown} of {variable}, which is not reachable"),
                    format!("correct or unset {variable}; NO_PROXY names hosts that need none"),
                ),
            }
        }
    }
}

fn is_reachable(host: &str) -> bool {
    let addresses = host.to_socket_addrs().into_iter().flatten();
    addresses.take(2).any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
}

/// `https://user@host/path` as `host:443`.
fn address(endpoint: &str) -> Option<String> {
    let (scheme, rest) = endpoint.trim().split_once("://")?;
    let host = rest.split('/').next()?.rsplit('@').next().filter(|host| !host.is_empty())?;
    let port = match scheme {
        "http" => 80,
        "https" => 443,
        "socks4" | "socks4a" | "socks5" | "socks5h" => 1080,
        _ => return None,
    };
    Some(if host.contains(':') { host.to_owned() } else { format!("{host}:{port}") })
}

/// The folder that `sst-fetch` and Python's client share.
fn cache_folder() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || folder("HF_HOME").or_else(|| user_cache().map(|cache| cache.join("huggingface")));
    folder("HF_HUB_CACHE").or_else(|| folder("HUGGINGFACE_HUB_CACHE")).or_else(|| Some(home()?.join("hub")))
}

fn cache() -> Finding {
    let name = "cache";
    let Some(cache) = cache_folder() else {
        return Finding::wrong(name, "neither HF_HOME nor HOME says where it is", "set HF_HOME to a folder");
    };
    let place = cache.display();
    let nearest = cache.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    if !nearest.is_dir() {
        return Finding::wrong(
            name,
            format!("{} is no folder", nearest.display()),
            "remove it, or set HF_HOME to another folder",
        );
    }
    if !is_writable(nearest) {
        let what = "set HF_HOME to a folder that can be written; local folders still work as --source";
        return Finding::note(name, format!("{} cannot be written", nearest.display()), what);
    }
    if !cache.exists() {
        return Finding::fine(name, format!("{place}, empty"));
    }
    let broken = broken_repositories(&cache);
    match broken.as_slice() {
        [] => Finding::fine(name, place.to_string()),
        [first, ..] => Finding::wrong(
            name,
            format!("{place}: files of {} are missing", counted(broken.len())),
            format!("remove {}; it is fetched anew when it is needed", first.display()),
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

/// The repositories of which a snapshot has a link that leads nowhere.
fn broken_repositories(cache: &Path) -> Vec<PathBuf> {
    let repositories = entries(cache).into_iter().filter(|path| path.join("snapshots").is_dir());
    let mut broken: Vec<PathBuf> = repositories.filter(|path| has_dangling_link(&path.join("snapshots"))).collect();
    broken.sort();
    broken
}

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
        assert_eq!(address("https://hub.example/a/b").as_deref(), Some("hub.example:443"));
        assert_eq!(address("http://user:secret@proxy.example:3128").as_deref(), Some("proxy.example:3128"));
        assert_eq!(address("socks5h://127.0.0.1").as_deref(), Some("127.0.0.1:1080"));
        assert_eq!(address("hub.example"), None);
        assert_eq!(address("https:///path"), None);
    }
}
