//! The tab's member against a node's engine, their links joined by hand.

use super::*;
use crate::live::fixtures::id;
use rumormill_core::Tuning;
use std::collections::BTreeMap;

/// A node, the tab, and the time.
struct Pair {
    node: Engine<Store>,
    tab: Machine,
    now: Instant,
    /// The node's name for each link of the tab.
    links: BTreeMap<LinkId, LinkId>,
    is_cut: bool,
    reports: Vec<Report>,
}

impl Pair {
    fn new() -> Self {
        let now = Instant::from_micros(1_000_000_000);
        let mut config = EngineConfig::new("c", id("n1"));
        config.address = Some(Address::new("ws://n1/gossip").unwrap());
        let node = Engine::new(config, Store::new(id("n1"), 1), 7, now).unwrap();
        Self { node, tab: Machine::default(), now, links: BTreeMap::new(), is_cut: false, reports: vec![] }
    }

    fn order(&mut self, order: Order) {
        let bytes = postcard::to_allocvec(&order).unwrap();
        self.tab.handle(Happened::Told(bytes), self.now);
        self.settle();
    }

    fn join(&mut self, cluster: &str, name: &str) {
        let at = vec!["ws://n1/gossip#10.0.0.1".to_owned()];
        let join = Join { cluster: cluster.to_owned(), name: id(name), at, tuning: Tuning::default() };
        self.order(Order::Join(Box::new(join)));
    }

    fn settle(&mut self) {
        loop {
            let mut is_quiet = true;
            while let Some(todo) = self.tab.poll() {
                is_quiet = false;
                self.do_for_tab(todo);
            }
            while let Some(output) = self.node.poll() {
                is_quiet = false;
                self.do_for_node(output);
            }
            if is_quiet {
                return;
            }
        }
    }

    fn do_for_tab(&mut self, todo: Todo) {
        match todo {
            Todo::Tell(bytes) => self.reports.push(postcard::from_bytes(&bytes).unwrap()),
            Todo::Dial(link, url) if self.is_cut || url != "ws://n1/gossip" => {
                let reason = String::new();
                self.tab.handle(Happened::Closed { link, code: 1006, reason }, self.now);
            }
            Todo::Dial(link, _) => {
                let other = LinkId::Accepted(self.links.len() as u64 + 1);
                self.links.insert(link, other);
                self.tab.handle(Happened::Opened(link), self.now);
                self.node.handle(Input::LinkUp { link: other, codec: Codec::Postcard }, self.now);
            }
            Todo::Send(link, frame) => {
                self.tab.handle(Happened::Sent(link), self.now);
                if let Some(&other) = self.links.get(&link) {
                    self.node.handle(Input::Received { link: other, frame: frame.into() }, self.now);
                }
            }
            Todo::Close(link, refusal) => {
                if let Some(other) = self.links.remove(&link) {
                    self.node.handle(Input::LinkClosed { link: other, refusal }, self.now);
                }
            }
        }
    }

    fn do_for_node(&mut self, output: Output) {
        let of = |links: &BTreeMap<LinkId, LinkId>, wanted| {
            links.iter().find(|(_, other)| **other == wanted).map(|(link, _)| *link)
        };
        match output {
            Output::Send { link, frame } => {
                self.node.handle(Input::Sent { link }, self.now);
                if let Some(link) = of(&self.links, link) {
                    self.tab.handle(Happened::Frame(link, frame.to_vec()), self.now);
                }
            }
            Output::Close { link, refusal } => {
                if let Some(link) = of(&self.links, link) {
                    self.links.remove(&link);
                    let (code, reason) = (refusal.code.number(), refusal.reason.into_owned());
                    self.tab.handle(Happened::Closed { link, code, reason }, self.now);
                }
            }
            Output::Dial { link, .. } => {
                self.node.handle(Input::LinkDown { link, reason: "no".into() }, self.now);
            }
            Output::Event(_) => {}
        }
    }

    /// Lets time pass, each end's timers included.
    fn pass(&mut self, seconds: u64) {
        let end = self.now + micros(seconds * 1_000_000);
        loop {
            let next = [self.node.deadline(), self.tab.deadline()].into_iter().flatten().min();
            match next.filter(|next| *next < end) {
                Some(next) => self.now = next.max(self.now),
                None => break,
            }
            self.node.handle(Input::Timeout, self.now);
            self.tab.handle(Happened::Timeout, self.now);
            self.settle();
        }
        self.now = end;
    }

    /// The tab is closed: its links break and it does nothing any more.
    fn close_tab(&mut self) {
        self.tab = Machine::default();
        for (_, link) in std::mem::take(&mut self.links) {
            self.node.handle(Input::LinkDown { link, reason: "gone".into() }, self.now);
        }
    }

    fn standing(&self) -> &Standing {
        let last = self.reports.iter().rev().find_map(|report| match report {
            Report::Standing(standing) => Some(standing),
            _ => None,
        });
        last.expect("it has told how it stands")
    }

    fn status(&self, name: &str) -> Option<Status> {
        self.node.members().status(&id(name))
    }
}

