//! HTTP client: requests that follow redirects, and are sent again, a bounded number of times, where the server or the
//! network is only busy.
//!
//! Proxies are those of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`). The token goes to the host that was
//! asked, and to no other that it redirects to.

use std::io::Read;
use std::thread;
use std::time::Duration;

use ureq::http::{HeaderMap, Uri};
use ureq::{Agent, BodyReader};

use super::failure::Failure;
use super::proxy::is_exempt;

/// A server that does not answer, or stops in the middle, is one that is busy.
const TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How often a request is sent in all.
const ATTEMPTS: u32 = 5;
/// The longest wait that a server may ask for.
const MAX_WAIT: Duration = Duration::from_secs(60);
const FIRST_WAIT: Duration = Duration::from_millis(400);
const MAX_REDIRECTS: usize = 10;
/// The largest answer that is read into memory, in bytes.
const MAX_TEXT: u64 = 64 << 20;

/// Sends requests.
pub(crate) struct Client {
    /// Through the proxy of the environment, if there is one.
    agent: Agent,
    /// For hosts that are exempt from it.
    direct: Agent,
    token: Option<String>,
    quiet: bool,
}

/// What a server sends, its body not yet read.
pub(crate) struct Answer {
    /// Of the last answer.
    pub(crate) status: u16,
    /// What each server said, in the order in which they were asked.
    pub(crate) headers: Vec<HeaderMap>,
    pub(crate) body: BodyReader<'static>,
}

impl Answer {
    /// A header of the last answer.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.last()?.get(name)?.to_str().ok()
    }

    /// The first byte that the body has, where the answer is a range.
    pub(crate) fn range_start(&self) -> Option<u64> {
        self.header("content-range")?.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
    }

    /// The size of the whole file, where the answer says so.
    pub(crate) fn total(&self) -> Option<u64> {
        match self.header("content-range") {
            Some(range) => range.rsplit('/').next()?.parse().ok(),
            None => self.header("content-length")?.parse().ok(),
        }
    }
}

