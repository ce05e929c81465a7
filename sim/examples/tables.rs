//! Measures the simulator's tables on all cores and writes them as one page of
//! Markdown: `tables FILE [TABLE...]`. With names, only those tables; with `-`
//! for the file, on standard output.

use rumormill_sim::tables::{self, Table};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(file) = arguments.next() else {
        eprintln!("error: say which file to write: tables FILE [TABLE...]");
        return ExitCode::from(2);
    };
    let names: Vec<String> = arguments.collect();
    let mut chosen = tables::all();
    let known: Vec<&str> = chosen.iter().map(|table| table.name).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        eprintln!("error: there is no table `{unknown}`; there are: {}", known.join(", "));
        return ExitCode::from(2);
    }
    chosen.retain(|table| names.is_empty() || names.iter().any(|name| name == table.name));
    let page = measure(&chosen);
    if file == "-" {
        print!("{page}");
        return ExitCode::SUCCESS;
    }
    match std::fs::write(&file, page) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot write {file}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures all rows, each on whatever core is free; the last of a table, which
/// are the largest, first.
fn measure(chosen: &[Table]) -> String {
    let mut work: Vec<(usize, usize)> =
        (0..chosen.len()).flat_map(|at| (0..chosen[at].rows.len()).map(move |row| (at, row))).collect();
    work.reverse();
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(&(at, row)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let start = Instant::now();
                    let cells = chosen[at].rows[row]();
                    let mut done = done.lock().expect("no thread panics while it holds this");
                    let took = start.elapsed().as_secs_f64();
                    eprintln!(
                        "{:3}/{} {}: {} ({took:.1} s)",
                        done.len() + 1,
                        work.len(),
                        chosen[at].name,
                        cells.join(", ")
                    );
                    done.push(((at, row), cells));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("all threads have ended well");
    done.sort();
    let rows = |at| done.iter().filter(|((of, _), _)| *of == at).map(|(_, cells)| cells.clone()).collect();
    let measured: Vec<(&Table, Vec<Vec<String>>)> =
        chosen.iter().enumerate().map(|(at, table)| (table, rows(at))).collect();
    tables::page(&measured)
}
