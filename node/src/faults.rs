//! Faults of the network, switched on by tests: cuts between nodes of one
//! process. Support for tests; a node that is not given a [`Faults`] has none.
//! It decides only whether two nodes may talk, never what they say.

use rumormill_core::NodeId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A network that several nodes of one process share, and that can be cut.
///
/// Give the same one to every builder ([`crate::NodeBuilder::faults`]). A cut
/// between two nodes breaks the links that they have and refuses new ones,
/// until [`Faults::heal`].
#[derive(Debug, Clone)]
pub struct Faults {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Who listens where.
    names: Mutex<BTreeMap<String, NodeId>>,
    /// Pairs that may not talk, the lesser name first.
    cuts: watch::Sender<BTreeSet<(NodeId, NodeId)>>,
}

impl Default for Faults {
    fn default() -> Self {
        Self::new()
    }
}

impl Faults {
    /// A network without faults.
    pub fn new() -> Self {
        let shared = Shared { names: Mutex::default(), cuts: watch::Sender::new(BTreeSet::new()) };
        Self { shared: Arc::new(shared) }
    }

    /// Cuts every node of one side from every node of the other. Names that no
    /// node has are fine: the cut holds for a node that takes the name later.
    pub fn cut(&self, one_side: &[NodeId], other_side: &[NodeId]) {
        self.shared.cuts.send_modify(|cuts| {
            for one in one_side {
                cuts.extend(other_side.iter().map(|other| pair(one, other)));
            }
        });
    }

    /// Ends all cuts.
    pub fn heal(&self) {
        self.shared.cuts.send_modify(BTreeSet::clear);
    }

    pub(crate) fn register(&self, address: &str, name: &NodeId) {
        self.names().insert(address.to_owned(), name.clone());
    }

    /// The connection between a node and an address, as far as it is known who is there.
    pub(crate) fn wire(&self, from: &NodeId, address: &str) -> Option<Wire> {
        let to = self.names().get(address).cloned()?;
        Some(Wire { pair: pair(from, &to), cuts: self.shared.cuts.subscribe() })
    }

    fn names(&self) -> MutexGuard<'_, BTreeMap<String, NodeId>> {
        self.shared.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection between two nodes.
#[derive(Debug)]
pub(crate) struct Wire {
    pair: (NodeId, NodeId),
    cuts: watch::Receiver<BTreeSet<(NodeId, NodeId)>>,
}

impl Wire {
    pub(crate) fn is_cut(&self) -> bool {
        self.cuts.borrow().contains(&self.pair)
    }

    /// Comes back when the connection is cut; never, if it never is.
    pub(crate) async fn cut(&mut self) {
        let Self { pair, cuts } = self;
        if cuts.wait_for(|cuts| cuts.contains(pair)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn pair(one: &NodeId, other: &NodeId) -> (NodeId, NodeId) {
    if one <= other { (one.clone(), other.clone()) } else { (other.clone(), one.clone()) }
}
