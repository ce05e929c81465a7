//! What the matrix shows, as shapes: a row for each node that knows, a column for each member or write that is known.
//! Pure; the shapes are the same as elsewhere, a wrong belief has a box around it.

use super::layout::Point;
use super::protocol::{Known, Mark, Matrix, NodeState, WriteLine};
use super::scene::{Anchor, Hue, Ink, Layer, Shapes, layer};
use rumormill_core::Status;

/// A matrix on a canvas.
#[derive(Clone, Copy, Debug)]
pub struct Board<'a> {
    /// The cells.
    pub matrix: &'a Matrix,
    /// The writes of the columns, if they are writes.
    pub writes: Option<&'a [WriteLine]>,
    /// The nodes as they are.
    pub marks: &'a [Mark],
    /// The selected node.
    pub selected: Option<u32>,
    /// The canvas's size.
    pub size: (f32, f32),
}

/// Room for the rows' names, the columns' names, and on the other sides.
const LEFT: f32 = 48.0;
const TOP: f32 = 72.0;
const EDGE: f32 = 14.0;
/// Room below, for the legend.
const FOOT: f32 = 34.0;
/// The largest a cell is.
const CELL_MAX: f32 = 28.0;
/// The same where the columns are writes, which have long names.
const WRITE_CELL_WIDE: f32 = 74.0;

/// Where cells are.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cells {
    left: f32,
    wide: f32,
    high: f32,
    rows: u32,
    columns: u32,
    /// Rows of writes stand in several blocks side by side.
    rows_per_block: u32,
    block_wide: f32,
}

