//! What the picture of real members shows at a moment, as shapes in layers, the lowest first, wherever they stand. Pure:
//! from rows, messages and the moment to circles and lines; nothing is painted here. Shapes and hues are the Lab's.

use super::{
    figure::Figure,
    holders::Has,
    knowledge::{Health, Knowledge, MemberRow},
};
use crate::lab::{
    layout::{Point, Shape},
    scene::{Anchor, Hue, Ink, Layer, Shapes},
};

/// How long a message travels on the screen, in milliseconds. Real ones take less than an eye can follow.
pub(super) const TRAVEL_MS: f64 = 450.0;

/// How far the picture runs behind what happened, in milliseconds: the node tells ten times a second, and what it
/// received must have arrived in the picture before what it then sends departs.
pub(super) const BEHIND_MS: f64 = 600.0;

/// What stands still is drawn so far from either end at least, as a part of its way: members would hide it.
const BESIDE: f32 = 0.14;

/// A message on its way between two places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Traveller {
    /// The sender's place.
    pub from: u32,
    /// The receiver's place.
    pub to: u32,
    /// Does it carry state?
    pub is_payload: bool,
    /// When it departs in the picture, in milliseconds of the page's clock.
    pub departs_ms: f64,
}

/// When a message departs in the picture. One that was sent at `at_ms` departs then, one that was received then
/// arrives then, both as much later as the picture runs behind.
pub(super) fn departure_ms(at_ms: f64, is_received: bool) -> f64 {
    at_ms + BEHIND_MS - if is_received { TRAVEL_MS } else { 0.0 }
}

/// What there is to show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Where the members stand, in the order of `rows`.
    pub figure: &'a Figure,
    /// The members, by name.
    pub rows: &'a [MemberRow],
    /// The selected member's place.
    pub selected: Option<u32>,
    /// Messages that are on their way or about to be.
    pub travellers: &'a [Traveller],
    /// The page's clock.
    pub now_ms: f64,
    /// Does what travels move?
    pub motion: Motion,
}

/// Does what travels move on the screen?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Motion {
    /// It does.
    Moving,
    /// Not now: a moment of the past is shown, with what was sent and received just before it. Lines say from where to
    /// where, and what has come in stands where it came to.
    Paused,
    /// Never, because the user wants it so: each message stands half-way.
    Still,
}

/// Everything, the lowest layer first.
pub(super) fn layers(subject: &Subject<'_>) -> Vec<Layer> {
    let mut layers = links(subject);
    layers.push(names(subject));
    layers.extend(messages(subject));
    layers.extend(members(subject));
    layers.retain(|layer| !layer.shapes.is_empty());
    layers
}

fn links(subject: &Subject<'_>) -> Vec<Layer> {
    let Figure { layout, lines, back, .. } = subject.figure;
    // The more lines, the fainter, or they would hide the members.
    let alpha = (60.0 / layout.nodes.len().max(1) as f32).clamp(0.25, 1.0);
    let tree = [
        faint(Hue::Line, alpha, Ink::Dashed(1.0), Shapes::Lines(back.clone())),
        faint(Hue::Left, alpha, Ink::Stroke(1.25), Shapes::Lines(lines.clone())),
    ];
    // In rows the links of one would run through the others.
    let own = if layout.shape == Shape::Ring { own_links(subject) } else { Vec::new() };
    tree.into_iter().chain([layer(Hue::Line, Ink::Stroke(1.25), Shapes::Lines(own))]).collect()
}

/// The links of the observed node: others' are not known.
fn own_links(subject: &Subject<'_>) -> Vec<(Point, Point)> {
    let places = || subject.rows.iter().zip(&subject.figure.layout.nodes);
    let Some((_, own)) = places().find(|(row, _)| row.is_self) else { return Vec::new() };
    let linked = places().filter(|(row, _)| row.is_linked && !row.is_self);
    linked.map(|(_, place)| (*own, *place)).collect()
}

fn names(subject: &Subject<'_>) -> Layer {
    let Figure { names, anchor, .. } = subject.figure;
    layer(Hue::Muted, Ink::Fill, Shapes::Words(anchor.unwrap_or(Anchor::Middle), names.clone()))
}

fn messages(subject: &Subject<'_>) -> Vec<Layer> {
    let (mut carrying, mut talking, mut tails, mut arrows) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for traveller in subject.travellers {
        let place = |at: u32| subject.figure.layout.nodes.get(at as usize).copied();
        let (Some(from), Some(to)) = (place(traveller.from), place(traveller.to)) else { continue };
        let part = ((subject.now_ms - traveller.departs_ms) / TRAVEL_MS) as f32;
        let part = match subject.motion {
            Motion::Paused => part.clamp(BESIDE, 1.0 - BESIDE),
            _ if !(0.0..=1.0).contains(&part) => continue,
            Motion::Moving => part,
            Motion::Still => 0.5,
        };
        let here = from.toward(to, part);
        if subject.motion != Motion::Moving {
            arrows.push((from, to));
        } else if traveller.is_payload {
            tails.push((from.toward(to, (part - 0.12).max(0.0)), here));
        }
        if traveller.is_payload {
            carrying.push(here);
        } else {
            talking.push(here);
        }
    }
    let size = (subject.figure.layout.node_radius * 0.5).clamp(2.0, 4.5);
    vec![
        faint(Hue::Talk, 0.5, Ink::Stroke(1.0), Shapes::Lines(arrows)),
        faint(Hue::Fresh, 0.55, Ink::Stroke(size * 0.8), Shapes::Lines(tails)),
        layer(Hue::Talk, Ink::Fill, Shapes::Circles(size * 0.65, talking)),
        layer(Hue::Fresh, Ink::Fill, Shapes::Circles(size, carrying)),
    ]
}

