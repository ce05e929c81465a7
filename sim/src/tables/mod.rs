//! What the simulator measures for the record: one room per table, each with
//! what is measured, with which parameters and seeds, and the published figure
//! beside ours. A row is measured by itself, so whoever prints the tables may
//! measure several at once; nothing here starts a thread or writes a file.

pub mod arrival;
pub mod edits;
pub mod detection;
mod failures;
pub mod idle;
mod rounds;
pub mod split;
mod steady;

use crate::sim::Sim;
use crate::steady::CAUSED;
use rumormill_core::Duration;
use rumormill_core::engine::Tally;
use std::fmt::Write;

/// Measures one row: its cells, one for each column.
pub type Row = Box<dyn Fn() -> Vec<String> + Send + Sync>;

/// One table, not measured yet.
pub struct Table {
    /// One word for it, to ask for it alone.
    pub name: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What is measured and how, and what was published: Markdown paragraphs.
    pub about: &'static str,
    /// What its columns are called.
    pub columns: &'static [&'static str],
    /// Its rows, in order.
    pub rows: Vec<Row>,
}

/// All tables, in the order of the page.
pub fn all() -> Vec<Table> {
    vec![
        rounds::table(),
        steady::table(),
        failures::table(),
        edits::table(),
        split::table(),
        idle::table(),
        arrival::table(),
        detection::table(),
    ]
}

/// The page that holds the tables, each with its measured rows.
pub fn page(measured: &[(&Table, Vec<Vec<String>>)]) -> String {
    let mut page = String::from(
        "# What the simulator measures\n\n\
         Written by `cargo xtask tables`, whole, from nothing but the code and the seeds named here: the same code \
         gives the same page. The full protocol runs in every row. Bytes are those of frames, without the \
         transport's own.\n",
    );
    for (table, rows) in measured {
        let Table { title, about, columns, .. } = table;
        write!(page, "\n## {title}\n\n{about}\n\n").expect("a string takes any text");
        line(&mut page, columns.iter().copied());
        line(&mut page, columns.iter().map(|_| "---"));
        for row in rows {
            line(&mut page, row.iter().map(String::as_str));
        }
    }
    page
}

fn line<'a>(page: &mut String, cells: impl Iterator<Item = &'a str>) {
    let cells: Vec<&str> = cells.collect();
    writeln!(page, "| {} |", cells.join(" | ")).expect("a string takes any text");
}

/// All messages that changes cause.
fn caused(sim: &Sim) -> Tally {
    CAUSED.into_iter().map(|kind| sim.sent_of_kind(kind)).fold(Tally::default(), |sum, tally| Tally {
        messages: sum.messages + tally.messages,
        bytes: sum.bytes + tally.bytes,
    })
}

fn since(now: Tally, before: Tally) -> Tally {
    Tally { messages: now.messages - before.messages, bytes: now.bytes - before.bytes }
}

/// Runs until something is so, and says how long that took; none if it took
/// longer than allowed.
fn until(sim: &mut Sim, allowed: Duration, holds: impl Fn(&Sim) -> bool) -> Option<Duration> {
    let start = sim.now();
    while !holds(sim) {
        if sim.now().since(start) >= allowed {
            return None;
        }
        sim.run_until(sim.now() + Duration::from_millis(2), u32::MAX);
    }
    Some(sim.now().since(start))
}

fn or_never<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "never".into(), |value| value.to_string())
}

fn yes(met: bool) -> String {
    if met { "yes" } else { "**no**" }.into()
}