impl Client {
    pub(crate) fn new(token: Option<String>, quiet: bool) -> Self {
        let config = || {
            Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .user_agent(concat!("sst-fetch/", env!("CARGO_PKG_VERSION")))
                .timeout_connect(Some(CONNECT_TIMEOUT))
                .timeout_recv_response(Some(TIMEOUT))
                .timeout_per_read(Some(TIMEOUT))
        };
        Self { agent: config().build().into(), direct: config().proxy(None).build().into(), token, quiet }
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Requests `url` from the byte `offset` on.
    ///
    /// # Errors
    /// Fails on an answer that is no success, and where there is none, after several attempts if another may do.
    pub(crate) fn get(&self, url: &str, offset: u64) -> Result<Answer, Failure> {
        self.repeated(|| self.get_once(url, offset))
    }

    /// Requests a text.
    ///
    /// # Errors
    /// As [`Client::get`], and on more than 64 MiB.
    pub(crate) fn text(&self, url: &str) -> Result<String, Failure> {
        self.repeated(|| {
            let answer = self.get_once(url, 0)?;
            let total = answer.total();
            let mut text = String::new();
            let read = answer
                .body
                .take(MAX_TEXT + 1)
                .read_to_string(&mut text)
                .map_err(|error| Failure::network(url, &error))?;
            match total {
                _ if read as u64 > MAX_TEXT => {
                    Err(Failure::other(url, &format!("it answers with more than {MAX_TEXT} bytes")))
                }
                Some(total) if total > read as u64 => Err(Failure::cut(url, read as u64, total)),
                _ => Ok(text),
            }
        })
    }

    /// Waits before what failed is tried again; `attempt` counts from 1.
    ///
    /// # Errors
    /// Fails with what failed, where it will fail again or was tried often enough.
    pub(crate) fn wait(&self, failure: Failure, attempt: u32) -> Result<(), Failure> {
        let wait = failure.retry_after.unwrap_or(FIRST_WAIT * 3_u32.pow(attempt.min(5) - 1));
        if !failure.is_passing || attempt >= ATTEMPTS || wait > MAX_WAIT {
            return Err(failure);
        }
        if !self.quiet {
            let seconds = wait.as_secs_f64();
            let last = ATTEMPTS - 1;
            stage::say(&format!("sst-fetch: {failure}; trying again in {seconds:.1} s ({attempt} of {last})"));
        }
        thread::sleep(wait);
        Ok(())
    }

    fn repeated<T>(&self, request: impl Fn() -> Result<T, Failure>) -> Result<T, Failure> {
        let mut attempt = 1;
        loop {
            match request() {
                Err(failure) => self.wait(failure, attempt)?,
                done => return done,
            }
            attempt += 1;
        }
    }

    fn get_once(&self, url: &str, offset: u64) -> Result<Answer, Failure> {
        let first = parsed(url)?;
        let (mut at, mut headers) = (first.clone(), Vec::new());
        for _ in 0..MAX_REDIRECTS {
            let agent = if at.host().is_some_and(is_exempt) { &self.direct } else { &self.agent };
            let mut request = agent.get(at.clone());
            if offset > 0 {
                request = request.header("range", format!("bytes={offset}-"));
            }
            let is_asked_host = at.authority() == first.authority() && at.scheme() == first.scheme();
            if let Some(token) = self.token.as_ref().filter(|_| is_asked_host) {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let response = request.call().map_err(|error| Failure::request(url, &error))?;
            let (parts, body) = response.into_parts();
            let status = parts.status.as_u16();
            let location = parts.headers.get("location").and_then(|location| location.to_str().ok());
            match status {
                301 | 302 | 303 | 307 | 308 => {
                    let location = location.ok_or_else(|| Failure::other(url, "it redirects without saying where"))?;
                    at = redirected(&at, location).ok_or_else(|| {
                        Failure::other(
                            url,
                            &format!("it redirects to `{}`, which is no address", location.escape_debug()),
                        )
                    })?;
                    headers.push(parts.headers);
                }
                200..=299 | 416 => {
                    headers.push(parts.headers);
                    return Ok(Answer { status, headers, body: body.into_reader() });
                }
                _ => return Err(Failure::status(url, status, &parts.headers)),
            }
        }
        Err(Failure::other(url, "it redirects in a circle"))
    }
}

fn parsed(url: &str) -> Result<Uri, Failure> {
    let uri: Option<Uri> = url.parse().ok();
    uri.filter(is_http).ok_or_else(|| Failure::other(url, "it is no address of the web"))
}

fn is_http(uri: &Uri) -> bool {
    uri.authority().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
}

/// Where a redirect leads: to another address, or to another path of the same host. From https to http it leads nowhere.
fn redirected(from: &Uri, location: &str) -> Option<Uri> {
    let (scheme, authority) = (from.scheme_str()?, from.authority()?);
    let to: Uri = if location.contains("://") {
        location.parse().ok()?
    } else if location.starts_with("//") {
        format!("{scheme}:{location}").parse().ok()?
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}").parse().ok()?
    } else {
        let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}").parse().ok()?
    };
    (is_http(&to) && (scheme == "http" || to.scheme_str() == Some("https"))).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_are_absolute_or_relative() {
        let from: Uri = "https://hub.example/a/b?c=d".parse().unwrap();
        let to = |location: &str| redirected(&from, location).map(|uri| uri.to_string());
        assert_eq!(to("https://cdn.example/x?y=z").as_deref(), Some("https://cdn.example/x?y=z"));
        assert_eq!(to("/x?y").as_deref(), Some("https://hub.example/x?y"));
        assert_eq!(to("//cdn.example/x").as_deref(), Some("https://cdn.example/x"));
        assert_eq!(to("x").as_deref(), Some("https://hub.example/a/x"));
        for nowhere in ["http://hub.example/x", "file:///etc/passwd", "ftp://a/b", "https://"] {
            assert_eq!(to(nowhere), None, "{nowhere}");
        }
    }
}
