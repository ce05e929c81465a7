//! Why there is no live connection, in words that say what to do. It knows reasons, not sockets.

use rumormill_api::OBSERVE_SUBPROTOCOL;
use rumormill_core::CloseCode;

/// What stands at an address whose socket did not open, found out by asking it over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Nothing answers at all.
    Nothing,
    /// Something answers; its first words, if the browser lets the page read them.
    Stranger(Option<String>),
    /// Something answers that lets only those in whom it knows.
    Closed {
        /// The HTTP status: 401 or 403.
        status: u16,
        /// Its own words, if it has any.
        words: Option<String>,
    },
    /// A node answers, of this version.
    Node {
        /// Its name.
        name: String,
        /// The version of its program.
        version: String,
    },
}

/// How much of a stranger's answer is repeated, in characters.
const QUOTE_CHARS_MAX: usize = 60;

impl Finding {
    /// What an answer to a request for a node's status says about who gave it.
    pub fn from_answer(status: u16, body: &str) -> Self {
        // Only two fields are read, so that a node of another version is still known for one.
        let fields = serde_json::from_str::<serde_json::Value>(body).unwrap_or_default();
        let field = |name: &str| fields.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        if let (Some(name), Some(version)) = (field("node"), field("version")) {
            return Self::Node { name, version };
        }
        if matches!(status, 401 | 403) {
            // Those who keep to RFC 9457 say what is wrong in `detail`.
            let words = field("detail").or_else(|| quoted(body));
            return Self::Closed { status, words };
        }
        let quote = quoted(body).map_or_else(|| "with nothing".to_owned(), |quote| format!("“{quote}”"));
        Self::Stranger(Some(format!("it answers {quote} (HTTP {status})")))
    }
}

/// The first words of an answer, if it has any.
fn quoted(body: &str) -> Option<String> {
    let plain: String = without_tags(body).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut quote: String = plain.chars().take(QUOTE_CHARS_MAX).collect();
    if quote.len() < plain.len() {
        quote.push('…');
    }
    Some(quote).filter(|quote| !quote.is_empty())
}

/// The words of a page: what stands between its tags.
fn without_tags(body: &str) -> String {
    let mut is_tag = false;
    let is_word = |char: &char| {
        let was_tag = is_tag;
        is_tag = *char == '<' || (is_tag && *char != '>');
        !was_tag && !is_tag
    };
    body.replace('<', " <").chars().filter(is_word).collect()
}

/// Why there is no live connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing answers at the address.
    Refused,
    /// Something answers there, and it is not Rumormill.
    NotRumormill {
        /// What it answered, as far as the page may know.
        answer: Option<String>,
    },
    /// Whoever answers there lets this page not in.
    NotAuthorised {
        /// The HTTP status: 401 or 403.
        status: u16,
        /// Its own words, if it has any.
        words: Option<String>,
    },
    /// A node answers there, but takes no observer that speaks like this page.
    NoObservers {
        /// The node.
        node: String,
        /// The version of its program.
        version: String,
    },
    /// The node speaks, but this page does not understand it.
    OtherVersion {
        /// What could not be read.
        detail: String,
    },
    /// The browser itself forbade the connection.
    Forbidden {
        /// Its own words.
        detail: String,
    },
    /// The node said goodbye.
    Goodbye {
        /// Why it stopped.
        reason: String,
    },
    /// The connection broke or was closed by the node.
    Gone {
        /// The WebSocket close code.
        code: u16,
        /// The reason that came with it.
        reason: String,
    },
    /// The socket did not open, or opened and nothing came.
    NoAnswer {
        /// For how long, in milliseconds.
        for_ms: u64,
    },
    /// The connection stands, but nothing comes any more.
    Silent {
        /// For how long, in milliseconds.
        for_ms: u64,
    },
}

impl Trouble {
    /// What a closed or never opened socket and a look at the address add up to.
    pub fn from_finding(finding: Finding) -> Self {
        match finding {
            Finding::Nothing => Self::Refused,
            Finding::Stranger(answer) => Self::NotRumormill { answer },
            Finding::Closed { status, words } => Self::NotAuthorised { status, words },
            Finding::Node { name, version } => Self::NoObservers { node: name, version },
        }
    }

