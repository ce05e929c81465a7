//! The curves of all lanes over each other, from the write on: coverage, messages, bytes, redundancy. Pure: from what is
//! known of the lanes to shapes. Lanes are told apart by colour and by the letter at their end.

use super::contest::letter;
use super::heat::{Heat, Since};
use crate::lab::chart::{seconds_short, tick_step_us};
use crate::lab::layout::Point;
use crate::lab::scene::{Anchor, Hue, Ink, Layer, Shapes, layer};
use crate::lab::setup::group;
use crate::lab::standing::bytes;
use rumormill_core::sort::sort_by;

/// The shortest time that is shown, so that the first moments do not fill the charts.
const SPAN_MIN_US: u64 = 500_000;

/// The room beside the titles, as the panels have it beside their words.
const EDGE: f32 = 16.0;
const LEFT: f32 = EDGE + 54.0;
const RIGHT: f32 = EDGE + 12.0;
const TOP: f32 = 32.0;
const BOTTOM: f32 = 22.0;
/// The height of a letter with its distance to the next.
const LETTER_PX: f32 = 11.0;
/// Below this width the charts stand in one column.
const TWO_COLUMNS_PX: f32 = 560.0;

/// What a chart shows.
struct Chart {
    title: &'static str,
    value: fn(&Since) -> Option<f32>,
    words: fn(f32) -> String,
    /// The smallest top of the scale.
    top_min: f32,
}

const CHARTS: [Chart; 4] = [
    Chart {
        title: "Nodes that have it",
        value: |since| Some(since.covered * 100.0),
        words: |value| format!("{value:.0} %"),
        top_min: 100.0,
    },
    Chart {
        title: "Messages with state",
        value: |since| Some(since.payload as f32),
        words: |value| group(value as u64),
        top_min: 10.0,
    },
    Chart {
        title: "Bytes of all kinds",
        value: |since| Some(since.bytes as f32),
        words: |value| bytes(value as u64).replace(".0 ", " "),
        top_min: 1_000.0,
    },
    Chart {
        title: "Redundancy: arrived with state per node, beyond one",
        value: |since| since.redundancy,
        words: |value| format!("{value:.1}"),
        top_min: 1.0,
    },
];

/// The layers of all charts on a canvas of that size.
pub fn layers(heats: &[Heat], width: f32, height: f32) -> Vec<Layer> {
    let curves: Vec<Vec<Since>> = heats.iter().map(|heat| heat.since().collect()).collect();
    let ends = heats.iter().map(|heat| {
        let since_us = heat.frame.spread.since_us;
        since_us.map_or(0, |since_us| heat.frame.now_us.saturating_sub(since_us))
    });
    let span_us = ends.max().unwrap_or(0).max(SPAN_MIN_US);
    let columns = if width < TWO_COLUMNS_PX { 1 } else { 2 };
    let rows = CHARTS.len().div_ceil(columns);
    let (cell_width, cell_height) = (width / columns as f32, height / rows as f32);
    let mut layers = Vec::new();
    for (index, chart) in CHARTS.iter().enumerate() {
        let (column, row) = ((index % columns) as f32, (index / columns) as f32);
        let area = Area {
            left: column * cell_width + LEFT,
            right: (column + 1.0) * cell_width - RIGHT,
            top: row * cell_height + TOP,
            bottom: (row + 1.0) * cell_height - BOTTOM,
            span_us,
        };
        layers.extend(area.chart(chart, &curves));
    }
    layers.retain(|layer| !layer.shapes.is_empty());
    layers
}

struct Area {
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
    span_us: u64,
}

impl Area {
    fn chart(&self, chart: &Chart, curves: &[Vec<Since>]) -> Vec<Layer> {
        let highest = curves.iter().flatten().filter_map(chart.value).fold(chart.top_min, f32::max);
        let top = nice(highest);
        let mut layers = self.frame(chart, top);
        let mut ends = Vec::new();
        for (lane, curve) in curves.iter().enumerate() {
            let line = self.line(curve, chart.value, top);
            let Some(end) = line.last().copied() else { continue };
            ends.push((end, lane));
            layers.push(layer(Hue::Lane(lane as u8), 1.0, Ink::Stroke(2.0), Shapes::Path(line)));
        }
        sort_by(&mut ends, |a, b| a.0.y.total_cmp(&b.0.y));
        let heights = stacked(ends.iter().map(|(end, _)| end.y).collect(), self.bottom);
        for ((end, lane), y) in ends.into_iter().zip(heights) {
            let name = vec![(Point::new(end.x + 5.0, y), letter(lane).to_string())];
            layers.push(layer(Hue::Lane(lane as u8), 1.0, Ink::Fill, Shapes::Words(Anchor::Start, name)));
        }
        layers
    }

