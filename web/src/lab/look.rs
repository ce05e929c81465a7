//! What the worker sees when it looks at the cluster: frames, rows, the inspected node. It changes nothing but the
//! lists of news, which it empties into the frame. What single views ask for is in `look_views`.

use super::insight;
use super::look_views;
use super::paths::{Few, PATHS_MAX, Path, PathState, Trouble, cut_paths};
use super::protocol::{
    Course, Detail, ENTRIES_SHOWN_MAX, EntryLine, Frame, Inside, Look, MEMBERS_SHOWN_MAX, Mark, MemberLine,
    NodeState, Row, Spread, Text, Totals,
};
use super::run::Run;
use super::sentences::{self, Choice};
use super::timeline::Timeline;
use super::why;
use rumormill_core::state::store::{Entry, Reading};
use rumormill_core::{Engine, Instant, Member, State, Status, Store, TraceRecord};
use rumormill_sim::{Latency, NodeView, Sim, Watch};
use std::collections::BTreeSet;

/// Most highlights handed over at once, and most of all other records: more than anyone can read.
const HIGHLIGHTS_MAX: usize = 200;
const PLAIN_MAX: usize = 150;

/// Most messages drawn at once; more would be a fog.
const FLIGHTS_MAX: usize = 4_000;

/// Everything that a look asks for.
pub(super) fn frame(timeline: &mut Timeline, look: &Look) -> Frame {
    let news = std::mem::take(&mut timeline.news);
    let course = (news.branches || news.series).then(|| Box::new(course(timeline)));
    // A whole course holds what is new in it.
    let (samples, done) = if course.is_some() { Default::default() } else { (news.samples, news.done) };
    let run = &timeline.run;
    let sim = &run.sim;
    let watch = look_views::watch(sim, look);
    let cut = cut_by_themselves(sim);
    let under_way = sim.in_flight().count();
    let flights = sim
        .in_flight()
        .skip(under_way.saturating_sub(FLIGHTS_MAX))
        .map(|flight| look_views::flight(&flight))
        .collect();
    let mut frame = Frame {
        run: timeline.number,
        now_us: run.now_us(),
        next_us: sim.next_at().map(Instant::as_micros),
        took_us: 0,
        marks: sim.iter().map(|view| mark(run, &view, watch)).collect(),
        groups: run.groups.clone(),
        paths: paths(sim, &cut),
        flights,
        flights_unseen: under_way.saturating_sub(FLIGHTS_MAX) as u32,
        landed: look_views::landed(sim, look),
        spread: spread(run, cut.len() as u32),
        samples,
        done,
        refused: news.refused,
        end_us: timeline.end_us(),
        turned_us: news.turned_us,
        course,
        text: None,
    };
    if look.text {
        frame.text = Some(Box::new(text(timeline, look)));
    }
    frame
}

fn course(timeline: &Timeline) -> Course {
    let series = timeline.series();
    Course {
        branches: timeline.branches(),
        current: timeline.current(),
        samples: series.samples().to_vec(),
        done: series.deeds().to_vec(),
    }
}

fn text(timeline: &mut Timeline, look: &Look) -> Text {
    let records = timeline.take_records();
    timeline.run.clues.note(&timeline.run.sim, &records);
    let records = worth_reading(records);
    let run = &timeline.run;
    let sim = &run.sim;
    let watch = look_views::watch(sim, look);
    let totals = sim.totals();
    let node = look.node.filter(|node| *node < sim.nodes());
    let (first, count) = look.rows.unwrap_or((0, 0));
    let suspected = suspected(sim);
    Text {
        totals: Totals {
            messages: totals.messages,
            payload: totals.payload_messages,
            bytes: totals.bytes,
            lost: totals.lost,
            denials: totals.denials,
            events: totals.events,
        },
        rows: rows_of(run, watch, first, count, &suspected),
        suspect: most_suspected(&suspected).map(|(node, by)| (sim.node(node).id.clone(), by)),
        node: node.map(|node| Box::new(detail(run, &sim.node(node), watch))),
        records,
        writes: look_views::writes(sim),
        shown: look_views::shown(sim, look),
        message: look.message.and_then(|id| look_views::message(sim, id)).map(Box::new),
    }
}

/// The newest of both, in order: highlights must not drown in messages.
#[inline(never)]
pub(crate) fn worth_reading(records: Vec<TraceRecord>) -> Vec<TraceRecord> {
    let mut room = [PLAIN_MAX, HIGHLIGHTS_MAX];
    let mut kept: Vec<TraceRecord> = records
        .into_iter()
        .rev()
        .filter(|record| {
            let room = &mut room[usize::from(Choice::Highlights.takes(sentences::topic(&record.event)))];
            let fits = *room > 0;
            *room -= usize::from(fits);
            fits
        })
        .collect();
    kept.reverse();
    kept
}

