//! The charts as shapes: how many have the latest write over time, beside what theory expects, with a mark for
//! everything that was done; and below it messages per second. Pure: from the run's series to layers.

use super::deed::{is_fault, name};
use super::layout::Point;
use super::protocol::Sample;
use super::scene::{Anchor, Hue, Ink, Layer, Shapes, layer};
use super::series::Series;
use super::setup::group;
use crate::sweep::Band;

/// What the charts show.
#[derive(Clone, Copy, Debug)]
pub struct Chart<'a> {
    /// The run's data.
    pub series: &'a Series,
    /// The moment that is shown.
    pub now_us: u64,
    /// When the latest write was, if anything was written.
    pub since_us: Option<u64>,
    /// What theory expects, from the write on.
    pub theory: Option<&'a [(u64, f32)]>,
    /// Where the coverage of most runs of this setup lies, from the write on.
    pub band: Option<&'a Band>,
    /// The canvas's width.
    pub width: f32,
    /// The canvas's height.
    pub height: f32,
}

/// The longest time that is shown at once.
const WINDOW_US: u64 = 60_000_000;
/// The shortest, so that the first moments do not fill the chart.
const SPAN_MIN_US: u64 = 3_000_000;

const LEFT: f32 = 44.0;
const RIGHT: f32 = 12.0;
const TOP: f32 = 16.0;
const BOTTOM: f32 = 20.0;
/// Room between the two charts.
const BETWEEN: f32 = 16.0;
/// The part of the height that the coverage has.
const COVERAGE_PART: f32 = 0.64;
/// The width of a bar of messages per second.
const BIN_PX: f32 = 7.0;

impl Chart<'_> {
    /// How far the data goes: beyond the moment that is shown, if time was turned back.
    fn end_us(&self) -> u64 {
        self.series.samples().last().map_or(0, |sample| sample.at_us).max(self.now_us)
    }
}

/// A chart's frame and the scale of time.
struct Axes {
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
    from_us: u64,
    to_us: u64,
}

impl Axes {
    fn x(&self, at_us: u64) -> f32 {
        let part = (at_us as f64 - self.from_us as f64) / (self.to_us - self.from_us).max(1) as f64;
        self.left + (self.right - self.left) * part as f32
    }

    fn y(&self, part: f32) -> f32 {
        self.bottom - (self.bottom - self.top) * part
    }

    fn shows(&self, at_us: u64) -> bool {
        (self.from_us..=self.to_us).contains(&at_us)
    }
}

/// The layers of both charts.
pub fn layers(chart: &Chart<'_>) -> Vec<Layer> {
    let theory_end_us = chart.theory.and_then(|points| points.last()).map_or(0, |(at_us, _)| *at_us);
    let swept_us = chart.band.and_then(|band| band.points.last()).map_or(0, |(at_us, _)| *at_us);
    let theory_end_us = theory_end_us.max(swept_us);
    let planned_us = chart.since_us.map_or(0, |since| since + theory_end_us.min(WINDOW_US / 2));
    let end_us = chart.end_us();
    let mut to_us = end_us.max(SPAN_MIN_US).max(planned_us.min(end_us + WINDOW_US / 2));
    if chart.now_us < to_us.saturating_sub(WINDOW_US) {
        to_us = chart.now_us + WINDOW_US / 2;
    }
    let from_us = to_us.saturating_sub(WINDOW_US);
    let room = (chart.height - TOP - BETWEEN - BOTTOM).max(20.0);
    let axes = |top: f32, height: f32| Axes {
        left: LEFT,
        right: (chart.width - RIGHT).max(LEFT + 10.0),
        top,
        bottom: top + height,
        from_us,
        to_us,
    };
    let coverage = axes(TOP, room * COVERAGE_PART);
    let rates = axes(TOP + room * COVERAGE_PART + BETWEEN, room * (1.0 - COVERAGE_PART));
    let mut layers = Vec::new();
    layers.extend(grid(&coverage));
    layers.extend(time_axis(&rates));
    layers.extend(swept(chart, &coverage));
    layers.extend(measured(chart, &coverage));
    layers.extend(expected(chart, &coverage));
    layers.extend(messages(chart.series, &rates));
    layers.extend(deeds(chart.series, &coverage, rates.bottom));
    layers.extend(cursor(chart, &coverage, rates.bottom));
    layers.retain(|layer| !layer.shapes.is_empty());
    layers
}

