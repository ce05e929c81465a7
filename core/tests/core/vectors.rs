//! The real reference's outputs, replayed.

use rumormill_core::state::Comparison;
use rumormill_core::tree::Tree;
use rumormill_core::{NodeId, VersionVector, Writer};
use serde_json::Value;
use std::collections::BTreeMap;

fn lines(text: &str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON value per line"))
}

fn writer(name: &Value) -> Writer {
    Writer { node: NodeId::new(name.as_str().expect("a name")).expect("a valid name"), epoch: 0 }
}

/// A clock of the reference, without its timestamps.
fn vector(clock: &Value) -> VersionVector {
    let entries = clock.as_array().expect("a list of entries");
    entries.iter().map(|entry| (writer(&entry[0]), entry[1].as_u64().expect("a counter"))).collect()
}

#[test]
fn the_tree_is_the_references() {
    let mut compared = 0;
    for line in lines(include_str!("../vectors/build_tree.jsonl")) {
        let n = line["n"].as_u64().expect("a count") as u32;
        let arity = line["arity"].as_u64().expect("an arity") as u32;
        let tree = Tree { arity, cycles: line["cycles"].as_bool().expect("a flag") };
        let Some(children) = line["children"].as_object() else {
            assert_eq!(n, 0, "the reference only crashes without nodes");
            assert!(tree.children(0, 0).is_empty());
            continue;
        };
        let children: BTreeMap<u32, Vec<u32>> = children
            .iter()
            .map(|(node, list)| {
                let list = list.as_array().expect("a list").iter();
                let list = list.map(|child| child.as_u64().expect("a position") as u32);
                (node.parse().expect("a position"), list.collect())
            })
            .collect();
        assert_eq!(children.len(), n as usize);
        for (node, list) in children {
            assert_eq!(tree.children(node, n), list, "{tree:?}, node {node} of {n}");
            compared += 1;
        }
    }
    assert!(compared > 1_000, "only {compared} nodes compared");
}

/// The reference tells an entry that counts zero from no entry. Ours count
/// writes, so zero is no entry; these lines are compared without such entries.
fn counts_zero(clock: &Value) -> bool {
    clock.as_array().expect("a list of entries").iter().any(|entry| entry[1] == 0)
}

#[test]
fn version_vectors_compare_and_merge_as_the_references_clocks() {
    let (mut compared, mut zeros) = (0, 0);
    for line in lines(include_str!("../vectors/vclock.jsonl")) {
        let (a, b) = (vector(&line["a"]), vector(&line["b"]));
        if counts_zero(&line["a"]) || counts_zero(&line["b"]) {
            assert_eq!(vector(&line["merge_ab"]), vector(&line["merge_ba"]));
            assert!(a.iter().chain(b.iter()).all(|(_, count)| count > 0));
            zeros += 1;
            continue;
        }
        let expected = match line["compare"].as_str().expect("a word") {
            "equal" => Comparison::Equal,
            "after" => Comparison::Newer,
            "before" => Comparison::Older,
            "concurrent" => Comparison::Conflict,
            other => panic!("the vectors hold an unknown word: {other}"),
        };
        assert_eq!(a.compare(&b), expected, "{line}");
        assert_eq!(a.covers(&b), line["a_descends_b"].as_bool().expect("a flag"), "{line}");
        assert_eq!(b.covers(&a), line["b_descends_a"].as_bool().expect("a flag"), "{line}");
        assert_eq!(a.hash() == b.hash(), expected == Comparison::Equal, "{line}");
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b);
        ba.merge(&a);
        assert_eq!(ab, vector(&line["merge_ab"]), "{line}");
        assert_eq!(ba, vector(&line["merge_ba"]), "{line}");
        assert_eq!(ab.hash(), ba.hash());
        compared += 1;
    }
    assert_eq!((compared, zeros), (62, 2));
}

#[test]
fn version_vectors_increment_as_the_references_clocks() {
    let mut compared = 0;
    for line in lines(include_str!("../vectors/vclock_increment.jsonl")) {
        let mut clock = vector(&line["vclock"]);
        let before = line["counter_before"].as_u64().expect("a counter");
        assert_eq!(clock.increment(&writer(&line["node"])), before + 1, "{line}");
        assert_eq!(clock, vector(&line["result"]), "{line}");
        compared += 1;
    }
    assert_eq!(compared, 20);
}

/// The reference forgets old entries, and then takes a descendant for an
/// ancestor. Ours never prunes by age; what a pruned clock lost is there
/// again after a merge.
#[test]
fn what_the_reference_prunes_ours_keeps() {
    let mut pruned = 0;
    for line in lines(include_str!("../vectors/vclock_prune.jsonl")) {
        let (full, mut rest) = (vector(&line["vclock"]), vector(&line["result"]));
        let lost = full.iter().count() - rest.iter().count();
        let expected = if lost == 0 { Comparison::Equal } else { Comparison::Newer };
        assert_eq!(full.compare(&rest), expected, "{line}");
        rest.merge(&full);
        assert_eq!(rest, full, "{line}");
        pruned += lost;
    }
    assert!(pruned > 0, "the vectors do prune");
}
