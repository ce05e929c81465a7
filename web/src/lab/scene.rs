//! What the ring view shows at a moment, as shapes in layers, the lowest first. Pure: from the layout, the frame and
//! the moment to lines, dots and crosses; colours are named, not chosen, and nothing is painted here. The tree and the
//! grid are shown in the same way, only the nodes stand elsewhere.

use super::hand_scene::Hand;
use super::layout::{Layout, Point, Shape};
use super::paths::{Path, PathState};
use super::protocol::{Flight, Frame, Hop, Mark, NodeState};
use crate::float::{cos, sin};
use rumormill_core::Status;
use rumormill_core::tree::Tree;

/// A colour by its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hue {
    /// Edges of the tree.
    Line,
    /// Names.
    Muted,
    /// Up.
    Alive,
    /// Believed to be something else than it is.
    Suspect,
    /// Down, lost, cut.
    Down,
    /// Left.
    Left,
    /// Has, or carries, the latest write.
    Fresh,
    /// Under the line of those who have it.
    FreshSoft,
    /// A message without state.
    Talk,
    /// The selection.
    Focus,
    /// One of several things that are compared, by its number; they begin anew after four.
    Lane(u8),
}

/// Shapes of one look, painted together.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its colour.
    pub hue: Hue,
    /// How opaque it is.
    pub alpha: f32,
    /// How its shapes are painted.
    pub ink: Ink,
    /// The shapes.
    pub shapes: Shapes,
}

/// How shapes are painted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ink {
    /// Filled.
    Fill,
    /// Outlined, so wide.
    Stroke(f32),
    /// Outlined with dashes, so wide.
    Dashed(f32),
}

/// Shapes of one kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Shapes {
    /// Circles of one radius.
    Circles(f32, Vec<Point>),
    /// Diamonds of one half width.
    Diamonds(f32, Vec<Point>),
    /// Diagonal crosses of one half width.
    Crosses(f32, Vec<Point>),
    /// Straight lines.
    Lines(Vec<(Point, Point)>),
    /// Arcs around a centre: radius, then start and end angle of each.
    Arcs(Point, f32, Vec<(f32, f32)>),
    /// One line through many points.
    Path(Vec<Point>),
    /// The area that a line through many points encloses.
    Area(Vec<Point>),
    /// Rectangles: one corner, then the opposite one.
    Boxes(Vec<(Point, Point)>),
    /// Words beside or around their places.
    Words(Anchor, Vec<(Point, String)>),
}

/// Where words stand about their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// To its right.
    Start,
    /// Around it.
    Middle,
    /// To its left.
    End,
}

/// What there is to show.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Where the nodes stand.
    pub layout: &'a Layout,
    /// The cluster.
    pub frame: &'a Frame,
    /// The moment, a little after the frame's.
    pub now_us: u64,
    /// The tree along which news is forwarded, if the strategy has one.
    pub tree: Option<Tree>,
    /// Other lines from node to node that seldom change.
    pub edges: &'a [(u32, u32)],
    /// The messages by which the selected node learned the write.
    pub path: &'a [Hop],
    /// The inspected message.
    pub message: Option<u64>,
    /// The selected node that is inspected.
    pub selected: Option<u32>,
    /// To whom the selected node is linked.
    pub linked: &'a [u32],
    /// What the selected node believes of each, if that is to be shown in place of what is true.
    pub beliefs: Option<&'a [Option<Status>]>,
    /// Does nothing travel, because the user wants it so?
    pub still: bool,
    /// The nodes that are selected beside that one.
    pub others: &'a [u32],
    /// What the user's hand does.
    pub hand: Hand,
}

