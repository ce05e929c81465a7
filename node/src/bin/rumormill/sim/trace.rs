//! The trace of one run: its hash, and a file of it, which the dashboard's Replay opens.

use anyhow::Context;
use rumormill_core::Instant;
use rumormill_sim::{Scenario, Sim};
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Events between two times that records are written, so that they need not all be kept.
const BATCH: u32 = 10_000;

/// Plays a scenario to its end, writes its trace to a file if there is one, and returns the trace's hash.
pub(crate) fn hash(scenario: &Scenario, file: Option<&Path>) -> anyhow::Result<u64> {
    let mut sim = Sim::new(scenario.clone())?;
    let Some(path) = file else {
        sim.keep_trace(0);
        sim.run_to_end();
        return Ok(sim.trace_hash());
    };
    let failed = || format!("cannot write {}", path.display());
    let mut file = BufWriter::new(File::create(path).with_context(failed)?);
    let header = scenario.trace_header(&format!("the scenario “{}”", scenario.name));
    write(&mut file, &header).with_context(failed)?;
    sim.keep_trace(u32::MAX);
    let end = Instant::ZERO + scenario.until_us;
    loop {
        let is_over = sim.run_until(end, BATCH) < BATCH;
        for record in sim.take_trace() {
            write(&mut file, &record).with_context(failed)?;
        }
        if is_over {
            break;
        }
    }
    file.flush().with_context(failed)?;
    Ok(sim.trace_hash())
}

fn write(file: &mut impl Write, line: &impl Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *file, line)?;
    Ok(file.write_all(b"\n")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::event::TraceHeader;
    use rumormill_core::{Duration, TraceRecord};

    #[test]
    fn a_written_trace_begins_with_a_header_and_changes_no_hash() {
        let scenario =
            Scenario { name: "short".to_owned(), until_us: Duration::from_secs(3), ..Scenario::default() };
        let path = std::env::temp_dir().join(format!("rumormill-trace-{}.jsonl", std::process::id()));
        let (with, without) = (hash(&scenario, Some(&path)).unwrap(), hash(&scenario, None).unwrap());
        assert_eq!(with, without);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let (header, records) = text.split_once('\n').unwrap();
        let header: TraceHeader = serde_json::from_str(header).unwrap();
        assert!(header.known && header.of.contains("“short”, 5 nodes"), "{header:?}");
        let records: Vec<TraceRecord> =
            records.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        assert!(records.len() > 20 && records.is_sorted_by_key(|record| record.at), "{}", records.len());
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let error = hash(&Scenario::default(), Some(Path::new("/no/such/folder/trace.jsonl"))).unwrap_err();
        assert!(format!("{error:#}").contains("/no/such/folder/trace.jsonl"), "{error:#}");
    }
}
