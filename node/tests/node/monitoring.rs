//! What comes for Prometheus and Grafana asks for nothing that a node does not tell.

use crate::support::{ask, node};
use std::collections::BTreeSet;

const ALERTS: &str = include_str!("../../../deploy/prometheus/alerts.yml");
const DASHBOARD: &str = include_str!("../../../deploy/grafana/rumormill.json");

/// The words in a text that begin as our metrics do.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("rumormill_") || word.starts_with("process_")).collect()
}

#[tokio::test]
async fn dashboard_and_alerts_name_metrics_that_there_are() {
    let node = node("monitored").start().await.expect("start");
    let page = ask(&node, "GET", "/metrics", &[], "").await.body;
    let told: BTreeSet<&str> = page
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    for (place, text) in [("alerts", ALERTS), ("dashboard", DASHBOARD)] {
        let named = named(text);
        assert!(named.len() > 5, "{place} names {named:?}");
        let unknown: Vec<_> = named.difference(&told).collect();
        assert!(unknown.is_empty(), "{place}: a node tells no {unknown:?}");
    }
    serde_json::from_str::<serde_json::Value>(DASHBOARD).expect("the dashboard is JSON");
}
