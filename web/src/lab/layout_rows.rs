//! Where nodes stand in rows: a grid, by their index alone, and a tree, level by level. Pure geometry, in CSS pixels.

use super::layout::{Layout, Names, Point, Shape};
use rumormill_core::tree::Tree;

/// Room around a grid; on its left for the rows' names.
const EDGE: f32 = 18.0;
const NAMES_PX: f32 = 44.0;
/// Room above, for the caption.
const TOP: f32 = 40.0;
/// Room below, for the legend.
const FOOT: f32 = 40.0;
/// What a name takes with its distance to the nodes, below a node and beside it.
const NAME_HIGH_PX: f32 = 13.0;
const NAME_WIDE_PX: f32 = 22.0;
/// The largest a node is drawn in a grid, and in a tree.
const GRID_RADIUS_MAX: f32 = 12.0;
const TREE_RADIUS_MAX: f32 = 10.0;
/// The smallest.
const RADIUS_MIN: f32 = 1.5;
/// The part of its cell that a node's diameter takes.
const DENSITY: f32 = 0.66;

impl Layout {
    /// Rows from the top, indices as one reads.
    #[inline(never)]
    pub fn grid(count: u32, width: f32, height: f32) -> Self {
        let (wide, high) = ((width - NAMES_PX - EDGE).max(20.0), (height - TOP - FOOT).max(20.0));
        let columns = columns(count, wide, high);
        let rows = count.div_ceil(columns.max(1));
        let cell = (wide / columns.max(1) as f32).min(high / rows.max(1) as f32).min(64.0);
        let left = NAMES_PX + (wide - cell * columns as f32) / 2.0;
        let place = |index: u32| {
            let (row, column) = (index / columns, index % columns);
            Point::new(left + (column as f32 + 0.5) * cell, TOP + (row as f32 + 0.5) * cell)
        };
        Self {
            nodes: (0..count).map(place).collect(),
            node_radius: (cell * DENSITY / 2.0).clamp(RADIUS_MIN, GRID_RADIUS_MAX),
            label_every: 1,
            shape: Shape::Grid { columns },
            ..Self::default()
        }
    }

    /// The tree of so many nodes, by depth: node 0 at the top. A node keeps its place whoever is up.
    #[inline(never)]
    pub fn tree(count: u32, tree: Tree, width: f32, height: f32) -> Self {
        let mut levels: Vec<Level> = Vec::new();
        let (mut first, mut slots) = (0_u64, 1_u64);
        while first < u64::from(count) {
            let last = (first + slots).min(u64::from(count));
            levels.push(Level { nodes: (first as u32..last as u32).collect(), slots: slots as u32 });
            first = last;
            slots = slots.saturating_mul(u64::from(tree.arity.max(1))).min(u64::from(count));
            if tree.arity < 2 {
                // A line rather than a tree: it is folded, or it would have a level for each node.
                slots = u64::from(count.div_ceil(8)).max(1);
            }
        }
        levelled(count, &levels, width, height)
    }

    /// The nodes by how deep they are in a tree of which the parents are known; those without a place in it at the
    /// bottom.
    #[inline(never)]
    pub fn by_parents(parents: &[Option<u32>], width: f32, height: f32) -> Self {
        let count = parents.len() as u32;
        let mut levels =
            vec![(0..count).filter(|&node| parents[node as usize] == Some(node)).collect::<Vec<u32>>()];
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); parents.len()];
        for (node, parent) in (0..).zip(parents) {
            if let Some(children) =
                parent.filter(|parent| *parent != node).and_then(|p| children.get_mut(p as usize))
            {
                children.push(node);
            }
        }
        let mut placed = levels[0].len();
        loop {
            let above = &levels[levels.len() - 1];
            let below: Vec<u32> =
                above.iter().flat_map(|node| children[*node as usize].iter().copied()).collect();
            if below.is_empty() || levels.len() > parents.len() {
                break;
            }
            placed += below.len();
            levels.push(below);
        }
        if placed < parents.len() {
            let mut is_placed = vec![false; parents.len()];
            levels.iter().flatten().for_each(|node| is_placed[*node as usize] = true);
            levels.push((0..count).filter(|node| !is_placed[*node as usize]).collect());
        }
        levels.retain(|level| !level.is_empty());
        let levels: Vec<Level> =
            levels.into_iter().map(|nodes| Level { slots: nodes.len() as u32, nodes }).collect();
        levelled(count, &levels, width, height)
    }
}

/// From whom each node gets what is new, if it starts at `root`: the shortest ways over the links; the root its own
/// parent, none for those that are not reached.
#[inline(never)]
pub fn parents_over(links: &[(u32, u32)], root: u32, count: u32) -> Vec<Option<u32>> {
    let mut targets: Vec<Vec<u32>> = vec![Vec::new(); count as usize];
    for &(from, to) in links {
        if let Some(targets) = targets.get_mut(from as usize).filter(|_| to < count) {
            targets.push(to);
        }
    }
    let mut parents = vec![None; count as usize];
    let mut reached = Vec::new();
    if root < count {
        parents[root as usize] = Some(root);
        reached.push(root);
    }
    let mut next = 0;
    while let Some(&node) = reached.get(next) {
        next += 1;
        for &target in &targets[node as usize] {
            if parents[target as usize].is_none() {
                parents[target as usize] = Some(node);
                reached.push(target);
            }
        }
    }
    parents
}

/// One level of a tree.
struct Level {
    nodes: Vec<u32>,
    /// Room for so many.
    slots: u32,
}

