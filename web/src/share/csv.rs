//! Tables as comma-separated values, for spreadsheets and scripts. Names of nodes hold no commas, and nothing else here
//! is text of the user's. Pure.

use crate::lab::protocol::{Row, Sample};

/// The charts' curve: a line for each point.
pub fn curve(samples: &[Sample]) -> String {
    let mut text = "time_s,informed,up,messages,messages_with_state,bytes\n".to_owned();
    for sample in samples {
        let Sample { at_us, informed, up, messages, payload, bytes } = sample;
        let (whole, rest) = (at_us / 1_000_000, at_us % 1_000_000);
        text.push_str(&format!("{whole}.{rest:06},{informed},{up},{messages},{payload},{bytes}\n"));
    }
    text
}

/// The table of nodes. Where nothing is known of a node, because it is down or was not recorded, nothing stands.
pub fn nodes(rows: &[Row]) -> String {
    let mut text = "node,state,has_latest_write,keys,members_active,links,sent,denied\n".to_owned();
    for row in rows {
        let Row { node: _, id, state, informed, suspected_by: _, told, keys, active, links, sent, denials } =
            row;
        let state = state.as_str();
        let counts =
            if *told { format!("{keys},{active},{links},{sent},{denials}") } else { ",,,,".to_owned() };
        text.push_str(&format!("{id},{state},{informed},{counts}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::protocol::NodeState;
    use rumormill_core::NodeId;

    #[test]
    fn a_line_for_each_with_a_head_above() {
        let sample = Sample { at_us: 1_250_000, informed: 3, up: 5, messages: 40, payload: 4, bytes: 1_234 };
        assert_eq!(curve(&[sample]).lines().nth(1), Some("1.250000,3,5,40,4,1234"));
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
        let gone = Row { state: NodeState::Down, told: false, ..row.clone() };
        let table = nodes(&[row, gone]);
        let lines: Vec<&str> = table.lines().skip(1).collect();
        assert_eq!(lines, ["n07,alive,false,1,2,3,4,5", "n07,down,false,,,,,"]);
        for table in [curve(&[]), nodes(&[])] {
            assert_eq!(table.lines().count(), 1);
        }
    }
}
