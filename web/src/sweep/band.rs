//! Percentiles over many runs of one setup: where the coverage of 90 of 100 runs lies at each moment. Pure sums.

use rumormill_core::sort::{sort, sort_by};

/// One run's coverage: steps of microseconds since the write and the part of the nodes that have it from then on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// The seed.
    pub seed: u64,
    /// The steps, in order of time, the first at 0.
    pub steps: Vec<(u64, f32)>,
    /// Microseconds from the write until all had it; none if that did not happen.
    pub took_us: Option<u64>,
}

/// What many runs have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Microseconds since the write, and the coverage that 5, 50 and 95 of 100 runs do not exceed.
    pub points: Vec<(u64, [f32; 3])>,
    /// How many runs there are.
    pub runs: u32,
    /// How many of them reached everyone.
    pub reached: u32,
    /// How long it took 5, 50 and 95 of 100 runs at most, those that reached everyone.
    pub took_us: Option<[u64; 3]>,
    /// The seed of the run that took longest, or that reached fewest if not all reached everyone; and how long it took.
    pub unluckiest: (u64, Option<u64>),
}

/// Moments of the band: finer than the chart shows.
const POINTS: u64 = 160;

const PARTS: [f64; 3] = [0.05, 0.5, 0.95];

impl Course {
    /// The coverage at a moment.
    pub fn at(&self, at_us: u64) -> f32 {
        let after = self.steps.partition_point(|(step_us, _)| *step_us <= at_us);
        after.checked_sub(1).map_or(0.0, |step| self.steps[step].1)
    }

    fn end(&self) -> (u64, f32) {
        self.steps.last().copied().unwrap_or_default()
    }
}

/// The band of these runs; none without any.
pub fn band(courses: &[Course]) -> Option<Band> {
    let unluckiest = courses.iter().max_by(|a, b| {
        let rank = |course: &Course| (course.took_us.is_none(), course.took_us.unwrap_or(0));
        rank(a).cmp(&rank(b)).then(b.end().1.total_cmp(&a.end().1)).then(b.seed.cmp(&a.seed))
    })?;
    let end_us = courses.iter().map(|course| course.took_us.unwrap_or(course.end().0)).max()?.max(1);
    let points = (0..=POINTS).map(|point| {
        let at_us = end_us * point / POINTS;
        let mut covered: Vec<f32> = courses.iter().map(|course| course.at(at_us)).collect();
        sort_by(&mut covered, f32::total_cmp);
        (at_us, PARTS.map(|part| rank(&covered, part)))
    });
    let mut took: Vec<u64> = courses.iter().filter_map(|course| course.took_us).collect();
    sort(&mut took);
    Some(Band {
        points: points.collect(),
        runs: courses.len() as u32,
        reached: took.len() as u32,
        took_us: (!took.is_empty()).then(|| PARTS.map(|part| rank(&took, part))),
        unluckiest: (unluckiest.seed, unluckiest.took_us),
    })
}

/// The nearest rank: the smallest value that a part of all does not exceed.
fn rank<T: Copy + Default>(sorted: &[T], part: f64) -> T {
    let at = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(at.saturating_sub(1)).copied().unwrap_or_default()
}

/// The value in the middle; none without any.
pub fn median(values: &mut [u64]) -> Option<u64> {
    sort(values);
    (!values.is_empty()).then(|| rank(values, 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everyone at once after so many milliseconds.
    fn course(seed: u64, took_ms: u64) -> Course {
        let took_us = took_ms * 1_000;
        Course { seed, steps: vec![(0, 0.1), (took_us, 1.0)], took_us: Some(took_us) }
    }

    #[test]
    fn the_band_holds_ninety_of_a_hundred_runs() {
        let courses: Vec<Course> = (1..=100).map(|n| course(n, n)).collect();
        let band = band(&courses).expect("there are runs");
        assert_eq!((band.runs, band.reached, band.took_us), (100, 100, Some([5_000, 50_000, 95_000])));
        assert_eq!(band.unluckiest, (100, Some(100_000)));
        assert_eq!((band.points[0], band.points.last()), ((0, [0.1; 3]), Some(&(100_000, [1.0; 3]))));
        let half = band.points.iter().find(|(at_us, _)| *at_us >= 51_000).expect("a point");
        assert_eq!(half.1, [0.1, 1.0, 1.0], "half of the runs are through");
        for (_, [low, middle, high]) in &band.points {
            assert!(low <= middle && middle <= high);
        }
    }

    #[test]
    fn who_never_gets_there_is_the_unluckiest() {
        let lost = |seed, covered| Course { seed, steps: vec![(0, 0.1), (9_000, covered)], took_us: None };
        let band = band(&[course(1, 80), lost(2, 0.7), lost(3, 0.4), course(4, 10)]).expect("there are runs");
        assert_eq!((band.unluckiest, band.reached), ((3, None), 2));
        assert_eq!(super::band(&[]), None);
    }

    #[test]
    fn medians_are_values_that_occur() {
        assert_eq!(median(&mut [9, 1, 5]), Some(5));
        assert_eq!(median(&mut [9, 1]), Some(1));
        assert_eq!(median(&mut []), None);
    }
}
