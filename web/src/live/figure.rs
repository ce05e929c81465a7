//! Where the members stand in Live's pictures: on the ring, in rows, or by their depth in the tree along which news
//! goes, or went. Pure geometry over the Lab's layouts; what stands there is drawn by [`super::picture_scene`].

use super::{
    knowledge::MemberRow,
    measure::{Arrival, Measure},
};
use crate::lab::{
    layout::{Layout, Names, Point, Shape},
    scene::Anchor,
    sight::Sight,
};
use rumormill_core::{NodeId, tree::Tree};

/// The longest name that is drawn, in characters.
const NAME_CHARS_MAX: usize = 12;

/// The shortest that is worth drawing.
const NAME_CHARS_MIN: usize = 2;

/// What a character of a name takes, in pixels. Names stand in the page's font at 12 px.
const CHAR_PX: f32 = 6.6;

/// Room for the circle around the chosen member, between it and its name.
const SELECTION_PX: f32 = 4.0;

/// How far below a member its name stands at most.
const NAME_PX: f32 = 16.0;

/// What the Lab's rows and levels leave free above and below for words that stand elsewhere here.
const SPARE_PX: f32 = 26.0;

/// Which tree there is to show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Branches<'a> {
    /// The strategy's own: to whom each sends what is new.
    Links(Tree),
    /// From whom each had a write.
    Way(&'a Measure),
    /// None is known.
    Nothing,
}

/// Where the members stand, and the lines of the tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Figure {
    /// Their places, in the order of the rows.
    pub layout: Layout,
    /// Lines that lead on.
    pub lines: Vec<(Point, Point)>,
    /// Lines that lead back to the start.
    pub back: Vec<(Point, Point)>,
    /// Names and where they stand.
    pub names: Vec<(Point, String)>,
    /// How they stand about their place.
    pub anchor: Option<Anchor>,
}

impl Figure {
    /// The figure for a view on a canvas of that size.
    pub(super) fn new(sight: Sight, rows: &[MemberRow], of: Branches<'_>, size: (f32, f32)) -> Self {
        match sight {
            Sight::Tree => tree(rows, of, size),
            Sight::Grid => grid(rows, size),
            _ => ring(rows, size),
        }
    }

    /// How many members stand in a row of the picture.
    pub(super) fn stride(&self) -> u32 {
        if let Shape::Grid { columns } = self.layout.shape { columns.max(1) } else { 1 }
    }
}

/// The ring of members, with room for their names.
fn ring(rows: &[MemberRow], (width, height): (f32, f32)) -> Figure {
    let longest = rows.iter().map(|row| row.id.as_str().len().min(NAME_CHARS_MAX)).max().unwrap_or(0);
    let room = (longest as f32 * CHAR_PX - 14.0).clamp(0.0, width * 0.2);
    let mut layout = Layout::ring(rows.len() as u32, width - 2.0 * room, height);
    layout.center.x += room;
    for place in &mut layout.nodes {
        place.x += room;
    }
    let every = layout.label_every.max(1);
    let named = (0..).zip(rows).filter(|(at, row)| at % every == 0 || row.is_self);
    let names = named.map(|(at, row)| {
        let name = short(row.id.as_str(), NAME_CHARS_MAX);
        let place = layout.label(at);
        // Names are centred on their place, so a long one moves outward by half of itself.
        let center = layout.center;
        let distance = place.distance(center).max(1.0);
        let (right, down) = ((place.x - center.x) / distance, (place.y - center.y) / distance);
        let half = (name.chars().count() as f32 * CHAR_PX / 2.0 - 6.0).max(0.0);
        (Point::new(place.x + right * (SELECTION_PX + half), place.y + down * SELECTION_PX), name)
    });
    let names = names.collect();
    Figure { layout, names, anchor: Some(Anchor::Middle), ..Figure::default() }
}

#[inline(never)]
fn grid(rows: &[MemberRow], (width, height): (f32, f32)) -> Figure {
    let layout = raised(Layout::grid(rows.len() as u32, width, height + 2.0 * SPARE_PX));
    let Shape::Grid { columns } = layout.shape else { return Figure { layout, ..Figure::default() } };
    let cell = match layout.nodes.as_slice() {
        [first, second, ..] if columns > 1 => second.x - first.x,
        _ => width,
    };
    let high = layout.nodes.get(columns as usize).map_or(cell, |below| below.y - layout.nodes[0].y);
    let (names, anchor) = match chars(cell) {
        Some(most) if high >= 2.0 * layout.node_radius + NAME_PX + 6.0 => {
            (below(&layout, rows, most, high), Anchor::Middle)
        }
        // Where there is no room below each, the first of each row says where one is.
        _ => {
            let places = layout.names().into_iter().filter_map(|(place, at)| {
                let name = short(rows.get(at as usize)?.id.as_str(), NAME_CHARS_MAX / 2);
                Some((Point::new(place.x + 8.0, place.y), name))
            });
            (places.collect(), Anchor::End)
        }
    };
    Figure { layout, names, anchor: Some(anchor), ..Figure::default() }
}

