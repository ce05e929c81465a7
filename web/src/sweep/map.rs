//! The map of fanout against loss: what each place of it took, in words, and how dark it is. Pure.

use super::band::{Course, median};
use super::plan::{Cell, LOSSES, Opening};
use crate::race::verdict::millis;

/// Seeds of each place.
pub const SEEDS: u64 = 3;

/// What is known of a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spot {
    /// The runs there.
    pub courses: Vec<Course>,
}

/// A place as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Time until all have it, or how far the news came.
    pub words: String,
    /// More words, for one who rests on it.
    pub title: String,
    /// How quick it is, 0 to 1, among those where everyone is reached; none where someone is not.
    pub quick: Option<f32>,
    /// The run that it opens: the slowest there.
    pub opens: Option<Opening>,
}

/// The places in the order in which they are run: all once, then all again.
pub fn order(branches: [u32; 5]) -> impl Iterator<Item = Opening> {
    (1..=SEEDS).flat_map(move |seed| {
        let cells = branches.into_iter().flat_map(|branches| LOSSES.map(|loss| Cell { branches, loss }));
        cells.map(move |cell| Opening { seed, cell: Some(cell) })
    })
}

/// Every row as it is shown; `spots` has a place for each loss of each row.
pub fn shown(branches: [u32; 5], spots: &[Spot]) -> Vec<(u32, Vec<Shown>)> {
    let times: Vec<f32> = spots.iter().filter_map(time).map(|us| (us.max(1) as f32).ln()).collect();
    let (low, high) = times.iter().fold((f32::MAX, f32::MIN), |(low, high), t| (low.min(*t), high.max(*t)));
    let quick = |us: u64| {
        let part = ((us.max(1) as f32).ln() - low) / (high - low).max(f32::EPSILON);
        1.0 - part.clamp(0.0, 1.0)
    };
    let rows = branches.into_iter().zip(spots.chunks(LOSSES.len()));
    rows.map(|(branches, row)| {
        let cells =
            LOSSES.into_iter().zip(row).map(|(loss, spot)| show(spot, Cell { branches, loss }, &quick));
        (branches, cells.collect())
    })
    .collect()
}

/// The median of a place where every run reached everyone.
fn time(spot: &Spot) -> Option<u64> {
    let mut times: Vec<u64> = spot.courses.iter().filter_map(|course| course.took_us).collect();
    (times.len() == spot.courses.len()).then(|| median(&mut times)).flatten()
}

fn show(spot: &Spot, cell: Cell, quick: &impl Fn(u64) -> f32) -> Shown {
    let runs = spot.courses.len();
    let Some(band) = super::band::band(&spot.courses) else {
        return Shown { words: "…".into(), title: "Not run yet".into(), quick: None, opens: None };
    };
    let opens = Some(Opening { seed: band.unluckiest.0, cell: Some(cell) });
    if let Some(us) = time(spot) {
        let title = format!(
            "All reached in {runs} of {runs} runs, after {} in the middle one. Opens the slowest.",
            millis(us)
        );
        return Shown { words: millis(us), title, quick: Some(quick(us)), opens };
    }
    let worst =
        spot.courses.iter().map(|course| course.steps.last().map_or(0.0, |step| step.1)).fold(1.0, f32::min);
    // Never rounded up to all.
    let percent = (worst * 100.0).floor().min(99.0);
    let title = format!(
        "{} of {runs} runs reached all; the worst {percent} % of the nodes. Opens that one.",
        band.reached
    );
    Shown { words: format!("{percent} %"), title, quick: None, opens }
}

#[cfg(test)]
mod tests {
    use super::super::plan::FANOUTS;
    use super::*;

    fn spot(times: &[Option<u64>]) -> Spot {
        let course = |(seed, took_us): (usize, &Option<u64>)| Course {
            seed: seed as u64,
            steps: vec![(0, 0.1), (5_000, if took_us.is_some() { 1.0 } else { 0.999 })],
            took_us: *took_us,
        };
        Spot { courses: times.iter().enumerate().map(course).collect() }
    }

    #[test]
    fn every_place_is_run_once_before_any_is_again() {
        let order: Vec<Opening> = order(FANOUTS).collect();
        assert_eq!(order.len(), 75);
        assert!(order[..25].iter().all(|opening| opening.seed == 1));
        assert_eq!(order[6].cell, Some(Cell { branches: 2, loss: 5 }));
    }

    #[test]
    fn places_say_their_time_or_how_far_it_came() {
        let mut spots = vec![Spot::default(); 25];
        spots[0] = spot(&[Some(100_000), Some(300_000), Some(200_000)]);
        spots[1] = spot(&[Some(3_200_000)]);
        spots[5] = spot(&[Some(100_000), None]);
        let rows = shown(FANOUTS, &spots);
        let (first, second) = (&rows[0].1[0], &rows[0].1[1]);
        assert_eq!((first.words.as_str(), first.quick), ("200\u{a0}ms", Some(1.0)));
        assert_eq!((second.words.as_str(), second.quick), ("3.2\u{a0}s", Some(0.0)));
        assert_eq!(first.opens, Some(Opening { seed: 1, cell: Some(Cell { branches: 1, loss: 0 }) }));
        assert_eq!((rows[1].1[0].words.as_str(), rows[1].1[0].quick), ("99 %", None));
        assert_eq!(rows[1].1[0].opens.map(|opening| opening.seed), Some(1));
        assert_eq!((rows[4].0, rows[4].1[4].words.as_str(), rows[4].1[4].opens), (8, "…", None));
    }
}
