//! A web server on this machine: whole files and ranges of them, and the faults that networks have.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a client asks for.
pub(crate) struct Request {
    /// With what follows the question mark.
    pub(crate) path: String,
    /// By names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
}

/// What it is sent, before ranges and faults.
pub(crate) struct Response {
    pub(crate) status: &'static str,
    /// Lines, each with its end.
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn status(status: &'static str) -> Self {
        Self { status, headers: String::new(), body: Vec::new() }
    }
}

/// What goes wrong with one answer.
#[derive(Clone)]
pub(crate) enum Fault {
    /// Another status, with this line of headers or none.
    Status(&'static str, &'static str),
    /// The connection ends after so many bytes of the body.
    Cut(usize),
    /// All bytes are others.
    Damaged,
    /// The range is passed over, and the file sent from its beginning.
    NoRange,
    /// Another address, or a path of this server; `{path}` in it is the path that was asked for, below `/moved`.
    Redirect(String),
}

pub(crate) struct Server {
    pub(crate) endpoint: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The faults of answers whose path has this part, the next first.
    faults: Vec<(String, Fault)>,
    requests: Vec<Request>,
}

impl Server {
    pub(crate) fn start(handler: impl Fn(&Request) -> Response + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let served = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream, &mut served.lock().unwrap(), &handler);
            }
        });
        Self { endpoint, state }
    }

    /// The next answers whose path has `part` have these faults, one each.
    pub(crate) fn fault(&self, part: &str, faults: &[Fault]) {
        let faults = faults.iter().map(|fault| (part.to_owned(), fault.clone()));
        self.state.lock().unwrap().faults.extend(faults);
    }

    /// The paths that were asked for.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.iter().map(|request| request.path.clone()).collect()
    }

    /// The header of each request, or `-`.
    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let of = |request: &Request| request.headers.get(name).cloned().unwrap_or("-".to_owned());
        self.state.lock().unwrap().requests.iter().map(of).collect()
    }

    pub(crate) fn forget_requests(&self) {
        self.state.lock().unwrap().requests.clear();
    }
}

fn answer(stream: TcpStream, state: &mut State, handler: &impl Fn(&Request) -> Response) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let line = lines.next().transpose()?.unwrap_or_default();
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut headers = BTreeMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let index = state.faults.iter().position(|(part, _)| path.contains(part));
    let fault = index.map(|index| state.faults.remove(index).1);
    let path = path.strip_prefix("/moved").unwrap_or(&path).to_owned();
    let request = Request { path, headers };
    let mut response = handler(&request);
    let range =
        request.headers.get("range").and_then(|range| range.strip_prefix("bytes=")?.split('-').next()?.parse().ok());
    let mut length = None;
    match &fault {
        Some(Fault::Status(status, headers)) => {
            let headers = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
            response = Response { status, headers, body: Vec::new() };
        }
        Some(Fault::Redirect(to)) => {
            let to = to.replace("{path}", &format!("/moved{}", request.path));
            // As the hub does it: the answer that redirects has the digest.
            response.status = "307 Temporary Redirect";
            response.headers += &format!("location: {to}\r\n");
            response.body.clear();
        }
        Some(Fault::NoRange) => {}
        _ => {
            if let Some(first) = range.filter(|_| response.status == "200 OK") {
                respond_range(&mut response, first);
            }
        }
    }
    match fault {
        Some(Fault::Damaged) => response.body.iter_mut().for_each(|byte| *byte ^= 1),
        Some(Fault::Cut(n)) => {
            length = Some(response.body.len());
            response.body.truncate(n);
        }
        _ => {}
    }
    state.requests.push(request);
    send(stream, &response, length.unwrap_or(response.body.len()), method == "HEAD")
}

fn respond_range(response: &mut Response, first: usize) {
    let n = response.body.len();
    if first >= n {
        *response = Response {
            headers: format!("content-range: bytes */{n}\r\n"),
            ..Response::status("416 Range Not Satisfiable")
        };
        return;
    }
    response.status = "206 Partial Content";
    response.headers += &format!("content-range: bytes {first}-{}/{n}\r\n", n - 1);
    response.body.drain(..first);
}

fn send(mut stream: TcpStream, response: &Response, length: usize, is_head: bool) -> std::io::Result<()> {
    let Response { status, headers, body } = response;
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n")?;
    if is_head { Ok(()) } else { stream.write_all(body) }
}