impl Board<'_> {
    fn cells(&self) -> Cells {
        let columns = self.matrix.columns.max(1);
        let rows = (self.matrix.cells.len() as u32).div_ceil(columns);
        let (width, height) = self.size;
        let (room_wide, room_high) = (width - LEFT - EDGE, height - TOP - FOOT);
        if self.writes.is_some() {
            let high = (room_high / rows.max(1) as f32).clamp(12.0, CELL_MAX);
            let rows_per_block = ((room_high / high) as u32).clamp(1, rows.max(1));
            let blocks = rows.div_ceil(rows_per_block).max(1);
            let block_wide = (width - EDGE) / blocks as f32;
            let wide = ((block_wide - LEFT) / columns as f32).clamp(3.0, WRITE_CELL_WIDE);
            return Cells { left: LEFT, wide, high, rows, columns, rows_per_block, block_wide };
        }
        let side = (room_wide / columns as f32).min(room_high / rows.max(1) as f32).clamp(1.0, CELL_MAX);
        let left = LEFT + ((room_wide - side * columns as f32) / 2.0).max(0.0);
        Cells { left, wide: side, high: side, rows, columns, rows_per_block: rows.max(1), block_wide: width }
    }

    /// The node in whose row a point is.
    pub fn hit(&self, point: Point) -> Option<u32> {
        let cells = self.cells();
        if point.y < TOP {
            return None;
        }
        let row = ((point.y - TOP) / cells.high) as u32;
        let block = (point.x / cells.block_wide) as u32;
        let row = Some(row).filter(|row| *row < cells.rows_per_block)? + block * cells.rows_per_block;
        (row < cells.rows).then_some(self.matrix.first + row)
    }

    /// The shapes, the lowest first.
    #[inline(never)]
    pub fn layers(&self) -> Vec<Layer> {
        let cells = self.cells();
        let mut layers = vec![self.names(&cells), self.headings(&cells)];
        layers.extend(self.columns_as_they_are(&cells));
        layers.extend(self.known(&cells));
        if let Some(row) = self.selected.and_then(|node| node.checked_sub(self.matrix.first))
            && row < cells.rows
        {
            let from = cells.corner(row, 0);
            let to = Point::new(from.x + cells.wide * cells.columns as f32, from.y + cells.high);
            let from = Point::new(from.x - 2.0, from.y);
            layers.push(layer(Hue::Focus, 1.0, Ink::Stroke(1.5), Shapes::Boxes(vec![(from, to)])));
        }
        layers.retain(|layer| !layer.shapes.is_empty());
        layers
    }

    fn names(&self, cells: &Cells) -> Layer {
        let every = (12.0 / cells.high).ceil().max(1.0) as usize;
        let name = |row: u32| {
            let corner = cells.corner(row, 0);
            (Point::new(corner.x - 8.0, corner.y + cells.high / 2.0), (self.matrix.first + row).to_string())
        };
        let names = (0..cells.rows).step_by(every).map(name).collect();
        layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::End, names))
    }

    fn headings(&self, cells: &Cells) -> Layer {
        let every = (26.0 / cells.wide).ceil().max(1.0) as usize;
        let blocks = cells.rows.div_ceil(cells.rows_per_block.max(1));
        let mut words = Vec::new();
        for block in 0..blocks {
            for column in (0..cells.columns).step_by(every) {
                let center = cells.center(block * cells.rows_per_block, column);
                let text = match self.writes.map(|writes| writes.get(column as usize)) {
                    None => (self.matrix.first + column).to_string(),
                    Some(Some(write)) if cells.wide >= 56.0 => short(&write.key),
                    Some(Some(write)) => ["#", &write.number.to_string()].concat(),
                    Some(None) => continue,
                };
                words.push((Point::new(center.x, TOP - 20.0), text));
            }
        }
        layer(Hue::Muted, 1.0, Ink::Fill, Shapes::Words(Anchor::Middle, words))
    }

    /// Under the columns' names, how the members really are: so one sees which beliefs are wrong.
    fn columns_as_they_are(&self, cells: &Cells) -> Vec<Layer> {
        if self.writes.is_some() {
            return Vec::new();
        }
        let (mut up, mut down, mut left) = (Vec::new(), Vec::new(), Vec::new());
        for column in 0..cells.columns {
            let Some(mark) = self.marks.get((self.matrix.first + column) as usize) else { continue };
            let place = Point::new(cells.center(0, column).x, TOP - 8.0);
            match mark.state {
                NodeState::Down => down.push(place),
                NodeState::Left => left.push(place),
                _ => up.push(place),
            }
        }
        let size = (cells.wide * 0.3).clamp(0.8, 4.0);
        vec![
            layer(Hue::Alive, 1.0, Ink::Fill, Shapes::Circles(size, up)),
            layer(Hue::Down, 1.0, Ink::Stroke(1.5), Shapes::Crosses(size, down)),
            layer(Hue::Left, 1.0, Ink::Stroke(1.0), Shapes::Circles(size, left)),
        ]
    }

    fn known(&self, cells: &Cells) -> Vec<Layer> {
        let size = cells.wide.min(cells.high);
        let radius = (size * 0.34).clamp(0.6, 8.0);
        let mut at: [Vec<Point>; 9] = Default::default();
        let mut wrong = Vec::new();
        for (index, known) in (0..).zip(&self.matrix.cells) {
            let (row, column) = (index / cells.columns, index % cells.columns);
            let center = cells.center(row, column);
            let of = match known {
                Known::Nobody => continue,
                Known::No => 0,
                Known::Yes => 1,
                Known::Status(Status::Alive) => 2,
                Known::Status(Status::Joining) => 3,
                Known::Status(Status::Suspect) => 4,
                Known::Status(Status::Down) => 5,
                Known::Status(Status::Leaving) => 6,
                Known::Status(Status::Left) => 7,
            };
            at[of].push(center);
            let truth = self.marks.get((self.matrix.first + column) as usize).map(|mark| mark.state.is_up());
            if self.writes.is_none() && is_wrong(*known, truth) {
                let half = size * 0.5 - 0.5;
                let corner = |sign: f32| Point::new(center.x + sign * half, center.y + sign * half);
                wrong.push((corner(-1.0), corner(1.0)));
            }
        }
        let [no, yes, alive, joining, suspect, down, leaving, left, _] = at;
        vec![
            layer(Hue::Left, 0.8, Ink::Fill, Shapes::Circles((radius * 0.3).max(0.5), no)),
            layer(Hue::Fresh, 1.0, Ink::Fill, Shapes::Circles(radius, yes)),
            layer(Hue::Alive, 0.9, Ink::Fill, Shapes::Circles(radius, alive)),
            layer(Hue::Alive, 1.0, Ink::Dashed(1.0), Shapes::Circles(radius, joining)),
            layer(Hue::Suspect, 1.0, Ink::Fill, Shapes::Diamonds(radius * 1.25, suspect)),
            layer(Hue::Down, 1.0, Ink::Stroke((radius * 0.4).max(1.0)), Shapes::Crosses(radius, down)),
            layer(Hue::Left, 1.0, Ink::Dashed(1.0), Shapes::Circles(radius, leaving)),
            layer(Hue::Left, 1.0, Ink::Stroke(1.0), Shapes::Circles(radius, left)),
            layer(Hue::Suspect, 1.0, Ink::Stroke(1.0), Shapes::Boxes(wrong)),
        ]
    }
}