fn members(subject: &Subject<'_>) -> Vec<Layer> {
    let layout = &subject.figure.layout;
    let radius = layout.node_radius;
    let places = |wanted: &dyn Fn(&MemberRow) -> bool| -> Vec<Point> {
        subject
            .rows
            .iter()
            .zip(&layout.nodes)
            .filter(|(row, _)| wanted(row))
            .map(|(_, place)| *place)
            .collect()
    };
    let is = |health: Health| move |row: &MemberRow| row.health == health;
    // Around the green ring of one who has it there must be room.
    let own_px = if subject.rows.iter().any(|row| row.has.is_some()) { 4.5 } else { 3.5 };
    let has = |row: &MemberRow| row.has == Some(Has::Yes) && row.health.is_active();
    // Whoever has what is asked about is green; whoever is known to lack it is whole, as one who knows all is otherwise.
    let is_whole = |row: &MemberRow| match row.has {
        Some(has) => has == Has::No,
        None => matches!(row.knowledge, Knowledge::InSync | Knowledge::Itself),
    };
    let is_unknown = |row: &MemberRow| row.health == Health::Alive && !is_whole(row) && !has(row);
    let doubtful = |row: &MemberRow| matches!(row.health, Health::Silent | Health::Suspect);
    let diamonds = places(&doubtful).into_iter().flat_map(|place| diamond(place, radius));
    let selected = subject.selected.and_then(|at| layout.nodes.get(at as usize).copied());
    vec![
        layer(
            Hue::Alive,
            Ink::Fill,
            Shapes::Circles(radius, places(&|row| row.health == Health::Alive && is_whole(row))),
        ),
        layer(Hue::Alive, Ink::Stroke(2.0), Shapes::Circles(radius - 1.0, places(&is_unknown))),
        layer(Hue::Alive, Ink::Fill, Shapes::Circles(radius * 0.4, places(&is_unknown))),
        layer(
            Hue::Fresh,
            Ink::Fill,
            Shapes::Circles(radius * 0.72, places(&|row| has(row) && row.health == Health::Alive)),
        ),
        layer(
            Hue::Fresh,
            Ink::Stroke((radius * 0.24).max(1.0)),
            Shapes::Circles(radius * 1.12, places(&|row| has(row) && row.health == Health::Alive)),
        ),
        layer(
            Hue::Fresh,
            Ink::Fill,
            Shapes::Circles(radius * 0.4, places(&|row| has(row) && row.health != Health::Alive)),
        ),
        layer(Hue::Alive, Ink::Dashed(1.75), Shapes::Circles(radius, places(&is(Health::Joining)))),
        layer(Hue::Suspect, Ink::Stroke(2.5), Shapes::Lines(diamonds.collect())),
        layer(Hue::Left, Ink::Stroke(1.75), Shapes::Circles(radius * 0.85, places(&is(Health::Left)))),
        layer(
            Hue::Down,
            Ink::Stroke((radius * 0.35).max(1.75)),
            Shapes::Crosses(radius * 0.8, places(&is(Health::Down))),
        ),
        layer(Hue::Alive, Ink::Stroke(1.5), Shapes::Circles(radius + own_px, places(&|row| row.is_self))),
        layer(Hue::Focus, Ink::Stroke(2.0), Shapes::Circles(radius + 7.0, selected.into_iter().collect())),
    ]
}

fn diamond(at: Point, radius: f32) -> [(Point, Point); 4] {
    let corner = |x: f32, y: f32| Point::new(at.x + x * radius, at.y + y * radius);
    let corners = [corner(0.0, -1.0), corner(1.0, 0.0), corner(0.0, 1.0), corner(-1.0, 0.0)];
    [0, 1, 2, 3].map(|side| (corners[side], corners[(side + 1) % 4]))
}

fn layer(hue: Hue, ink: Ink, shapes: Shapes) -> Layer {
    faint(hue, 1.0, ink, shapes)
}