#[inline(never)]
fn tree(rows: &[MemberRow], of: Branches<'_>, (width, height): (f32, f32)) -> Figure {
    let height = height + 2.0 * SPARE_PX;
    let (layout, edges) = match of {
        Branches::Links(tree) => links(rows, tree, (width, height)),
        Branches::Way(measure) => way(rows, measure, (width, height)),
        Branches::Nothing => (Layout::by_parents(&vec![None; rows.len()], width, height), Vec::new()),
    };
    let layout = raised(layout);
    let place = |at: u32| layout.nodes[at as usize];
    let is_back = |(from, to): &(u32, u32)| place(*to).y <= place(*from).y;
    let line = |(from, to): &(u32, u32)| (place(*from), place(*to));
    let back = edges.iter().filter(|edge| is_back(edge)).map(line).collect();
    let lines = edges.iter().filter(|edge| !is_back(edge)).map(line).collect();
    let (names, anchor) = match (layout.names, chars(closest(&layout))) {
        (Names::Below, Some(most)) => {
            let high = layout.nodes.iter().map(|place| place.y).fold(
                (0.0, f32::MAX),
                |(last, high): (f32, f32), y| {
                    let gap = (y - last).abs();
                    (y, if last > 0.0 && gap > 1.0 { high.min(gap) } else { high })
                },
            );
            (below(&layout, rows, most, high.1), Anchor::Middle)
        }
        (Names::Beside, _) => {
            let beside = |place: &Point| Point::new(place.x + layout.node_radius + 6.0, place.y);
            let named = layout.nodes.iter().zip(rows);
            (named.map(|(place, row)| (beside(place), short(row.id.as_str(), 4))).collect(), Anchor::Start)
        }
        _ => (Vec::new(), Anchor::Middle),
    };
    Figure { layout, lines, back, names, anchor: Some(anchor) }
}

/// The strategy's tree: those with an address, by name, keep their places whoever is up; the others stand behind them,
/// since nobody can dial them. News goes among the active ones.
fn links(rows: &[MemberRow], tree: Tree, (width, height): (f32, f32)) -> (Layout, Vec<(u32, u32)>) {
    let at = |wanted: &dyn Fn(&MemberRow) -> bool| -> Vec<u32> {
        (0..).zip(rows).filter(|(_, row)| wanted(row)).map(|(at, _)| at).collect()
    };
    let mut order = at(&|row| row.address.is_some());
    order.extend(at(&|row| row.address.is_none()));
    let mut layout = Layout::tree(rows.len() as u32, tree, width, height);
    let places = layout.nodes.clone();
    for (place, at) in places.into_iter().zip(&order) {
        layout.nodes[*at as usize] = place;
    }
    let active = at(&|row| row.address.is_some() && row.health.is_active());
    let count = active.len() as u32;
    let children = |parent: u32| tree.targets(parent, count).into_iter().map(move |child| (parent, child));
    let edge = |(parent, child): (u32, u32)| (active[parent as usize], active[child as usize]);
    (layout, (0..count).flat_map(children).map(edge).collect())
}

/// The way that a write took, from who wrote it on; those of whom that is not known at the bottom.
fn way(rows: &[MemberRow], measure: &Measure, (width, height): (f32, f32)) -> (Layout, Vec<(u32, u32)>) {
    let place = |id: &NodeId| rows.iter().position(|row| row.id == *id).map(|at| at as u32);
    let parent = |(at, row): (u32, &MemberRow)| match measure.members.get(&row.id) {
        _ if row.id == measure.origin => Some(at),
        Some(Arrival::At { from: Some(from), .. }) => place(from),
        Some(Arrival::At { from: None, .. }) => Some(at),
        _ => None,
    };
    let parents: Vec<Option<u32>> = (0..).zip(rows).map(parent).collect();
    let edges = (0..).zip(&parents).filter_map(|(at, parent)| Some(((*parent)?, at)));
    let edges = edges.filter(|(parent, at)| parent != at).collect();
    (Layout::by_parents(&parents, width, height), edges)
}

/// The same without what is left free above.
fn raised(mut layout: Layout) -> Layout {
    for place in &mut layout.nodes {
        place.y -= SPARE_PX;
    }
    layout
}

/// How near two members of one level stand at most.
fn closest(layout: &Layout) -> f32 {
    let mut closest = f32::MAX;
    for (at, place) in layout.nodes.iter().enumerate() {
        for other in &layout.nodes[at + 1..] {
            if (place.y - other.y).abs() < 1.0 {
                closest = closest.min((place.x - other.x).abs());
            }
        }
    }
    closest
}

