//! Whom broadcasts reach right after many nodes fail at once.

use super::{Row, Table};
use crate::failures::{self, FailuresConfig};
use rumormill_core::Duration;

/// Not ten thousand as in the papers: every survivor hears of every death.
const NODES: u32 = 300;

pub(super) fn table() -> Table {
    let rows = [10, 20, 30, 40, 50, 60, 70, 80].map(row);
    Table {
        name: "failures",
        title: "Plumtree after 10 % to 80 % of the nodes fail at once",
        about: "300 nodes, 10 ms a hop, repair as by default, seed 1. Right after the failure, and again 40 s later, \
                five broadcasts at random survivors, one a second; a node counts as reached if it has a broadcast \
                before the next. Published, for 10,000 nodes: HyParView (Leitão, Pereira and Rodrigues, DSN 2007) and \
                Plumtree on top of it (SRDS 2007) plot reliability against the part that failed; no number is \
                quoted from a plot here. As HyParView does, a node replaces a neighbour as soon as its link breaks; \
                unlike there it knows all members, so it always finds another.",
        columns: &["failed", "right after: first", "right after: mean", "healed: least", "healed: last ms"],
        rows: rows.into(),
    }
}

fn row(failed_percent: u8) -> Row {
    Box::new(move || {
        let healing_us = Duration::from_secs(40);
        let config = FailuresConfig { nodes: NODES, failed_percent, healing_us, ..FailuresConfig::default() };
        let result = failures::run(&config).expect("a valid configuration");
        let percent = |part: f64| format!("{:.1} %", part * 100.0);
        let mean = result.right_after.iter().sum::<f64>() / result.right_after.len().max(1) as f64;
        vec![
            format!("{failed_percent} %"),
            percent(result.right_after.first().copied().unwrap_or(0.0)),
            percent(mean),
            percent(result.healed.iter().copied().fold(1.0, f64::min)),
            format!("{:.0}", result.healed_last_ms),
        ]
    })
}
