//! What the time bar shows of a run's course: how long its scale is, which marks stand on it, and what the branches are
//! called. Pure.

use super::deed::{is_fault, name};
use super::protocol::{Branch, Deed};
use super::standing::seconds;

/// Lengths of the scale, so that it does not creep while time passes.
const SPANS_S: [u64; 11] = [5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600];

/// The slider's steps: fine enough for a message's way.
pub const STEP_US: u64 = 1_000;

/// Most marks, so that they do not become a wall.
const MARKS_MAX: usize = 80;

/// The length of the scale for a run that has been played so far: the next round figure.
fn span_us(end_us: u64) -> u64 {
    let fits = SPANS_S.into_iter().map(|s| s * 1_000_000).find(|span| *span >= end_us);
    fits.unwrap_or_else(|| end_us.div_ceil(3_600_000_000) * 3_600_000_000)
}

/// The length of the scale for a run, or for a recording.
pub fn scale_us(recorded: bool, end_us: u64) -> u64 {
    if recorded { recorded_span_us(end_us) } else { span_us(end_us) }
}

/// The length of the scale for a recording, which does not grow: its own, up to the slider's next step.
fn recorded_span_us(end_us: u64) -> u64 {
    end_us.div_ceil(STEP_US).max(1) * STEP_US
}

/// What a mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// Something was taken away.
    Fault,
    /// Something else was done.
    Deed,
    /// Another branch begins here.
    Fork,
}

/// A mark on the scale.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeMark {
    /// Where, in percent of the scale.
    pub percent: f64,
    /// What it stands for.
    pub kind: MarkKind,
    /// What it says when the pointer rests on it.
    pub title: String,
}

/// Where a moment stands on the scale, in percent.
pub fn percent(at_us: u64, span_us: u64) -> f64 {
    (at_us as f64 / span_us.max(1) as f64 * 100.0).min(100.0)
}

/// The marks of the branch in sight. Forks come last: there are few, and they must not be left out.
pub fn marks(deeds: &[(u64, Deed)], branches: &[Branch], current: u32, span_us: u64) -> Vec<TimeMark> {
    let deed = |(at_us, deed): &(u64, Deed)| TimeMark {
        percent: percent(*at_us, span_us),
        kind: if is_fault(deed) { MarkKind::Fault } else { MarkKind::Deed },
        title: format!("{} at {}", name(deed), seconds(*at_us)),
    };
    let fork = |branch: &Branch| TimeMark {
        percent: percent(branch.from_us, span_us),
        kind: MarkKind::Fork,
        title: format!("Fork “{}” at {}", branch.name, seconds(branch.from_us)),
    };
    let begins_here = |(at, branch): &(usize, &Branch)| {
        branch.parent == Some(current) || (*at as u32 == current && branch.parent.is_some())
    };
    let forks = branches.iter().enumerate().filter(begins_here).map(|(_, branch)| fork(branch));
    let skipped = deeds.len().saturating_sub(MARKS_MAX);
    deeds[skipped..].iter().map(deed).chain(forks).collect()
}

/// What a branch's button says.
pub fn branch_label(branch: &Branch) -> String {
    match branch.parent {
        None => branch.name.clone(),
        Some(_) => format!("{} at {}", branch.name, seconds(branch.from_us)),
    }
}

/// What a screen reader says of the slider.
pub fn value_text(now_us: u64, end_us: u64) -> String {
    format!("{} of {} played", seconds(now_us), seconds(end_us))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_of_a_recording_ends_with_it() {
        assert_eq!(
            [0, 1, 15_998_000, 15_998_001].map(recorded_span_us),
            [1_000, 1_000, 15_998_000, 15_999_000]
        );
    }

    #[test]
    fn the_scale_grows_in_round_steps() {
        let spans =
            [0, 1, 5_000_000, 5_000_001, 61_000_000, 3_600_000_001].map(|end| span_us(end) / 1_000_000);
        assert_eq!(spans, [5, 5, 5, 10, 120, 7_200]);
        assert_eq!([0, 2_500_000, 9_000_000].map(|at| percent(at, 5_000_000)), [0.0, 50.0, 100.0]);
    }

    #[test]
    fn forks_stand_where_they_begin() {
        let branch = |name: &str, parent, from_us| Branch { name: name.into(), parent, from_us, end_us: 9 };
        let branches = [
            branch("first run", None, 0),
            branch("crash 12", Some(0), 2_000_000),
            branch("heal", Some(1), 3_000_000),
        ];
        let deeds = [(1_000_000, Deed::Crash(2)), (1_500_000, Deed::Heal)];
        let kinds = |current| -> Vec<(MarkKind, String)> {
            let marks = marks(&deeds, &branches, current, 5_000_000);
            marks.into_iter().map(|mark| (mark.kind, mark.title)).collect()
        };
        assert_eq!(kinds(0)[0], (MarkKind::Fault, "crash 2 at 1.000 s".into()));
        assert_eq!(kinds(0)[2..], [(MarkKind::Fork, "Fork “crash 12” at 2.000 s".into())]);
        assert_eq!(kinds(1).len(), 4, "its own beginning, and the one that leaves it");
        assert_eq!(branch_label(&branches[1]), "crash 12 at 2.000 s");
        assert_eq!(value_text(1_000_000, 2_000_000), "1.000 s of 2.000 s played");
        let many: Vec<_> = (0..500).map(|at| (at, Deed::Heal)).collect();
        assert_eq!(marks(&many, &branches, 0, 5).len(), MARKS_MAX + 1);
    }
}
