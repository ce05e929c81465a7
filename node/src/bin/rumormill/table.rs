//! Text for stdout, in aligned columns where there are some, and in colours
//! where a person looks at a terminal.

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use anyhow::Context;
use std::io::{self, Write, stdout};

/// The columns whose words have a colour.
const COLOURED: [&str; 2] = ["STATUS", "HEALTH"];

/// A heading and rows, each column as wide as its widest cell.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    // `NO_COLOR`, `CLICOLOR_FORCE` and `TERM=dumb` have their say in this, too.
    drawn(heading, rows, AutoStream::choice(&stdout()) != ColorChoice::Never)
}

fn drawn<const N: usize>(heading: [&str; N], rows: &[[String; N]], coloured: bool) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([heading[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |cells: [&str; N], style: &dyn Fn(usize) -> Style| {
        // Nothing follows the last cell that says something.
        let last = cells.iter().rposition(|cell| !cell.is_empty()).unwrap_or(0);
        let mut line = String::new();
        for (column, cell) in cells.iter().enumerate().take(last + 1) {
            let style = if coloured { style(column) } else { Style::new() };
            let gap = if column == last { 0 } else { widths[column] - cell.chars().count() + 2 };
            line.push_str(&format!("{style}{cell}{style:#}{:gap$}", ""));
        }
        line.push('\n');
        line
    };
    let mut text = line(heading, &|_| Style::new().bold());
    for row in rows {
        let style = |column: usize| {
            if COLOURED.contains(&heading[column]) { colour(&row[column]) } else { Style::new() }
        };
        text.push_str(&line(row.each_ref().map(String::as_str), &style));
    }
    text
}

/// The colour of a status or a health, beside its word.
fn colour(word: &str) -> Style {
    let of = |colour: AnsiColor| colour.on_default();
    match word {
        "alive" | "up" => of(AnsiColor::Green),
        "joining" | "suspect" | "leaving" | "degraded" => of(AnsiColor::Yellow),
        "down" => of(AnsiColor::Red),
        "left" => Style::new().dimmed(),
        _ => Style::new(),
    }
}

/// Prints at once. A reader that has enough (`| head`) is no failure.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        outcome => outcome.context("cannot write to stdout"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align() {
        let rows = [["a".to_owned(), "1".to_owned()], ["longer".to_owned(), "22".to_owned()]];
        assert_eq!(drawn(["NAME", "N"], &rows, false), "NAME    N\na       1\nlonger  22\n");
    }

    #[test]
    fn a_status_has_its_colour_and_stays_in_its_column() {
        let rows = [["a", "down", ""], ["down", "alive", "note"]].map(|row| row.map(str::to_owned));
        let heading = ["NODE", "STATUS", "NOTE"];
        let plain = "NODE  STATUS  NOTE\na     down\ndown  alive   note\n";
        assert_eq!(drawn(heading, &rows, false), plain);
        let coloured = drawn(heading, &rows, true);
        assert!(coloured.starts_with("\x1b[1mNODE\x1b[0m  \x1b[1mSTATUS\x1b[0m"), "{coloured:?}");
        assert!(coloured.contains("\na     \x1b[31mdown\x1b[0m\n"), "{coloured:?}");
        assert!(coloured.contains("\ndown  \x1b[32malive\x1b[0m   note\n"), "{coloured:?}");
    }
}