/// What seldom changes: edges, names, the arcs of a cut, paths that are cut or slow.
pub fn backdrop(subject: &Subject<'_>) -> Vec<Layer> {
    let mut layers = Vec::new();
    let Subject { layout, frame, .. } = *subject;
    if let Some(tree) = subject.tree {
        // The more edges, the fainter, or they would be a solid disc.
        let alpha = (60.0 / layout.nodes.len().max(1) as f32).clamp(0.18, 0.9);
        let edges = tree_edges(layout, &frame.marks, tree);
        // On levels, what leads back to the start would hide the tree.
        let (back, edges): (Vec<_>, Vec<_>) =
            edges.into_iter().partition(|(from, to)| layout.shape == Shape::Levels && to.y <= from.y);
        layers.push(layer(Hue::Line, alpha * 0.6, Ink::Dashed(1.0), Shapes::Lines(back)));
        layers.push(layer(Hue::Line, alpha, Ink::Stroke(1.0), Shapes::Lines(edges)));
    }
    let place = |node: u32| layout.nodes.get(node as usize).copied();
    let edges: Vec<(Point, Point)> =
        subject.edges.iter().filter_map(|&(from, to)| Some((place(from)?, place(to)?))).collect();
    if !edges.is_empty() {
        let alpha = (120.0 / edges.len() as f32).clamp(0.18, 0.9);
        layers.push(layer(Hue::Line, alpha, Ink::Stroke(1.0), Shapes::Lines(edges)));
    }
    let names = layout.names().into_iter().map(|(place, index)| (place, index.to_string()));
    layers.push(layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::Middle, names.collect())));
    layers.extend(cut_marks(layout, &frame.groups));
    layers.extend(paths(layout, &frame.paths));
    layers.retain(|layer| !layer.shapes.is_empty());
    layers
}

/// What moves: messages, nodes, the selection.
pub fn foreground(subject: &Subject<'_>) -> Vec<Layer> {
    let mut layers = Vec::new();
    let linked = links(subject);
    layers.push(layer(Hue::Focus, 0.55, Ink::Stroke(1.25), Shapes::Lines(linked)));
    layers.extend(path(subject));
    layers.extend(messages(subject));
    if !subject.others.is_empty() {
        layers.extend(others(subject));
    }
    match subject.beliefs {
        Some(beliefs) => layers.extend(believed(subject.layout, beliefs)),
        None => layers.extend(nodes(subject.layout, &subject.frame.marks)),
    }
    if let Some(place) = subject.selected.and_then(|node| subject.layout.nodes.get(node as usize)) {
        let radius = subject.layout.node_radius + 4.5;
        layers.push(layer(Hue::Focus, 1.0, Ink::Stroke(2.0), Shapes::Circles(radius, vec![*place])));
    }
    if subject.hand.is_busy() {
        layers.extend(subject.hand.layers(subject.layout));
    }
    layers.retain(|layer| !layer.shapes.is_empty());
    layers
}

/// Under each selected node, so that those side by side are seen as one; a line around each, whatever the ground.
#[inline(never)]
fn others(subject: &Subject<'_>) -> [Layer; 2] {
    let Subject { layout, .. } = *subject;
    let chosen = subject.others.iter().copied().chain(subject.selected);
    let places: Vec<Point> = chosen.filter_map(|node| layout.nodes.get(node as usize).copied()).collect();
    let around = |room: f32| Shapes::Circles(layout.node_radius + room, places.clone());
    [layer(Hue::Focus, 0.2, Ink::Fill, around(5.5)), layer(Hue::Focus, 1.0, Ink::Stroke(1.0), around(2.0))]
}

/// The tree's edges among the nodes that are up, by the order of their indices.
#[inline(never)]
fn tree_edges(layout: &Layout, marks: &[Mark], tree: Tree) -> Vec<(Point, Point)> {
    let up: Vec<usize> =
        (0..marks.len().min(layout.nodes.len())).filter(|&at| marks[at].state.is_up()).collect();
    let count = up.len() as u32;
    let edge =
        |parent: u32, child: u32| (layout.nodes[up[parent as usize]], layout.nodes[up[child as usize]]);
    (0..count)
        .flat_map(|parent| tree.targets(parent, count).into_iter().map(move |child| (parent, child)))
        .map(|(parent, child)| edge(parent, child))
        .collect()
}

#[inline(never)]
fn links(subject: &Subject<'_>) -> Vec<(Point, Point)> {
    let place = |node: u32| subject.layout.nodes.get(node as usize).copied();
    let Some(from) = subject.selected.and_then(place) else { return Vec::new() };
    subject.linked.iter().filter_map(|&peer| Some((from, place(peer)?))).collect()
}

