//! Why a request has no answer that can be used.

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use ureq::http::{HeaderMap, Uri};
use ureq::{Proxy, Timeout};

use stage::without_credentials;

use super::proxy::is_exempt;

/// A request that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    url: String,
    problem: String,
    /// The status of the answer, if there was one.
    pub(crate) status: Option<u16>,
    /// Whether the same request may succeed later.
    pub(super) is_passing: bool,
    /// How long the server asks to wait.
    pub(super) retry_after: Option<Duration>,
}

impl Failure {
    /// An answer that is no success.
    pub(super) fn status(url: &str, status: u16, headers: &HeaderMap) -> Self {
        // A date in its place is passed over: waits are short then.
        let seconds = headers.get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let is_passing = matches!(status, 408 | 429 | 500 | 502 | 503 | 504);
        let retry_after = seconds.map(Duration::from_secs).filter(|_| is_passing);
        let asked = retry_after.map_or(String::new(), |wait| format!(", and to wait {} s", wait.as_secs()));
        Self {
            status: Some(status),
            is_passing,
            retry_after,
            ..Self::other(url, &format!("http status: {status}{asked}"))
        }
    }

    /// A request that never got an answer. A host that is not known or refuses will do so again; one that was connected may not.
    pub(super) fn request(url: &str, error: &ureq::Error) -> Self {
        let is_passing = match error {
            ureq::Error::Io(error) => matches!(
                error.kind(),
                ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::BrokenPipe
                    | ErrorKind::UnexpectedEof
                    | ErrorKind::TimedOut
            ),
            ureq::Error::Timeout(timeout) => !matches!(timeout, Timeout::Connect | Timeout::Resolve),
            ureq::Error::Protocol(_) => true,
            _ => false,
        };
        let is_direct = url.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(is_exempt));
        let through = match Proxy::try_from_env().filter(|_| !is_direct) {
            Some(proxy) => format!(", through the proxy {}:{} of the environment", proxy.host(), proxy.port()),
            None => String::new(),
        };
        Self { is_passing, ..Self::other(url, &format!("{error}{through}")) }
    }

    /// An answer that broke off.
    pub(super) fn network(url: &str, error: &std::io::Error) -> Self {
        Self { is_passing: true, ..Self::other(url, &format!("the connection broke: {error}")) }
    }

    /// An answer that ended early.
    pub(super) fn cut(url: &str, bytes: u64, total: u64) -> Self {
        Self { is_passing: true, ..Self::other(url, &format!("the connection ended after {bytes} of {total} bytes")) }
    }

    /// What will fail again.
    pub(super) fn other(url: &str, problem: &str) -> Self {
        let problem = problem.to_owned();
        Self { url: url.to_owned(), problem, status: None, is_passing: false, retry_after: None }
    }

    /// What went wrong, without the address.
    pub(crate) fn problem(&self) -> &str {
        &self.problem
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        // Behind a question mark may stand a signature, before a host a password.
        let shown = without_credentials(self.url.split('?').next().unwrap_or_default());
        write!(formatter, "{shown}: {}", self.problem)
    }
}

impl std::error::Error for Failure {}
