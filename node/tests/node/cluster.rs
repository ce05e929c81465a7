use crate::support::{LIMIT, all_equal, all_read, ask, cluster, count_of, holds, node, quick, until};
use rumormill_core::{Duration, Health, NodeId, Status, Strategy, Tuning};
use rumormill_node::{ChangeError, Faults, NodeHandle};
use serde_json::json;
use tokio::time::timeout;

#[tokio::test]
async fn three_nodes_join_through_one_and_share_what_one_sets() {
    let nodes = cluster(3, |builder| builder).await;
    nodes[1].set("colour", "blue").await.expect("set");
    all_read(&nodes, "colour", &json!("blue")).await;
    all_equal(&nodes).await;
}

#[tokio::test]
async fn five_nodes_count_together_without_losing_one() {
    for strategy in [Strategy::Random, Strategy::Tree, Strategy::Hybrid] {
        let nodes = cluster(5, |builder| builder.tuning(Tuning { strategy, ..quick() })).await;
        for (at, node) in nodes.iter().enumerate() {
            for _ in 0..10 {
                node.increment("hits", at as i64 + 1).await.expect("increment");
            }
        }
        all_read(&nodes, "hits", &json!(150)).await;
        all_equal(&nodes).await;
    }
}

#[tokio::test]
async fn writes_on_both_sides_of_a_cut_are_on_all_nodes_after_it() {
    let faults = Faults::new();
    let nodes = cluster(5, |builder| builder.faults(faults.clone())).await;
    let ids: Vec<NodeId> = nodes.iter().map(|node| node.id().clone()).collect();
    nodes[0].set("both", "before").await.expect("set");
    all_read(&nodes, "both", &json!("before")).await;

    let (left, right) = nodes.split_at(2);
    faults.cut(&ids[..2], &ids[2..]);
    left[0].set("left", 1).await.expect("set");
    right[0].set("right", 2).await.expect("set");
    left[1].set("both", "from the left").await.expect("set");
    right[1].set("both", "from the right, later").await.expect("set");
    left[0].increment("sum", 10).await.expect("increment");
    right[2].increment("sum", 5).await.expect("increment");
    all_read(left, "sum", &json!(10)).await;
    all_read(right, "sum", &json!(5)).await;
    for (here, there) in [(left, &ids[2..]), (right, &ids[..2])] {
        for node in here {
            for other in there {
                holds(node, other, Status::Down).await;
            }
        }
    }
    assert_eq!(left[0].get("right").await, Ok(None), "nothing crosses the cut");

    faults.heal();
    all_read(&nodes, "left", &json!(1)).await;
    all_read(&nodes, "right", &json!(2)).await;
    all_read(&nodes, "both", &json!("from the right, later")).await;
    all_read(&nodes, "sum", &json!(15)).await;
    all_equal(&nodes).await;
    for node in &nodes {
        for id in &ids {
            holds(node, id, Status::Alive).await;
        }
    }
}

#[tokio::test]
async fn a_node_that_stops_is_down_and_is_alive_as_soon_as_it_is_back() {
    let mut nodes = cluster(3, |builder| builder).await;
    nodes[0].set("kept", true).await.expect("set");
    nodes[2].increment("hits", 3).await.expect("increment");
    all_read(&nodes, "hits", &json!(3)).await;
    let gone = nodes.pop().expect("three nodes");
    let (id, address) = (gone.id().clone(), gone.local_addr());
    gone.shutdown().await;
    assert!(gone.status().await.is_err(), "a stopped node says so");
    for node in &nodes {
        holds(node, &id, Status::Down).await;
    }

    let back = node(id.as_str()).listen(address.to_string()).join(nodes[0].url());
    let back = back.start().await.expect("its port is free again");
    for node in &nodes {
        holds(node, &id, Status::Alive).await;
    }
    nodes.push(back);
    nodes[2].increment("hits", 4).await.expect("increment");
    all_read(&nodes, "kept", &json!(true)).await;
    // It came back without its data, and what it had counted before is still counted.
    all_read(&nodes, "hits", &json!(7)).await;
}

