//! Where nodes stand: a ring, by their index alone, so that nothing moves when something happens. A large cluster's
//! ring has several rows, staggered so that neighbours stay neighbours. Pure geometry, in CSS pixels.

use crate::float::{cos, sin};
use std::f32::consts::{PI, TAU};

/// A place on the canvas, in CSS pixels from its top left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
}

impl Point {
    /// A point.
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// The point a part of the way to another one: 0 here, 1 there.
    #[must_use]
    pub fn toward(self, other: Self, part: f32) -> Self {
        Self { x: self.x + (other.x - self.x) * part, y: self.y + (other.y - self.y) * part }
    }

    /// How far apart two points are.
    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// In what figure the nodes stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// A ring.
    #[default]
    Ring,
    /// Rows of so many.
    Grid {
        /// Nodes in a row.
        columns: u32,
    },
    /// The levels of a tree.
    Levels,
}

/// Where the names of a tree's nodes stand: where there is no other node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// Below each node.
    #[default]
    Below,
    /// On the right of each: the levels are close.
    Beside,
    /// There is no room for them.
    Nowhere,
}

/// Where the nodes of a cluster stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The nodes' places, by index.
    pub nodes: Vec<Point>,
    /// The middle of the ring.
    pub center: Point,
    /// The radius of the outermost row.
    pub radius: f32,
    /// The radius of a node's shape.
    pub node_radius: f32,
    /// How many rows the ring has; 0 without nodes.
    pub rows: u32,
    /// Places on the circle: as many as nodes, or a few more so that the rows stay staggered all around.
    pub(super) slots: u32,
    /// Every how many nodes there is room for a name; 0 for nowhere.
    pub label_every: u32,
    /// The figure.
    pub shape: Shape,
    /// Where names stand in the levels of a tree.
    pub names: Names,
}

/// Room for names around the ring.
const MARGIN: f32 = 34.0;
/// Room around a ring with one name.
const SMALL_MARGIN: f32 = 22.0;
/// The largest a node is drawn.
const NODE_RADIUS_MAX: f32 = 10.0;
/// The smallest a node may be before the ring takes another row.
const NODE_RADIUS_MIN: f32 = 3.5;
/// The part of the distance to its neighbour that a node's diameter takes.
const DENSITY: f32 = 0.62;
/// Most of the radius that the rows together take.
const ROWS_DEPTH_MAX: f32 = 0.55;
/// Room that a name takes along the ring.
const LABEL_PX: f32 = 30.0;

impl Layout {
    /// The ring of so many nodes on a canvas of that size. Node 0 stands at the top, indices go clockwise.
    pub fn ring(count: u32, width: f32, height: f32) -> Self {
        Self::within(count, width, height, MARGIN)
    }

    /// The same without room for names, for small canvases.
    pub fn small_ring(count: u32, width: f32, height: f32) -> Self {
        // Only the first name stays: it shows where the ring begins.
        Self { label_every: u32::MAX, ..Self::within(count, width, height, SMALL_MARGIN) }
    }

    fn within(count: u32, width: f32, height: f32, margin: f32) -> Self {
        let center = Point::new(width / 2.0, height / 2.0);
        let radius = (width.min(height) / 2.0 - margin).max(20.0);
        if count == 0 {
            return Self { center, radius, ..Self::default() };
        }
        let (rows, node_radius) = rows(count, radius);
        let row_gap = row_gap(rows, radius, node_radius);
        let slots = count.next_multiple_of(rows);
        let place = |index: u32| {
            let angle = angle(index, slots);
            let row_radius = radius - row_gap * (index % rows) as f32;
            Point::new(center.x + row_radius * cos(angle), center.y + row_radius * sin(angle))
        };
        let per_label = (LABEL_PX * count as f32 / (TAU * (radius + margin / 2.0))).ceil() as u32;
        Self {
            nodes: (0..count).map(place).collect(),
            center,
            radius,
            node_radius,
            rows,
            slots,
            label_every: round_step(per_label.max(1)),
            names: Names::Below,
            shape: Shape::Ring,
        }
    }

    /// The node at or near a point, if there is one within reach: `slack` pixels beyond its shape.
    pub fn hit(&self, point: Point, slack: f32) -> Option<u32> {
        let near = (0..).zip(&self.nodes).map(|(index, place)| (place.distance(point), index));
        let (distance, index) = near.min_by(|a, b| a.0.total_cmp(&b.0))?;
        (distance <= self.node_radius + slack).then_some(index)
    }