    /// The reason in two or three words, for a chip.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Refused => "Refused",
            Self::NotRumormill { .. } => "Not Rumormill",
            Self::NotAuthorised { .. } => "Not authorised",
            Self::NoObservers { .. } | Self::OtherVersion { .. } => "Other version",
            Self::Forbidden { .. } => "Blocked by the browser",
            Self::Goodbye { .. } => "Node stopped",
            Self::Gone { .. } => "Connection lost",
            Self::NoAnswer { .. } => "No answer",
            Self::Silent { .. } => "No sign of life",
        }
    }

    /// The reason as a sentence or two that say what to do.
    pub fn explain(&self, label: &str) -> String {
        match self {
            Self::Refused => {
                format!("Nothing answers at {label}. Is the node running, and are host and port right?")
            }
            Self::NotRumormill { answer: Some(answer) } => {
                format!("Something answers at {label}, but it is not Rumormill: {answer}. Check the port.")
            }
            Self::NotRumormill { answer: None } => {
                format!("Something answers at {label}, but not as Rumormill does. Check the port.")
            }
            Self::NotAuthorised { status, words } => {
                let words = words.as_ref().map_or_else(String::new, |words| format!(": “{words}”"));
                format!(
                    "{label} answers, but does not let this page in (HTTP {status}){words}. Rumormill itself asks for no login, so something before the node does: log in there, or open the dashboard that stands behind it."
                )
            }
            Self::NoObservers { node, version } => format!(
                "{node} at {label} is a Rumormill node of version {version}, but it does not accept this dashboard as an observer ({OBSERVE_SUBPROTOCOL}). Open the dashboard that the node itself serves."
            ),
            Self::OtherVersion { detail } => format!(
                "{label} speaks in a way that this dashboard does not understand ({detail}). It is probably of another version: open the dashboard that the node itself serves."
            ),
            Self::Forbidden { detail } => {
                format!("The browser does not let this page connect to {label}: {detail}")
            }
            Self::Goodbye { reason } => format!("The node at {label} said goodbye: {reason}."),
            Self::Gone { code, reason } => gone(label, *code, reason),
            Self::NoAnswer { for_ms } => format!(
                "{label} did not answer within {} s. It is paused, overloaded, or a firewall swallows the connection.",
                for_ms / 1_000
            ),
            Self::Silent { for_ms } => format!(
                "The connection to {label} stands, but the node has said nothing for {} s. It is paused, overloaded, or cut off.",
                for_ms / 1_000
            ),
        }
    }

    /// Is another try at once likely to end as this one did? Then the next one waits longer.
    pub fn is_stubborn(&self) -> bool {
        matches!(
            self,
            Self::NotRumormill { .. }
                | Self::NotAuthorised { .. }
                | Self::OtherVersion { .. }
                | Self::Forbidden { .. }
        )
    }
}

/// RFC 6455, §7.4.1: 1005 and 1006 never travel; they say that no close frame told more.
fn gone(label: &str, code: u16, reason: &str) -> String {
    let known = CloseCode::ALL.into_iter().find(|known| known.number() == code);
    let why = match (code, reason, known) {
        (1005 | 1006, _, _) => return format!("The connection to {label} broke off without a word."),
        (_, "", Some(known)) => format!("{known:?}"),
        (_, "", None) => format!("close code {code}"),
        (_, reason, _) => format!("{reason} ({code})"),
    };
    format!("The node at {label} closed the connection: {why}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_has_words_of_its_own_that_name_the_address() {
        let troubles = [
            Trouble::Refused,
            Trouble::NotRumormill { answer: None },
            Trouble::NotRumormill { answer: Some("“It works!”".to_owned()) },
            Trouble::NotAuthorised { status: 401, words: None },
            Trouble::NotAuthorised { status: 403, words: Some("log in".to_owned()) },
            Trouble::NoObservers { node: "n1".to_owned(), version: "9.9.9".to_owned() },
            Trouble::OtherVersion { detail: "unknown variant".to_owned() },
            Trouble::Forbidden { detail: "insecure".to_owned() },
            Trouble::Goodbye { reason: "stopped by its operator".to_owned() },
            Trouble::Gone { code: 1006, reason: String::new() },
            Trouble::Gone { code: 1001, reason: String::new() },
            Trouble::Gone { code: 4408, reason: "too slow".to_owned() },
            Trouble::NoAnswer { for_ms: 8_000 },
            Trouble::Silent { for_ms: 12_000 },
        ];
        let mut said: Vec<String> = troubles.iter().map(|trouble| trouble.explain("n1.lan:7700")).collect();
        assert!(said.iter().all(|words| words.contains("n1.lan:7700")), "{said:#?}");
        said.sort();
        said.dedup();
        assert_eq!(said.len(), troubles.len());
    }

    #[test]
    fn what_a_look_finds_decides() {
        assert_eq!(Trouble::from_finding(Finding::Nothing), Trouble::Refused);
        assert!(Trouble::from_finding(Finding::Stranger(None)).is_stubborn());
        assert!(!Trouble::Refused.is_stubborn());
    }

    #[test]
    fn an_answer_tells_a_node_from_a_stranger() {
        let check =
            |body: &str, expected: Finding| assert_eq!(Finding::from_answer(200, body), expected, "{body}");
        let node = Finding::Node { name: "n1".to_owned(), version: "9.0".to_owned() };
        check(r#"{"node": "n1", "version": "9.0", "more": [1]}"#, node);
        let stranger = |words: &str| Finding::Stranger(Some(words.to_owned()));
        check(r#"{"version": "9.0"}"#, stranger("it answers “{\"version\": \"9.0\"}” (HTTP 200)"));
        check("<h1>It\n works!</h1>", stranger("it answers “It works!” (HTTP 200)"));
        check("", stranger("it answers with nothing (HTTP 200)"));
        let long = Finding::from_answer(404, &"ä".repeat(1_000));
        assert_eq!(long, Finding::Stranger(Some(format!("it answers “{}…” (HTTP 404)", "ä".repeat(60)))));
    }
    #[test]
    fn who_lets_nobody_in_is_quoted() {
        let check = |status, body: &str, expected: Option<&str>| {
            let finding = Finding::from_answer(status, body);
            assert_eq!(finding, Finding::Closed { status, words: expected.map(str::to_owned) }, "{body}");
            let trouble = Trouble::from_finding(finding);
            assert!(trouble.is_stubborn() && trouble.title() == "Not authorised");
        };
        check(401, "", None);
        check(403, "<h1>No</h1> entry", Some("No entry"));
        check(403, r#"{"title": "Forbidden", "detail": "only for operators"}"#, Some("only for operators"));
    }
}