    fn frame(&self, chart: &Chart, top: f32) -> Vec<Layer> {
        let parts = [0.0, 0.5, 1.0];
        let y = |part: f32| self.bottom - (self.bottom - self.top) * part;
        let lines = parts.map(|part| (Point::new(self.left, y(part)), Point::new(self.right, y(part))));
        let scale = parts.map(|part| (Point::new(self.left - 6.0, y(part)), (chart.words)(top * part)));
        let title = vec![(Point::new(self.left - LEFT + EDGE, self.top - 17.0), chart.title.to_owned())];
        let step_us = tick_step_us(self.span_us as f32 / ((self.right - self.left) / 70.0).max(1.0));
        let ticks = (0..).map(|tick| tick * step_us).take_while(|at_us| *at_us <= self.span_us);
        let ticks =
            ticks.map(|at_us| (Point::new(self.x(at_us), self.bottom + 11.0), seconds_short(at_us, step_us)));
        let ticks = ticks.filter(|(place, _)| place.x < self.right - 4.0).collect();
        vec![
            layer(Hue::Line, 1.0, Ink::Stroke(1.0), Shapes::Lines(lines.to_vec())),
            layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::End, scale.to_vec())),
            layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::Middle, ticks)),
            layer(Hue::Focus, 1.0, Ink::Fill, Shapes::Words(Anchor::Start, title)),
        ]
    }

    fn x(&self, at_us: u64) -> f32 {
        self.left + (self.right - self.left) * (at_us as f64 / self.span_us as f64) as f32
    }

    /// A step line of at most two points for each half pixel.
    fn line(&self, curve: &[Since], value: fn(&Since) -> Option<f32>, top: f32) -> Vec<Point> {
        let mut line: Vec<Point> = Vec::new();
        let last = curve.len().saturating_sub(1);
        for (index, since) in curve.iter().enumerate() {
            let Some(value) = value(since) else { continue };
            let part = (value / top).clamp(0.0, 1.0);
            let at = Point::new(self.x(since.at_us), self.bottom - (self.bottom - self.top) * part);
            if let Some(before) = line.last().copied() {
                if at.x - before.x < 0.5 && index < last {
                    continue;
                }
                line.push(Point::new(at.x, before.y));
            }
            line.push(at);
        }
        line
    }
}

/// Letters of lines that end together stand below each other, and none below the axis, where the times stand.
fn stacked(mut heights: Vec<f32>, lowest: f32) -> Vec<f32> {
    let mut free_from = f32::NEG_INFINITY;
    for y in &mut heights {
        *y = y.max(free_from);
        free_from = *y + LETTER_PX;
    }
    let mut free_to = lowest;
    for y in heights.iter_mut().rev() {
        *y = y.min(free_to);
        free_to = *y - LETTER_PX;
    }
    heights
}

/// 1, 2, 3, 4, 5, 6, 8, 10, 20 …: the first that is not below. Half of each is as short a figure.
fn nice(at_least: f32) -> f32 {
    let decade = 10f32.powf(at_least.max(0.1).log10().floor());
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .map(|step| step * decade)
        .into_iter()
        .find(|top| *top >= at_least)
        .unwrap_or(at_least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::protocol::{Frame, Sample, Spread};

    fn heat(points: u64) -> Heat {
        let sample = |n: u64| Sample {
            at_us: 500_000 + n * 10_000,
            informed: (n + 1).min(100) as u32,
            up: 100,
            messages: n * 9,
            payload: n * 3,
            arrived: n * 2,
            bytes: n * 700,
        };
        let mut heat = Heat::default();
        heat.take(Frame {
            now_us: 500_000 + points * 10_000,
            samples: (0..points).map(sample).collect(),
            spread: Spread { since_us: Some(500_000), up: 100, ..Spread::default() },
            ..Frame::default()
        });
        heat
    }

    #[test]
    fn every_curve_is_inside_its_chart_whatever_the_canvas() {
        for (width, height) in [(900.0, 400.0), (340.0, 640.0)] {
            let layers = layers(&[heat(300), heat(3_000), heat(0)], width, height);
            let mut paths = 0;
            for layer in &layers {
                let Shapes::Path(points) = &layer.shapes else { continue };
                paths += 1;
                assert!(points.len() < 4 * width as usize, "{} points", points.len());
                assert!(
                    points
                        .iter()
                        .all(|at| at.x >= LEFT - 0.1 && at.x <= width && at.y > 0.0 && at.y < height)
                );
                assert!(points.is_sorted_by(|a, b| a.x <= b.x));
            }
            assert_eq!(paths, 8, "two lanes in four charts");
        }
    }

    #[test]
    fn letters_stand_apart_and_above_the_times() {
        assert_eq!(stacked(vec![10.0, 12.0, 50.0], 100.0), [10.0, 21.0, 50.0]);
        assert_eq!(stacked(vec![20.0, 98.0, 99.0], 100.0), [20.0, 89.0, 100.0]);
        assert_eq!(stacked(vec![99.0, 99.0, 100.0], 100.0), [78.0, 89.0, 100.0]);
    }

    #[test]
    fn scales_end_at_round_numbers() {
        assert_eq!([0.35, 1.0, 1.1, 42.0, 99.0, 202.0].map(nice), [0.4, 1.0, 2.0, 50.0, 100.0, 300.0]);
    }

    #[test]
    fn without_a_write_there_are_axes_and_no_curves() {
        let layers = layers(&[Heat::default()], 600.0, 300.0);
        assert!(layers.iter().all(|layer| !matches!(layer.shapes, Shapes::Path(_))) && !layers.is_empty());
    }
}
