//! A race as text in the page's address, readable and short:
//! `nodes=100&seed=42&latency=20&loss=0&vary=even&course=calm&lane=tree.push-pull.1.2.1000.bucket.256.128&lane=…`.
//! What was done in the Lab stands packed behind `acts=`.
//! What a link says wrong is named and replaced by the default; numbers out of range stay and show at their fields.

use super::contest::{Contest, LANES_MAX, OWN, SHARED};
use super::course::Course;
use crate::lab::protocol::Deed;
use crate::lab::setup::{Field, LimiterKind, Setup, Variation};
use crate::share::{
    link::AT_US_MAX,
    packed::{pack, unpack},
};
use rumormill_sim::scenario::ACTS_MAX;
use std::rc::Rc;

/// Nobody types a longer number.
const TEXT_MAX: usize = 24;

/// Most bytes of what was done in the Lab, unpacked.
const ACTS_BYTES_MAX: usize = 100_000;

/// What is said where that is missing.
const LOST: &str = "What was done in the Lab is not in the link: it was too long for one, or characters are missing or were \
    changed. One write stands in its place.";

/// Is it what a run can have had done to it?
fn is_sensible(acts: &[(u64, Deed)]) -> bool {
    acts.len() <= ACTS_MAX && acts.iter().all(|(at_us, _)| *at_us <= AT_US_MAX)
}

/// The race as a query, without `?`. A course that is longer than a link holds is left out.
pub fn write(contest: &Contest) -> String {
    let mut query = String::new();
    for field in SHARED {
        query.push_str(name(field));
        query.push('=');
        query.push_str(&plain(contest.shared.text(field)));
        query.push('&');
    }
    query.push_str("vary=");
    query.push_str(contest.shared.variation.as_str());
    query.push_str("&course=");
    query.push_str(contest.course.as_str());
    if let Some(acts) = contest.own.as_ref().and_then(|acts| pack(&**acts, ACTS_BYTES_MAX)) {
        query.push_str("&acts=");
        query.push_str(&acts);
    }
    for lane in &contest.lanes {
        query.push_str("&lane=");
        query.push_str(lane.strategy.as_str());
        query.push('.');
        query.push_str(lane.mode.as_str());
        for field in OWN {
            query.push('.');
            if field == Field::Tokens {
                query.push_str(lane.limiter.as_str());
                query.push('.');
            }
            query.push_str(&plain(lane.text(field)));
        }
    }
    query
}

/// The race of a query, and what could not be read of it, each as a sentence.
pub fn read(query: &str) -> (Contest, Vec<String>) {
    let mut contest = Contest::default();
    let mut lanes = Vec::new();
    let mut problems = Vec::new();
    let mut is_own = false;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if value.len() > 4 * TEXT_MAX && key != "acts" {
            problems.push(refusal(key, "too long"));
            continue;
        }
        let field = SHARED.into_iter().find(|field| name(*field) == key);
        match (key, field) {
            (_, Some(field)) => contest.shared = contest.shared.with(field, plain(value)),
            ("vary", _) => match Variation::parse(value) {
                variation if variation.as_str() == value => contest.shared.variation = variation,
                _ => problems.push(refusal("vary", value)),
            },
            ("acts", _) => match unpack(value, ACTS_BYTES_MAX).filter(|acts: &Vec<_>| is_sensible(acts)) {
                Some(acts) => contest.own = Some(Rc::new(acts)),
                None => problems.push(LOST.to_owned()),
            },
            // What was done stands in a part of its own.
            ("course", _) if value == "own" => is_own = true,
            ("course", _) => match Course::parse(value) {
                Some(course) => contest.course = course,
                None => problems.push(refusal("course", value)),
            },
            ("lane", _) => match lane(value) {
                Some(_) if lanes.len() == LANES_MAX => problems.push(refusal("lane", "more than four")),
                Some(lane) => lanes.push(lane),
                None => problems.push(refusal("lane", value)),
            },
            _ => problems.push(refusal(key, "unknown")),
        }
    }
    match &contest.own {
        Some(acts) if is_own => contest.course = Course::Own(Rc::clone(acts)),
        None if is_own && !query.contains("acts=") => problems.push(LOST.to_owned()),
        _ => {}
    }
    if !lanes.is_empty() {
        contest.lanes = lanes;
    }
    (contest, problems)
}

