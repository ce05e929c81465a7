//! What the space-time view of real members shows, as shapes: a lane for each, time to the right, a line for each message
//! as far as its ends are known. Pure; what is known comes from [`super::lanes`].

use super::{
    holders::Has,
    knowledge::{Health, MemberRow},
    lanes::{Lanes, Sign, Talk},
    message::Message,
};
use crate::lab::{
    lanes_scene::{clipped, distance_to_line, step_us},
    layout::Point,
    scene::{Anchor, Hue, Ink, Layer, Shapes, head, layer},
};

/// Room above, below for the times, and on the right.
const TOP: f32 = 4.0;
const BOTTOM: f32 = 20.0;
const RIGHT: f32 = 16.0;
/// What a character of a name takes, and the most room that names take.
const CHAR_PX: f32 = 6.4;
const NAME_CHARS_MAX: usize = 12;
/// How far two lanes are apart, at most.
const GAP_MAX: f32 = 44.0;
/// The part of its way on which a message that is missing is drawn.
const LOST_AT: f32 = 0.55;
/// How near a message must be to be meant.
const REACH_PX: f32 = 7.0;

/// What there is to show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Diagram<'a> {
    /// What is known.
    pub lanes: &'a Lanes,
    /// The members' rows, by name; those without a lane as well.
    pub rows: &'a [MemberRow],
    /// The selected member's lane.
    pub selected: Option<usize>,
    /// The message that is looked at.
    pub looked: Option<&'a Message>,
    /// The moment at the right end, on the observed node's clock.
    pub now_us: u64,
    /// How much time there is from left to right.
    pub window_us: u64,
    /// Is the moment past?
    pub is_past: bool,
    /// The canvas's size.
    pub size: (f32, f32),
}

/// What is at a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Hit {
    /// A lane.
    Lane(usize),
    /// A message.
    Message(Message),
}