fn grid(axes: &Axes) -> Vec<Layer> {
    let parts = [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")];
    let lines =
        parts.map(|(part, _)| (Point::new(axes.left, axes.y(part)), Point::new(axes.right, axes.y(part))));
    let words = parts.map(|(part, words)| (Point::new(axes.left - 6.0, axes.y(part)), words.to_owned()));
    vec![
        layer(Hue::Line, 1.0, Ink::Stroke(1.0), Shapes::Lines(lines.to_vec())),
        layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::End, words.to_vec())),
    ]
}

fn time_axis(axes: &Axes) -> Vec<Layer> {
    let base = (Point::new(axes.left, axes.bottom), Point::new(axes.right, axes.bottom));
    let step_us =
        tick_step_us((axes.to_us - axes.from_us) as f32 / ((axes.right - axes.left) / 70.0).max(1.0));
    let first = axes.from_us.div_ceil(step_us) * step_us;
    let ticks = (0..).map(|tick| first + tick * step_us).take_while(|at_us| *at_us <= axes.to_us);
    let words =
        ticks.map(|at_us| (Point::new(axes.x(at_us), axes.bottom + 11.0), seconds_short(at_us, step_us)));
    // A word at the very edge would be cut.
    let words = words.filter(|(place, _)| place.x < axes.right - 6.0).collect();
    vec![
        layer(Hue::Line, 1.0, Ink::Stroke(1.0), Shapes::Lines(vec![base])),
        layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::Middle, words)),
    ]
}

/// 0.1, 0.2, 0.5, 1, 2, 5 … seconds: the first that is not below.
pub fn tick_step_us(at_least_us: f32) -> u64 {
    let mut decade = 100_000;
    loop {
        for step in [1, 2, 5] {
            if (step * decade) as f32 >= at_least_us {
                return step * decade;
            }
        }
        decade *= 10;
    }
}

/// A moment as an axis has it, as fine as its steps.
pub fn seconds_short(at_us: u64, step_us: u64) -> String {
    if step_us.is_multiple_of(1_000_000) {
        format!("{} s", at_us / 1_000_000)
    } else {
        format!("{}.{} s", at_us / 1_000_000, at_us / 100_000 % 10)
    }
}

/// A step line: between two samples nothing is known to have changed.
#[inline(never)]
fn measured(chart: &Chart<'_>, axes: &Axes) -> Vec<Layer> {
    let samples = chart.series.samples();
    let mut line: Vec<Point> = Vec::new();
    // The last one before the window is what holds at its left edge.
    let start = samples.partition_point(|sample| sample.at_us < axes.from_us).saturating_sub(1);
    let samples = samples.get(start..).unwrap_or_default();
    for sample in samples.iter().take_while(|sample| sample.at_us <= axes.to_us) {
        let at = Point::new(axes.x(sample.at_us.max(axes.from_us)), axes.y(part(sample)));
        if let Some(last) = line.last() {
            let step = Point::new(at.x, last.y);
            line.push(step);
        }
        line.push(at);
    }
    let Some(last) = line.last().copied() else { return Vec::new() };
    line.push(Point::new(axes.x(chart.end_us().min(axes.to_us)).max(last.x), last.y));
    let mut area = line.clone();
    area.extend(line.last().map(|end| Point::new(end.x, axes.bottom)));
    area.extend(line.first().map(|start| Point::new(start.x, axes.bottom)));
    vec![
        layer(Hue::FreshSoft, 1.0, Ink::Fill, Shapes::Area(area)),
        layer(Hue::Fresh, 1.0, Ink::Stroke(2.0), Shapes::Path(line)),
    ]
}

fn part(sample: &Sample) -> f32 {
    if sample.up == 0 { 0.0 } else { sample.informed as f32 / sample.up as f32 }
}

#[inline(never)]
fn expected(chart: &Chart<'_>, axes: &Axes) -> Vec<Layer> {
    let (Some(since_us), Some(points)) = (chart.since_us, chart.theory) else { return Vec::new() };
    let points = points.iter().map(|(at_us, part)| (since_us + at_us, *part));
    let line = points.filter(|(at_us, _)| axes.shows(*at_us));
    let line = line.map(|(at_us, part)| Point::new(axes.x(at_us), axes.y(part))).collect();
    vec![layer(Hue::Muted, 1.0, Ink::Dashed(1.5), Shapes::Path(line))]
}

