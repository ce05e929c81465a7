//! The way of the page's latest write, in words: who had it from whom, and of whoever lacks it, why, as far as that is
//! known. It derives and words; it asks nobody.

use super::{
    measure::{Arrival, Measure},
    spread_chart::span,
    state::View,
    words,
};
use rumormill_core::{Event, NodeId, Status, TraceEvent};

/// What a member said of its links holds for so long, in milliseconds: it is asked again after two seconds.
const LINKS_FRESH_MS: u64 = 5_000;

/// The whole way, from who wrote it to who had it last.
pub(super) fn way(measure: &Measure) -> String {
    let parts = measure.holders().into_iter().map(|id| match measure.members.get(id) {
        Some(arrival @ Arrival::At { .. }) => format!("{id} {}", got(arrival)),
        _ => format!("{id} wrote it"),
    });
    format!("{}.", parts.collect::<Vec<_>>().join("; "))
}

/// What is known of one member and the write, as a sentence.
pub(super) fn of_member(measure: &Measure, view: &View, id: &NodeId, now_ms: u64) -> String {
    match measure.members.get(id) {
        _ if *id == measure.origin => format!("{id} wrote it."),
        Some(arrival @ Arrival::At { .. }) => {
            let chain = chain(measure, id);
            let by_way = if chain.len() > 2 { format!(" ({})", chain.join(" → ")) } else { String::new() };
            format!("{id} {}{by_way}.", got(arrival))
        }
        _ => lacks(measure, view, id, now_ms),
    }
}

/// Those that are not known to have it and have not left, each with the reason.
pub(super) fn lacking(measure: &Measure, view: &View, now_ms: u64) -> Vec<String> {
    let holders = measure.holders();
    let gone = |id: &NodeId| matches!(status(view, id), Some(Status::Leaving | Status::Left));
    let lacking = view.members.keys().filter(|id| !holders.contains(id) && !gone(id));
    lacking.map(|id| lacks(measure, view, id, now_ms)).collect()
}

fn got(arrival: &Arrival) -> String {
    match arrival {
        Arrival::At { after_us, from: Some(from), .. } => {
            format!("got it from {from} after {}", span(*after_us))
        }
        Arrival::At { after_us, .. } => format!("wrote the key itself after {}", span(*after_us)),
        _ => "is not known to have it".to_owned(),
    }
}

/// By way of whom it came to a member, the writer first; as far back as is known.
fn chain<'a>(measure: &'a Measure, id: &'a NodeId) -> Vec<&'a str> {
    let mut chain = vec![id.as_str()];
    let mut last = id;
    while let Some(Arrival::At { from: Some(from), .. }) = measure.members.get(last)
        && !chain.contains(&from.as_str())
    {
        chain.push(from.as_str());
        last = from;
    }
    chain.reverse();
    chain
}

fn status(view: &View, id: &NodeId) -> Option<Status> {
    view.members.get(id).map(|member| member.view.status)
}

fn lacks(measure: &Measure, view: &View, id: &NodeId, now_ms: u64) -> String {
    let arrival = measure.members.get(id);
    let state = match status(view, id) {
        Some(Status::Down) => Some(format!("{} holds it to be down", measure.origin)),
        Some(Status::Suspect) => Some(format!("{} suspects it, since it does not answer", measure.origin)),
        Some(Status::Leaving | Status::Left) => Some("it has left".to_owned()),
        _ => None,
    };
    let is_active = status(view, id).is_none_or(Status::is_active);
    let has_address = view.members.get(id).is_some_and(|member| member.view.address.is_some());
    let told = match arrival {
        Some(Arrival::Lacking) => {
            Some(format!("it was asked {} after the write", words::span(measure.age_ms(now_ms))))
        }
        Some(Arrival::Unknown(why)) => Some(format!("it does not tell: {why}")),
        Some(_) => Some("it was not asked yet".to_owned()),
        None if !is_active => None,
        None if has_address => Some("it is not among those that are asked".to_owned()),
        None => Some("it has no address, so it cannot be asked".to_owned()),
    };
    let cut_off = is_active.then(|| unlinked(measure, view, id, now_ms)).flatten();
    let reasons = [state, told, cut_off, denied(measure, view, id)];
    let reasons: Vec<String> = reasons.into_iter().flatten().collect();
    let lead = match arrival {
        Some(Arrival::Lacking) => format!("{id} has not got it"),
        _ if !is_active => format!("{id} is not known to have it"),
        _ => format!("Whether {id} has it is not known"),
    };
    format!("{lead}: {}.", reasons.join("; "))
}

/// That nobody who has the write has a link with a member, if that is known of each of them.
fn unlinked(measure: &Measure, view: &View, id: &NodeId, now_ms: u64) -> Option<String> {
    let links_of = |of: &NodeId| {
        let fresh = |at_ms: u64| now_ms.saturating_sub(at_ms) <= LINKS_FRESH_MS;
        let belief = view.around.beliefs.get(of);
        belief.filter(|belief| belief.error.is_none() && fresh(belief.at_ms)).map(|belief| &*belief.linked)
    };
    let is_linked = |holder: &NodeId| {
        if Some(holder) == view.node() {
            return view.members.get(id).map(|member| member.view.linked);
        }
        links_of(holder).map(|links| links.contains(id)).or(links_of(id).map(|links| links.contains(holder)))
    };
    let holders = measure.holders();
    let is_cut_off = holders.iter().all(|holder| is_linked(holder) == Some(false));
    let names: Vec<&str> = holders.iter().map(|holder| holder.as_str()).collect();
    is_cut_off.then(|| match names[..] {
        [one] => format!("{one}, which has it, has no link with it now"),
        _ => format!("none of those that have it ({}) has a link with it now", names.join(", ")),
    })
}