impl Diagram<'_> {
    fn left(&self) -> f32 {
        let longest = self.lanes.members.iter().map(|id| id.as_str().len().min(NAME_CHARS_MAX)).max();
        16.0 + longest.unwrap_or(0) as f32 * CHAR_PX
    }

    fn wide(&self) -> f32 {
        (self.size.0 - self.left() - RIGHT).max(10.0)
    }

    fn x(&self, at_us: u64) -> f32 {
        let since_us = self.now_us as f64 - at_us as f64;
        self.left() + self.wide() * (1.0 - since_us / self.window_us.max(1) as f64) as f32
    }

    fn gap(&self) -> f32 {
        ((self.size.1 - TOP - BOTTOM) / self.lanes.members.len().max(1) as f32).min(GAP_MAX)
    }

    fn y(&self, lane: usize) -> f32 {
        TOP + (lane as f32 + 0.5) * self.gap()
    }

    fn bottom(&self) -> f32 {
        TOP + self.lanes.members.len() as f32 * self.gap()
    }

    /// From where to where a message is drawn; none if that is not in sight.
    fn way(&self, talk: &Talk) -> Option<(Point, Point)> {
        let known_us = talk.sent_us.or(talk.came_us)?;
        let (sent_us, came_us) = (talk.sent_us.unwrap_or(known_us), talk.came_us.unwrap_or(known_us));
        // Clocks that are compared no finer must not let it arrive before it was sent.
        let came_us = came_us.max(sent_us);
        let (left, right) = (self.left(), self.left() + self.wide());
        let from = Point::new(self.x(sent_us), self.y(talk.lanes.0));
        let to = Point::new(self.x(came_us), self.y(talk.lanes.1));
        if to.x < left || from.x > right {
            return None;
        }
        let from = if from.x < left { clipped(from, to, left) } else { from };
        Some((from, if talk.is_missing { from.toward(to, LOST_AT) } else { to }))
    }

    /// What is at a place of the picture.
    #[inline(never)]
    pub(super) fn hit(&self, point: Point) -> Option<Hit> {
        let near = self.lanes.talks.iter().filter_map(|talk| {
            let (from, to) = self.way(talk)?;
            let away = distance_to_line(point, from, to);
            (away <= REACH_PX).then_some((away, talk))
        });
        let near = near.min_by(|a, b| a.0.total_cmp(&b.0));
        let lane = ((point.y - TOP) / self.gap()).floor();
        let lane = (lane >= 0.0).then_some(lane as usize).filter(|at| *at < self.lanes.members.len());
        let from_lane = lane.map_or(f32::MAX, |lane| (point.y - self.y(lane)).abs());
        match near {
            Some((away, talk)) if away < from_lane && point.x > self.left() => {
                Some(Hit::Message(talk.message.clone()))
            }
            _ => lane.map(Hit::Lane),
        }
    }

    /// The shapes, the lowest first.
    #[inline(never)]
    pub(super) fn layers(&self) -> Vec<Layer> {
        let mut layers = self.clock();
        layers.extend(self.lines());
        layers.extend(self.messages());
        layers.extend(self.signs());
        layers.retain(|layer| !layer.shapes.is_empty());
        layers
    }

    /// Marks of time, and what is not known of it.
    fn clock(&self) -> Vec<Layer> {
        let (left, bottom) = (self.left(), self.bottom());
        // As many marks as their words have room for.
        let most = (self.wide() / 52.0).max(1.0) as u64;
        let mut step = step_us(self.window_us);
        while self.window_us / step > most {
            step *= 2;
        }
        let (mut ticks, mut words) = (Vec::new(), Vec::new());
        for count in 0..=self.window_us / step {
            let x = self.left() + self.wide() * (1.0 - (count * step) as f32 / self.window_us as f32);
            ticks.push((Point::new(x, TOP), Point::new(x, bottom)));
            words.push((Point::new(x, bottom + 10.0), ago(count * step, self.is_past)));
        }
        let at = |x: f32| (Point::new(x, TOP), Point::new(x, bottom));
        let breaks = self.lanes.breaks_us.iter().map(|at_us| self.x(*at_us)).filter(|x| *x > left);
        let known = self.lanes.since_us.map_or(f32::MAX, |since_us| self.x(since_us));
        let unknown_to = known.min(left + self.wide());
        let mut unknown = Vec::new();
        let mut unknown_words = Vec::new();
        if unknown_to > left {
            unknown.push((Point::new(left, TOP), Point::new(unknown_to, bottom)));
            if unknown_to - left > 70.0 {
                let middle = Point::new((left + unknown_to) / 2.0, TOP + self.gap());
                let words = if self.lanes.is_full { "not kept" } else { "not watched" };
                unknown_words.push((middle, words.to_owned()));
            }
        }
        vec![
            layer(Hue::Line, 0.4, Ink::Fill, Shapes::Boxes(unknown)),
            layer(Hue::Line, 0.6, Ink::Stroke(1.0), Shapes::Lines(ticks)),
            layer(Hue::Down, 0.7, Ink::Dashed(1.5), Shapes::Lines(breaks.map(at).collect())),
            layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::Middle, words)),
            layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::Middle, unknown_words)),
        ]
    }

    fn lines(&self) -> Vec<Layer> {
        let (left, right) = (self.left(), self.left() + self.wide());
        let every = (13.0 / self.gap().max(1.0)).ceil().max(1.0) as usize;
        let (mut plain, mut down, mut gone, mut fresh) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut unknown, mut names, mut chosen) = (Vec::new(), Vec::new(), Vec::new());
        for (lane, id) in self.lanes.members.iter().enumerate() {
            let at = |x: f32| Point::new(x, self.y(lane));
            if lane % every == 0 || self.selected == Some(lane) {
                names.push((at(left - 8.0), short(id.as_str())));
            }
            if self.selected == Some(lane) {
                let half = self.gap() / 2.0;
                let y = self.y(lane);
                chosen.push((Point::new(2.0, y - half), Point::new(self.size.0 - 2.0, y + half)));
            }
            let row = self.rows.binary_search_by(|row| row.id.cmp(id)).ok().map(|at| &self.rows[at]);
            let learned = self.lanes.learned_us[lane].map_or(left, |at_us| self.x(at_us).clamp(left, right));
            match row.map(|row| (row.health, row.has)) {
                Some((Health::Down, _)) => {
                    // Before it was held to be down it was not.
                    let signs = self.lanes.signs.iter().rev();
                    let mut turned = signs.filter(|(of, _, sign)| *of == lane && *sign == Sign::Down);
                    let turned =
                        turned.next().map_or(left, |(_, at_us, _)| self.x(*at_us).clamp(left, right));
                    plain.push((at(left), at(turned)));
                    down.push((at(turned), at(right)));
                }
                Some((Health::Left, _)) | None => gone.push((at(left), at(right))),
                Some((_, Some(Has::Yes))) => {
                    plain.push((at(left), at(learned)));
                    fresh.push((at(learned), at(right)));
                }
                Some((_, Some(Has::Unknown))) => unknown.push((at(left), at(right))),
                Some(_) => plain.push((at(left), at(right))),
            }
        }
        vec![
            layer(Hue::Focus, 0.08, Ink::Fill, Shapes::Boxes(chosen)),
            layer(Hue::Alive, 0.55, Ink::Stroke(1.25), Shapes::Lines(plain)),
            layer(Hue::Alive, 0.5, Ink::Dashed(1.25), Shapes::Lines(unknown)),
            layer(Hue::Down, 0.6, Ink::Dashed(1.25), Shapes::Lines(down)),
            layer(Hue::Left, 0.6, Ink::Dashed(1.0), Shapes::Lines(gone)),
            layer(Hue::Fresh, 1.0, Ink::Stroke(2.5), Shapes::Lines(fresh)),
            layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::End, names)),
        ]
    }

    fn messages(&self) -> Vec<Layer> {
        let (mut talk, mut talk_heads, mut open_talk) = (Vec::new(), Vec::new(), Vec::new());
        let (mut carrying, mut heads, mut open) = (Vec::new(), Vec::new(), Vec::new());
        let (mut lost, mut crosses, mut chosen) = (Vec::new(), Vec::new(), Vec::new());
        for one in &self.lanes.talks {
            let Some((from, to)) = self.way(one) else { continue };
            if self.looked.is_some_and(|looked| one.is_of(looked)) {
                chosen.push((from, to));
            }
            match (one.is_missing, one.message.kind.is_payload(), one.came_us.is_some()) {
                (true, ..) => {
                    lost.push((from, to));
                    crosses.push(to);
                }
                (_, true, true) => {
                    carrying.push((from, to));
                    heads.extend(head(from, to, 6.0));
                }
                (_, true, false) => open.push((from, to)),
                (_, false, true) => {
                    talk.push((from, to));
                    talk_heads.extend(head(from, to, 4.0));
                }
                (_, false, false) => open_talk.push((from, to)),
            }
        }
        vec![
            layer(Hue::Focus, 0.35, Ink::Stroke(6.0), Shapes::Lines(chosen)),
            layer(Hue::Talk, 0.8, Ink::Stroke(1.0), Shapes::Lines(talk)),
            layer(Hue::Talk, 1.0, Ink::Stroke(1.0), Shapes::Lines(talk_heads)),
            layer(Hue::Talk, 0.8, Ink::Dashed(1.0), Shapes::Lines(open_talk)),
            layer(Hue::Fresh, 1.0, Ink::Stroke(1.75), Shapes::Lines(carrying)),
            layer(Hue::Fresh, 1.0, Ink::Stroke(1.75), Shapes::Lines(heads)),
            layer(Hue::Fresh, 1.0, Ink::Dashed(1.5), Shapes::Lines(open)),
            layer(Hue::Down, 0.9, Ink::Stroke(1.5), Shapes::Lines(lost)),
            layer(Hue::Down, 1.0, Ink::Stroke(1.75), Shapes::Crosses(3.5, crosses)),
        ]
    }

    fn signs(&self) -> Vec<Layer> {
        let (left, right) = (self.left(), self.left() + self.wide());
        let of = |wanted: Sign| -> Vec<Point> {
            let signs = self.lanes.signs.iter().filter(|(_, _, sign)| *sign == wanted);
            let places = signs.map(|(lane, at_us, _)| Point::new(self.x(*at_us), self.y(*lane)));
            places.filter(|place| (left..=right).contains(&place.x)).collect()
        };
        let size = (self.gap() * 0.2).clamp(2.0, 4.0);
        vec![
            layer(Hue::Fresh, 1.0, Ink::Fill, Shapes::Circles(size, of(Sign::Changed))),
            layer(Hue::Alive, 1.0, Ink::Fill, Shapes::Circles(size, of(Sign::Alive))),
            layer(Hue::Suspect, 1.0, Ink::Fill, Shapes::Diamonds(size + 1.5, of(Sign::Suspect))),
            layer(Hue::Down, 1.0, Ink::Stroke(2.5), Shapes::Crosses(size + 0.5, of(Sign::Down))),
        ]
    }
}

