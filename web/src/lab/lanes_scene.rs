//! What the space-time diagram shows, as shapes: a line for each node, time to the right up to now, a slanted line for
//! each message from where it was sent to where it arrives (Lamport, "Time, Clocks, and the Ordering of Events", 1978,
//! fig. 1). Pure.

use super::layout::Point;
use super::protocol::{Deed, Flight, Mark};
use super::scene::{Anchor, Hue, Ink, Layer, Shapes, head, layer};
use rumormill_core::Status;

/// The diagram on a canvas.
#[derive(Clone, Copy, Debug)]
pub struct Diagram<'a> {
    /// The nodes that have a line, from the top.
    pub lanes: &'a [u32],
    /// When each of them learned the write.
    pub learned: &'a [Option<u64>],
    /// Messages that have arrived or would have.
    pub landed: &'a [Flight],
    /// Messages under way.
    pub flights: &'a [Flight],
    /// What was done to the cluster.
    pub deeds: &'a [(u64, Deed)],
    /// The nodes as they are.
    pub marks: &'a [Mark],
    /// The moment at the right end.
    pub now_us: u64,
    /// How much time there is from left to right.
    pub window_us: u64,
    /// The selected node that is inspected.
    pub selected: Option<u32>,
    /// Those selected beside it.
    pub others: &'a [u32],
    /// What the inspected node believes of each, if that is to be shown in place of what is true.
    pub beliefs: Option<&'a [Option<Status>]>,
    /// The inspected message.
    pub message: Option<u64>,
    /// The canvas's size.
    pub size: (f32, f32),
}

/// Room for names, above, below and on the right.
const LEFT: f32 = 48.0;
const TOP: f32 = 44.0;
const BOTTOM: f32 = 34.0;
const RIGHT: f32 = 22.0;
/// How far two lines are apart, at most.
const GAP_MAX: f32 = 40.0;
/// The part of its way on which a lost message is drawn.
const LOST_AT: f32 = 0.55;