impl Cells {
    fn corner(&self, row: u32, column: u32) -> Point {
        let (block, line) = (row / self.rows_per_block, row % self.rows_per_block);
        let x = self.left + block as f32 * self.block_wide + column as f32 * self.wide;
        Point::new(x, TOP + line as f32 * self.high)
    }

    fn center(&self, row: u32, column: u32) -> Point {
        let corner = self.corner(row, column);
        Point::new(corner.x + self.wide / 2.0, corner.y + self.high / 2.0)
    }
}

/// Is a member that is up held to be gone, or the other way round?
fn is_wrong(known: Known, is_up: Option<bool>) -> bool {
    let Known::Status(status) = known else { return false };
    match is_up {
        Some(true) => matches!(status, Status::Suspect | Status::Down | Status::Left),
        Some(false) => matches!(status, Status::Alive | Status::Joining),
        None => false,
    }
}

fn short(key: &str) -> String {
    if key.chars().count() <= 9 { key.to_owned() } else { key.chars().take(8).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Mark = Mark { state: NodeState::Alive, informed: false };
    const DOWN: Mark = Mark { state: NodeState::Down, informed: false };

    fn board<'a>(matrix: &'a Matrix, marks: &'a [Mark]) -> Board<'a> {
        Board { matrix, writes: None, marks, selected: Some(1), size: (600.0, 400.0) }
    }

    #[test]
    fn each_belief_has_its_shape_and_a_wrong_one_a_box() {
        let alive = Known::Status(Status::Alive);
        let cells = vec![alive, alive, Known::Nobody, Known::Nobody];
        let matrix = Matrix { first: 0, columns: 2, cells };
        let layers = board(&matrix, &[UP, DOWN]).layers();
        let boxes: Vec<_> = layers.iter().filter(|layer| matches!(layer.shapes, Shapes::Boxes(_))).collect();
        assert_eq!(boxes.len(), 2, "the selected row, and one wrong belief");
        assert!(boxes.iter().any(|layer| layer.hue == Hue::Suspect));
        assert!(!is_wrong(Known::Status(Status::Down), Some(false)));
        assert!(is_wrong(Known::Status(Status::Suspect), Some(true)));
        assert!(!is_wrong(Known::Status(Status::Suspect), Some(false)));
    }

    #[test]
    fn a_click_finds_the_row_under_it() {
        for rows in [3_u32, 100] {
            let matrix = Matrix { first: 50, columns: rows, cells: vec![Known::No; (rows * rows) as usize] };
            let board = board(&matrix, &[]);
            let cells = board.cells();
            for row in [0, 1, rows - 1] {
                assert_eq!(board.hit(cells.center(row, rows - 1)), Some(50 + row));
            }
            assert_eq!(board.hit(Point::new(60.0, 3.0)), None);
        }
    }

    #[test]
    fn many_rows_of_writes_stand_in_blocks_that_fit() {
        let matrix = Matrix { first: 0, columns: 8, cells: vec![Known::Yes; 800] };
        let board = Board { writes: Some(&[]), ..board(&matrix, &[]) };
        let cells = board.cells();
        for row in 0..100 {
            let place = cells.center(row, 7);
            assert!(place.x < 600.0 && place.y < 400.0, "{row}: {place:?}");
            assert_eq!(board.hit(place), Some(row));
        }
        assert!(board.layers().iter().all(|layer| layer.hue != Hue::Suspect));
    }

    #[test]
    fn long_keys_are_shortened() {
        assert_eq!([short("color"), short("configuration")], ["color", "configur…"]);
    }
}
