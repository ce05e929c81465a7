//! Following a node as a [`Stream`]: its keys ([`Watch`]) and its members
//! ([`MemberEvents`]). A slow follower holds up nobody and misses only steps in
//! between, never the newest state. What there is to follow is the feed's
//! business.

use crate::feed::{Begun, Changes, StoreCaller, Subscription};
use futures_util::Stream;
use rumormill_api::{MemberEvent, WatchEvent};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Events that wait for one follower before further ones are coalesced by key
/// or member. A guess.
pub const WATCH_QUEUE_MAX: usize = 64;

/// Changes of the keys with a prefix, as they come: [`Watch::next`], or as a
/// [`Stream`]. Of a key that changes faster than it is watched only the newest
/// state comes; nothing that is current is ever left out. Ends with the node.
#[derive(Debug)]
pub struct Watch {
    events: mpsc::Receiver<WatchEvent>,
}

impl Watch {
    pub(crate) fn start(begun: Begun, caller: StoreCaller) -> Self {
        let Begun { subscription, first, .. } = begun;
        let events = follow(subscription, first, caller, |changes, caller| async move {
            let changes = changes.keys.into_values().collect();
            caller.call(move |driver| driver.listener.events(changes, &driver.engine)).await
        });
        Self { events }
    }

    /// The next change; none when the node has stopped.
    pub async fn next(&mut self) -> Option<WatchEvent> {
        self.events.recv().await
    }
}

impl Stream for Watch {
    type Item = WatchEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WatchEvent>> {
        self.events.poll_recv(cx)
    }
}

/// Members that come, go, fall and return: [`MemberEvents::next`], or as a
/// [`Stream`]. Of a member that changes faster than it is followed only the
/// newest status comes, beside the one that was last told. Ends with the node.
#[derive(Debug)]
pub struct MemberEvents {
    events: mpsc::Receiver<MemberEvent>,
}

impl MemberEvents {
    pub(crate) fn start(subscription: Arc<Subscription>, caller: StoreCaller) -> Self {
        let events = follow(subscription, Vec::new(), caller, |changes, _| async move {
            let mut events: Vec<MemberEvent> = changes.members.into_values().collect();
            events.sort_by_key(|event| event.at_us);
            Some(events)
        });
        Self { events }
    }

    /// The next event; none when the node has stopped.
    pub async fn next(&mut self) -> Option<MemberEvent> {
        self.events.recv().await
    }
}

impl Stream for MemberEvents {
    type Item = MemberEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<MemberEvent>> {
        self.events.poll_recv(cx)
    }
}

/// Hands on what comes first and then what changes, at the follower's pace,
/// until it or the node is gone.
fn follow<T, F>(
    subscription: Arc<Subscription>,
    first: Vec<T>,
    caller: StoreCaller,
    read: impl Fn(Changes, StoreCaller) -> F + Send + Sync + 'static,
) -> mpsc::Receiver<T>
where
    T: Send + 'static,
    F: Future<Output = Option<Vec<T>>> + Send,
{
    let (sender, events) = mpsc::channel(WATCH_QUEUE_MAX);
    tokio::spawn(async move {
        let mut due = first;
        loop {
            for event in due {
                if sender.send(event).await.is_err() {
                    return;
                }
            }
            tokio::select! {
                () = subscription.changed() => {}
                () = caller.ended() => return,
                () = sender.closed() => return,
            }
            let Some(next) = read(subscription.take(), caller.clone()).await else { return };
            due = next;
        }
    });
    events
}