#[tokio::test]
async fn a_node_that_leaves_has_left_and_writes_no_more() {
    let nodes = cluster(3, |builder| builder).await;
    let leaver = &nodes[1];
    leaver.leave().await.expect("leave");
    leaver.leave().await.expect("leaving twice is fine");
    for node in &nodes {
        holds(node, leaver.id(), Status::Left).await;
    }
    assert_eq!(leaver.set("late", 1).await, Err(ChangeError::Left));
    assert_eq!(leaver.increment("late", 1).await, Err(ChangeError::Left));
    assert_eq!(leaver.status().await.expect("it still answers").status, Status::Left);
    nodes[0].set("after", 1).await.expect("set");
    all_read(&[nodes[0].clone(), nodes[2].clone()], "after", &json!(1)).await;
    timeout(LIMIT, leaver.shutdown()).await.expect("it stops");
}

#[tokio::test]
async fn thirty_nodes_do_not_make_a_mesh() {
    // Nobody dies here, and thirty nodes on a busy machine may well be silent for a while.
    let tuning = Tuning {
        interval_us: Duration::from_millis(250),
        probe_us: Duration::from_secs(5),
        link_idle_us: Duration::from_secs(1),
        ..Tuning::default()
    };
    let nodes = cluster(30, |builder| builder.tuning(tuning)).await;
    nodes[7].set("spread", true).await.expect("set");
    all_read(&nodes, "spread", &json!(true)).await;
    // Two children, at most three parents, and the partners of the last rounds, both ways; a mesh has 29.
    for node in &nodes {
        until(&format!("{} to close what it does not need", node.id()), async || {
            (node.status().await.expect("the node runs").tallies.links <= 20).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_name_is_looked_up_and_all_that_it_stands_for_is_asked() {
    let first = node("first").start().await.expect("start");
    let name = format!("http://localhost:{}", first.local_addr().port());
    let second = node("second").join(&name).start().await.expect("start");
    holds(&first, second.id(), Status::Alive).await;
    let third =
        node("third").join("http://no-such-name.invalid:7700").start().await.expect("it starts alone");
    third.join(&name).await.expect("an address");
    holds(&first, third.id(), Status::Alive).await;
    // A node that finds only itself under a name is alone, and alive.
    let alone = node("alone").start().await.expect("start");
    let port = alone.local_addr().port();
    alone.shutdown().await;
    let own = format!("http://localhost:{port}");
    let alone = node("alone").listen(format!("127.0.0.1:{port}")).join(own).start().await.expect("start");
    holds(&alone, alone.id(), Status::Alive).await;
}

#[tokio::test]
async fn a_join_works_before_there_is_anyone_and_on_a_node_that_has_company() {
    // The address of a node that does not run yet.
    let placeholder = node("later").start().await.expect("start");
    let address = placeholder.local_addr();
    placeholder.shutdown().await;
    let early = node("early").join(address.to_string()).start().await.expect("a node starts alone");
    assert_eq!(early.status().await.expect("runs").status, Status::Joining);
    let later = node("later").listen(address.to_string()).start().await.expect("start");
    holds(&early, later.id(), Status::Alive).await;
    assert_eq!(early.status().await.expect("runs").status, Status::Alive);

    let others = cluster(2, |builder| builder).await;
    others[0].join(&early.url()).await.expect("join");
    for node in others.iter().chain([&early, &later]) {
        until("the two clusters to be one", async || {
            (count_of(node, Status::Alive).await == 4).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_node_that_joins_itself_is_simply_alone() {
    let alone = node("alone").start().await.expect("start");
    alone.join(&alone.url()).await.expect("join");
    until("the node to have met itself", async || {
        (crate::support::metric(&alone, "rumormill_links_closed_total{code=\"myself\"}").await > 0)
            .then_some(())
    })
    .await;
    holds(&alone, alone.id(), Status::Alive).await;
    alone.set("still", "fine").await.expect("set");
}

#[tokio::test]
async fn nodes_of_another_cluster_stay_apart() {
    let here = node("here").start().await.expect("start");
    let there = node("there").cluster("other").join(here.url()).start().await.expect("start");
    for node in [&here, &there] {
        until("one of the two to refuse the other", async || {
            let closed = crate::support::metric(node, "rumormill_links_closed_total{code=\"cluster\"}").await;
            let broken = crate::support::metric(node, "rumormill_links_broken_total").await;
            (closed + broken > 0).then_some(())
        })
        .await;
    }
    assert_eq!(count_of(&here, Status::Alive).await, 1);
    assert_eq!(there.status().await.expect("runs").status, Status::Joining);
}

#[tokio::test]
async fn a_watcher_sees_every_key_and_a_slow_one_the_newest_state() {
    let nodes = cluster(2, |builder| builder).await;
    let mut watch = nodes[1].watch("app/").await.expect("watch");
    nodes[0].set("other", 1).await.expect("set");
    nodes[0].set("app/a", 1).await.expect("set");
    let event = timeout(LIMIT, watch.next()).await.expect("in time").expect("the node runs");
    assert_eq!((event.key.as_str(), event.entry.map(|entry| entry.value)), ("app/a", Some(json!(1))));
    assert_eq!(event.from.as_ref(), Some(nodes[0].id()));

    for count in 0..1_000 {
        nodes[1].set("app/a", count).await.expect("set");
    }
    let mut seen = 0;
    let last = loop {
        let event = timeout(LIMIT, watch.next()).await.expect("in time").expect("the node runs");
        seen += 1;
        if event.entry.as_ref().is_some_and(|entry| entry.value == json!(999)) {
            break event;
        }
    };
    assert!(seen < 1_000, "a slow watcher is spared what is outdated; it saw {seen}");
    assert_eq!(last.from, None, "written at the watched node");

    nodes[1].shutdown().await;
    assert_eq!(timeout(LIMIT, watch.next()).await.expect("in time"), None, "the stream ends with the node");
}

#[tokio::test]
async fn tuning_changes_while_the_node_runs_or_not_at_all() {
    let node: NodeHandle = node("tuned").start().await.expect("start");
    let tuning = Tuning { strategy: Strategy::Tree, fanout: 3, ..quick() };
    node.tune(tuning).await.expect("tune");
    assert_eq!(node.tuning().await, Ok(tuning));
    node.tune(Tuning { fanout: 1_000, ..tuning }).await.expect_err("out of range");
    assert_eq!(node.tuning().await, Ok(tuning));
}

#[tokio::test]
async fn services_are_seen_by_all_and_go_down_with_their_node() {
    let nodes = cluster(3, |builder| builder).await;
    let body = r#"{"name": "http", "health": "degraded", "reason": "cold cache"}"#;
    let answer =
        ask(&nodes[1], "POST", "/api/v1/health", &[("content-type", "application/json")], body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let sees = async |at: usize, health: Health, reason: &str| {
        until(&format!("{} to see that", nodes[at].id()), async || {
            let services = nodes[at].services().await.expect("it runs");
            let found =
                services.iter().find(|service| service.name == "http" && service.node == *nodes[1].id());
            found.filter(|service| service.health == health && service.reason.contains(reason)).map(drop)
        })
        .await;
    };
    sees(0, Health::Degraded, "cold cache").await;
    sees(2, Health::Degraded, "cold cache").await;
    let listed = ask(&nodes[2], "GET", "/api/v1/health", &[], "").await.json();
    assert_eq!(listed["services"][0]["health"], "degraded");
    nodes[1].publish("http", Health::Up, "").await.expect("a service");
    sees(0, Health::Up, "").await;
    nodes[1].shutdown().await;
    sees(0, Health::Down, "").await;

    for (body, part) in [
        (r#"{"name": "a b", "health": "up"}"#, "letters"),
        (r#"{"name": "a", "health": "well"}"#, "degraded"),
    ] {
        let answer =
            ask(&nodes[0], "POST", "/api/v1/health", &[("content-type", "application/json")], body).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(answer.body.contains(part), "{}", answer.body);
    }
    assert!(nodes[0].publish("mine", Health::Up, "").await.is_ok());
    assert!(nodes[0].withdraw("mine").await.expect("it runs"), "it was there");
    assert!(!nodes[0].withdraw("mine").await.expect("it runs"));
    let ready = ask(&nodes[0], "GET", "/readyz", &[], "").await;
    assert_eq!((ready.status, ready.body.as_str()), (200, "ready\n"));
    nodes[0].leave().await.expect("it runs");
    assert_eq!(ask(&nodes[0], "GET", "/readyz", &[], "").await.status, 503);
}