/// How often limiters put off a message to a member since the write, if they did.
fn denied(measure: &Measure, view: &View, id: &NodeId) -> Option<String> {
    let records = view.feed.lines().filter_map(|line| line.record());
    let since = records.filter(|record| record.at.as_micros() >= measure.after_us());
    let by = since.filter_map(|record| match &record.event {
        TraceEvent::Node(Event::Denied { to, .. }) if to == id => record.node.as_ref(),
        _ => None,
    });
    let mut by: Vec<&NodeId> = by.collect();
    let count = by.len();
    rumormill_core::sort::sort(&mut by);
    by.dedup();
    let names: Vec<&str> = by.into_iter().map(NodeId::as_str).collect();
    (count > 0).then(|| {
        let times = words::counted(count, "time", "times");
        format!("the limiter of {} put off a message to it {times} since the write", names.join(" and of "))
    })
}

#[cfg(test)]
mod tests {
    use super::super::around::Belief;
    use super::super::fixtures::{id, member, own, snapshot, status};
    use super::*;
    use rumormill_api::{ArrivalView, Notice};
    use rumormill_core::limiter::Purpose;
    use rumormill_core::{Instant, TraceRecord};
    use std::rc::Rc;

    fn told(at_us: u64, from: &str) -> ArrivalView {
        ArrivalView { at_us: Some(at_us), from: Some(id(from)), ahead_us: Some(0), within_us: 9 }
    }

    /// Written at a, then at b and, by way of b, at c; d was asked and lacks it, e was not asked.
    fn measure() -> Measure {
        let members = ["b", "c", "d", "e"].into_iter().map(id);
        let mut measure = Measure::new(1, "k".to_owned(), id("a"), 900, 1_000).among(members, 0);
        measure.take(&id("a"), Ok(ArrivalView { from: None, ..told(1_000, "a") }));
        measure.take(&id("b"), Ok(told(5_000, "a")));
        measure.take(&id("c"), Ok(told(9_000, "b")));
        measure.take(&id("d"), Ok(ArrivalView { at_us: None, ..told(0, "a") }));
        measure
    }

    fn view(of_d: Status) -> View {
        let mut view = View::default();
        let others = ["b", "c", "e"].map(|name| member(name, Status::Alive));
        let members = [own("a"), member("d", of_d)].into_iter().chain(others).collect();
        view.apply(snapshot(5_000_000, status("a", 1), members), 1_000);
        view
    }

    fn of(name: &str, view: &View) -> String {
        of_member(&measure(), view, &id(name), 13_000)
    }

    #[test]
    fn the_way_is_told_from_the_writer_on() {
        let way = way(&measure());
        assert_eq!(way, "a wrote it; b got it from a after 4.0 ms; c got it from b after 8.0 ms.");
        let view = view(Status::Alive);
        assert_eq!(of("a", &view), "a wrote it.");
        assert_eq!(of("b", &view), "b got it from a after 4.0 ms.");
        assert_eq!(of("c", &view), "c got it from b after 8.0 ms (a → b → c).");
        assert_eq!(lacking(&measure(), &view, 13_000).len(), 2);
    }

    #[test]
    fn of_who_lacks_it_only_what_is_known_is_told() {
        let alive = view(Status::Alive);
        assert_eq!(of("d", &alive), "d has not got it: it was asked 12 s after the write.");
        assert_eq!(of("e", &alive), "Whether e has it is not known: it was not asked yet.");
        assert!(of("d", &view(Status::Suspect)).contains("a suspects it"));
        assert!(of("d", &view(Status::Down)).contains("a holds it to be down"));
    }

    #[test]
    fn cut_off_is_who_no_holder_has_a_link_with() {
        let mut view = view(Status::Alive);
        let members = Rc::make_mut(&mut view.members);
        Rc::make_mut(members.get_mut(&id("d")).expect("it is known")).view.linked = false;
        let belief = |linked: &[&str], at_ms| {
            let linked = Rc::new(linked.iter().map(|name| id(name)).collect());
            Rc::new(Belief { of: Rc::default(), linked, at_ms, error: None })
        };
        view.around.beliefs.insert(id("b"), belief(&["a"], 12_000));
        assert!(!of("d", &view).contains("link"), "of c nothing is known");
        view.around.beliefs.insert(id("c"), belief(&["b"], 12_000));
        assert!(of("d", &view).contains("none of those that have it (a, b, c) has a link with it now"));
        view.around.beliefs.insert(id("c"), belief(&["b"], 1_000));
        assert!(!of("d", &view).contains("link"), "what c said is old");
        view.around.beliefs.insert(id("c"), belief(&["d"], 12_000));
        assert!(!of("d", &view).contains("link"));
    }

    #[test]
    fn a_limiter_that_denied_since_the_write_is_named() {
        let mut view = view(Status::Alive);
        let denied = |node: &str, at_us| TraceRecord {
            at: Instant::from_micros(at_us),
            node: Some(id(node)),
            event: TraceEvent::Node(Event::Denied { to: id("d"), purpose: Purpose::Eager }),
        };
        let records = vec![denied("a", 500), denied("a", 1_500), denied("b", 1_600), denied("a", 1_700)];
        view.apply(Notice::Trace { records, dropped: 0 }, 2_000);
        assert!(
            of("d", &view)
                .ends_with("the limiter of a and of b put off a message to it 3 times since the write.")
        );
    }
}
