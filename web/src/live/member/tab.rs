//! The page's end of the tab's member: starts its worker, hands on orders, keeps what it last said. What the member
//! does is the machine's business.

use super::protocol::{Change, End, Join, Order, Reads, Report, Standing};
use crate::glue::{Background, Job, page, time::random_u32};
use rumormill_api::{Ask, EntryView, Outcome};
use rumormill_core::NodeId;
use yew::Callback;

/// Where the tab's name is stored while the page is loaded again. Not while it is used: a tab that is duplicated takes
/// what is stored along, and would be a second member of the same name.
const NAME_KEY: &str = "rumormill.member.name";

/// Where the cluster is stored in which the tab was a member when the page was left.
const CLUSTER_KEY: &str = "rumormill.member.cluster";

/// What names are made of after `tab-`: no letters that look alike.
const NAME_LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// What the worker said.
#[derive(Debug)]
pub enum Word {
    /// An encoded [`Report`].
    Bytes(Vec<u8>),
    /// It could not be loaded, or ended.
    Failed(String),
}

/// The tab's member, or its absence.
#[derive(Debug)]
pub(in crate::live) struct Tab {
    on_word: Callback<(u64, Word)>,
    /// Counts workers, so that a late word of an earlier one is not taken for the present one's.
    turn: u64,
    worker: Option<Background>,
    join: Option<Join>,
    standing: Option<Standing>,
    failure: Option<String>,
    /// The name that was given up because another member has it.
    renamed_from: Option<NodeId>,
    /// What the page that was left had stored: the name, and the cluster.
    kept: (Option<NodeId>, Option<String>),
}

impl Tab {
    /// No member yet. What the worker says goes to `on_word`, which must hand it to [`Tab::hear`].
    pub(in crate::live) fn new(on_word: Callback<(u64, Word)>) -> Self {
        Self {
            on_word,
            turn: 0,
            worker: None,
            join: None,
            standing: None,
            failure: None,
            renamed_from: None,
            kept: (
                page::take_from_tab(NAME_KEY).and_then(|name| NodeId::new(&name).ok()),
                page::take_from_tab(CLUSTER_KEY),
            ),
        }
    }

    /// Was this tab a member of this cluster when the page was left? Asked once.
    pub(in crate::live) fn was_member_of(&mut self, cluster: &str) -> bool {
        self.kept.1.take().is_some_and(|kept| kept == cluster)
    }

    /// The page is left: what it needs to go on is stored. Where storage is denied, it will be a new member.
    pub(in crate::live) fn keep(&self) {
        if let Some(name) = self.join.as_ref().map(|join| &join.name).or(self.kept.0.as_ref()) {
            page::store_in_tab(NAME_KEY, name.as_str());
        }
        if let Some(join) = self.join.as_ref().filter(|_| self.worker.is_some()) {
            page::store_in_tab(CLUSTER_KEY, &join.cluster);
        }
    }

    /// Becomes a member. `at` are gossip addresses, the one to try first in front.
    pub(in crate::live) fn join(&mut self, cluster: String, at: Vec<String>, tuning: rumormill_core::Tuning) {
        self.renamed_from = None;
        let before = self.join.take().map(|join| join.name).or(self.kept.0.take());
        self.start(Join { cluster, name: before.unwrap_or_else(new_name), at, tuning });
    }

    /// Says goodbye. The worker ends once it is said.
    pub(in crate::live) fn leave(&mut self) {
        if self.standing.as_ref().is_none_or(|standing| standing.linked.is_empty()) {
            // Nobody would hear it.
            self.stop();
            return;
        }
        self.order(&Order::Leave);
    }