/// The area between the 5th and the 95th percentile, and the median.
#[inline(never)]
fn swept(chart: &Chart<'_>, axes: &Axes) -> Vec<Layer> {
    let (Some(since_us), Some(band)) = (chart.since_us, chart.band) else { return Vec::new() };
    let shown = || band.points.iter().filter(|(at_us, _)| axes.shows(since_us + at_us));
    let line = |rank: usize| {
        shown().map(move |(at_us, parts)| Point::new(axes.x(since_us + at_us), axes.y(parts[rank])))
    };
    let area: Vec<Point> = line(0).chain(line(2).collect::<Vec<_>>().into_iter().rev()).collect();
    vec![
        layer(Hue::Lane(0), 0.2, Ink::Fill, Shapes::Area(area)),
        layer(Hue::Lane(0), 0.6, Ink::Stroke(1.0), Shapes::Path(line(1).collect())),
    ]
}

#[inline(never)]
fn messages(series: &Series, axes: &Axes) -> Vec<Layer> {
    let bins = (((axes.right - axes.left) / BIN_PX) as usize).max(1);
    let rates = series.rates(axes.from_us, axes.to_us, bins);
    let peak = rates.iter().map(|rate| rate.0).fold(0.0, f32::max);
    let bin_px = (axes.right - axes.left) / bins as f32;
    let bar = |bin: usize, rate: f32| {
        let x = axes.left + bin as f32 * bin_px;
        let y = axes.y(rate / peak.max(1.0)).min(axes.bottom - 1.0);
        (Point::new(x + 0.5, y), Point::new(x + bin_px - 0.5, axes.bottom))
    };
    let bars = |value: fn(&(f32, f32)) -> f32| -> Vec<(Point, Point)> {
        let positive = rates.iter().enumerate().filter(|(_, rate)| value(rate) > 0.0);
        positive.map(|(bin, rate)| bar(bin, value(rate))).collect()
    };
    let scale = if peak > 0.0 { group(peak.round() as u64) } else { String::new() };
    let words = vec![
        (Point::new(axes.left - 6.0, axes.top + 4.0), scale),
        (Point::new(axes.left - 6.0, axes.bottom - 4.0), "0".to_owned()),
    ];
    vec![
        layer(Hue::Talk, 0.7, Ink::Fill, Shapes::Boxes(bars(|rate| rate.0))),
        layer(Hue::Fresh, 0.9, Ink::Fill, Shapes::Boxes(bars(|rate| rate.1))),
        layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::End, words)),
    ]
}

/// Where time was turned back: a line at the moment, and a veil over what came after it.
fn cursor(chart: &Chart<'_>, axes: &Axes, bottom: f32) -> Vec<Layer> {
    let end_us = chart.end_us().min(axes.to_us);
    if end_us <= chart.now_us || !axes.shows(chart.now_us) {
        return Vec::new();
    }
    let (now, end) = (axes.x(chart.now_us), axes.x(end_us));
    let veil = (Point::new(now, axes.top), Point::new(end, bottom));
    let line = (Point::new(now, axes.top), Point::new(now, bottom));
    vec![
        layer(Hue::Line, 0.6, Ink::Fill, Shapes::Boxes(vec![veil])),
        layer(Hue::Focus, 1.0, Ink::Stroke(1.5), Shapes::Lines(vec![line])),
    ]
}

/// A line through both charts for each deed, named where there is room.
#[inline(never)]
fn deeds(series: &Series, axes: &Axes, bottom: f32) -> Vec<Layer> {
    let shown = || series.deeds().iter().filter(|(at_us, _)| axes.shows(*at_us));
    let line = |wanted: bool| -> Vec<(Point, Point)> {
        let of = shown().filter(|(_, deed)| is_fault(deed) == wanted);
        of.map(|(at_us, _)| (Point::new(axes.x(*at_us), axes.top), Point::new(axes.x(*at_us), bottom)))
            .collect()
    };
    let mut words: Vec<(Point, String)> = Vec::new();
    let mut free_from = f32::NEG_INFINITY;
    for (at_us, deed) in shown() {
        let text = name(deed);
        let x = axes.x(*at_us);
        // A little more than a letter of the font takes.
        let width = text.len() as f32 * 6.5;
        if x >= free_from && x + width < axes.right + RIGHT {
            free_from = x + width + 6.0;
            words.push((Point::new(x - 1.0, axes.top - 9.0), text));
        }
    }
    vec![
        layer(Hue::Muted, 0.6, Ink::Stroke(1.0), Shapes::Lines(line(false))),
        layer(Hue::Down, 0.9, Ink::Stroke(1.25), Shapes::Lines(line(true))),
        layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::Start, words)),
    ]
}

#[cfg(test)]
#[path = "chart_tests.rs"]
mod tests;