#[test]
fn a_tab_joins_writes_and_is_read_elsewhere() {
    let mut pair = Pair::new();
    pair.join("c", "tab-1");
    pair.pass(2);
    assert_eq!(pair.status("tab-1"), Some(Status::Alive));
    let standing = pair.standing();
    assert_eq!(
        (standing.status, standing.host.as_ref(), standing.active),
        (Status::Alive, Some(&id("n1")), 2)
    );

    let write = |id, key: &str, change| Order::Write { id, key: key.to_owned(), change };
    pair.order(write(1, "color", Change::Set("\"teal\"".to_owned())));
    pair.order(write(2, "visits", Change::Increment(3)));
    pair.order(write(3, "tags", Change::Add("1".to_owned())));
    pair.pass(1);
    let key = |key: &str| Key::new(key).unwrap();
    assert_eq!(pair.node.state().register(&key("color")).map(Value::to_json), Some("teal".into()));
    assert_eq!(pair.node.state().counter(&key("visits")), Some(3));
    let reads = |kind, text: &str| Ok(Reads { changed: true, now: Some((kind, text.to_owned())) });
    for (id, outcome) in
        [(1, reads(Kind::Register, "\"teal\"")), (2, reads(Kind::Counter, "3")), (3, reads(Kind::Set, "[1]"))]
    {
        assert!(pair.reports.contains(&Report::Wrote { id, outcome }), "{:#?}", pair.reports);
    }
    assert_eq!(pair.standing().store, pair.node.state().hash().0);
}

#[test]
fn what_cannot_be_written_is_refused_and_the_member_goes_on() {
    let mut pair = Pair::new();
    let refused = |pair: &Pair, wanted: u64| {
        pair.reports
            .iter()
            .any(|report| matches!(report, Report::Wrote { id, outcome: Err(_) } if *id == wanted))
    };
    let write = |id, key: &str, change| Order::Write { id, key: key.to_owned(), change };
    pair.order(write(1, "k", Change::Increment(1)));
    assert!(refused(&pair, 1), "no member yet");
    pair.join("c", "tab-1");
    pair.order(write(2, "", Change::Increment(1)));
    pair.order(write(3, "k", Change::Set("{".to_owned())));
    pair.order(write(4, "k", Change::Set("1".to_owned())));
    pair.order(write(5, "k", Change::Increment(1)));
    assert_eq!([2, 3, 4, 5].map(|id| refused(&pair, id)), [true, true, false, true]);
    pair.tab.handle(Happened::Told(vec![250]), pair.now);
    pair.settle();
    assert!(matches!(pair.reports.iter().rev().nth(1), Some(Report::Impossible(_))));
    assert_eq!(pair.standing().status, Status::Alive);
}

#[test]
fn a_tab_that_leaves_has_left_and_one_that_closes_goes_down() {
    let mut pair = Pair::new();
    pair.join("c", "tab-1");
    pair.pass(2);
    pair.order(Order::Leave);
    pair.pass(4);
    assert_eq!(pair.status("tab-1"), Some(Status::Left));
    assert_eq!(pair.standing().end, Some(End::Left));

    let mut pair = Pair::new();
    pair.join("c", "tab-1");
    pair.pass(2);
    pair.close_tab();
    pair.settle();
    assert_eq!(pair.status("tab-1"), Some(Status::Suspect), "noticed at once");
    pair.pass(60);
    assert_eq!(pair.status("tab-1"), Some(Status::Down));
    // The page is loaded again: the same name, a later life.
    pair.join("c", "tab-1");
    pair.pass(3);
    assert_eq!(pair.status("tab-1"), Some(Status::Alive));
}

#[test]
fn a_cluster_of_another_name_refuses_and_says_so() {
    let mut pair = Pair::new();
    pair.join("elsewhere", "tab-1");
    pair.pass(1);
    let standing = pair.standing();
    assert_eq!((standing.status, standing.linked.len()), (Status::Joining, 0));
    assert!(standing.trouble.as_ref().is_some_and(|words| words.contains("cluster")), "{standing:?}");
}

#[test]
fn a_member_that_lost_its_host_says_why_and_returns() {
    let mut pair = Pair::new();
    pair.join("c", "tab-1");
    pair.pass(2);
    pair.is_cut = true;
    for link in std::mem::take(&mut pair.links).into_keys() {
        let closed = Happened::Closed { link, code: 1006, reason: String::new() };
        pair.tab.handle(closed, pair.now);
    }
    pair.pass(3);
    assert!(pair.standing().trouble.is_some() && pair.standing().host.is_none());
    pair.is_cut = false;
    pair.pass(40);
    assert_eq!(pair.standing().host, Some(id("n1")));
    assert_eq!(pair.status("tab-1"), Some(Status::Alive));
}

#[test]
fn text_where_frames_belong_closes_the_link() {
    let mut pair = Pair::new();
    pair.join("c", "tab-1");
    pair.pass(1);
    let link = *pair.links.keys().next().unwrap();
    pair.tab.handle(Happened::Strange(link), pair.now);
    let closed = std::iter::from_fn(|| pair.tab.poll()).any(
        |todo| matches!(todo, Todo::Close(at, refusal) if at == link && refusal.code == CloseCode::Malformed),
    );
    assert!(closed);
}