    /// Writes as the member. False if there is none.
    pub(in crate::live) fn write(&self, id: u64, ask: &Ask) -> bool {
        let key = ask.key().to_owned();
        let change = match ask {
            Ask::Set { value, .. } => Change::Set(value.to_string()),
            Ask::Put { value, .. } => Change::Put(value.to_string()),
            Ask::Add { element, .. } => Change::Add(element.to_string()),
            Ask::Remove { element, .. } => Change::Remove(element.to_string()),
            Ask::Delete { .. } => Change::Delete,
            Ask::Increment { by, .. } => Change::Increment(*by),
            Ask::Look { .. } | Ask::Tune { .. } => return false,
        };
        self.is_member() && self.order(&Order::Write { id, key, change })
    }

    /// Takes in a word of the present worker. The answer to a write, if it is one.
    pub(in crate::live) fn hear(&mut self, turn: u64, word: Word) -> Option<(u64, Outcome)> {
        if turn != self.turn {
            return None;
        }
        let report = match word {
            Word::Bytes(bytes) => postcard::from_bytes(&bytes).map_err(|error| error.to_string()),
            Word::Failed(why) => Err(why),
        };
        match report {
            Ok(Report::Standing(standing)) => {
                self.on_standing(*standing);
                None
            }
            Ok(Report::Wrote { id, outcome }) => {
                let key = String::new();
                Some((id, outcome.map_or_else(Outcome::Refused, |reads| outcome_of(key, reads))))
            }
            Ok(Report::Impossible(why)) | Err(why) => {
                self.stop();
                self.failure = Some(why);
                None
            }
        }
    }

    /// How the member stands; none if there is none.
    pub(in crate::live) fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// Why there is none, if it failed.
    pub(in crate::live) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// The name that it had to give up.
    pub(in crate::live) fn renamed_from(&self) -> Option<&NodeId> {
        self.renamed_from.as_ref()
    }

    /// Is there a worker that carries a member, or is about to?
    pub(in crate::live) fn is_wanted(&self) -> bool {
        self.worker.is_some()
    }

    /// Does it take part now?
    pub(in crate::live) fn is_member(&self) -> bool {
        self.standing.as_ref().is_some_and(|standing| standing.end.is_none() && standing.status.is_active())
    }

    fn on_standing(&mut self, standing: Standing) {
        match standing.end {
            None => self.standing = Some(standing),
            Some(End::Left) => self.stop(),
            Some(End::NameTaken) => {
                let Some(join) = self.join.clone() else { return self.stop() };
                self.start(Join { name: new_name(), ..join });
                self.renamed_from = Some(standing.name);
            }
        }
    }

    fn start(&mut self, join: Join) {
        self.stop();
        let turn = self.turn;
        let (on_bytes, on_error) = (self.on_word.clone(), self.on_word.clone());
        let worker = Background::spawn(
            Job::Member,
            move |bytes| on_bytes.emit((turn, Word::Bytes(bytes))),
            move |why| on_error.emit((turn, Word::Failed(why))),
        );
        match worker {
            Ok(worker) => {
                self.worker = Some(worker);
                self.order(&Order::Join(Box::new(join.clone())));
                self.join = Some(join);
            }
            Err(error) => self.failure = Some(error.0),
        }
    }

    fn stop(&mut self) {
        self.turn += 1;
        (self.worker, self.standing, self.failure) = (None, None, None);
    }

    fn order(&self, order: &Order) -> bool {
        let Some(worker) = &self.worker else { return false };
        worker.send(&postcard::to_allocvec(order).expect("an order is plain data"));
        true
    }
}

fn outcome_of(key: String, reads: Reads) -> Outcome {
    let Some((kind, text)) = reads.now else { return Outcome::Gone { changed: reads.changed } };
    let value = serde_json::from_str(&text).unwrap_or(text.into());
    let (author, stamp_us, expires_us, version) = (None, None, None, String::new());
    Outcome::Done(EntryView { key, kind, value, author, stamp_us, expires_us, version })
}

fn new_name() -> NodeId {
    let luck = random_u32();
    let letter = |at: u32| char::from(NAME_LETTERS[(luck >> (5 * at) & 31) as usize]);
    let name: String = "tab-".chars().chain((0..5).map(letter)).collect();
    NodeId::new(&name).expect("letters and digits make a name")
}