impl Diagram<'_> {
    fn x(&self, at_us: u64) -> f32 {
        let wide = (self.size.0 - LEFT - RIGHT).max(10.0);
        let since_us = self.now_us.saturating_sub(at_us);
        LEFT + wide * (1.0 - since_us as f32 / self.window_us.max(1) as f32)
    }

    fn gap(&self) -> f32 {
        ((self.size.1 - TOP - BOTTOM) / self.lanes.len().max(1) as f32).min(GAP_MAX)
    }

    fn y(&self, lane: usize) -> f32 {
        TOP + (lane as f32 + 0.5) * self.gap()
    }

    fn lane(&self, node: u32) -> Option<usize> {
        self.lanes.iter().position(|lane| *lane == node)
    }

    /// From where to where a message goes, up to now, and whether it is there.
    fn way(&self, flight: &Flight) -> Option<(Point, Point, bool)> {
        let (from, to) = (self.lane(flight.from.into())?, self.lane(flight.to.into())?);
        let arrives_us = flight.sent_us + u64::from(flight.travels_us);
        if arrives_us + self.window_us < self.now_us || flight.sent_us > self.now_us {
            return None;
        }
        let gone = (self.now_us - flight.sent_us) as f32 / flight.travels_us.max(1) as f32;
        let part = gone.min(if flight.lost { LOST_AT } else { 1.0 });
        let start = Point::new(self.x(flight.sent_us), self.y(from));
        // What has not arrived yet would arrive to the right of now.
        let wide = (self.size.0 - LEFT - RIGHT).max(10.0) * flight.travels_us as f32;
        let end = Point::new(start.x + wide / self.window_us.max(1) as f32, self.y(to));
        Some((start, start.toward(end, part), part >= 1.0))
    }

    fn messages(&self) -> impl Iterator<Item = &Flight> {
        self.landed.iter().chain(self.flights)
    }

    /// The node on whose line, or the message on whose way a point is; the message only if it is nearer.
    pub fn hit(&self, point: Point, reach: f32) -> (Option<u32>, Option<u64>) {
        let near = self.messages().filter_map(|flight| {
            let (from, to, _) = self.way(flight)?;
            let away = distance_to_line(point, from, to);
            (away <= reach).then_some((away, flight.id))
        });
        let message = near.min_by(|a, b| a.0.total_cmp(&b.0));
        let lane = ((point.y - TOP) / self.gap()).floor();
        let lane = (lane >= 0.0).then_some(lane as usize).filter(|lane| *lane < self.lanes.len());
        let from_line = lane.map_or(f32::MAX, |lane| (point.y - self.y(lane)).abs());
        match message {
            Some((away, id)) if away < from_line && point.x > LEFT => (None, Some(id)),
            _ => (lane.map(|lane| self.lanes[lane]), None),
        }
    }

    /// The shapes, the lowest first.
    #[inline(never)]
    pub fn layers(&self) -> Vec<Layer> {
        let mut layers = self.clock();
        layers.extend(self.lines());
        layers.extend(self.slants());
        layers.extend(self.acts());
        if self.beliefs.is_some() {
            layers.extend(self.believed());
        }
        layers.retain(|layer| !layer.shapes.is_empty());
        layers
    }

    /// Marks of time at the bottom.
    fn clock(&self) -> Vec<Layer> {
        let step_us = step_us(self.window_us);
        let first_us = self.now_us.saturating_sub(self.window_us).div_ceil(step_us) * step_us;
        let (mut ticks, mut words) = (Vec::new(), Vec::new());
        let bottom = self.y(self.lanes.len().saturating_sub(1)) + self.gap() / 2.0;
        let mut at_us = first_us;
        while at_us <= self.now_us {
            let x = self.x(at_us);
            ticks.push((Point::new(x, TOP), Point::new(x, bottom)));
            words.push((Point::new(x, bottom + 14.0), moment(at_us, step_us)));
            at_us += step_us;
        }
        vec![
            layer(Hue::Line, 0.6, Ink::Stroke(1.0), Shapes::Lines(ticks)),
            layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::Middle, words)),
        ]
    }

    fn lines(&self) -> Vec<Layer> {
        let (left, right) = (LEFT, self.x(self.now_us));
        let (mut plain, mut fresh, mut down, mut names) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let every = (11.0 / self.gap().max(1.0)).ceil().max(1.0) as usize;
        let (mut learned_at, mut chosen) = (Vec::new(), Vec::new());
        let mut doubted = Vec::new();
        for (lane, &node) in self.lanes.iter().enumerate() {
            let y = self.y(lane);
            let at = |x: f32| Point::new(x, y);
            if lane % every == 0 || self.selected == Some(node) {
                names.push((at(left - 8.0), node.to_string()));
            }
            if self.selected == Some(node) || self.others.contains(&node) {
                let half = self.gap() / 2.0;
                chosen.push((Point::new(4.0, y - half), Point::new(self.size.0 - 4.0, y + half)));
            }
            let is_up = match self.beliefs {
                Some(beliefs) => beliefs.get(node as usize).copied().flatten().is_some_and(Status::is_active),
                None => self.marks.get(node as usize).is_some_and(|mark| mark.state.is_up()),
            };
            if self.believes(node, Status::Suspect) {
                doubted.push((at(left), at(right)));
            }
            let learned = self.learned.get(lane).copied().flatten().filter(|at_us| *at_us <= self.now_us);
            let turn = learned.map_or(right, |at_us| self.x(at_us).clamp(left, right));
            if !is_up {
                down.push((at(left), at(right)));
                continue;
            }
            plain.push((at(left), at(turn)));
            if learned.is_some() {
                fresh.push((at(turn), at(right)));
                if turn > left {
                    learned_at.push(at(turn));
                }
            }
        }
        let size = (self.gap() * 0.2).clamp(1.5, 4.0);
        vec![
            layer(Hue::Focus, 0.07, Ink::Fill, Shapes::Boxes(chosen)),
            layer(Hue::Suspect, 0.35, Ink::Stroke(6.0), Shapes::Lines(doubted)),
            layer(Hue::Alive, 0.55, Ink::Stroke(1.25), Shapes::Lines(plain)),
            layer(Hue::Down, 0.5, Ink::Dashed(1.25), Shapes::Lines(down)),
            layer(Hue::Fresh, 1.0, Ink::Stroke(2.25), Shapes::Lines(fresh)),
            layer(Hue::Fresh, 1.0, Ink::Fill, Shapes::Circles(size, learned_at)),
            layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::End, names)),
        ]
    }

    fn believes(&self, node: u32, status: Status) -> bool {
        self.beliefs.is_some_and(|beliefs| beliefs.get(node as usize) == Some(&Some(status)))
    }

    /// At the right end of each line, what is believed of its node now.
    #[inline(never)]
    fn believed(&self) -> Vec<Layer> {
        let at = |wanted: fn(Option<Status>) -> bool| -> Vec<Point> {
            let place = |(lane, node): (usize, &u32)| {
                let believed = self.beliefs?.get(*node as usize).copied().flatten();
                wanted(believed).then(|| Point::new(self.size.0 - RIGHT / 2.0, self.y(lane)))
            };
            self.lanes.iter().enumerate().filter_map(place).collect()
        };
        let size = (self.gap() * 0.35).clamp(2.0, 6.0);
        let left = |status| matches!(status, Some(Status::Leaving | Status::Left));
        vec![
            layer(Hue::Alive, 1.0, Ink::Fill, Shapes::Circles(size, at(|is| is == Some(Status::Alive)))),
            layer(
                Hue::Alive,
                1.0,
                Ink::Dashed(1.5),
                Shapes::Circles(size, at(|is| is == Some(Status::Joining))),
            ),
            layer(Hue::Suspect, 1.0, Ink::Fill, Shapes::Diamonds(size, at(|is| is == Some(Status::Suspect)))),
            layer(Hue::Left, 1.0, Ink::Stroke(1.5), Shapes::Circles(size * 0.85, at(left))),
            layer(
                Hue::Down,
                1.0,
                Ink::Stroke(2.0),
                Shapes::Crosses(size * 0.8, at(|is| is == Some(Status::Down))),
            ),
            layer(Hue::Left, 0.8, Ink::Fill, Shapes::Circles(1.5, at(|is| is.is_none()))),
        ]
    }

    fn slants(&self) -> Vec<Layer> {
        let (mut talk, mut carrying, mut heads) = (Vec::new(), Vec::new(), Vec::new());
        let (mut lost, mut crosses, mut chosen) = (Vec::new(), Vec::new(), Vec::new());
        for flight in self.messages() {
            let Some((from, to, is_there)) = self.way(flight) else { continue };
            let left = Point::new(LEFT, from.y);
            // What was sent before the left end comes in from there.
            let from = if from.x >= LEFT { from } else { clipped(from, to, left.x) };
            if to.x < LEFT {
                continue;
            }
            if self.message == Some(flight.id) {
                chosen.push((from, to));
            }
            match (flight.lost, flight.payload) {
                (true, _) => {
                    lost.push((from, to));
                    crosses.push(to);
                }
                (false, true) => {
                    carrying.push((from, to));
                    if is_there {
                        heads.extend(head(from, to, 5.0));
                    }
                }
                (false, false) => talk.push((from, to)),
            }
        }
        vec![
            layer(Hue::Focus, 0.35, Ink::Stroke(6.0), Shapes::Lines(chosen)),
            layer(Hue::Talk, 0.7, Ink::Stroke(1.0), Shapes::Lines(talk)),
            layer(Hue::Fresh, 1.0, Ink::Stroke(1.75), Shapes::Lines(carrying)),
            layer(Hue::Fresh, 1.0, Ink::Stroke(1.75), Shapes::Lines(heads)),
            layer(Hue::Down, 0.9, Ink::Stroke(1.5), Shapes::Lines(lost)),
            layer(Hue::Down, 1.0, Ink::Stroke(1.75), Shapes::Crosses(3.5, crosses)),
        ]
    }

    /// What was done: a cross where a node crashed, a line through all where the network was cut or healed.
    fn acts(&self) -> Vec<Layer> {
        let (mut crashes, mut cuts, mut words) = (Vec::new(), Vec::new(), Vec::new());
        let bottom = self.y(self.lanes.len().saturating_sub(1)) + self.gap() / 2.0;
        for (at_us, deed) in self.deeds {
            if *at_us > self.now_us || *at_us + self.window_us < self.now_us {
                continue;
            }
            let x = self.x(*at_us);
            match deed {
                Deed::Crash(node) => {
                    crashes.extend(self.lane(*node).map(|lane| Point::new(x, self.y(lane))));
                }
                Deed::Cut(_) | Deed::Heal => {
                    cuts.push((Point::new(x, TOP), Point::new(x, bottom)));
                    let what = if *deed == Deed::Heal { "heal" } else { "cut" };
                    words.push((Point::new(x, TOP - 10.0), what.to_owned()));
                }
                _ => {}
            }
        }
        vec![
            layer(Hue::Down, 0.8, Ink::Dashed(1.5), Shapes::Lines(cuts)),
            layer(Hue::Down, 1.0, Ink::Fill, Shapes::Words(Anchor::Middle, words)),
            layer(Hue::Down, 1.0, Ink::Stroke(2.5), Shapes::Crosses(5.0, crashes)),
        ]
    }
}

