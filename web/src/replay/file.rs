//! Reads and writes a trace file: lines of JSON as `rumormill sim run --trace` and the Lab write them, or the list that a node's
//! `/api/v1/trace` serves. Bounded, and whatever of it is damaged is counted and named. Pure.

use rumormill_core::TraceRecord;
use rumormill_core::event::{TRACE_VERSION, TraceHeader};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

/// The largest file that is read: a tab holds it several times over on its way from the browser to the worker, and not
/// any more once that has read it.
pub const BYTES_MAX: u64 = 64_000_000;

/// Most records of a file; those beyond are left out. About 200 bytes each are kept.
pub const RECORDS_MAX: usize = 300_000;

/// A file that begins with so many lines of something else is something else.
const FOREIGN_LINES: u64 = 100;

/// How many damaged lines are named.
const NAMED_MAX: usize = 3;

/// What is accepted, for whoever brings something else.
pub const ACCEPTED: &str = "A trace is what “Trace” in the Lab's Share saves, what “rumormill sim run FILE --trace OUT” writes, \
    or what a node serves at /api/v1/trace. A scenario file that the Lab saved opens in the Lab.";

/// Writes a file: a line for the header and one for each record.
pub fn lines<'a>(header: &TraceHeader, records: impl IntoIterator<Item = &'a TraceRecord>) -> String {
    let mut lines = serde_json::to_string(header).expect("headers encode");
    for record in records {
        lines.push('\n');
        lines.push_str(&serde_json::to_string(record).expect("records encode"));
    }
    lines.push('\n');
    lines
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// Its header, if it has one.
    pub header: Option<TraceHeader>,
    /// Its records, as they stand in it.
    pub records: Vec<TraceRecord>,
    /// How many lines could not be read.
    pub damaged: u64,
    /// The first of them, each with its number and what is wrong.
    pub named: Vec<String>,
    /// Does the file break off within a record?
    pub breaks_off: bool,
    /// Records beyond [`RECORDS_MAX`].
    pub beyond: u64,
}

/// Reads a file. The error says what is wrong and what is accepted.
pub fn read(bytes: &[u8]) -> Result<Read, String> {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace());
    let mut read = Read::default();
    match start.map(|start| bytes[start]) {
        None => return Err(format!("It is empty. {ACCEPTED}")),
        Some(b'[') => read.list(bytes),
        Some(b'{') => read.lines(bytes)?,
        Some(_) => return Err(format!("It is not a trace: it does not begin like one. {ACCEPTED}")),
    }
    if !read.records.is_empty() {
        return Ok(read);
    }
    Err(match (read.header, read.named.first()) {
        (_, Some(named)) => format!("There is no record in it that can be read: {named}. {ACCEPTED}"),
        (Some(_), None) => "It is a trace without a record: nothing happened in it.".to_owned(),
        (None, None) => format!("It holds no record. {ACCEPTED}"),
    })
}

impl Read {
    fn lines(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut lines = (1u64..).zip(bytes.split(|byte| *byte == b'\n')).peekable();
        while let Some((number, line)) = lines.next() {
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            if number == 1
                && let Ok(header) = serde_json::from_slice::<TraceHeader>(line)
            {
                if header.rumormill_trace > TRACE_VERSION {
                    return Err(format!(
                        "It is a trace of version {}, and this page reads version {TRACE_VERSION}. Load the page again in case \
                         there is a newer one.",
                        header.rumormill_trace
                    ));
                }
                self.header = Some(header);
                continue;
            }
            let is_last = lines.peek().is_none();
            match serde_json::from_slice(line) {
                Ok(record) => self.take(record),
                // Whoever still writes the file has not come to the line's end.
                Err(error) if is_last && error.is_eof() && !self.records.is_empty() => self.breaks_off = true,
                Err(error) if error.is_syntax() || error.is_eof() => {
                    self.damage(format!("line {number}: not JSON from column {} on", error.column()));
                }
                // The parser counts lines, too, and there is but one.
                Err(error) => {
                    let what = error.to_string().replace(" at line 1 column ", " at column ");
                    self.damage(format!("line {number}: {what}"));
                }
            }
            if self.records.is_empty() && self.damaged >= FOREIGN_LINES {
                break;
            }
        }
        Ok(())
    }