    /// The nodes on the left of a line, as one who walks along it sees it.
    #[inline(never)]
    pub fn left_of(&self, from: Point, to: Point) -> Vec<u32> {
        let side =
            |place: &Point| (to.x - from.x) * (place.y - from.y) - (to.y - from.y) * (place.x - from.x);
        (0..).zip(&self.nodes).filter(|(_, place)| side(place) < 0.0).map(|(index, _)| index).collect()
    }

    /// Where the name of a node stands: outside the ring.
    pub fn label(&self, index: u32) -> Point {
        let angle = angle(index, self.slots);
        let out = self.radius + self.node_radius + 11.0;
        Point::new(self.center.x + out * cos(angle), self.center.y + out * sin(angle))
    }

    /// The names for which there is room, and where they stand.
    pub fn names(&self) -> Vec<(Point, u32)> {
        let count = self.nodes.len() as u32;
        match self.shape {
            Shape::Ring if self.rows == 0 => Vec::new(),
            Shape::Ring => {
                let named = (0..count).step_by(self.label_every.max(1) as usize);
                named.map(|index| (self.label(index), index)).collect()
            }
            // The first of each row says where one is.
            Shape::Grid { columns } => {
                let cell = self.nodes.get(columns as usize).map_or(99.0, |below| below.y - self.nodes[0].y);
                let rows = (14.0 / cell).ceil().max(1.0) as usize;
                let firsts = (0..count).step_by(columns.max(1) as usize * rows);
                let left = self.nodes.first().map_or(0.0, |place| place.x - self.node_radius - 16.0);
                firsts.map(|index| (Point::new(left, self.nodes[index as usize].y), index)).collect()
            }
            Shape::Levels if self.node_radius < 5.0 || self.names == Names::Nowhere => Vec::new(),
            Shape::Levels => {
                let place = |node: &Point| match self.names {
                    Names::Beside => Point::new(node.x + self.node_radius + 11.0, node.y),
                    _ => Point::new(node.x, node.y + self.node_radius + 9.0),
                };
                self.nodes.iter().zip(0..).map(|(node, index)| (place(node), index)).collect()
            }
        }
    }

    /// The arcs just outside the ring that span the nodes of each run of equal groups: start and end angle in
    /// radians, clockwise from the right, and the group.
    #[inline(never)]
    pub fn arcs(&self, groups: &[u8]) -> Vec<(f32, f32, u8)> {
        let count = groups.len();
        let mut arcs = Vec::new();
        let mut start = 0;
        while start < count {
            let end = (start..count).find(|&at| groups[at] != groups[start]).unwrap_or(count);
            let half = PI / self.slots.max(1) as f32;
            let at = |index: usize| angle(index as u32, self.slots);
            arcs.push((at(start) - half, at(end - 1) + half, groups[start]));
            start = end;
        }
        // The first and the last run meet at the top.
        if arcs.len() > 2 && arcs[0].2 == arcs[arcs.len() - 1].2 {
            let last = arcs.remove(arcs.len() - 1);
            arcs[0].0 = last.0 - TAU;
        }
        arcs
    }
}

/// The direction of a node from the middle.
fn angle(index: u32, count: u32) -> f32 {
    TAU * index as f32 / count.max(1) as f32 - PI / 2.0
}

/// How many rows, and how large a node is.
fn rows(count: u32, radius: f32) -> (u32, f32) {
    let mut best = (1, 1.0);
    for rows in 1..=32 {
        let depth = if rows == 1 { 0.0 } else { ROWS_DEPTH_MAX * radius };
        let inner = radius - depth.min((rows - 1) as f32 * 2.0 * NODE_RADIUS_MIN / DENSITY);
        let along = TAU * inner * rows as f32 / count as f32;
        let across = if rows == 1 { f32::INFINITY } else { depth / (rows - 1) as f32 };
        let node_radius = (along.min(across) * DENSITY / 2.0).min(NODE_RADIUS_MAX);
        if node_radius > best.1 {
            best = (rows, node_radius);
        }
        if node_radius >= NODE_RADIUS_MIN {
            return (rows, node_radius);
        }
    }
    best
}

fn row_gap(rows: u32, radius: f32, node_radius: f32) -> f32 {
    if rows < 2 {
        return 0.0;
    }
    (2.0 * node_radius / DENSITY).min(ROWS_DEPTH_MAX * radius / (rows - 1) as f32)
}

