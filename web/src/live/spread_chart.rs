//! The measured curve of a write over the band that the simulator predicts, as paths of an SVG whose box is 1000 by
//! 1000. Pure; how it looks is the style's business.

use super::words;
use crate::sweep::Band;

/// The box's side.
const SIDE: f64 = 1_000.0;

/// A prediction longer than so many times what was measured is cut off, so that the measured curve can be seen.
const BEYOND_MEASURED: u64 = 6;

/// The chart's paths.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Paths {
    /// Microseconds at the right edge.
    pub end_us: u64,
    /// The area in which 90 of 100 simulated runs lie; empty without a band.
    pub band: String,
    /// What half of the runs reach.
    pub median: String,
    /// What was measured, as steps.
    pub measured: String,
}

/// Lays it out. `curve` is the part that had the write from each moment on; `is_over` tells whether more is to come.
pub(super) fn paths(curve: &[(u64, f32)], band: Option<&Band>, is_over: bool) -> Paths {
    let last_us = curve.last().map_or(0, |(at_us, _)| *at_us);
    let predicted_us = band.map_or(0, |band| {
        band.took_us.map_or_else(|| band.points.last().map_or(0, |point| point.0), |took| took[2])
    });
    let most_us = if is_over { last_us.saturating_mul(BEYOND_MEASURED).max(1_000) } else { u64::MAX };
    // A little air at the right, so that the last step is seen to be one.
    let shown_us = last_us.max(predicted_us.min(most_us));
    let end_us = shown_us.saturating_add(shown_us / 9).max(1_000);
    let x = |at_us: u64| at_us.min(end_us) as f64 / end_us as f64 * SIDE;
    let y = |part: f32| (1.0 - f64::from(part)) * SIDE;
    let line = |points: &[(f64, f64)], begin: char| -> String {
        let mut path = String::new();
        for (at, (x, y)) in points.iter().enumerate() {
            let verb = if at == 0 { begin } else { 'L' };
            path += &format!("{verb}{x:.1} {y:.1}");
        }
        path
    };
    let rank = |band: &Band, rank: usize| -> Vec<(f64, f64)> {
        let mut points: Vec<_> =
            band.points.iter().map(|(at_us, parts)| (x(*at_us), y(parts[rank]))).collect();
        // Runs stay where they end.
        points.extend(points.last().map(|(_, y)| (SIDE, *y)));
        points
    };
    let (mut area, mut median) = (String::new(), String::new());
    if let Some(band) = band {
        let mut back = rank(band, 0);
        back.reverse();
        area = line(&rank(band, 2), 'M') + &line(&back, 'L') + "Z";
        median = line(&rank(band, 1), 'M');
    }
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for (at_us, part) in curve {
        if let Some((_, before)) = steps.last().copied() {
            steps.push((x(*at_us), before));
        }
        steps.push((x(*at_us), y(*part)));
    }
    if is_over {
        steps.extend(steps.last().map(|(_, y)| (SIDE, *y)));
    }
    Paths { end_us, band: area, median, measured: line(&steps, 'M') }
}

/// A span of microseconds, as fine as it is short.
pub(super) fn span(us: u64) -> String {
    match us {
        0..=999 => format!("{us} µs"),
        1_000..=99_949 => format!("{:.1} ms", us as f64 / 1e3),
        99_950..=999_499 => format!("{:.0} ms", us as f64 / 1e3),
        _ => words::span(us / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band() -> Band {
        Band {
            points: vec![(0, [0.2; 3]), (500, [0.4, 0.6, 0.8]), (1_800, [1.0; 3])],
            runs: 100,
            reached: 100,
            took_us: Some([600, 900, 1_800]),
            unluckiest: (7, Some(1_800)),
        }
    }

    #[test]
    fn the_measured_curve_is_made_of_steps_and_the_band_is_closed() {
        let chart = paths(&[(0, 0.25), (900, 0.5), (1_800, 1.0)], Some(&band()), true);
        assert_eq!(chart.end_us, 2_000);
        assert_eq!(chart.measured, "M0.0 750.0L450.0 750.0L450.0 500.0L900.0 500.0L900.0 0.0L1000.0 0.0");
        assert!(chart.band.starts_with("M0.0 800.0") && chart.band.ends_with('Z'), "{}", chart.band);
        assert_eq!(chart.median, "M0.0 800.0L250.0 400.0L900.0 0.0L1000.0 0.0");
    }

    #[test]
    fn without_a_band_or_an_arrival_there_is_still_a_chart() {
        let chart = paths(&[(0, 0.25)], None, false);
        assert_eq!((chart.band.as_str(), chart.measured.as_str()), ("", "M0.0 750.0"));
        assert_eq!(paths(&[], None, false).measured, "");
    }

    #[test]
    fn a_time_that_cannot_be_is_drawn_as_the_latest() {
        let chart = paths(&[(0, 0.5), (u64::MAX, 1.0)], Some(&band()), true);
        assert_eq!((chart.end_us, chart.measured.ends_with("L1000.0 0.0")), (u64::MAX, true), "{chart:?}");
    }

    #[test]
    fn a_far_longer_prediction_does_not_squeeze_the_measurement() {
        let slow = Band { took_us: Some([1_000_000; 3]), ..band() };
        assert_eq!(paths(&[(0, 0.5), (900, 1.0)], Some(&slow), true).end_us, 6_000);
        assert_eq!(paths(&[(0, 0.5)], Some(&slow), false).end_us, 1_111_111);
    }

    #[test]
    fn spans_are_as_fine_as_they_are_short() {
        let check = |us, expected: &str| assert_eq!(span(us), expected);
        check(40, "40 µs");
        check(3_140, "3.1 ms");
        check(99_960, "100 ms");
        check(1_240_000, "1.2 s");
    }
}
