//! The page's own meter: how long its thread works for a frame, and the worker for a tick. Pure sums; the clock is
//! read by whoever feeds it.

use rumormill_core::sort::sort_by;
use std::collections::VecDeque;

/// Frames that the figures are made of: about four seconds.
const FRAMES: usize = 240;

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// Work of the frame that is not over yet, in milliseconds.
    open_ms: f64,
    work_ms: VecDeque<f64>,
    gaps_ms: VecDeque<f64>,
    ticks_ms: VecDeque<f64>,
    last_ms: Option<f64>,
}

/// The figures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Frames per second.
    pub frames_per_s: f64,
    /// The page's work for a frame, in milliseconds: half of the frames took less.
    pub work_p50_ms: f64,
    /// 95 of 100 frames took less.
    pub work_p95_ms: f64,
    /// The longest.
    pub work_max_ms: f64,
    /// The worker's work for a tick, 95 of 100 took less.
    pub tick_p95_ms: f64,
}

impl Meter {
    /// Adds work to the frame under way.
    pub fn work(&mut self, ms: f64) {
        self.open_ms += ms;
    }

    /// Adds a tick of the worker.
    pub fn tick(&mut self, ms: f64) {
        push(&mut self.ticks_ms, ms);
    }

    /// Ends the frame under way.
    pub fn frame(&mut self, now_ms: f64) {
        if let Some(last_ms) = self.last_ms.replace(now_ms) {
            push(&mut self.gaps_ms, now_ms - last_ms);
        }
        push(&mut self.work_ms, std::mem::take(&mut self.open_ms));
    }

    /// The figures of the last frames.
    pub fn figures(&self) -> Figures {
        let mean_gap_ms = self.gaps_ms.iter().sum::<f64>() / self.gaps_ms.len().max(1) as f64;
        Figures {
            frames_per_s: if mean_gap_ms > 0.0 { 1_000.0 / mean_gap_ms } else { 0.0 },
            work_p50_ms: percentile(&self.work_ms, 0.5),
            work_p95_ms: percentile(&self.work_ms, 0.95),
            work_max_ms: percentile(&self.work_ms, 1.0),
            tick_p95_ms: percentile(&self.ticks_ms, 0.95),
        }
    }
}

fn push(values: &mut VecDeque<f64>, value: f64) {
    if values.len() == FRAMES {
        values.pop_front();
    }
    values.push_back(value);
}

fn percentile(values: &VecDeque<f64>, part: f64) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().collect();
    sort_by(&mut sorted, f64::total_cmp);
    let at = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(at.saturating_sub(1)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_of_the_last_frames() {
        let mut meter = Meter::default();
        assert_eq!(meter.figures(), Figures::default());
        for frame in 0..1_000u32 {
            meter.work(f64::from(frame % 100) / 2.0);
            meter.work(f64::from(frame % 100) / 2.0);
            meter.tick(3.0);
            meter.frame(f64::from(frame) * 20.0);
        }
        let figures = meter.figures();
        assert!((figures.frames_per_s - 50.0).abs() < 0.01);
        assert_eq!((figures.work_max_ms, figures.tick_p95_ms), (99.0, 3.0));
        assert!((93.0..=96.0).contains(&figures.work_p95_ms), "{figures:?}");
    }
}
