//! When the state may drop what it keeps only for members who have not seen
//! yet that it is gone: once every active member was seen to have. What each
//! has seen is noted from what it says anyway, and only while there is
//! something to drop. A member that is down or has left holds up nothing; if it
//! comes back, the state sees to it that it brings nothing back.

use super::Engine;
use crate::hash::StateHash;
use crate::id::NodeId;
use crate::state::State;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;

/// What members were last seen to have. Equal digests are shared.
#[derive(Debug)]
pub(super) struct Seen<S: State> {
    digests: BTreeMap<NodeId, Arc<S::Digest>>,
    /// This node's own digest, by the hash that it belongs to.
    own: Option<(StateHash, Arc<S::Digest>)>,
}

impl<S: State> Default for Seen<S> {
    fn default() -> Self {
        Self { digests: BTreeMap::new(), own: None }
    }
}

impl<S: State> Engine<S> {
    /// A member said what it has seen.
    pub(super) fn note_digest(&mut self, id: &NodeId, digest: &S::Digest) {
        if self.state.has_garbage() {
            self.seen.digests.insert(id.clone(), Arc::new(digest.clone()));
        }
    }

    /// A member has seen exactly what this node has.
    pub(super) fn note_equal(&mut self, id: &NodeId) {
        if !self.state.has_garbage() {
            return;
        }
        let hash = self.state.hash();
        let own = match &self.seen.own {
            Some((at, digest)) if *at == hash => digest.clone(),
            _ => Arc::new(self.state.digest()),
        };
        self.seen.own = Some((hash, own.clone()));
        self.seen.digests.insert(id.clone(), own);
    }

    /// Drops what all active members are known to have seen.
    pub(super) fn collect_garbage(&mut self) {
        if !self.state.has_garbage() {
            self.seen = Seen::default();
            return;
        }
        let Self { state, members, seen, config, .. } = self;
        seen.digests.retain(|id, _| members.is_active(id));
        let others = members.active_count() - u32::from(members.is_active(&config.id));
        if seen.digests.len() as u32 == others {
            self.stats.collected += u64::from(state.collect(seen.digests.values().map(|digest| &**digest)));
        }
    }
}