fn refusal(key: &str, value: &str) -> String {
    let cut = |text: &str| text.chars().take(40).collect::<String>();
    format!("The link's “{}” could not be read ({}): the default stands in its place.", cut(key), cut(value))
}

fn lane(text: &str) -> Option<Setup> {
    let parts: Vec<&str> = text.split('.').collect();
    let [strategy, mode, fanout, arity, interval, limiter, tokens, refill] = parts[..] else { return None };
    let kind = LimiterKind::parse(limiter);
    if kind.as_str() != limiter {
        return None;
    }
    let setup = Setup {
        strategy: strategy.parse().ok()?,
        mode: mode.parse().ok()?,
        limiter: kind,
        ..Setup::default()
    };
    let texts = [fanout, arity, interval, tokens, refill];
    Some(OWN.into_iter().zip(texts).fold(setup, |setup, (field, text)| setup.with(field, plain(text))))
}

/// The characters that numbers are made of; a lane's parts are divided by dots.
fn plain(text: &str) -> String {
    let kept = text.trim().chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    kept.take(TEXT_MAX).collect()
}

fn name(field: Field) -> &'static str {
    match field {
        Field::Nodes => "nodes",
        Field::Seed => "seed",
        Field::Latency => "latency",
        Field::Loss => "loss",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::contest;
    use super::*;
    use rumormill_core::{Mode, Strategy};

    #[test]
    fn what_is_written_reads_the_same() {
        let mut contest = Contest { course: Course::Cut, ..Contest::default() };
        contest.shared = contest.shared.with(Field::Loss, "12.5").with(Field::Seed, "7");
        contest.shared.variation = Variation::LongTail;
        let lane = contest::lane(Strategy::Plumtree, Mode::Pull).with(Field::Fanout, "3");
        contest.lanes.push(lane.with_limiter(LimiterKind::Window));
        let query = write(&contest);
        assert_eq!(read(&query), (contest, Vec::new()), "{query}");
        assert_eq!(read(""), (Contest::default(), Vec::new()));
    }

    #[test]
    fn a_run_of_the_lab_comes_along_whole_or_is_missed() {
        let acts =
            vec![(5, Deed::Crash(2)), (9, Deed::Write { node: 0, key: "k".into(), value: "v".into() })];
        let contest = Contest::of_run(&Setup::default().with(Field::Nodes, "20"), acts);
        assert_eq!(contest.lanes.len(), 3);
        let query = write(&contest);
        assert_eq!(read(&query), (contest, Vec::new()), "{query}");
        let other = Contest { course: Course::Cut, ..read(&query).0 };
        assert_eq!(read(&write(&other)), (other.clone(), Vec::new()), "it stays, whatever happens now");
        assert_eq!(other.course("own"), read(&query).0.course("own"));
        let (damaged, problems) = read(&query.replace("&acts=", "&acts=x"));
        assert_eq!((damaged.course, problems.len()), (Course::Calm, 1));
        let (cut, problems) = read(query.split("&acts=").next().unwrap_or_default());
        assert_eq!((cut.course, problems.len()), (Course::Calm, 1));
        let late = pack(&vec![(u64::MAX, Deed::Heal)], ACTS_BYTES_MAX).expect("it is small");
        assert_eq!(read(&format!("course=own&acts={late}")).1.len(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_named_and_the_rest_stands() {
        let (contest, problems) = read("seed=9&vary=wild&lane=warp.1&course=storm&colour=red&nodes=30");
        assert_eq!((contest.shared.text(Field::Seed), contest.shared.text(Field::Nodes)), ("9", "30"));
        assert_eq!(contest.lanes, Contest::default().lanes);
        assert_eq!(problems.len(), 4, "{problems:?}");
        for (problem, part) in problems.iter().zip(["vary", "lane", "course", "colour"]) {
            assert!(problem.contains(part), "{problem}");
        }
        let many = ["lane=tree.push.1.2.1000.bucket.256.128"; 5].join("&");
        let (contest, problems) = read(&many);
        assert_eq!((contest.lanes.len(), problems.len()), (4, 1));
        assert_eq!(read(&format!("nodes={}", "9".repeat(500))).1.len(), 1);
    }
}