/// The way of the write to the selected node, with a head on each arrow.
#[inline(never)]
fn path(subject: &Subject<'_>) -> Vec<Layer> {
    let Subject { layout, .. } = *subject;
    let place = |node: u32| layout.nodes.get(node as usize).copied();
    let radius = layout.node_radius;
    let arrows: Vec<(Point, Point)> = subject
        .path
        .iter()
        .filter_map(|hop| Some(trimmed(place(hop.from)?, place(hop.to)?, radius + 3.0)))
        .collect();
    let heads = arrows.iter().flat_map(|&(from, to)| head(from, to, 7.0)).collect();
    vec![
        layer(Hue::Fresh, 1.0, Ink::Stroke(2.5), Shapes::Lines(arrows)),
        layer(Hue::Fresh, 1.0, Ink::Stroke(2.5), Shapes::Lines(heads)),
    ]
}

/// Paths that are cut or slow, dashed. Where one is cut there is a head at each end that hears nothing.
fn paths(layout: &Layout, paths: &[Path]) -> Vec<Layer> {
    let place = |node: u16| layout.nodes.get(usize::from(node)).copied();
    let (mut cut, mut heads, mut slow) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        let (Some(from), Some(to)) = (place(path.from), place(path.to)) else { continue };
        let (from, to) = trimmed(from, to, layout.node_radius + 4.0);
        match path.state {
            PathState::Slow => slow.push((from, to)),
            PathState::Cut | PathState::CutOneWay => cut.push((from, to)),
        }
        match path.state {
            PathState::Slow => {}
            PathState::CutOneWay => heads.extend(head(from, to, 8.0)),
            PathState::Cut => heads.extend(head(from, to, 8.0).into_iter().chain(head(to, from, 8.0))),
        }
    }
    vec![
        layer(Hue::Suspect, 0.9, Ink::Dashed(1.5), Shapes::Lines(slow)),
        layer(Hue::Down, 0.9, Ink::Dashed(1.75), Shapes::Lines(cut)),
        layer(Hue::Down, 1.0, Ink::Stroke(2.0), Shapes::Lines(heads)),
    ]
}

/// A line from node to node, but for the room that the nodes take.
fn trimmed(from: Point, to: Point, room: f32) -> (Point, Point) {
    let trim = (room / from.distance(to).max(1.0)).min(0.45);
    (from.toward(to, trim), to.toward(from, trim))
}

/// The two strokes of an arrow's head.
pub fn head(from: Point, to: Point, size: f32) -> [(Point, Point); 2] {
    let angle = (to.y - from.y).atan2(to.x - from.x);
    [0.5, -0.5].map(|turn: f32| {
        let back = angle + std::f32::consts::PI + turn;
        (to, Point::new(to.x + size * cos(back), to.y + size * sin(back)))
    })
}

/// A dashed circle around those that a cut has parted from the first nodes, where they do not stand side by side.
#[inline(never)]
fn parted(layout: &Layout, groups: &[u8]) -> Vec<Layer> {
    let places = |part: u8| {
        let of_part = layout.nodes.iter().zip(groups).filter(|(_, group)| **group == part);
        of_part.map(|(place, _)| *place).collect::<Vec<Point>>()
    };
    let parts = groups.iter().max().copied().unwrap_or(0);
    let rim = |part: u8| layout.node_radius + 2.0 + 2.0 * f32::from(part.min(4));
    (1..=parts)
        .map(|part| layer(Hue::Down, 0.9, Ink::Dashed(1.5), Shapes::Circles(rim(part), places(part))))
        .collect()
}

/// A bracket around each part of a cut network.
#[inline(never)]
fn cut_marks(layout: &Layout, groups: &[u8]) -> Vec<Layer> {
    if layout.shape != Shape::Ring {
        return parted(layout, groups);
    }
    let arcs = layout.arcs(groups);
    if arcs.len() < 2 {
        return Vec::new();
    }
    let gap = (4.0 / layout.radius).min(0.02);
    let arcs: Vec<(f32, f32)> = arcs.iter().map(|(start, end, _)| (start + gap, end - gap)).collect();
    let radius = layout.radius + layout.node_radius + 20.0;
    let border = |angle: f32, out: f32| {
        Point::new(layout.center.x + out * cos(angle), layout.center.y + out * sin(angle))
    };
    let (inner, outer) = (layout.radius * 0.2, layout.radius + layout.node_radius + 22.0);
    let borders = arcs.iter().map(|(start, _)| (border(start - gap, inner), border(start - gap, outer)));
    vec![
        layer(Hue::Down, 0.9, Ink::Stroke(3.0), Shapes::Arcs(layout.center, radius, arcs.clone())),
        layer(Hue::Down, 0.7, Ink::Dashed(1.5), Shapes::Lines(borders.collect())),
    ]
}