    fn list(&mut self, bytes: &[u8]) {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        if let Err(error) = List(self).deserialize(&mut reader) {
            self.breaks_off = error.is_eof() && !self.records.is_empty();
            if !self.breaks_off {
                self.damage(format!("line {}: {error}", error.line()));
            }
        }
    }

    fn take(&mut self, record: TraceRecord) {
        if self.records.len() < RECORDS_MAX { self.records.push(record) } else { self.beyond += 1 }
    }

    fn damage(&mut self, what: String) {
        self.damaged += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push(what);
        }
    }
}

/// Reads a list record by record, so that one that breaks off or holds something odd is not lost as a whole.
struct List<'a>(&'a mut Read);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of trace records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut number = 0u64;
        while let Some(item) = items.next_element::<serde_json::Value>()? {
            number += 1;
            match serde_json::from_value(item) {
                Ok(record) => self.0.take(record),
                Err(error) => self.0.damage(format!("record {number}: {error}")),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"rumormill_trace":1,"of":"a test","known":true}"#;
    const CRASH: &str = r#"{"at":5,"node":"n1","event":"crashed"}"#;
    const HEAL: &str = r#"{"at":9,"node":null,"event":"healed"}"#;

    fn refused(text: &str, part: &str) {
        let why = read(text.as_bytes()).expect_err(text);
        assert!(why.contains(part), "{text}: {why}");
    }

    #[test]
    fn lines_and_lists_are_read() {
        let lines = read(format!("{HEADER}\n{CRASH}\r\n\n{HEAL}\n").as_bytes()).expect("a trace");
        assert_eq!((lines.records.len(), lines.damaged, lines.breaks_off), (2, 0, false));
        assert!(lines.header.is_some_and(|header| header.known));
        let list = read(format!("[{CRASH},\n {HEAL}]").as_bytes()).expect("a trace");
        assert_eq!((list.records, list.header), (lines.records, None));
    }

    #[test]
    fn damaged_lines_are_counted_and_named() {
        let text = format!("{HEADER}\n{CRASH}\nnonsense\n{{\"at\":1}}\n{HEAL}\n\u{0}\n\u{1}\n{HEAL}");
        let read = read(text.as_bytes()).expect("a trace");
        assert_eq!((read.records.len(), read.damaged, read.named.len()), (3, 4, 3));
        assert!(
            read.named[0] == "line 3: not JSON from column 2 on"
                && read.named[1].starts_with("line 4: missing field")
        );
        let list = super::read(format!("[{CRASH}, {{\"at\":2}}, {HEAL}]").as_bytes()).expect("a trace");
        assert_eq!((list.records.len(), list.damaged), (2, 1));
        assert!(list.named[0].starts_with("record 2: "), "{:?}", list.named);
    }

    #[test]
    fn what_breaks_off_is_read_as_far_as_it_goes() {
        for text in [format!("{CRASH}\n{}", &HEAL[..20]), format!("[{CRASH},{}", &HEAL[..20])] {
            let read = read(text.as_bytes()).expect("a trace");
            assert_eq!((read.records.len(), read.damaged, read.breaks_off), (1, 0, true), "{text}");
        }
    }

    #[test]
    fn what_is_no_trace_is_refused_with_what_is_accepted() {
        refused("", "It is empty");
        refused(" \n ", "It is empty");
        refused("PK\u{3}\u{4} a zip", "does not begin like one");
        refused("nodes: 3\nacts: []", "A trace is what");
        refused("[]", "holds no record");
        refused("[1, 2]", "record 1");
        refused("{\"a\": 1}\n{\"b\": 2}", "line 1: ");
        refused(HEADER, "without a record");
        refused("{\"rumormill_trace\":2,\"of\":\"later\"}", "of version 2");
        refused(&"{}\n".repeat(100_000), "line 1: missing field");
    }
}
