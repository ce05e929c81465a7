//! How the Live place words what it shows: spans, amounts, times of day, and what happened. Pure text; nothing here
//! knows where it is shown.

use super::feed::{Line, What};
use rumormill_core::{Event, Instant, Kind, TraceEvent};
use serde_json::Value;

/// A span as people say it: `0.4 s`, `12 s`, `3 min`, `2 h 5 min`.
pub fn span(ms: u64) -> String {
    match ms {
        0..=9_949 => format!("{:.1} s", ms as f64 / 1_000.0),
        9_950..=59_499 => format!("{} s", (ms + 500) / 1_000),
        59_500..=3_569_999 => format!("{} min", ((ms + 30_000) / 60_000).max(1)),
        3_570_000..=172_799_999 => {
            let minutes = (ms + 30_000) / 60_000;
            format!("{} h {} min", minutes / 60, minutes % 60)
        }
        _ => format!("{} days", ms / 86_400_000),
    }
}

/// A rate or an amount with no more digits than mean something: `0`, `0.4`, `12`, `1,204`.
pub fn amount(value: f64) -> String {
    match value {
        value if !value.is_finite() => "unknown".to_owned(),
        value if value.abs() < 0.05 => "0".to_owned(),
        value if value.abs() < 9.95 => format!("{value:.1}"),
        value => grouped(value.round() as i64),
    }
}

/// The same without a nought behind the point, for the marks of a scale.
pub fn mark(text: &str) -> String {
    text.replace(".0", "")
}

/// A whole number with its thousands apart: `1,204`.
pub fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::from(if value < 0 { "−" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes in the unit that suits them: `812 B`, `1.2 kB`, `3.4 MB`.
pub fn bytes(value: f64) -> String {
    match value {
        value if value.abs() < 999.5 => format!("{} B", value.round()),
        value if value.abs() < 999_500.0 => format!("{} kB", amount(value / 1e3)),
        value => format!("{} MB", amount(value / 1e6)),
    }
}

/// `1 key`, `2 keys`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(i64::try_from(count).unwrap_or(i64::MAX)), if count == 1 { one } else { many })
}

/// The time of day in UTC, to the millisecond.
pub fn time_of_day(at: Instant) -> String {
    let ms = at.as_micros() / 1_000 % 86_400_000;
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:03}", ms % 1_000)
}

/// A value on one line: text without its quotes, anything else as JSON.
pub fn value(value: &Value) -> String {
    match value {
        // Something stands there.
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => grouped(whole),
            None => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// What kind of entry it is.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Register => "register",
        Kind::Counter => "counter",
        Kind::MultiValue => "multi-value",
        Kind::Set => "set",
    }
}

/// A line of the feed, without its time.
pub fn line(line: &Line) -> String {
    match &line.what {
        What::Record(record) => record_words(&record.event),
        What::Dropped(count) => format!(
            "{} dropped at source: the node had too many to tell",
            counted(usize::try_from(*count).unwrap_or(usize::MAX), "event", "events")
        ),
        What::Untold(member) => {
            format!("more happened at {member} than it tells at once: the newest events follow")
        }
        What::Gap => "connection lost: what happened from here on is not known".to_owned(),
        What::Through(node) => format!("from here on as seen by {node}"),
    }
}

fn record_words(event: &TraceEvent) -> String {
    match event {
        TraceEvent::Node(event) => event_words(event),
        TraceEvent::Started { incarnation } => format!("started, incarnation {}", incarnation.0),
        TraceEvent::Crashed => "stopped without a word".to_owned(),
        TraceEvent::Lost { to, kind, fate, .. } => format!("{kind} to {to} lost ({fate:?})"),
        TraceEvent::Cut(others) => format!("cut off from {} others", others.len()),
        TraceEvent::Healed => "all cuts healed".to_owned(),
        TraceEvent::Wrote { key, what } => format!("asked to write {key}: {what}"),
        TraceEvent::Skipped(count) => format!("{count} earlier events were not kept"),
        TraceEvent::Recovered { incarnation } => {
            format!("started with its data, incarnation {}", incarnation.0)
        }
        TraceEvent::Paused => "paused".to_owned(),
        TraceEvent::Resumed => "resumed".to_owned(),
        TraceEvent::Slowed { delay_us } => format!("handles everything {delay_us} late"),
        TraceEvent::ClockSet { ahead_us, drift_ppm } => {
            format!("its clock is {ahead_us} us ahead and {drift_ppm} ppm too fast")
        }
        TraceEvent::Duplicated { to, kind, .. } => format!("{kind} to {to} arrived twice"),
        TraceEvent::CutOneWay(to) => format!("cut off from {to}, one way"),
        TraceEvent::Mended(to) => format!("link with {to} mended"),
    }
}