fn state(run: &Run, view: &NodeView<'_>) -> NodeState {
    match view.engine {
        None if run.left[view.index as usize] => NodeState::Left,
        None => NodeState::Down,
        Some(_) if view.paused => NodeState::Paused,
        Some(engine) => match engine.members().status(view.id) {
            Some(Status::Joining) => NodeState::Joining,
            Some(Status::Leaving | Status::Left) => NodeState::Left,
            _ => NodeState::Alive,
        },
    }
}

fn mark(run: &Run, view: &NodeView<'_>, watch: Option<&Watch>) -> Mark {
    let informed = watch.is_some_and(|watch| watch.learned(view.index).is_some());
    Mark { state: state(run, view), informed }
}

/// Paths that are cut by themselves, then those that are slow.
fn paths(sim: &Sim, cut: &[Path]) -> Vec<Path> {
    let slow = |(a, b, _): (u32, u32, Latency)| Path { from: a as u16, to: b as u16, state: PathState::Slow };
    let slow = sim.delayed_links().take(PATHS_MAX).map(slow);
    cut.iter().copied().take(PATHS_MAX).chain(slow).collect()
}

fn cut_by_themselves(sim: &Sim) -> Vec<Path> {
    let ways: BTreeSet<(u32, u32)> = sim.cut_ways().collect();
    cut_paths(ways.iter().copied(), |from, to| ways.contains(&(from, to))).collect()
}

fn trouble(sim: &Sim, view: &NodeView<'_>) -> Trouble {
    let name = |node: u32| sim.node(node).id.clone();
    let other = |(a, b, _): (u32, u32, Latency)| match view.index {
        index if index == a => Some(b),
        index if index == b => Some(a),
        _ => None,
    };
    Trouble {
        slow_us: view.delay.as_micros(),
        ahead_us: view.clock_ahead_us,
        cut_to: Few::of(sim.cut_ways().filter(|(from, _)| *from == view.index).map(|(_, to)| name(to))),
        cut_from: Few::of(sim.cut_ways().filter(|(_, to)| *to == view.index).map(|(from, _)| name(from))),
        delayed: Few::of(sim.delayed_links().filter_map(other).map(name)),
    }
}

fn spread(run: &Run, paths_cut: u32) -> Spread {
    let sim = &run.sim;
    let (informed, up) = (sim.informed(), sim.up());
    let latest = sim.latest();
    let last_us = latest.filter(|_| informed == up).and_then(|watch| {
        let learned = watch.iter().flatten().map(|learned| learned.at.as_micros());
        learned.max()
    });
    let mut engines = sim.iter().filter_map(|view| view.engine);
    Spread {
        since_us: latest.map(|watch| watch.at.as_micros()),
        origin: latest.map_or(0, |watch| watch.node),
        informed,
        up,
        complete_us: last_us,
        hops: latest.map_or(0, |watch| watch.hops_max()),
        converged: sim.is_converged(),
        owed: sim.owes_payload(),
        repairs: engines.next().is_some_and(|engine| engine.config().tuning.strategy.repairs()),
        cut: !run.groups.is_empty(),
        paths_cut,
    }
}

/// So many rows of the table from the first one on, by the latest write.
pub(super) fn rows(run: &Run, first: u32, count: u32) -> Vec<Row> {
    rows_of(run, run.sim.latest(), first, count, &suspected(&run.sim))
}

#[inline(never)]
fn rows_of(run: &Run, watch: Option<&Watch>, first: u32, count: u32, suspected: &[u32]) -> Vec<Row> {
    let nodes = first..first.saturating_add(count).min(run.sim.nodes());
    nodes.map(|node| row(run, &run.sim.node(node), watch, suspected[node as usize])).collect()
}

/// By how many of those that are up each node is suspected. Each engine keeps a list of its suspicions, which is mostly empty.
fn suspected(sim: &Sim) -> Vec<u32> {
    let mut by = vec![0; sim.nodes() as usize];
    let engines = sim.iter().filter_map(|view| view.engine);
    for node in engines.flat_map(Engine::suspects).filter_map(|id| sim.index_of(id)) {
        by[node as usize] += 1;
    }
    by
}

/// The node that most suspect, the first of several, and how many do.
pub(crate) fn most_suspected(by: &[u32]) -> Option<(u32, u32)> {
    let most = by.iter().max().copied().filter(|most| *most > 0)?;
    by.iter().position(|count| *count == most).map(|node| (node as u32, most))
}

