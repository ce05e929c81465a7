//! A web server for plain files, as small as a static host can be: it shows that the bundle needs nothing from its
//! server, wherever it is mounted. It never answers with anything but a file that is there. And a copy of the bundle
//! for tests that damage it.

use crate::settings;
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivatePkcs8KeyDer};
use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Component, Path, PathBuf},
    process,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

/// Serves a folder on loopback until it is dropped.
#[derive(Debug)]
pub struct FileServer {
    address: SocketAddr,
    mount: String,
    scheme: &'static str,
    stopped: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<(String, Instant)>>>,
    thread: Option<JoinHandle<()>>,
}

impl FileServer {
    /// Serves `folder` under the path `mount`, which begins and ends with a slash.
    ///
    /// # Panics
    /// When no port is free.
    pub fn start(folder: &Path, mount: &str) -> Self {
        Self::start_with(folder, mount, "", None)
    }

    /// The same, with a content security policy on every answer: what the page asks of anyone else the browser refuses
    /// and says so on its console.
    ///
    /// # Panics
    /// When no port is free.
    pub fn start_with_policy(folder: &Path, mount: &str, policy: &str) -> Self {
        let policy = format!("content-security-policy: {policy}\r\n");
        Self::start_with(folder, mount, &policy, None)
    }

    /// The same over TLS, with a certificate that it signed itself: a browser has to be told to let that pass.
    ///
    /// # Panics
    /// When no port is free.
    pub fn start_secure(folder: &Path, mount: &str) -> Self {
        Self::start_with(folder, mount, "", Some(certified()))
    }

    fn start_with(folder: &Path, mount: &str, headers: &str, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let stopped = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (stop, root, prefix) = (Arc::clone(&stopped), folder.to_owned(), mount.to_owned());
        let headers = headers.to_owned();
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (root, prefix, log) = (root.clone(), prefix.clone(), Arc::clone(&log));
                let (headers, tls) = (headers.clone(), tls.clone());
                // A browser that hangs up in the middle of an answer is its own business.
                thread::spawn(move || -> std::io::Result<()> {
                    let stream = stream?;
                    let Some(tls) = tls else { return answer(stream, &root, &prefix, &headers, &log) };
                    let connection = ServerConnection::new(tls).map_err(std::io::Error::other)?;
                    let mut stream = StreamOwned::new(connection, stream);
                    answer(&mut stream, &root, &prefix, &headers, &log)?;
                    stream.conn.send_close_notify();
                    stream.flush()
                });
            }
        });
        Self { address, mount: mount.to_owned(), scheme, stopped, asked, thread: Some(thread) }
    }

    /// The paths that were asked for so far, below the mount, and when.
    ///
    /// # Panics
    /// When an answer has panicked.
    pub fn asked(&self) -> Vec<(String, Instant)> {
        self.asked.lock().expect("nobody panics with the log").clone()
    }

    /// The address of the folder itself.
    pub fn url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.address, self.mount)
    }
}

/// A new folder for temporary files; what it is for stands in its name.
///
/// # Panics
/// When it cannot be made.
pub fn new_folder(what: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = env::temp_dir().join(format!("rumormill-e2e-{what}-{}-{number}", process::id()));
    fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    folder
}

/// A copy of the bundle that a test may damage; it ends with the guard.
#[derive(Debug)]
pub struct BundleCopy(PathBuf);

impl BundleCopy {
    /// Copies the bundle.
    ///
    /// # Panics
    /// When that is not possible.
    pub fn new() -> Self {
        let folder = new_folder("bundle");
        for entry in fs::read_dir(settings::dist()).expect("the bundle is there") {
            let file = entry.expect("it can be listed").path();
            fs::copy(&file, folder.join(file.file_name().expect("a file has a name")))
                .expect("it can be copied");
        }
        Self(folder)
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The file whose name begins and ends so.
    ///
    /// # Panics
    /// When there is none.
    pub fn file(&self, begin: &str, end: &str) -> PathBuf {
        let entries = fs::read_dir(&self.0).expect("it can be listed").filter_map(Result::ok);
        let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let name = names.find(|name| name.starts_with(begin) && name.ends_with(end));
        self.0.join(name.unwrap_or_else(|| panic!("the bundle has no {begin}…{end}")))
    }
}

impl Default for BundleCopy {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for BundleCopy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener, so that it sees that it has been stopped.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A certificate for loopback and the key to it, made for this once.
fn certified() -> Arc<ServerConfig> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a key can be made");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("the provider has them");
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key.into());
    Arc::new(config.expect("the key fits its certificate"))
}

fn answer(
    mut stream: impl Read + Write,
    root: &Path,
    prefix: &str,
    headers: &str,
    log: &Mutex<Vec<(String, Instant)>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(&mut stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    lines.take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty())).for_each(drop);
    let path = request.split(' ').nth(1).and_then(|path| path.strip_prefix(prefix));
    if let Some(path) = path {
        log.lock().expect("nobody panics with the log").push((path.to_owned(), Instant::now()));
    }
    let file = path.and_then(|path| file(root, path));
    let found = file.and_then(|file| Some((fs::read(&file).ok()?, content_type(&file))));
    let (status, body, kind) = match found {
        Some((body, kind)) => ("200 OK", body, kind),
        None => ("404 Not Found", b"not found".to_vec(), "text/plain"),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n{headers}connection: close\r\n\r\n"
    )?;
    stream.write_all(&body)
}

fn file(root: &Path, path: &str) -> Option<PathBuf> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = Path::new(if path.is_empty() { "index.html" } else { path });
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    inside.then(|| root.join(path))
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