fn faint(hue: Hue, alpha: f32, ink: Ink, shapes: Shapes) -> Layer {
    Layer { hue, alpha, ink, shapes }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{member, own, reported, snapshot, status};
    use super::super::{figure::Branches, knowledge, state::View};
    use super::*;
    use crate::lab::sight::Sight;
    use rumormill_core::Status;

    fn rows() -> Vec<MemberRow> {
        let mut view = View::default();
        let members = vec![
            own("a"),
            reported("b", 5, 0),
            reported("c", 3, u64::MAX),
            member("d", Status::Down),
            member("e", Status::Left),
        ];
        view.apply(snapshot(1, status("a", 5), members), 0);
        view.members.values().map(|member| knowledge::row(member, &view, 0)).collect()
    }

    fn circles(layers: &[Layer], hue: Hue, ink: Ink) -> usize {
        let count = |layer: &Layer| match &layer.shapes {
            Shapes::Circles(_, places) if layer.hue == hue && layer.ink == ink => places.len(),
            _ => 0,
        };
        layers.iter().map(count).sum()
    }

    fn shown(travellers: &[Traveller], now_ms: f64, motion: Motion) -> Vec<Layer> {
        let rows = rows();
        let figure = Figure::new(Sight::Ring, &rows, Branches::Nothing, (400.0, 300.0));
        layers(&Subject { figure: &figure, rows: &rows, selected: Some(3), travellers, now_ms, motion })
    }

    #[test]
    fn each_member_has_the_shape_of_its_state() {
        let layers = shown(&[], 0.0, Motion::Moving);
        assert_eq!(circles(&layers, Hue::Alive, Ink::Fill), 3, "a and b whole, c by its small centre");
        assert_eq!(circles(&layers, Hue::Left, Ink::Stroke(1.75)), 1);
        assert_eq!(circles(&layers, Hue::Focus, Ink::Stroke(2.0)), 1);
        let has_cross =
            layers.iter().any(|layer| matches!(&layer.shapes, Shapes::Crosses(_, at) if at.len() == 1));
        assert!(has_cross);
    }

    #[test]
    fn who_has_what_is_asked_about_is_green_and_who_did_not_tell_is_neither() {
        let mut rows = rows();
        for (row, has) in rows.iter_mut().zip([Has::Yes, Has::No, Has::Unknown, Has::Unknown, Has::Unknown]) {
            row.has = Some(has);
        }
        let figure = Figure::new(Sight::Grid, &rows, Branches::Nothing, (400.0, 300.0));
        let layers = layers(&Subject {
            figure: &figure,
            rows: &rows,
            selected: None,
            travellers: &[],
            now_ms: 0.0,
            motion: Motion::Moving,
        });
        assert_eq!(circles(&layers, Hue::Fresh, Ink::Fill), 1, "a");
        assert_eq!(circles(&layers, Hue::Alive, Ink::Fill), 2, "b is whole, c has a small centre");
    }

    #[test]
    fn a_message_is_seen_while_it_travels_and_arrives_before_its_answer_departs() {
        let received = departure_ms(1_000.0, true);
        let sent = departure_ms(1_000.0, false);
        assert!(received + TRAVEL_MS <= sent);
        let traveller = Traveller { from: 1, to: 0, is_payload: true, departs_ms: received };
        let dots = |now_ms| circles(&shown(&[traveller], now_ms, Motion::Moving), Hue::Fresh, Ink::Fill);
        assert_eq!([received - 1.0, received, received + TRAVEL_MS, sent + 1.0].map(dots), [0, 1, 1, 0]);
    }

    #[test]
    fn nothing_travels_for_who_wants_stillness() {
        let traveller = Traveller { from: 1, to: 0, is_payload: false, departs_ms: 0.0 };
        let shown = |now_ms, motion| shown(&[traveller], now_ms, motion);
        assert_eq!(shown(10.0, Motion::Still), shown(200.0, Motion::Still));
        assert_ne!(shown(10.0, Motion::Moving), shown(200.0, Motion::Moving));
    }

    #[test]
    fn at_a_moment_of_the_past_what_was_sent_is_on_its_way_and_what_came_in_stands_there() {
        let rows = rows();
        let figure = Figure::new(Sight::Ring, &rows, Branches::Nothing, (400.0, 300.0));
        let (from, to) = (figure.layout.nodes[1], figure.layout.nodes[0]);
        for (departs_ms, part) in
            [(0.0, 0.14), (-TRAVEL_MS / 2.0, 0.5), (-TRAVEL_MS, 0.86), (-2.0 * TRAVEL_MS, 0.86)]
        {
            let traveller = Traveller { from: 1, to: 0, is_payload: true, departs_ms };
            let layers = shown(&[traveller], 0.0, Motion::Paused);
            let dot = layers.iter().find_map(|layer| match &layer.shapes {
                Shapes::Circles(_, places) if layer.hue == Hue::Fresh => places.first(),
                _ => None,
            });
            let dot = dot.expect("it is drawn");
            assert!(dot.distance(from.toward(to, part)) < 0.5, "{departs_ms}: {dot:?}");
            let is_line =
                |layer: &Layer| layer.shapes == Shapes::Lines(vec![(from, to)]) && layer.hue == Hue::Talk;
            assert!(layers.iter().any(is_line), "a line says where it goes");
        }
    }

    #[test]
    fn messages_of_strangers_are_left_out() {
        let stray = Traveller { from: 77, to: 0, is_payload: true, departs_ms: 0.0 };
        assert_eq!(circles(&shown(&[stray], 1.0, Motion::Moving), Hue::Fresh, Ink::Fill), 0);
    }
}