/// Where the line from one point to another passes a place on the way.
pub(crate) fn clipped(from: Point, to: Point, x: f32) -> Point {
    if to.x - from.x < 0.01 { to } else { from.toward(to, ((x - from.x) / (to.x - from.x)).clamp(0.0, 1.0)) }
}

pub(crate) fn distance_to_line(point: Point, from: Point, to: Point) -> f32 {
    let length = from.distance(to);
    if length < 0.01 {
        return point.distance(from);
    }
    let along =
        ((point.x - from.x) * (to.x - from.x) + (point.y - from.y) * (to.y - from.y)) / (length * length);
    point.distance(from.toward(to, along.clamp(0.0, 1.0)))
}

/// A round step that marks the time about five times.
pub(crate) fn step_us(window_us: u64) -> u64 {
    let mut decade = 1;
    loop {
        for step in [1, 2, 5] {
            if step * decade * 6 >= window_us {
                return step * decade;
            }
        }
        decade *= 10;
    }
}

fn moment(at_us: u64, step_us: u64) -> String {
    let millis = (at_us / 1_000 % 1_000).to_string();
    let seconds = (at_us / 1_000_000).to_string();
    let digits = if step_us >= 1_000_000 {
        0
    } else if step_us >= 100_000 {
        1
    } else {
        3
    };
    let padded = ["000", &millis].concat();
    let millis = &padded[padded.len() - 3..];
    if digits == 0 { [&seconds, " s"].concat() } else { [&seconds, ".", &millis[..digits], " s"].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::protocol::NodeState;

    const UP: Mark = Mark { state: NodeState::Alive, informed: false };

    fn flight(from: u16, to: u16, sent_us: u64, lost: bool) -> Flight {
        Flight { from, to, sent_us, travels_us: 100_000, payload: true, lost, id: sent_us }
    }

    fn diagram<'a>(landed: &'a [Flight], flights: &'a [Flight]) -> Diagram<'a> {
        Diagram {
            lanes: &[0, 1, 5],
            learned: &[Some(500_000), None, None],
            landed,
            flights,
            deeds: &[],
            marks: &[UP; 6],
            now_us: 1_000_000,
            window_us: 1_000_000,
            selected: None,
            others: &[],
            beliefs: None,
            message: None,
            size: (LEFT + RIGHT + 1_000.0, 300.0),
        }
    }

    #[test]
    fn a_message_leans_from_its_sending_to_its_arrival() {
        let landed = [flight(0, 5, 200_000, false)];
        let diagram = diagram(&landed, &[]);
        let (from, to, is_there) = diagram.way(&landed[0]).expect("it is in the window");
        assert!(is_there && (from.x - (LEFT + 200.0)).abs() < 0.1 && (to.x - (LEFT + 300.0)).abs() < 0.1);
        assert_eq!((from.y, to.y), (diagram.y(0), diagram.y(2)));
    }

    #[test]
    fn what_is_under_way_ends_now_and_what_is_lost_on_the_way() {
        let flights = [flight(0, 1, 950_000, false), flight(1, 0, 100_000, true)];
        let diagram = diagram(&[], &flights);
        let (_, to, is_there) = diagram.way(&flights[0]).expect("it is in the window");
        assert!(!is_there && (to.x - (LEFT + 1_000.0)).abs() < 0.1);
        let (from, to, is_there) = diagram.way(&flights[1]).expect("it is in the window");
        assert!(!is_there && to.y < from.y && to.y > diagram.y(0));
        assert!(diagram.way(&flight(0, 9, 950_000, false)).is_none(), "it goes to a node without a line");
        assert!(
            diagram.layers().iter().any(|l| l.hue == Hue::Down && matches!(l.shapes, Shapes::Crosses(..)))
        );
    }

    #[test]
    fn a_line_is_fresh_from_when_its_node_learned() {
        let layers = diagram(&[], &[]).layers();
        let fresh: Vec<_> = layers.iter().filter(|layer| layer.hue == Hue::Fresh).collect();
        let Shapes::Lines(lines) = &fresh[0].shapes else { panic!("{fresh:?}") };
        assert!(lines.len() == 1 && (lines[0].0.x - (LEFT + 500.0)).abs() < 0.1);
    }

    #[test]
    fn lines_show_what_a_node_believes() {
        let beliefs = [Some(Status::Alive), Some(Status::Suspect), None, None, None, Some(Status::Down)];
        let layers = Diagram { beliefs: Some(&beliefs), ..diagram(&[], &[]) }.layers();
        let count =
            |wanted: fn(&Shapes) -> usize| layers.iter().map(|layer| wanted(&layer.shapes)).sum::<usize>();
        assert_eq!(count(|shapes| if let Shapes::Diamonds(_, at) = shapes { at.len() } else { 0 }), 1);
        assert_eq!(count(|shapes| if let Shapes::Crosses(_, at) = shapes { at.len() } else { 0 }), 1);
        let dashed = layers.iter().any(|l| l.hue == Hue::Down && matches!(l.ink, Ink::Dashed(_)));
        assert!(dashed, "the line of one that it holds for down");
    }

    #[test]
    fn a_click_finds_the_line_or_the_message() {
        let landed = [flight(0, 5, 200_000, false)];
        let diagram = diagram(&landed, &[]);
        let on_way = Point::new(LEFT + 230.0, diagram.y(0) + 0.3 * (diagram.y(2) - diagram.y(0)));
        assert_eq!(diagram.hit(on_way, 5.0), (None, Some(200_000)));
        assert_eq!(diagram.hit(Point::new(10.0, diagram.y(2)), 5.0), (Some(5), None));
        assert_eq!(diagram.hit(Point::new(10.0, 1.0), 5.0), (None, None));
    }

    #[test]
    fn time_is_marked_in_round_steps() {
        assert_eq!([100_000, 1_000_000, 4_000_000].map(step_us), [20_000, 200_000, 1_000_000]);
        assert_eq!(moment(1_250_000, 10_000), "1.250 s");
        assert_eq!(moment(1_200_000, 200_000), "1.2 s");
        assert_eq!(moment(2_000_000, 1_000_000), "2 s");
    }
}