/// 1, 2, 5, 10, 20, 50 …: the first that is not below.
fn round_step(at_least: u32) -> u32 {
    let mut decade = 1;
    loop {
        for step in [1, 2, 5] {
            if step * decade >= at_least {
                return step * decade;
            }
        }
        decade *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest_gap(layout: &Layout) -> f32 {
        let mut gap = f32::INFINITY;
        for (index, a) in layout.nodes.iter().enumerate() {
            for b in &layout.nodes[index + 1..] {
                gap = gap.min(a.distance(*b));
            }
        }
        gap
    }

    #[test]
    fn nodes_stay_on_the_canvas_and_never_overlap() {
        for (width, height) in [(700.0, 480.0), (390.0, 360.0), (320.0, 300.0)] {
            for count in [1, 2, 3, 10, 64, 200, 500, 1_000] {
                let layout = Layout::ring(count, width, height);
                assert_eq!(layout.nodes.len(), count as usize);
                for place in &layout.nodes {
                    assert!(place.x > 0.0 && place.x < width && place.y > 0.0 && place.y < height);
                }
                let gap = nearest_gap(&layout);
                assert!(
                    gap >= layout.node_radius * 1.5,
                    "{count} on {width}: {gap} for {}",
                    layout.node_radius
                );
            }
        }
    }

    #[test]
    fn small_rings_have_one_row_and_large_ones_more() {
        assert_eq!(Layout::ring(100, 700.0, 520.0).rows, 1);
        assert!(Layout::ring(1_000, 700.0, 520.0).rows > 3);
        assert_eq!(Layout::ring(0, 700.0, 520.0).rows, 0);
    }

    #[test]
    fn a_node_stands_where_it_stood() {
        let layout = Layout::ring(50, 600.0, 600.0);
        assert_eq!(layout, Layout::ring(50, 600.0, 600.0));
        assert!((layout.nodes[0].x - 300.0).abs() < 0.01, "node 0 is at the top");
        assert!(layout.nodes[0].y < layout.nodes[25].y);
    }

    #[test]
    fn a_click_finds_the_node_under_it() {
        let layout = Layout::ring(20, 600.0, 600.0);
        for (index, place) in (0..).zip(&layout.nodes) {
            assert_eq!(layout.hit(Point::new(place.x + 3.0, place.y - 3.0), 4.0), Some(index));
        }
        assert_eq!(layout.hit(layout.center, 4.0), None);
        assert_eq!(Layout::ring(0, 9.0, 9.0).hit(Point::default(), 99.0), None);
    }

    #[test]
    fn a_line_divides_the_ring() {
        let layout = Layout::ring(8, 400.0, 400.0);
        let down = layout.left_of(Point::new(210.0, 0.0), Point::new(210.0, 400.0));
        assert_eq!(down, [1, 2, 3], "the right half, seen by one who walks down");
        let up = layout.left_of(Point::new(210.0, 400.0), Point::new(210.0, 0.0));
        assert_eq!(up, [0, 4, 5, 6, 7]);
    }

    #[test]
    fn arcs_span_runs_and_join_at_the_top() {
        let layout = Layout::ring(6, 400.0, 400.0);
        let groups = |groups: &[u8]| layout.arcs(groups).iter().map(|arc| arc.2).collect::<Vec<_>>();
        assert_eq!(groups(&[0, 0, 0, 1, 1, 1]), [0, 1]);
        assert_eq!(groups(&[0, 1, 1, 0, 0, 0]), [0, 1]);
        assert_eq!(groups(&[0, 1, 0, 2, 0, 0]), [0, 1, 0, 2]);
        assert!(groups(&[]).is_empty());
        let whole: f32 = layout.arcs(&[0, 1, 1, 0, 0, 0]).iter().map(|arc| arc.1 - arc.0).sum();
        assert!((whole - TAU).abs() < 0.001);
    }

    #[test]
    fn names_have_room() {
        assert_eq!(Layout::ring(20, 600.0, 600.0).label_every, 1);
        assert_eq!(Layout::ring(100, 600.0, 600.0).label_every, 2);
        assert_eq!(Layout::ring(1_000, 600.0, 600.0).label_every, 20);
        assert_eq!([1, 3, 6, 11, 51].map(round_step), [1, 5, 10, 20, 100]);
    }
}
