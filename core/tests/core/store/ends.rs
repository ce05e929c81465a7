//! Times to live: they end everywhere, whatever the clocks say, and a later
//! write outlives them.

use super::world::number;
use crate::net::id;
use rumormill_core::state::State;
use rumormill_core::state::store::Key;
use rumormill_core::{Duration, Instant, Store};

const TTL: Duration = Duration::from_secs(5);

fn second(n: u64) -> Instant {
    Instant::from_micros(n * 1_000_000)
}

fn give(from: &mut Store, to: &mut Store, sent: Instant, taken: Instant) {
    from.tell_time(sent);
    to.merge(from.delta(&to.digest(), usize::MAX).delta, taken).expect("a valid delta");
}

fn key(name: &str) -> Key {
    Key::new(name).expect("valid")
}

#[test]
fn a_time_to_live_ends_everywhere_and_a_later_write_outlives_it() {
    let (mut a, mut b) = (Store::new(id("a"), 1), Store::new(id("b"), 1));
    let (short, renewed) = (key("short"), key("renewed"));
    a.set_for(&short, number(1), TTL, second(1)).expect("free");
    a.set_for(&renewed, number(1), TTL, second(1)).expect("free");
    give(&mut a, &mut b, second(1), second(1));
    a.set_for(&renewed, number(2), TTL, second(4)).expect("a register");
    assert_eq!((a.expires_at(), b.expires_at()), (Some(second(6)), Some(second(6))));
    assert!(a.expire(second(5)).is_empty());
    assert_eq!(a.expire(second(6)).len(), 1);
    assert_eq!(b.expire(second(6)).len(), 2);
    assert_eq!((a.register(&short), a.register(&renewed)), (None, Some(&number(2))));
    give(&mut a, &mut b, second(6), second(6));
    assert_eq!((b.register(&short), b.register(&renewed)), (None, Some(&number(2))));
    assert_eq!(a.tombstones(), 1);
    assert_eq!(a.collect([b.digest()].iter()), 1);
    assert!(a.expire(second(60)).len() == 1 && a.expires_at().is_none());
}

/// What is left of a time to live travels as a span, so a clock that is a day
/// off, either way, at the writer or at whoever passes it on, changes nothing.
#[test]
fn a_wrong_clock_neither_shortens_nor_lengthens_a_time_to_live() {
    let day = Duration::from_secs(86_400);
    let start = second(1_000_000);
    let put = |store: &mut Store, at| {
        store.set_for(&key("r"), number(1), TTL, at).expect("free");
        store.put_for(&key("m"), number(1), TTL, at).expect("free");
    };
    for (writer, relay) in
        [(start + day, start), (start - day, start), (start, start + day), (start, start - day)]
    {
        let (mut a, mut b, mut c) = (Store::new(id("a"), 1), Store::new(id("b"), 1), Store::new(id("c"), 1));
        put(&mut a, writer);
        let second = Duration::from_secs(1);
        give(&mut a, &mut b, writer + second, relay + second);
        give(&mut b, &mut c, relay + second + second, start + second + second);
        assert_eq!(a.expires_at(), Some(writer + TTL));
        assert_eq!(b.expires_at(), Some(relay + TTL));
        assert_eq!(c.expires_at(), Some(start + TTL));
        assert_eq!(c.expire(start + TTL).len(), 2);
        assert!(c.is_empty());
    }
}

/// The one addition is the time under way, and a repeated delta adds nothing.
#[test]
fn a_repeated_delta_does_not_lengthen_a_time_to_live() {
    let (mut a, mut b) = (Store::new(id("a"), 1), Store::new(id("b"), 1));
    a.set_for(&key("k"), number(1), TTL, second(1)).expect("free");
    let delta = a.delta(&b.digest(), usize::MAX).delta;
    b.merge(delta.clone(), second(2)).expect("a valid delta");
    b.merge(delta, second(5)).expect("a valid delta");
    assert_eq!(b.expires_at(), Some(second(7)));
    assert_eq!(b.expire(second(7)).len(), 1);
}

#[test]
fn what_is_set_again_and_again_is_noted_once() {
    let mut a = Store::new(id("a"), 1);
    for n in 0..1_000 {
        a.set_for(&key("presence"), number(1), Duration::from_secs(3_600), second(n)).expect("free");
    }
    assert_eq!(a.expires_at(), Some(second(999 + 3_600)), "earlier ends are forgotten");
    a.delete(&key("presence"), second(1_000));
    assert_eq!(a.expires_at(), None);
}

/// Of several concurrent values each has its own end.
#[test]
fn concurrent_values_end_one_by_one() {
    let (mut a, mut b) = (Store::new(id("a"), 1), Store::new(id("b"), 1));
    a.put_for(&key("k"), number(1), TTL, second(1)).expect("free");
    b.put_for(&key("k"), number(2), TTL, second(2)).expect("free");
    give(&mut a, &mut b, second(2), second(2));
    assert_eq!(b.values(&key("k")), [&number(1), &number(2)]);
    assert_eq!(b.expire(second(6)).len(), 1);
    assert_eq!((b.values(&key("k")), b.expires_at()), (vec![&number(2)], Some(second(7))));
    assert_eq!(b.expire(second(7)).len(), 1);
    assert!(b.is_empty() && b.tombstones() == 1);
}

/// A restart does not give a value a new life.
#[test]
fn a_saved_store_ends_its_values_when_it_would_have() {
    let mut a = Store::new(id("a"), 1);
    a.set_for(&key("k"), number(1), TTL, second(1)).expect("free");
    a.tell_time(second(3));
    let mut back = Store::decode(&a.encode()).expect("its own bytes");
    assert_eq!(back.expires_at(), Some(second(6)));
    assert_eq!(back.expire(second(100)).len(), 1);
}

/// A write whose time is over is as good as deleted: what was written beside it
/// reads, and whoever has forgotten the ended one already reads the same.
#[test]
fn what_has_ended_hides_nothing_that_was_written_beside_it() {
    let (mut a, mut b) = (Store::new(id("a"), 1), Store::new(id("b"), 1));
    b.set(&key("k"), number(2), second(1)).expect("free");
    a.set_for(&key("k"), number(1), TTL, second(2)).expect("free");
    give(&mut a, &mut b, second(2), second(2));
    assert_eq!(b.register(&key("k")), Some(&number(1)));
    assert_eq!(b.expire(second(7)).len(), 1);
    assert_eq!((b.register(&key("k")), b.tombstones()), (Some(&number(2)), 0));
    a.expire(second(7));
    assert_eq!(a.collect([b.digest()].iter()), 1, "b has seen it");
    give(&mut b, &mut a, second(7), second(7));
    assert_eq!((a.register(&key("k")), a.hash()), (Some(&number(2)), b.hash()));
}
