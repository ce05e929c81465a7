//! What the worker hands over of a run to be kept: what was done, the table of nodes, a scenario file, and the whole trace
//! with its hash. The trace is made by playing the run again from its start, because the Lab hashes nothing and keeps
//! only the end.

use super::look;
use super::protocol::{Deed, Row};
use super::run::Run;
use super::timeline::Timeline;
use crate::replay::file::lines;
use rumormill_core::{Duration, Instant};
use rumormill_sim::Scenario;
use serde::{Deserialize, Serialize};

/// Most records of a trace that is handed over: of a longer one the end, and how many are missing.
pub const TRACE_RECORDS_MAX: u32 = 200_000;

/// Events between two looks at whether an act is due. It changes nothing.
const BATCH: u32 = 100_000;

/// Everything of the run in sight that can be kept or handed on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The moment.
    pub now_us: u64,
    /// What is done on the branch in sight, also after this moment.
    pub log: Vec<(u64, Deed)>,
    /// Every node.
    pub rows: Vec<Row>,
    /// The run up to this moment as a scenario file, but for its first lines.
    pub scenario: String,
}

/// A run that was played again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retraced {
    /// The hash of its trace.
    pub hash: u64,
    /// The trace as lines of JSON, the header first, if it was asked for.
    pub lines: String,
}

/// The run in sight.
#[inline(never)]
pub(super) fn record(timeline: &Timeline) -> Record {
    let run = &timeline.run;
    let mut scenario = run.sim.recorded();
    scenario.until_us = Duration::from_micros(run.now_us());
    Record {
        now_us: run.now_us(),
        log: timeline.log(),
        rows: look::rows(run, 0, run.sim.nodes()),
        scenario: yaml(&scenario),
    }
}

/// A scenario as YAML: a line for each of its parts and each act. What stands behind a name is JSON, which YAML takes.
#[inline(never)]
fn yaml(scenario: &Scenario) -> String {
    let serde_json::Value::Object(parts) = serde_json::to_value(scenario).expect("scenarios encode") else {
        return String::new();
    };
    let mut text = String::new();
    for (name, part) in &parts {
        match part {
            serde_json::Value::Array(items) if !items.is_empty() => {
                text.push_str(&format!("{name}:\n"));
                items.iter().for_each(|item| text.push_str(&format!("  - {item}\n")));
            }
            part => text.push_str(&format!("{name}: {part}\n")),
        }
    }
    text
}

/// Plays a run again up to a moment.
#[inline(never)]
pub(super) fn retrace(
    scenario: Scenario,
    script: &[(u64, Deed)],
    to_us: u64,
    with_lines: bool,
) -> Result<Retraced, String> {
    let header = scenario.trace_header("the Lab");
    let mut run = Run::new(scenario)?;
    run.sim.set_hashing(true);
    run.sim.keep_trace(if with_lines { TRACE_RECORDS_MAX } else { 0 });
    for (at_us, deed) in script.iter().filter(|(at_us, _)| *at_us <= to_us) {
        play(&mut run, *at_us);
        // What is not possible was refused in the Lab, too.
        let _ = run.perform(deed);
    }
    play(&mut run, to_us);
    let lines = if with_lines { lines(&header, &run.sim.take_trace()) } else { String::new() };
    Ok(Retraced { hash: run.sim.trace_hash(), lines })
}

fn play(run: &mut Run, to_us: u64) {
    while run.sim.now() < Instant::from_micros(to_us) || !run.is_between_times() {
        if run.run_until(to_us, BATCH) < BATCH {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::presets;
    use super::*;
    use rumormill_core::TraceRecord;
    use rumormill_sim::Sim;

    #[test]
    fn the_scenario_file_repeats_the_run_with_the_same_trace() {
        let preset = presets::find("partition").expect("it is there");
        let scenario = preset.setup.scenario().expect("presets are valid");
        let mut timeline = Timeline::new(1, scenario.clone(), preset.script).expect("it begins");
        timeline.advance(3_000_000, u32::MAX, || false);
        timeline.act(Deed::Crash(5));
        timeline.act(Deed::Crash(5));
        timeline.act(Deed::Cut(vec![0, 1]));
        timeline.advance(5_500_000, u32::MAX, || false);
        let kept = record(&timeline);
        assert_eq!((kept.now_us, kept.rows.len()), (5_500_000, 40));
        assert!(kept.log.iter().any(|(at_us, _)| *at_us > kept.now_us), "what is to come is shared too");

        let retraced = retrace(scenario, &kept.log, kept.now_us, true).expect("it began before");
        let mut lines = retraced.lines.lines();
        assert!(lines.next().is_some_and(|line| line.starts_with("{\"rumormill_trace\":1")));
        let records: Vec<TraceRecord> = lines.map(|line| serde_json::from_str(line).expect(line)).collect();
        assert!(records.len() > 1_000);

        let mut sim = Sim::new(run_of(&kept.scenario)).expect("it makes sense");
        sim.run_to_end();
        assert_eq!(sim.trace_hash(), retraced.hash);
        assert_eq!(sim.now(), Instant::from_micros(kept.now_us));
    }

    /// Reads what [`yaml`] writes, as far as this needs; the real reader is tested with the program.
    fn run_of(text: &str) -> Scenario {
        let mut json = serde_json::Map::new();
        let mut acts = Vec::new();
        for line in text.lines() {
            if let Some(item) = line.strip_prefix("  - ") {
                acts.push(serde_json::from_str::<serde_json::Value>(item).expect(item));
            } else if line != "acts:" {
                let (name, part) = line.split_once(": ").expect(line);
                json.insert(name.to_owned(), serde_json::from_str(part).expect(part));
            }
        }
        json.insert("acts".to_owned(), acts.into());
        serde_json::from_value(json.into()).expect("it is a scenario")
    }
}
