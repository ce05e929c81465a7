//! Made-up statuses, members and records for the tests of this folder.

use rumormill_api::{EntryView, MemberView, Notice, ReportView, StatusView, StoreView, Tallies};
use rumormill_core::{Incarnation, Kind, NodeId, Status, Tuning};
use std::collections::BTreeMap;

pub(super) fn id(name: &str) -> NodeId {
    NodeId::new(name).expect("a valid name")
}

pub(super) fn status(node: &str, version: u64) -> StatusView {
    StatusView {
        node: id(node),
        cluster: "test".to_owned(),
        incarnation: Incarnation(7),
        status: Status::Alive,
        address: Some(format!("ws://{node}:7700/gossip")),
        version: "0.1.0".to_owned(),
        pid: 1,
        uptime_ms: 1,
        at_us: 1,
        members: BTreeMap::from([(Status::Alive, 3)]),
        tuning: Tuning::default(),
        store: StoreView { keys: 1, version, hash: hash(version) },
        tallies: Tallies::default(),
    }
}

pub(super) fn hash(version: u64) -> String {
    format!("{version:016x}")
}

pub(super) fn member(name: &str, status: Status) -> MemberView {
    MemberView {
        id: id(name),
        status,
        incarnation: Incarnation(3),
        address: Some(format!("ws://{name}:7700/gossip")),
        is_self: false,
        linked: true,
        silent_ms: None,
        report: None,
    }
}

pub(super) fn reported(name: &str, version: u64, at_us: u64) -> MemberView {
    let report = ReportView {
        at_us,
        version,
        store: hash(version),
        in_sync: false,
        active: 3,
        known: 4,
        sent_messages: 0,
        sent_bytes: 0,
        denials: 0,
        tokens: None,
    };
    MemberView { report: Some(report), ..member(name, Status::Alive) }
}

pub(super) fn own(name: &str) -> MemberView {
    MemberView { is_self: true, linked: false, ..member(name, Status::Alive) }
}

pub(super) fn entry(key: &str, value: i64) -> EntryView {
    EntryView {
        key: key.to_owned(),
        kind: Kind::Register,
        value: value.into(),
        author: Some(id("a")),
        stamp_us: Some(1),
        expires_us: None,
        version: String::new(),
    }
}

pub(super) fn snapshot(at_us: u64, status: StatusView, members: Vec<MemberView>) -> Notice {
    Notice::Snapshot { at_us, status: Box::new(status), members, entries: vec![entry("k", 1)] }
}

pub(super) fn update(at_us: u64, status: StatusView, members: Vec<MemberView>) -> Notice {
    Notice::Update { at_us, status: Box::new(status), members, entries: vec![], gone: vec![] }
}
