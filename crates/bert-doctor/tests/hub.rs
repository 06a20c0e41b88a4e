//! What `bert-doctor` says of the hub's address, the proxies on the way and the cache.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::process::Command;

use testkit::{Sandbox, outcome, program};

const OF_PROXIES: [&str; 8] =
    ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"];

/// The line of `name` and what stands below it, with these variables alone.
fn said_of(name: &str, sandbox: &Sandbox, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(program("bert-doctor"));
    command.current_dir(sandbox.path("")).env("HF_HOME", sandbox.path("hf"));
    for variable in OF_PROXIES.into_iter().chain(["HF_HUB_OFFLINE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"]) {
        command.env_remove(variable);
    }
    let stdout = outcome(command.envs(variables.iter().copied())).stdout;
    let from = stdout.find(&format!("  {name:14} ")).unwrap_or_else(|| unreachable!("{stdout}"));
    let begin = stdout[..from].rfind('\n').unwrap() + 1;
    stdout[begin..].lines().take(2).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_proxy_is_the_one_that_is_used() {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = format!("http://{}", listener.local_addr().unwrap());
    let (here, nowhere) = (here.as_str(), "http://127.0.0.1:1");
    let hub = |variables: &[(&str, &str)]| {
        let endpoint = [("HF_ENDPOINT", here)];
        said_of("hub", &sandbox, &[&endpoint, variables].concat())
    };
    let begins = |said: String, with: &str| assert!(said.starts_with(with), "{said}");
    begins(hub(&[]), &format!("ok     hub            {here}, reachable"));
    let said = hub(&[("HTTPS_PROXY", nowhere), ("ALL_PROXY", here)]);
    assert!(said.starts_with("ok ") && said.contains("of ALL_PROXY, which is reachable"), "{said}");
    let said = hub(&[("HTTPS_PROXY", "http://user:secret@127.0.0.1:1")]);
    assert!(said.starts_with("WRONG ") && said.contains("127.0.0.1:1 of HTTPS_PROXY, which is not"), "{said}");
    assert!(!said.contains("secret"), "{said}");
    begins(hub(&[("HTTPS_PROXY", nowhere), ("NO_PROXY", "127.0.0.1")]), "ok ");
    let said = hub(&[("http_proxy", "::no address")]);
    assert!(said.starts_with("WRONG ") && said.contains("correct or unset http_proxy"), "{said}");
}

#[test]
fn a_cache_that_cannot_be_used_is_told_with_the_variable_that_names_it() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "x");
    let offline = ("HF_HUB_OFFLINE", "1");
    let cache = |variable: &str, place: &str| {
        said_of("cache", &sandbox, &[offline, (variable, &sandbox.path(place).display().to_string())])
    };
    assert!(cache("HF_HOME", "nothing").ends_with("nothing/hub, empty"));
    symlink("/nowhere/hub", sandbox.path("link")).unwrap();
    for variable in ["HF_HOME", "HF_HUB_CACHE"] {
        let said = cache(variable, "link");
        assert!(said.starts_with("WRONG ") && said.contains("link is a link that leads to no folder\n"), "{said}");
        assert!(said.ends_with(&format!("or set {variable} to another folder")), "{said}");
        let said = cache(variable, "file");
        assert!(said.starts_with("WRONG ") && said.contains("file is no folder\n"), "{said}");
    }
}

#[test]
fn it_may_be_read_in_part() {
    let sandbox = Sandbox::new();
    let line = format!("{} | true", program("bert-doctor").display());
    let mut command = Command::new("sh");
    let said = outcome(command.args(["-c", &line]).env("HF_HUB_OFFLINE", "1").current_dir(sandbox.path("")));
    assert!(!said.stderr.contains("internal"), "{}", said.stderr);
}