fn nodes(layout: &Layout, marks: &[Mark]) -> Vec<Layer> {
    let radius = layout.node_radius;
    let places = |wanted: fn(&Mark) -> bool| -> Vec<Point> {
        layout.nodes.iter().zip(marks).filter(|(_, mark)| wanted(mark)).map(|(place, _)| *place).collect()
    };
    let informed = places(|mark| mark.informed && mark.state.is_up());
    let running = places(|mark| mark.informed && mark.state.is_up() && mark.state != NodeState::Paused);
    let bars = places(|mark| mark.state == NodeState::Paused).into_iter().flat_map(|at| bars(at, radius));
    vec![
        layer(
            Hue::Alive,
            1.0,
            Ink::Fill,
            Shapes::Circles(radius, places(|m| m.state == NodeState::Alive && !m.informed)),
        ),
        layer(Hue::Fresh, 1.0, Ink::Fill, Shapes::Circles(radius * 0.72, running)),
        layer(
            Hue::Fresh,
            1.0,
            Ink::Stroke((radius * 0.24).max(1.0)),
            Shapes::Circles(radius * 1.12, informed),
        ),
        layer(
            Hue::Alive,
            1.0,
            Ink::Dashed(1.5),
            Shapes::Circles(radius, places(|m| m.state == NodeState::Joining && !m.informed)),
        ),
        layer(Hue::Alive, 1.0, Ink::Fill, Shapes::Boxes(bars.collect())),
        layer(
            Hue::Left,
            1.0,
            Ink::Stroke(1.5),
            Shapes::Circles(radius * 0.85, places(|m| m.state == NodeState::Left)),
        ),
        layer(
            Hue::Down,
            1.0,
            Ink::Stroke((radius * 0.35).max(1.75)),
            Shapes::Crosses(radius * 0.8, places(|m| m.state == NodeState::Down)),
        ),
    ]
}

/// The sign of what is paused: two bars.
fn bars(at: Point, radius: f32) -> [(Point, Point); 2] {
    let (inner, outer, half) = (radius * 0.22, radius * 0.75, radius * 0.8);
    [(-outer, -inner), (inner, outer)]
        .map(|(left, right)| (Point::new(at.x + left, at.y - half), Point::new(at.x + right, at.y + half)))
}

/// The nodes as one of them believes.
#[inline(never)]
fn believed(layout: &Layout, beliefs: &[Option<Status>]) -> Vec<Layer> {
    let radius = layout.node_radius;
    let places = |wanted: Option<Status>| -> Vec<Point> {
        layout.nodes.iter().zip(beliefs).filter(|(_, is)| **is == wanted).map(|(place, _)| *place).collect()
    };
    vec![
        layer(Hue::Alive, 1.0, Ink::Fill, Shapes::Circles(radius, places(Some(Status::Alive)))),
        layer(Hue::Alive, 1.0, Ink::Dashed(1.5), Shapes::Circles(radius, places(Some(Status::Joining)))),
        layer(Hue::Suspect, 1.0, Ink::Fill, Shapes::Diamonds(radius, places(Some(Status::Suspect)))),
        layer(Hue::Left, 1.0, Ink::Stroke(1.5), Shapes::Circles(radius * 0.85, places(Some(Status::Left)))),
        layer(
            Hue::Left,
            1.0,
            Ink::Dashed(1.5),
            Shapes::Circles(radius * 0.85, places(Some(Status::Leaving))),
        ),
        layer(
            Hue::Down,
            1.0,
            Ink::Stroke((radius * 0.35).max(1.75)),
            Shapes::Crosses(radius * 0.8, places(Some(Status::Down))),
        ),
        layer(Hue::Left, 0.8, Ink::Fill, Shapes::Circles((radius * 0.25).max(1.0), places(None))),
    ]
}

/// The part of the way on which a lost message gets lost.
const LOST_AT: f32 = 0.5;
/// How much of its way a message's tail covers.
const TAIL: f32 = 0.07;

