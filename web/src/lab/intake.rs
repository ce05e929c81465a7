//! How the page takes in what the worker reports: from a frame to the state. Pure. What the user does is taken in by
//! `state`.

use super::paths::PathSigns;
use super::protocol::{Frame, MessageLine, MessageRef};
use super::sentences::{self, Choice};
use super::series::Series;
use super::state::{LINES_MAX, View};

impl View {
    /// Takes in what the worker reports. True if there is something new to read.
    pub fn take(&mut self, frame: &mut Frame) -> bool {
        if frame.run != self.run {
            return false;
        }
        let was_in_past = self.now_us < self.end_us;
        self.told_run = frame.run;
        self.marks.clone_from(&frame.marks);
        self.now_us = frame.now_us;
        self.spread = frame.spread;
        self.parts = frame.groups.iter().max().map_or(1, |last| u32::from(*last) + 1);
        self.signs = PathSigns::of(&frame.paths);
        self.under_way = frame.flights.len() as u32 + frame.flights_unseen;
        self.end_us = frame.end_us;
        let mut news = !frame.done.is_empty() || frame.turned_us.is_some();
        let news_of_course = frame.course.is_some();
        if let Some(course) = frame.course.take() {
            (self.branches, self.branch) = (course.branches, course.current);
            self.series = Series::default();
            self.series.extend(&course.samples, &course.done);
            news = true;
        }
        if let Some(turned_us) = frame.turned_us {
            self.highlights.retain(|line| line.at_us <= turned_us);
            self.lines.retain(|line| line.at_us <= turned_us);
        }
        self.series.extend(&frame.samples, &frame.done);
        // What was set just now is in the panel before the worker knows of it.
        if was_in_past || news_of_course || frame.turned_us.is_some() || self.on_way {
            self.follow();
        }
        if let Some(goal_us) = self.goal_us {
            self.goal_us = (frame.now_us < goal_us).then_some(goal_us);
            self.on_way &= self.goal_us.is_some();
        }
        if frame.refused.is_some() {
            self.refused = frame.refused.take();
            news = true;
        }
        if let Some(text) = frame.text.take() {
            self.totals = text.totals;
            self.detail = text.node;
            self.rows = text.rows;
            self.suspect = text.suspect;
            self.writes = text.writes;
            self.shown = text.shown;
            let is_unknown = |number| self.writes.iter().all(|write| write.number != number);
            // A link may name a write that is only made on the way to its moment.
            if !self.on_way && self.write.is_some_and(is_unknown) {
                self.write = None;
            }
            // What the worker remembers no more the page does, while it is looked at.
            if let Some(line) = text.message.filter(|line| self.is_inspected(line)) {
                self.message = Some(MessageRef::Id(line.flight.id));
                let known = self.message_line.take().filter(|known| known.flight.id == line.flight.id);
                let known = known.map(|known| known.carried).unwrap_or_default();
                let carried = if line.carried.is_empty() { known } else { line.carried.clone() };
                self.message_line = Some(Box::new(MessageLine { carried, ..*line }));
            }
            for record in &text.records {
                self.lines_made += 1;
                let line = sentences::line(self.lines_made, record);
                let highlight = Choice::Highlights.takes(line.topic);
                let lines = if highlight { &mut self.highlights } else { &mut self.lines };
                if lines.len() == LINES_MAX {
                    lines.pop_front();
                }
                lines.push_back(line);
            }
            news = true;
        }
        news
    }

    fn is_inspected(&self, line: &MessageLine) -> bool {
        self.message.is_some_and(|asked| match asked {
            MessageRef::Id(id) => id == line.flight.id,
            MessageRef::Number(from, number) => (u32::from(line.flight.from), line.number) == (from, number),
        })
    }
}