/// How long ago a mark is.
fn ago(us: u64, is_past: bool) -> String {
    match us {
        0 if is_past => "then".to_owned(),
        0 => "now".to_owned(),
        us if us.is_multiple_of(1_000_000) => format!("−{} s", us / 1_000_000),
        us => format!("−{:.1} s", us as f64 / 1e6),
    }
}

fn short(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS_MAX {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(NAME_CHARS_MAX - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::id;
    use super::super::message::End;
    use super::*;
    use rumormill_core::MessageKind;

    const S: u64 = 1_000_000;

    fn talk(number: u64, sent_us: Option<u64>, came_us: Option<u64>, is_missing: bool) -> Talk {
        let message = Message {
            node: id("a"),
            at_us: sent_us.or(came_us).unwrap_or_default(),
            other: Some(id("c")),
            number,
            kind: MessageKind::Rumor,
            bytes: 9,
            end: End::Received { news: true },
        };
        Talk { lanes: (0, 2), sent_us, came_us, is_missing, message }
    }

    fn lanes(talks: Vec<Talk>) -> Lanes {
        let members = ["a", "b", "c"].map(id).to_vec();
        Lanes { members, talks, learned_us: vec![None; 3], since_us: Some(S), ..Lanes::default() }
    }

    fn diagram(lanes: &Lanes) -> Diagram<'_> {
        Diagram {
            lanes,
            rows: &[],
            selected: None,
            looked: None,
            now_us: 20 * S,
            window_us: 10 * S,
            is_past: false,
            size: (1_000.0, 200.0),
        }
    }

    #[test]
    fn a_message_leans_as_far_as_both_ends_are_known() {
        let lanes = lanes(vec![
            talk(1, Some(12 * S), Some(13 * S), false),
            talk(2, None, Some(15 * S), false),
            talk(3, Some(16 * S), Some(16 * S - 9), false),
            talk(4, Some(2 * S), None, false),
        ]);
        let diagram = diagram(&lanes);
        let way = |at: usize| diagram.way(&lanes.talks[at]);
        let (from, to) = way(0).expect("it is in sight");
        assert!(to.x > from.x + 50.0 && to.y > from.y);
        let (from, to) = way(1).expect("it is in sight");
        assert!((from.x - to.x).abs() < 0.01, "when it was sent is not known");
        let (from, to) = way(2).expect("it is in sight");
        assert!((from.x - to.x).abs() < 0.01, "it does not arrive before it was sent");
        assert_eq!(way(3), None, "it was before");
    }

    #[test]
    fn what_is_not_known_to_have_come_in_is_dashed_and_what_is_missing_crossed() {
        let lanes = lanes(vec![talk(1, Some(12 * S), None, false), talk(2, Some(14 * S), None, true)]);
        let layers = diagram(&lanes).layers();
        let has = |hue, wanted: fn(&Layer) -> bool| layers.iter().any(|l| l.hue == hue && wanted(l));
        assert!(has(Hue::Fresh, |l| matches!(l.ink, Ink::Dashed(_))));
        assert!(has(Hue::Down, |l| matches!(&l.shapes, Shapes::Crosses(_, at) if at.len() == 1)));
    }

    #[test]
    fn a_click_finds_the_message_or_the_lane() {
        let lanes = lanes(vec![talk(1, Some(12 * S), Some(13 * S), false)]);
        let diagram = diagram(&lanes);
        let (from, to) = diagram.way(&lanes.talks[0]).expect("it is in sight");
        let on_way = from.toward(to, 0.3);
        assert_eq!(diagram.hit(on_way), Some(Hit::Message(lanes.talks[0].message.clone())));
        assert_eq!(diagram.hit(Point::new(5.0, diagram.y(1))), Some(Hit::Lane(1)));
        assert_eq!(diagram.hit(Point::new(5.0, 199.0)), None);
    }

    #[test]
    fn times_are_told_from_the_right_end() {
        assert_eq!(
            [ago(0, false), ago(0, true), ago(2 * S, false), ago(500_000, false)],
            ["now", "then", "−2 s", "−0.5 s"]
        );
    }
}
