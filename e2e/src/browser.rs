//! A browser of its own for each test: a driver, a session, a profile folder that nobody had before. It knows how to
//! look at a page, never what the page should say.

use crate::{child::Guard, driver, files::new_folder, settings, wait::until};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use fantoccini::{
    Client, ClientBuilder, Locator,
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};
use url::{ParseError, Url};

/// How long the driver or the browser may take to start. A guess, generous for a machine that compiles beside it.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How long an element may take to appear.
const ELEMENT_LIMIT: Duration = Duration::from_secs(20);

/// How long the driver may take to close the browser before both are killed.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);

/// What keeps a browser without a screen quiet, alone, and able to run as root in a container.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
];

/// A running browser with one page. Dropping it closes it.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    session: String,
    port: u16,
    profile: PathBuf,
    /// Dropped last: the session must be closed by a driver that still runs.
    _driver: Guard,
}

/// The colour scheme that the user prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

/// The window and the preferences with which a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Width of the page in CSS pixels.
    pub width: u32,
    /// Height of the page in CSS pixels.
    pub height: u32,
    /// What `prefers-color-scheme` says.
    pub scheme: Scheme,
    /// What `prefers-reduced-motion` says.
    pub reduced_motion: bool,
    /// Whether the page is on a small device with touch.
    pub mobile: bool,
}

impl Look {
    /// A desktop window of 1280 by 800, light.
    pub const DESKTOP: Self =
        Self { width: 1280, height: 800, scheme: Scheme::Light, reduced_motion: false, mobile: false };

    /// A phone of 390 by 844 with touch, light.
    pub const PHONE: Self = Self { width: 390, height: 844, mobile: true, ..Self::DESKTOP };

    /// The same in dark.
    #[must_use]
    pub const fn dark(self) -> Self {
        Self { scheme: Scheme::Dark, ..self }
    }
}

/// One line of the browser's console: from a script, or from the browser itself, for example about a request that
/// failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `SEVERE`, `WARNING`, `INFO` or `DEBUG`.
    pub level: String,
    /// The text with its place.
    pub text: String,
}

impl Browser {
    /// Starts a browser with an empty page, looked at as [`Look::DESKTOP`].
    ///
    /// # Panics
    /// When the driver or the browser cannot be started.
    pub async fn start() -> Self {
        let (driver, port) = driver::start(&settings::driver(), START_LIMIT).await;
        let profile = new_folder("profile");
        let client = tokio::time::timeout(
            START_LIMIT,
            ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities(&profile))
                .connect(&format!("http://127.0.0.1:{port}")),
        )
        .await
        .expect("the browser starts in time")
        .unwrap_or_else(|error| panic!("no browser: {error}\n{}", driver.lines().join("\n")));
        let session = client.session_id().await.ok().flatten().expect("a started browser has a session");
        let browser = Self { client, session, port, profile, _driver: driver };
        browser.look(Look::DESKTOP).await;
        browser
    }

    /// The WebDriver client, for everything that this harness has no shorter way for.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Loads a page.
    ///
    /// # Panics
    /// When it cannot be loaded at all.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("cannot open {url}: {error}"));
    }

    /// Changes the window and the preferences; the page sees it at once.
    pub async fn look(&self, look: Look) {
        let metrics = json!({
            "width": look.width, "height": look.height, "deviceScaleFactor": 1, "mobile": look.mobile,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        self.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": look.mobile })).await;
        let scheme = if look.scheme == Scheme::Dark { "dark" } else { "light" };
        let motion = if look.reduced_motion { "reduce" } else { "no-preference" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": motion },
        ]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Runs a script in the page and returns what it returns; `arguments[n]` are `values`.
    ///
    /// # Panics
    /// When the script throws.
    pub async fn script(&self, script: &str, values: Vec<Value>) -> Value {
        self.client.execute(script, values).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits for the text of the first element that `css` selects to be as `wanted` says, and returns it.
    ///
    /// # Panics
    /// When it does not become so in 20 seconds.
    pub async fn text(&self, css: &str, wanted: impl Fn(&str) -> bool) -> String {
        until(&format!("the text of `{css}`"), ELEMENT_LIMIT, async || {
            let element = self.client.find(Locator::Css(css)).await.ok()?;
            element.text().await.ok().filter(|text| wanted(text))
        })
        .await
    }

    /// Waits for the first element that `css` selects and clicks it, as a person would: it must be visible.
    ///
    /// # Panics
    /// When it is not there and clickable within 20 seconds.
    pub async fn click(&self, css: &str) {
        until(&format!("`{css}` to be clickable"), ELEMENT_LIMIT, async || {
            self.client.find(Locator::Css(css)).await.ok()?.click().await.ok()
        })
        .await;
    }

    /// Starts the shipped Web Worker from the open page, hands it `request`, and returns its answer. The page's own
    /// worker is left alone.
    ///
    /// # Panics
    /// When the worker fails or does not answer before the browser's own limit for scripts (30 seconds).
    pub async fn ask_worker(&self, request: &[u8]) -> Vec<u8> {
        let script = "
            const [request, done] = arguments;
            const worker = new Worker(window.programs.worker('worker'), { type: 'module' });
            const end = (answer) => { worker.terminate(); done(answer); };
            worker.onerror = (event) => end('worker failed: ' + event.message);
            worker.onmessage = ({ data }) => {
                if (data instanceof Uint8Array) end(Array.from(data));
                else worker.postMessage(new Uint8Array(request));
            };";
        let answer = self.client.execute_async(script, vec![json!(request)]).await;
        let answer = answer.unwrap_or_else(|error| panic!("the worker does not answer: {error}"));
        serde_json::from_value(answer.clone()).unwrap_or_else(|_| panic!("{answer}"))
    }

    /// What the console has said since the last call.
    ///
    /// # Panics
    /// When the driver does not tell.
    pub async fn console(&self) -> Vec<Message> {
        let log = self.client.issue_cmd(Raw { path: "se/log", body: json!({ "type": "browser" }) }).await;
        let log = log.unwrap_or_else(|error| panic!("cannot read the console: {error}"));
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let entries = log.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .map(|entry| Message { level: text(entry, "level"), text: text(entry, "message") })
            .collect()
    }

    /// # Panics
    /// When the console has said anything bad since it was last read, warnings included.
    pub async fn assert_quiet_console(&self) {
        let mut messages = self.console().await;
        messages.retain(|message| matches!(message.level.as_str(), "SEVERE" | "WARNING"));
        assert!(messages.is_empty(), "the console is not quiet: {messages:#?}");
    }

    /// Saves what the page looks like as `NAME.png` in the folder for screenshots, and returns where.
    ///
    /// # Panics
    /// When the picture cannot be taken or written.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let folder = settings::screenshots();
        fs::create_dir_all(&folder).expect("the folder for screenshots can be made");
        let file = folder.join(format!("{name}.png"));
        let picture = self.client.screenshot().await.expect("the browser can take a picture");
        fs::write(&file, picture).expect("the picture can be written");
        file
    }

    /// A command of the browser's own protocol, such as `Network.emulateNetworkConditions`.
    ///
    /// # Panics
    /// When the browser refuses it.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        let answer = self.client.issue_cmd(Raw { path: "goog/cdp/execute", body }).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if thread::panicking() {
            self.last_words();
        }
        // The driver closes the browser when its session ends, but not when it is killed.
        let _ = self.ask_driver("DELETE", "", &Value::Null);
        let _ = fs::remove_dir_all(&self.profile);
    }
}

