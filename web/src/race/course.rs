//! What happens to every cluster of a race: one write, and the trouble around it, or whatever was done to a run in the
//! Lab. Data, and its words.

use crate::lab::deed::is_write;
use crate::lab::protocol::Deed;
use std::rc::Rc;

/// The time of the measured write, in microseconds: links are up by then.
pub const WRITE_US: u64 = 500_000;

/// What happens during a race.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Course {
    /// Nothing but the write.
    #[default]
    Calm,
    /// Every tenth node crashes just before the write.
    Crashes,
    /// The network is cut in two halves before the write and healed later.
    Cut,
    /// What was done when, in microseconds; of the writes only the first one, which is measured.
    Own(Rc<Vec<(u64, Deed)>>),
}

/// Those that are always there, in the order in which they are offered.
pub const ALL: [Course; 3] = [Course::Calm, Course::Crashes, Course::Cut];

/// How long a cut lasts.
const CUT_US: u64 = 4_000_000;

impl Course {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Own(_) => "own",
            Self::Calm => "calm",
            Self::Crashes => "crashes",
            Self::Cut => "cut",
        }
    }

    /// The course for a word, of those that are always there.
    pub fn parse(word: &str) -> Option<Self> {
        ALL.into_iter().find(|course| course.as_str() == word)
    }

    /// What it is called.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Own(_) => "As done in the Lab",
            Self::Calm => "One write",
            Self::Crashes => "A tenth crashes, then a write",
            Self::Cut => "Cut in halves, a write, healed",
        }
    }

    /// When the measured write is made, in microseconds.
    pub fn write_us(&self) -> u64 {
        let Self::Own(acts) = self else { return WRITE_US };
        let write = acts.iter().find(|(_, deed)| is_write(deed));
        // What has none gets the usual one.
        write.map_or(WRITE_US, |(at_us, _)| *at_us)
    }

    /// What happens, in a sentence.
    pub fn text(&self) -> &'static str {
        match self {
            Self::Own(_) => {
                "What was done to the run in the Lab is done to each of these, at the same moments; of its writes the first one."
            }
            Self::Calm => "Node 0 writes after half a second. Nothing goes wrong but what the network loses.",
            Self::Crashes => {
                "Every tenth node crashes a moment before node 0 writes: nobody knows of it yet, so what is sent through \
                 the dead is lost."
            }
            Self::Cut => {
                "The network is cut in two halves, node 0 writes, and four seconds later the cut ends."
            }
        }
    }

    /// What is done when, to a cluster of so many nodes.
    pub fn script(&self, nodes: u32) -> Vec<(u64, Deed)> {
        let write = Deed::Write { node: 0, key: "rumor".into(), value: "true".into() };
        let mut script = Vec::new();
        match self {
            Self::Own(acts) if acts.iter().any(|(_, deed)| is_write(deed)) => {
                // One is measured: of a second one nobody could say which way was first.
                let mut is_first = true;
                let is_kept = |(_, deed): &&(u64, Deed)| !is_write(deed) || std::mem::take(&mut is_first);
                return acts.iter().filter(is_kept).cloned().collect();
            }
            Self::Own(acts) => script.extend(acts.iter().cloned()),
            Self::Calm => {}
            Self::Crashes => {
                let dying = (5..nodes).step_by(10);
                script.extend(dying.map(|node| (WRITE_US - 10_000, Deed::Crash(node))));
            }
            Self::Cut if nodes < 2 => {}
            Self::Cut => {
                script.push((WRITE_US - 100_000, Deed::Cut((nodes / 2..nodes).collect())));
                script.push((WRITE_US + CUT_US, Deed::Heal));
            }
        }
        script.push((WRITE_US, write));
        script
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_in_the_lab_is_done_and_what_has_no_write_gets_one() {
        let crash = (9, Deed::Crash(1));
        let course = Course::Own(Rc::new(vec![crash.clone()]));
        assert_eq!((course.script(3).len(), course.write_us()), (2, WRITE_US));
        let write = (7, Deed::Increment { node: 0, key: "n".into(), by: 1 });
        let course = Course::Own(Rc::new(vec![write.clone(), crash.clone()]));
        assert_eq!((course.script(3), course.write_us()), (vec![write.clone(), crash.clone()], 7));
        let later = (11, Deed::Delete { node: 0, key: "n".into() });
        let course = Course::Own(Rc::new(vec![write.clone(), crash.clone(), later]));
        assert_eq!(course.script(3), [write, crash], "one write is measured");
    }

    #[test]
    fn every_course_has_one_write_and_a_word() {
        for course in ALL {
            assert_eq!(Course::parse(course.as_str()), Some(course.clone()));
            for nodes in [1, 2, 100] {
                let script = course.script(nodes);
                let writes = script.iter().filter(|(_, deed)| matches!(deed, Deed::Write { .. }));
                assert_eq!(writes.map(|(at_us, _)| *at_us).collect::<Vec<_>>(), [WRITE_US]);
            }
        }
        assert_eq!(Course::parse("storm"), None);
        assert_eq!(Course::Crashes.script(100).len(), 11);
    }
}