#[inline(never)]
fn messages(subject: &Subject<'_>) -> Vec<Layer> {
    let (mut carrying, mut talking, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    let (mut tails, mut arrows) = (Vec::new(), Vec::new());
    for flight in &subject.frame.flights {
        let place = |node: u16| subject.layout.nodes.get(usize::from(node)).copied();
        let (Some(from), Some(to)) = (place(flight.from), place(flight.to)) else { continue };
        let part = progress(flight, subject.now_us);
        if subject.still {
            match (flight.lost, flight.payload) {
                (true, _) => lost.push(from.toward(to, LOST_AT)),
                (false, true) => arrows.push((from, to)),
                (false, false) => tails.push((from, to)),
            }
            continue;
        }
        match (flight.lost, flight.payload) {
            (true, _) => lost.push(from.toward(to, part.min(LOST_AT))),
            (false, true) => {
                carrying.push(from.toward(to, part));
                arrows.push((from.toward(to, (part - TAIL).max(0.0)), from.toward(to, part)));
            }
            (false, false) => talking.push(from.toward(to, part)),
        }
    }
    if subject.still {
        carrying.extend(arrows.iter().map(|(from, to)| from.toward(*to, 0.9)));
        talking.extend(tails.iter().map(|(from, to)| from.toward(*to, 0.9)));
    }
    let size = (subject.layout.node_radius * 0.5).clamp(2.0, 4.0);
    let chosen = subject.message.and_then(|id| subject.frame.flights.iter().find(|flight| flight.id == id));
    let chosen = chosen.and_then(|flight| whereabouts(subject, flight));
    vec![
        layer(Hue::Focus, 1.0, Ink::Stroke(1.75), Shapes::Circles(size + 4.0, chosen.into_iter().collect())),
        layer(Hue::Talk, 0.4, Ink::Stroke(1.0), Shapes::Lines(tails)),
        layer(Hue::Fresh, 0.55, Ink::Stroke(size * 0.8), Shapes::Lines(arrows)),
        layer(Hue::Talk, 1.0, Ink::Fill, Shapes::Circles(size * 0.65, talking)),
        layer(Hue::Fresh, 1.0, Ink::Fill, Shapes::Circles(size, carrying)),
        layer(Hue::Down, 1.0, Ink::Stroke(1.75), Shapes::Crosses(size, lost)),
    ]
}

/// Where a message is drawn.
fn whereabouts(subject: &Subject<'_>, flight: &Flight) -> Option<Point> {
    let place = |node: u16| subject.layout.nodes.get(usize::from(node)).copied();
    let (from, to) = (place(flight.from)?, place(flight.to)?);
    let part = if subject.still { 0.9 } else { progress(flight, subject.now_us) };
    Some(from.toward(to, if flight.lost { part.min(LOST_AT) } else { part }))
}

/// The message drawn nearest to a point, if one is within reach.
#[inline(never)]
pub fn message_at(subject: &Subject<'_>, point: Point, reach: f32) -> Option<u64> {
    let near = subject.frame.flights.iter().filter_map(|flight| {
        let distance = whereabouts(subject, flight)?.distance(point);
        (distance <= reach).then_some((distance, flight.id))
    });
    near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, id)| id)
}

/// How much of its way a message has behind it: 0 at the sender, 1 at the receiver.
pub fn progress(flight: &Flight, now_us: u64) -> f32 {
    let gone_us = now_us.saturating_sub(flight.sent_us);
    (gone_us as f32 / flight.travels_us.max(1) as f32).min(1.0)
}

/// A layer.
pub fn layer(hue: Hue, alpha: f32, ink: Ink, shapes: Shapes) -> Layer {
    Layer { hue, alpha, ink, shapes }
}

impl Shapes {
    /// Is there nothing to paint?
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Circles(_, places) | Self::Diamonds(_, places) | Self::Crosses(_, places) => {
                places.is_empty()
            }
            Self::Lines(lines) => lines.is_empty(),
            Self::Arcs(_, _, arcs) => arcs.is_empty(),
            Self::Path(points) | Self::Area(points) => points.is_empty(),
            Self::Boxes(boxes) => boxes.is_empty(),
            Self::Words(_, words) => words.is_empty(),
        }
    }
}

#[cfg(test)]
#[path = "scene_tests.rs"]
mod tests;