/// Levels below each other, crowded ones in several lines.
fn levelled(count: u32, levels: &[Level], width: f32, height: f32) -> Layout {
    let (wide, high) = ((width - 2.0 * EDGE).max(20.0), (height - TOP - FOOT).max(20.0));
    let gap = high / levels.len().max(1) as f32;
    // As many lines for each level as it takes to be as loose along as across, at most what the gap has room for.
    let lines = |level: &Level| {
        let along = wide / level.slots.max(1) as f32;
        let room = (gap * 0.7 / 3.0).max(1.0);
        if along >= 14.0 { 1 } else { (gap * 0.7 / along.max(0.1)).sqrt().clamp(1.0, room) as u32 }
    };
    let mut nodes = vec![Point::default(); count as usize];
    let (mut closest, mut low, mut narrow) = (gap, gap, wide);
    for (depth, level) in levels.iter().enumerate() {
        let lines = lines(level);
        let along = wide / level.slots.max(1) as f32;
        let across = gap * 0.7 / lines as f32;
        low = low.min(if lines > 1 { across } else { gap });
        narrow = narrow.min(along);
        if level.slots > 1 {
            closest =
                closest.min((along * lines as f32).max(along)).min(if lines > 1 { across } else { gap });
        }
        for (at, node) in level.nodes.iter().enumerate() {
            let line = at as u32 % lines;
            let x = EDGE + (at as f32 + 0.5) * along;
            let y = TOP + depth as f32 * gap + gap * 0.3 + line as f32 * across;
            nodes[*node as usize] = Point::new(x, y);
        }
    }
    let node_radius = (closest * DENSITY / 2.0).clamp(RADIUS_MIN, TREE_RADIUS_MAX);
    let names = if low >= 2.0 * node_radius + NAME_HIGH_PX {
        Names::Below
    } else if narrow >= 2.0 * node_radius + NAME_WIDE_PX {
        Names::Beside
    } else {
        Names::Nowhere
    };
    Layout { nodes, node_radius, names, label_every: 1, shape: Shape::Levels, ..Layout::default() }
}

/// As many columns as make the cells square, rounded to what is easily counted when there are many.
fn columns(count: u32, wide: f32, high: f32) -> u32 {
    let square = (count as f32 * wide / high).sqrt().ceil().max(1.0) as u32;
    if square > 12 { (square / 5 * 5).max(1) } else { square }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_room(layout: &Layout, width: f32, height: f32) {
        for (at, place) in layout.nodes.iter().enumerate() {
            assert!(place.x > 0.0 && place.x < width && place.y > 0.0 && place.y < height, "{at}: {place:?}");
            for other in &layout.nodes[at + 1..] {
                let gap = place.distance(*other);
                assert!(gap >= layout.node_radius * 1.5, "{gap} for {}", layout.node_radius);
            }
        }
    }

    #[test]
    fn grids_stay_on_the_canvas_and_never_overlap() {
        for (width, height) in [(700.0, 480.0), (390.0, 360.0), (320.0, 300.0)] {
            for count in [1, 2, 10, 64, 200, 1_000] {
                check_room(&Layout::grid(count, width, height), width, height);
            }
        }
        assert!(Layout::grid(0, 300.0, 300.0).nodes.is_empty());
    }

    #[test]
    fn trees_stay_on_the_canvas_and_never_overlap() {
        for (width, height) in [(700.0, 480.0), (390.0, 360.0)] {
            for count in [1, 2, 10, 64, 200, 1_000] {
                for arity in [1, 2, 3, 8] {
                    let tree = Tree { arity, cycles: true };
                    check_room(&Layout::tree(count, tree, width, height), width, height);
                }
            }
        }
    }

    #[test]
    fn names_in_a_tree_stand_where_no_node_is() {
        let tree = Tree { arity: 2, cycles: false };
        let names = |count, height| Layout::tree(count, tree, 560.0, height).names;
        assert_eq!(names(7, 400.0), Names::Below);
        assert_eq!(names(7, 160.0), Names::Beside);
        assert_eq!(names(40, 200.0), Names::Nowhere);
        for (count, height) in [(7, 400.0), (7, 160.0), (15, 240.0), (30, 160.0)] {
            let layout = Layout::tree(count, tree, 560.0, height);
            for (name, _) in layout.names() {
                let free = layout.nodes.iter().all(|node| node.distance(name) >= layout.node_radius + 4.0);
                assert!(free, "{count} nodes on {height}");
            }
        }
    }

    #[test]
    fn a_child_stands_below_its_parent() {
        let tree = Tree { arity: 2, cycles: false };
        let layout = Layout::tree(15, tree, 700.0, 480.0);
        for parent in 0..7 {
            for child in tree.targets(parent, 15) {
                assert!(layout.nodes[child as usize].y > layout.nodes[parent as usize].y);
            }
            let [left, right] = [2 * parent + 1, 2 * parent + 2].map(|child| layout.nodes[child as usize].x);
            assert!((layout.nodes[parent as usize].x - (left + right) / 2.0).abs() < 0.1, "{parent}");
        }
    }

    #[test]
    fn parents_are_found_over_links_and_those_out_of_reach_stand_at_the_bottom() {
        let parents = parents_over(&[(2, 0), (2, 1), (0, 1), (1, 3), (9, 4)], 2, 5);
        assert_eq!(parents, [Some(2), Some(2), Some(2), Some(1), None]);
        let layout = Layout::by_parents(&parents, 400.0, 400.0);
        let y: Vec<f32> = layout.nodes.iter().map(|place| place.y).collect();
        assert!(y[2] < y[0] && (y[0] - y[1]).abs() < 0.1 && y[1] < y[3] && y[3] < y[4]);
        assert!(Layout::by_parents(&[], 400.0, 400.0).nodes.is_empty());
        let unreached = Layout::by_parents(&[None, None], 400.0, 400.0);
        assert_eq!(unreached.nodes[0].y, unreached.nodes[1].y);
    }
}