fn event_words(event: &Event) -> String {
    match event {
        Event::Round { number } => format!("round {number} began"),
        Event::Sent { to, kind, bytes, writes, cause, .. } => {
            let to = to.as_ref().map_or("a new link", |to| to.as_str());
            let writes = match writes {
                0 => String::new(),
                count => format!(", {}", counted(*count as usize, "write", "writes")),
            };
            format!("{kind} → {to}, {bytes} B{writes}: {}", cause.as_str())
        }
        Event::Received { from, kind, bytes, news, .. } => {
            format!("{kind} ← {from}, {bytes} B{}", if *news { ", with news" } else { "" })
        }
        Event::Denied { to, .. } => format!("the limiter put off a message to {to}"),
        Event::LinkUp { peer, dialed } => {
            format!("link with {peer} is up, {}", if *dialed { "dialled" } else { "accepted" })
        }
        Event::LinkDown { peer, reason, .. } => {
            let peer = peer.as_ref().map_or("someone", |peer| peer.as_str());
            format!("no link with {peer}: {reason}")
        }
        Event::Member { id, status, was, incarnation } => match was {
            Some(was) if was == status => format!("{id} is {status}, incarnation {}", incarnation.0),
            Some(was) => format!("{id} is {status}, was {was}"),
            None => format!("{id} is {status}, first heard of"),
        },
        Event::Changed { key, from, .. } => match from {
            Some(from) => format!("{key} changed, by way of {from}"),
            None => format!("{key} changed, written here"),
        },
        Event::NameTaken { kept: true, .. } => "another node uses this name and was told to stop".to_owned(),
        Event::NameTaken { kept: false, .. } => "another node had this name first: this one stops".to_owned(),
        Event::Service { node, name, health, reason } => {
            let how = health.map_or("withdrawn", rumormill_core::Health::as_str);
            let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            format!("service {name} of {node} is {how}{why}")
        }
        Event::ClockAhead { from, .. } => {
            format!("writes stamped in the future came from {from}: some node's clock is wrong")
        }
        Event::Stopped => "left the cluster".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spans_are_short_and_round_to_what_can_be_read() {
        let cases = [
            (0, "0.0 s"),
            (430, "0.4 s"),
            (9_949, "9.9 s"),
            (9_950, "10 s"),
            (59_499, "59 s"),
            (59_500, "1 min"),
            (3_569_999, "59 min"),
            (3_570_000, "1 h 0 min"),
            (7_500_000, "2 h 5 min"),
            (172_800_000, "2 days"),
        ];
        for (ms, expected) in cases {
            assert_eq!(span(ms), expected, "{ms} ms");
        }
    }

    #[test]
    fn amounts_have_no_more_digits_than_mean_something() {
        let cases = [(0.0, "0"), (0.04, "0"), (0.44, "0.4"), (9.94, "9.9"), (9.96, "10"), (1_204.4, "1,204")];
        for (given, expected) in cases {
            assert_eq!(amount(given), expected);
        }
        assert_eq!(amount(f64::NAN), "unknown");
        assert_eq!(
            (mark("5.0").as_str(), mark("2.5 kB").as_str(), mark("1.0 kB").as_str()),
            ("5", "2.5 kB", "1 kB")
        );
        assert_eq!(grouped(-1_234_567), "−1,234,567");
        assert_eq!(grouped(i64::MIN), "−9,223,372,036,854,775,808");
        assert_eq!(bytes(812.0), "812 B");
        assert_eq!(bytes(1_234.0), "1.2 kB");
        assert_eq!(bytes(1_000_000.0), "1.0 MB");
    }

    #[test]
    fn values_fit_on_a_line() {
        assert_eq!(value(&json!("a b")), "a b");
        assert_eq!(value(&json!("")), "\"\"");
        assert_eq!(value(&json!(12_345)), "12,345");
        assert_eq!(value(&json!(1.5)), "1.5");
        assert_eq!(value(&json!({ "a": [1] })), "{\"a\":[1]}");
        assert_eq!(value(&json!(null)), "null");
    }

    #[test]
    fn the_time_of_day_is_of_the_nodes_clock() {
        assert_eq!(time_of_day(Instant::from_micros(86_400_000_000 + 3_723_004_567)), "01:02:03.004");
    }
}
