//! Tables as comma-separated values, for spreadsheets and scripts. Names of nodes hold no commas, and nothing else here
//! but an address is text of the user's. Pure.

use crate::lab::protocol::{Row, Sample};
use crate::live::{knowledge::MemberRow, rates::Rates};

/// The charts' curve: a line for each point.
pub fn curve(samples: &[Sample]) -> String {
    let mut text =
        "time_s,informed,up,messages,messages_with_state,bytes,messages_with_state_arrived\n".to_owned();
    for sample in samples {
        let Sample { at_us, informed, up, messages, payload, bytes, arrived } = sample;
        let at = seconds(*at_us);
        text.push_str(&format!("{at},{informed},{up},{messages},{payload},{bytes},{arrived}\n"));
    }
    text
}

/// A time, to the microsecond.
pub(crate) fn seconds(at_us: u64) -> String {
    format!("{}.{:06}", at_us / 1_000_000, at_us % 1_000_000)
}

/// The table of nodes. Where nothing is known of a node, because it is down or was not recorded, nothing stands.
pub fn nodes(rows: &[Row]) -> String {
    let mut text =
        "node,state,has_latest_write,keys,members_active,links,sent,denied,suspected_by\n".to_owned();
    for row in rows {
        let Row { node: _, id, state, informed, suspected_by, told, keys, active, links, sent, denials } =
            row;
        let state = state.as_str();
        let counts =
            if *told { format!("{keys},{active},{links},{sent},{denials}") } else { ",,,,".to_owned() };
        text.push_str(&format!("{id},{state},{informed},{counts},{suspected_by}\n"));
    }
    text
}

/// The table of a live cluster's members. Where something is not known, nothing stands.
pub fn members(rows: &[MemberRow]) -> String {
    let mut text =
        "member,health,address,incarnation,linked,silent_ms,knows,holds_active,holds_known,report_age_ms\n"
            .to_owned();
    let told = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    for row in rows {
        let MemberRow {
            id,
            is_self: _,
            health,
            address,
            incarnation,
            is_linked,
            silent_ms,
            knowledge,
            sees,
            report_age_ms,
            has: _,
        } = row;
        let (health, address) = (health.as_str(), cell(address.as_deref().unwrap_or_default()));
        let (silent, knows, age) = (told(*silent_ms), cell(&knowledge.words()), told(*report_age_ms));
        let (active, known) = (told(sees.map(|it| it.0.into())), told(sees.map(|it| it.1.into())));
        text.push_str(&format!(
            "{id},{health},{address},{incarnation},{is_linked},{silent},{knows},{active},{known},{age}\n"
        ));
    }
    text
}

/// A live node's traffic: a line for each second, the last of which is `newest` since the Unix epoch. Of a second that
/// nobody watched nothing stands but its time.
pub fn traffic(seconds: impl ExactSizeIterator<Item = Option<Rates>>, newest: u64) -> String {
    let mut text =
        "second,sent_messages,received_messages,sent_bytes,received_bytes,denials,tokens\n".to_owned();
    let first = (newest + 1).saturating_sub(seconds.len() as u64);
    for (second, rates) in (first..).zip(seconds) {
        let rates = rates.map_or_else(
            || ",,,,,".to_owned(),
            |rates| {
                let Rates { sent_messages, received_messages, sent_bytes, received_bytes, denials, tokens } = rates;
                let tokens = tokens.map(|tokens| format!("{tokens:.0}")).unwrap_or_default();
                format!("{sent_messages:.2},{received_messages:.2},{sent_bytes:.1},{received_bytes:.1},{denials:.2},{tokens}")
            },
        );
        text.push_str(&format!("{second},{rates}\n"));
    }
    text
}

/// Text that may hold a comma, as RFC 4180 writes it.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::protocol::NodeState;
    use crate::live::knowledge::{Health, Knowledge};
    use rumormill_core::NodeId;

    #[test]
    fn a_line_for_each_with_a_head_above() {
        let sample = Sample {
            at_us: 1_250_000,
            informed: 3,
            up: 5,
            messages: 40,
            payload: 4,
            bytes: 1_234,
            arrived: 2,
        };
        assert_eq!(curve(&[sample]).lines().nth(1), Some("1.250000,3,5,40,4,1234,2"));
        let row = Row {
            node: 7,
            id: NodeId::new("n07").unwrap(),
            state: NodeState::Alive,
            informed: false,
            suspected_by: 0,
            told: true,
            keys: 1,
            active: 2,
            links: 3,
            sent: 4,
            denials: 5,
        };
        let gone = Row { state: NodeState::Down, told: false, suspected_by: 6, ..row.clone() };
        let table = nodes(&[row, gone]);
        let lines: Vec<&str> = table.lines().skip(1).collect();
        assert_eq!(lines, ["n07,alive,false,1,2,3,4,5,0", "n07,down,false,,,,,,6"]);
        for table in [curve(&[]), nodes(&[])] {
            assert_eq!(table.lines().count(), 1);
        }
    }
    #[test]
    fn what_is_not_known_of_a_live_cluster_stays_empty() {
        let row = MemberRow {
            id: NodeId::new("n1").unwrap(),
            is_self: false,
            health: Health::Alive,
            address: Some("ws://n1/a,\"b\"".to_owned()),
            incarnation: 3,
            is_linked: true,
            silent_ms: None,
            knowledge: Knowledge::Behind(2),
            sees: Some((4, 5)),
            report_age_ms: Some(70),
            has: None,
        };
        let unknown = MemberRow { address: None, sees: None, report_age_ms: None, ..row.clone() };
        let table = members(&[row, unknown]);
        let lines: Vec<&str> = table.lines().skip(1).collect();
        let told = "n1,alive,\"ws://n1/a,\"\"b\"\"\",3,true,,2 writes behind,4,5,70";
        assert_eq!(lines, [told, "n1,alive,,3,true,,2 writes behind,,,"]);
        let rates = Rates { sent_messages: 1.5, tokens: Some(256.0), ..Rates::default() };
        let table = traffic([Some(rates), None].into_iter(), 100);
        let lines: Vec<&str> = table.lines().skip(1).collect();
        assert_eq!(lines, ["99,1.50,0.00,0.0,0.0,0.00,256", "100,,,,,,"]);
    }
}
