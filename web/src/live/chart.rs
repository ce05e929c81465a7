//! Where the lines of a traffic chart run, in CSS pixels: a pure layout. A second that nobody watched breaks the line
//! and is shown as a gap. What is drawn with it is the painter's business.

/// How many seconds a chart spans: two minutes.
pub const SPAN_S: usize = 120;

/// Room for the scale's words at the left.
const LEFT: f64 = 44.0;
/// Room for the time's words at the bottom.
const BOTTOM: f64 = 18.0;
/// Room above, so that the topmost word is whole.
const TOP: f64 = 8.0;
/// Room at the right, so that the newest point is whole.
const RIGHT: f64 = 8.0;

/// A point in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// A chart, laid out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    /// The largest value that fits.
    pub top: f64,
    /// Heights of the scale's lines and their values, from the bottom.
    pub levels: Vec<(f64, f64)>,
    /// Where the plot begins and ends, left to right.
    pub plot_x: (f64, f64),
    /// Where the plot begins and ends, top to bottom.
    pub plot_y: (f64, f64),
    /// For each series, its unbroken stretches.
    pub lines: Vec<Vec<Vec<Point>>>,
    /// Where nothing is known, left to right.
    pub gaps: Vec<(f64, f64)>,
    /// Marks of the time axis and how many seconds ago they are.
    pub times: Vec<(f64, usize)>,
}

/// Lays out series of one value per second, the newest last; none where nobody watched.
pub fn layout(series: &[Vec<Option<f64>>], width: f64, height: f64) -> Layout {
    let plot_x = (LEFT, (width - RIGHT).max(LEFT + 1.0));
    let plot_y = (TOP, (height - BOTTOM).max(TOP + 1.0));
    let largest = series.iter().flatten().flatten().copied().fold(0.0, f64::max);
    let (top, step) = scale(largest);
    let x = |ago: f64| plot_x.1 - (plot_x.1 - plot_x.0) * ago / (SPAN_S - 1) as f64;
    let y = |value: f64| plot_y.1 - (plot_y.1 - plot_y.0) * value / top;
    let levels = (0..=(top / step).round() as usize).map(|at| at as f64 * step);
    Layout {
        top,
        levels: levels.map(|value| (y(value), value)).collect(),
        plot_x,
        plot_y,
        lines: series.iter().map(|values| stretches(values, &x, &y)).collect(),
        gaps: series.first().map(|values| gaps(values, &x)).unwrap_or_default(),
        times: [0, 30, 60, 90].into_iter().map(|ago| (x(ago as f64), ago)).collect(),
    }
}

/// The top of the scale and the step between its lines: 1, 2 or 5 times a power of ten, three to five steps.
fn scale(largest: f64) -> (f64, f64) {
    if !largest.is_finite() || largest <= 0.0 {
        return (1.0, 1.0);
    }
    let rough = largest / 3.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|by| by * power)
        .find(|step| *step >= rough)
        .unwrap_or(10.0 * power);
    let steps = (largest / step).ceil().max(1.0);
    (steps * step, step)
}

fn newest_first(values: &[Option<f64>]) -> impl Iterator<Item = (usize, Option<f64>)> + '_ {
    values.iter().rev().take(SPAN_S).copied().enumerate()
}

fn stretches(values: &[Option<f64>], x: &impl Fn(f64) -> f64, y: &impl Fn(f64) -> f64) -> Vec<Vec<Point>> {
    let mut stretches: Vec<Vec<Point>> = Vec::new();
    let mut is_open = false;
    for (ago, value) in newest_first(values) {
        let Some(value) = value else {
            is_open = false;
            continue;
        };
        if !is_open {
            stretches.push(Vec::new());
            is_open = true;
        }
        let point = Point { x: x(ago as f64), y: y(value) };
        stretches.last_mut().expect("a stretch was begun just above").push(point);
    }
    stretches
}

/// Between known seconds only: what lies before the first and after the last one was not lost, it was not watched yet.
fn gaps(values: &[Option<f64>], x: &impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let mut gaps = Vec::new();
    let mut known_after = None;
    for (ago, value) in newest_first(values) {
        if value.is_none() {
            continue;
        }
        if let Some(after) = known_after.filter(|after| ago > after + 1) {
            gaps.push((x(ago as f64), x(after as f64)));
        }
        known_after = Some(ago);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(values: &[Option<f64>]) -> Layout {
        layout(&[values.to_vec()], 400.0, 100.0)
    }

    #[test]
    fn scales_are_round_and_hold_the_largest() {
        let cases = [
            (0.0, 1.0),
            (0.7, 1.0),
            (3.0, 3.0),
            (7.0, 10.0),
            (41.0, 60.0),
            (100.0, 100.0),
            (1_234.0, 1_500.0),
        ];
        for (largest, top) in cases {
            let (found, step) = scale(largest);
            assert!((found - top).abs() < 1e-9, "{largest} gave {found}, not {top}");
            assert!(
                found >= largest && (1.0..=5.0).contains(&(found / step).round()),
                "{largest}: {found} by {step}"
            );
        }
        assert_eq!(scale(f64::NAN), (1.0, 1.0));
    }

    #[test]
    fn a_gap_breaks_the_line_and_is_told() {
        let chart = laid(&[Some(1.0), Some(2.0), None, None, Some(3.0), None]);
        let sizes: Vec<_> = chart.lines[0].iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 2], "newest first");
        assert_eq!(chart.gaps.len(), 1);
        let (from, to) = chart.gaps[0];
        assert!(from < to && to <= chart.plot_x.1);
    }

    #[test]
    fn everything_lies_inside_whatever_the_size() {
        let values: Vec<_> = (0..500).map(|at| Some(f64::from(at))).collect();
        for (width, height) in [(400.0, 100.0), (10.0, 10.0), (0.0, 0.0)] {
            let chart = layout(std::slice::from_ref(&values), width, height);
            let (left, right) = chart.plot_x;
            let (top, bottom) = chart.plot_y;
            let inside = |point: &Point| {
                (left - 0.01..=right + 0.01).contains(&point.x)
                    && (top - 0.01..=bottom + 0.01).contains(&point.y)
            };
            assert!(chart.lines.iter().flatten().flatten().all(inside), "{width} by {height}");
        }
        assert_eq!(laid(&values).lines[0][0].len(), SPAN_S);
    }

    #[test]
    fn nothing_is_a_chart_too() {
        assert_eq!(laid(&[]).lines, vec![Vec::<Vec<Point>>::new()]);
        assert!(layout(&[], 400.0, 100.0).gaps.is_empty());
    }
}
