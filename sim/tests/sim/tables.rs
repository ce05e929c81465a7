use rumormill_core::{Duration, Strategy};
use rumormill_sim::tables::{self, arrival, edits, idle, split};

const REPAIRED: [Strategy; 2] = [Strategy::Hybrid, Strategy::Plumtree];

#[test]
fn concurrent_edits_settle_with_messages_linear_in_nodes_and_edits() {
    for seed in [1, 2] {
        for strategy in REPAIRED {
            let per_node_and_edit = |nodes: u32, count: u32| {
                let settled = edits::run(nodes, count, strategy, seed);
                assert!(settled.took.is_some(), "{strategy}, {nodes} nodes, {count} edits: {settled:?}");
                settled.messages as f64 / f64::from(nodes * count)
            };
            // The tree costs at most two for each node and edit; a tree that has not grown, six neighbours' worth
            // and as many announcements and prunes.
            let bound = if strategy == Strategy::Hybrid { 2.5 } else { 10.0 };
            for (nodes, count) in [(16, 1), (16, 16), (32, 8), (32, 32)] {
                let cost = per_node_and_edit(nodes, count);
                assert!(cost < bound, "{strategy}, {nodes} nodes, {count} edits: {cost}");
            }
        }
    }
}

#[test]
fn halves_that_meet_again_are_equal_within_two_intervals_for_bytes_that_grow_with_the_writes() {
    for strategy in REPAIRED {
        let healed = |writes| {
            let healed = split::run(30, writes, Duration::from_secs(5), strategy, 1);
            assert!(healed.took.is_some_and(|took| took <= Duration::from_secs(2)), "{strategy}: {healed:?}");
            healed.bytes
        };
        let (few, many) = (healed(20), healed(200));
        assert!(many < few * 12, "{strategy}: {few} bytes for 20 writes, {many} for 200");
    }
}

#[test]
fn a_quiet_cluster_sends_little_and_no_more_the_larger_it_is() {
    for strategy in REPAIRED {
        let [small, large] = [20, 100].map(|nodes| idle::run(nodes, strategy, Duration::from_secs(10), 1));
        assert!(large.bytes < 150.0, "{strategy}: {large:?}");
        let growth = (large.bytes - large.greeting_bytes) / (small.bytes - small.greeting_bytes);
        assert!(growth < 1.2, "{strategy}: {small:?}, {large:?}");
    }
}

#[test]
fn every_update_arrives_everywhere() {
    for strategy in REPAIRED {
        for loss_ppm in [0, 50_000] {
            let arrival = arrival::run(20, 1_000, strategy, loss_ppm, 1);
            assert_eq!(arrival.missing, 0, "{strategy}, {loss_ppm} ppm lost: {arrival:?}");
            assert!(arrival.took.is_some(), "{strategy}, {loss_ppm} ppm lost: {arrival:?}");
        }
    }
}

#[test]
fn the_page_holds_every_table_with_as_many_cells_as_columns() {
    let tables = tables::all();
    let cells = |table: &tables::Table| vec![vec!["1".to_owned(); table.columns.len()]; table.rows.len()];
    let measured: Vec<_> = tables.iter().map(|table| (table, cells(table))).collect();
    let page = tables::page(&measured);
    for table in &tables {
        assert!(page.contains(&format!("## {}\n\n{}", table.title, table.about)), "{}", table.name);
    }
    assert_eq!((tables[3].rows[0])().len(), tables[3].columns.len());
}
