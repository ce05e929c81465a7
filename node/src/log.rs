//! What a node logs: at `info` what an operator wants to know (who came, who
//! went, who was refused and why), at `debug` every exchange. It only words
//! things.

use rumormill_core::wire::Refusal;
use rumormill_core::{Address, CloseCode, Engine, Event, Health, LinkId, NodeId, State};
use tracing::{debug, error, info, warn};

/// Where the log's lines come from, for whoever asks what is wanted.
pub(crate) const TARGET: &str = module_path!();

/// A link that this node closed.
pub(crate) fn closed(node: &NodeId, link: LinkId, remote: &str, Refusal { code, reason }: &Refusal) {
    match code {
        code if is_routine(*code) => debug!(%node, remote, %code, %reason, "closed a link"),
        CloseCode::Myself if matches!(link, LinkId::Dialed(_)) => {
            info!(%node, remote, "the join address is this node itself; nobody to join there");
        }
        CloseCode::Myself => {}
        _ => warn!(%node, remote, %code, number = code.number(), %reason, "refused a link"),
    }
}

/// A link that the peer closed.
pub(crate) fn closed_by_peer(node: &NodeId, remote: &str, Refusal { code, reason }: &Refusal) {
    if is_routine(*code) || *code == CloseCode::Myself {
        debug!(%node, remote, %code, %reason, "the peer closed a link");
    } else {
        warn!(%node, remote, %code, number = code.number(), %reason, "the peer refused a link");
    }
}

/// A link that nobody closed: worth a warning only where a person asked for it.
pub(crate) fn lost<S: State>(engine: &Engine<S>, remote: &str, reason: &str) {
    let is_member = |remote: &str| {
        let mut addresses = engine.members().iter().filter_map(|member| member.address.as_ref());
        addresses.any(|address| address.as_str() == remote)
    };
    let node = engine.id();
    if remote.starts_with("ws") && !is_member(remote) {
        warn!(%node, address = remote, reason, "cannot join there; trying again while this node is alone");
    } else {
        debug!(%node, remote, reason, "lost a link");
    }
}

/// Something that an engine did or noticed.
pub(crate) fn event(node: &NodeId, event: &Event) {
    match event {
        Event::Member { id, status, was, incarnation } if id == node => {
            let was = was.map(|was| was.as_str());
            info!(%node, %status, was, incarnation = incarnation.0, "this node's own status");
        }
        Event::Member { id, status, was: None, .. } => {
            info!(%node, member = %id, %status, "met a member")
        }
        Event::Member { id, status, was: Some(was), .. } => {
            info!(%node, member = %id, %status, %was, "a member's status changed");
        }
        Event::LinkUp { peer, dialed } => debug!(%node, %peer, dialed, "linked"),
        Event::Sent { to, kind, bytes, writes, cause, number } => {
            let to = to.as_ref().map(NodeId::as_str);
            debug!(%node, to, number, %kind, bytes, writes, because = cause.as_str(), "sent");
        }
        Event::Received { from, kind, bytes, news, number } => {
            debug!(%node, %from, number, %kind, bytes, news, "received");
        }
        Event::ClockAhead { from, writes } => {
            warn!(%node, %from, writes, "writes came with stamps from the future: some node's clock is wrong");
        }
        Event::Denied { to, purpose } => {
            debug!(%node, %to, ?purpose, "the limiter put off a send");
        }
        Event::NameTaken { address, kept: true, .. } => {
            let other = address.as_ref().map(Address::as_str);
            warn!(%node, other, "another node uses this node's name and was told to stop: start it with another --name");
        }
        Event::NameTaken { address, kept: false, .. } => {
            let other = address.as_ref().map(Address::as_str);
            error!(%node, other, "another node had this name first, so this one stops: start it with another --name");
        }
        Event::Service { node: whose, name, health, reason } => {
            let health = health.map_or("withdrawn", Health::as_str);
            info!(%node, service = %name, of = %whose, health, %reason, "service");
        }
        Event::Changed { key, kind, from } => {
            debug!(%node, %key, %kind, from = from.as_ref().map(NodeId::as_str), "changed");
        }
        Event::Stopped => info!(%node, "left the cluster"),
        // Links that end are logged with what the transport knows of them.
        Event::Round { .. } | Event::LinkDown { .. } => {}
    }
}

/// Is it in the nature of things that links are closed for this?
fn is_routine(code: CloseCode) -> bool {
    matches!(code, CloseCode::Idle | CloseCode::GoingAway | CloseCode::Silent | CloseCode::Superseded)
}