#[inline(never)]
fn row(run: &Run, view: &NodeView<'_>, watch: Option<&Watch>, suspected_by: u32) -> Row {
    let Mark { state, informed } = mark(run, view, watch);
    let of = |read: fn(&Engine<Store>) -> u64| view.engine.map_or(0, read);
    Row {
        node: view.index,
        id: view.id.clone(),
        state,
        informed,
        suspected_by,
        told: view.engine.is_some(),
        keys: of(|engine| engine.state().len() as u64) as u32,
        active: of(|engine| u64::from(engine.members().active_count())) as u32,
        links: of(|engine| u64::from(engine.link_count())) as u32,
        sent: of(|engine| engine.stats().sent_total().messages),
        denials: of(|engine| engine.stats().denials),
    }
}

#[inline(never)]
fn detail(run: &Run, view: &NodeView<'_>, watch: Option<&Watch>) -> Detail {
    let learned = watch.and_then(|watch| watch.learned(view.index));
    Detail {
        node: view.index,
        id: view.id.clone(),
        incarnation: view.incarnation,
        state: state(run, view),
        group: run.groups.get(view.index as usize).copied(),
        trouble: trouble(&run.sim, view),
        learned: learned.map(|learned| (learned.at.as_micros(), learned.hops)),
        path: watch.map(|watch| look_views::path(watch, view.index)).unwrap_or_default(),
        why: watch.and_then(|watch| why::why(&run.sim, &run.clues, watch, view.index)),
        inside: view.engine.map(|engine| inside(&run.sim, engine, view.clock)),
        around: insight::around(&run.sim, view),
    }
}

#[inline(never)]
fn inside(sim: &Sim, engine: &Engine<Store>, now: Instant) -> Inside {
    let (sent, received) = (engine.stats().sent_total(), engine.stats().received_total());
    let statuses =
        [Status::Alive, Status::Joining, Status::Suspect, Status::Down, Status::Leaving, Status::Left];
    let count = |status| engine.members().iter().filter(|member| member.status == status).count() as u32;
    let store = engine.state();
    Inside {
        version: store.version(),
        hash: store.hash().0,
        entries: store.iter().take(ENTRIES_SHOWN_MAX).map(entry).collect(),
        entries_unseen: store.len().saturating_sub(ENTRIES_SHOWN_MAX) as u32,
        members: members(sim, engine, now),
        believed: statuses.map(count),
        beliefs: sim.iter().map(|view| engine.members().status(view.id)).collect(),
        limiter: engine.config().tuning.limiter,
        tokens: engine.tokens(now),
        denials: engine.stats().denials,
        owed: engine.owed(),
        linked: engine.linked_peers().iter().filter_map(|id| sim.index_of(id)).collect(),
        links: engine.link_count(),
        rounds: engine.stats().rounds,
        timers: Some(insight::timers(engine, now)),
        messages: [sent.messages, received.messages],
        bytes: [sent.bytes, received.bytes],
    }
}

#[inline(never)]
fn entry(entry: Entry<'_>) -> EntryLine {
    let (is_counter, value, author) = match entry.reading {
        Reading::Register { value, author, .. } => {
            (false, value.to_json().to_string(), Some(author.node.clone()))
        }
        Reading::Counter { sum } => (true, sum.to_string(), None),
        Reading::MultiValue { values } => {
            let values: Vec<String> = values.iter().map(|(value, _)| value.to_json().to_string()).collect();
            (false, values.join(" or "), None)
        }
        Reading::Set { elements } => {
            let elements: Vec<String> =
                elements.iter().map(|element| element.to_json().to_string()).collect();
            (false, format!("{{{}}}", elements.join(", ")), None)
        }
    };
    EntryLine { key: entry.key.as_str().to_owned(), is_counter, value, author }
}

/// Those who want attention first, then by name.
#[inline(never)]
fn members(sim: &Sim, engine: &Engine<Store>, now: Instant) -> Vec<MemberLine> {
    let linked = engine.linked_peers();
    let line = |member: &Member| MemberLine {
        node: sim.index_of(&member.id),
        id: member.id.clone(),
        status: member.status,
        incarnation: member.incarnation,
        linked: linked.contains(&member.id),
        silent_us: engine
            .unanswered()
            .find(|(id, _)| **id == member.id)
            .map(|(_, since)| now.since(since).as_micros()),
    };
    let well = |member: &&Member| member.status == Status::Alive;
    let first = engine.members().iter().filter(|member| !well(member));
    first.chain(engine.members().iter().filter(well)).take(MEMBERS_SHOWN_MAX).map(line).collect()
}