/// Names below their members, with room for the circle around the chosen one where the next ones are that far below.
fn below(layout: &Layout, rows: &[MemberRow], most: usize, high: f32) -> Vec<(Point, String)> {
    let away = (high - 2.0 * layout.node_radius - NAME_PX / 2.0).clamp(10.0, NAME_PX);
    let place = |node: &Point| Point::new(node.x, node.y + layout.node_radius + away);
    layout.nodes.iter().zip(rows).map(|(node, row)| (place(node), short(row.id.as_str(), most))).collect()
}

/// How many characters a name of that width may have, if it is worth drawing.
fn chars(width: f32) -> Option<usize> {
    let most = ((width - 6.0) / CHAR_PX).max(0.0) as usize;
    (most >= NAME_CHARS_MIN).then_some(most.min(NAME_CHARS_MAX))
}

fn short(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{id, member, own, snapshot, status};
    use super::super::{knowledge, state::View};
    use super::*;
    use rumormill_api::{ArrivalView, MemberView};
    use rumormill_core::Status;

    const BINARY: Tree = Tree { arity: 2, cycles: true };

    fn rows(others: &[(&str, Status)]) -> Vec<MemberRow> {
        let mut members = vec![own("a")];
        members.extend(others.iter().map(|(name, status)| member(name, *status)));
        rows_of(members)
    }

    fn rows_of(members: Vec<MemberView>) -> Vec<MemberRow> {
        let mut view = View::default();
        view.apply(snapshot(1, status("a", 5), members), 0);
        view.members.values().map(|member| knowledge::row(member, &view, 0)).collect()
    }

    #[test]
    fn everyone_has_a_place_on_the_canvas_in_every_figure() {
        let many: Vec<String> = (0..40).map(|at| format!("member-{at:02}")).collect();
        let others: Vec<(&str, Status)> = many.iter().map(|name| (name.as_str(), Status::Alive)).collect();
        for count in [0, 1, 4, 12, 40] {
            let rows = rows(&others[..count]);
            for (width, height) in [(520.0, 220.0), (340.0, 300.0)] {
                for sight in [Sight::Ring, Sight::Tree, Sight::Grid] {
                    let figure = Figure::new(sight, &rows, Branches::Links(BINARY), (width, height));
                    assert_eq!(figure.layout.nodes.len(), count + 1);
                    for place in &figure.layout.nodes {
                        let is_in = place.x > 0.0 && place.x < width && place.y > 0.0 && place.y < height;
                        assert!(is_in, "{sight:?} of {count} on {width}: {place:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_tree_goes_among_those_that_are_active_and_can_be_dialled() {
        let tab = MemberView { address: None, ..member("b-tab", Status::Alive) };
        let rows = rows_of(vec![own("a"), tab, member("c", Status::Down), member("d", Status::Alive)]);
        let figure = Figure::new(Sight::Tree, &rows, Branches::Links(BINARY), (400.0, 300.0));
        let nodes = &figure.layout.nodes;
        assert_eq!(figure.lines, [(nodes[0], nodes[3])], "a sends to d; b is a tab, c is down");
        assert_eq!(figure.back, [(nodes[3], nodes[0])]);
        assert!(nodes[0].y < nodes[2].y && nodes[2].y < nodes[1].y, "the tab stands last: {nodes:?}");
    }

    #[test]
    fn the_way_of_a_write_leads_from_who_wrote_it() {
        let rows = rows(&[("b", Status::Alive), ("c", Status::Alive), ("d", Status::Alive)]);
        let mut measure = Measure::new(1, "k".to_owned(), id("a"), 0, 0);
        measure = measure.among(["b", "c", "d"].into_iter().map(id), 0);
        let told = |from: Option<&str>| {
            Ok(ArrivalView { at_us: Some(5), from: from.map(id), ahead_us: Some(0), within_us: 1 })
        };
        measure.take(&id("a"), told(None));
        measure.take(&id("c"), told(Some("a")));
        measure.take(&id("b"), told(Some("c")));
        let figure = Figure::new(Sight::Tree, &rows, Branches::Way(&measure), (400.0, 300.0));
        let y: Vec<f32> = figure.layout.nodes.iter().map(|place| place.y).collect();
        assert!(y[0] < y[2] && y[2] < y[1] && y[1] < y[3], "{y:?}");
        assert_eq!(figure.lines.len(), 2);
    }

    #[test]
    fn names_stand_where_there_is_room() {
        let rows = rows(&[("a-rather-long-name", Status::Alive), ("c", Status::Alive)]);
        let ring = Figure::new(Sight::Ring, &rows, Branches::Nothing, (520.0, 300.0));
        assert_eq!(ring.names[1].1, "a-rather-lo…");
        let grid = Figure::new(Sight::Grid, &rows, Branches::Nothing, (520.0, 300.0));
        assert_eq!(grid.names[1].1, "a-rathe…");
        assert_eq!((grid.stride(), ring.stride()), (3, 1));
    }
}