impl Browser {
    /// What helps to understand a failed test: the console, and a picture under the test's name.
    fn last_words(&self) {
        if let Some(log) = self.ask_driver("POST", "/se/log", &json!({ "type": "browser" })) {
            eprintln!("--- console of the browser: {log:#}");
        }
        let picture = self.ask_driver("GET", "/screenshot", &Value::Null);
        let Some(picture) = picture.as_ref().and_then(Value::as_str) else { return };
        let test = thread::current().name().unwrap_or("unnamed").replace("::", "-");
        let file = settings::screenshots().join(format!("FAILED-{test}.png"));
        let written = BASE64
            .decode(picture)
            .map(|bytes| fs::create_dir_all(settings::screenshots()).and_then(|()| fs::write(&file, bytes)));
        if let Ok(Ok(())) = written {
            eprintln!("--- what the page looked like: {}", file.display());
        }
    }

    /// A request to the driver without the runtime, which may be gone when a guard is dropped.
    fn ask_driver(&self, method: &str, path: &str, body: &Value) -> Option<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(CLOSE_LIMIT)).ok()?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        write!(
            stream,
            "{method} /session/{}{path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.session,
            body.len(),
        )
        .ok()?;
        // The driver keeps the connection open whatever it is asked, so the length must say where the answer ends.
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            answer.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let Some((name, value)) = line.split_once(':') else {
                if line.trim().is_empty() {
                    break;
                }
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = String::new();
        answer.take(length).read_to_string(&mut body).ok()?;
        Some(serde_json::from_str::<Value>(&body).ok()?["value"].take())
    }
}

/// A command that only this driver knows.
#[derive(Debug)]
struct Raw {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Raw {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/{}", session_id.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

fn capabilities(profile: &Path) -> Capabilities {
    let mut arguments = FLAGS.map(str::to_owned).to_vec();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    let mut chrome = json!({ "args": arguments });
    if let Some(program) = settings::browser() {
        chrome["binary"] = json!(program);
    }
    let mut capabilities = Capabilities::new();
    capabilities.insert("goog:chromeOptions".to_owned(), chrome);
    capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
    capabilities
}
