//! The Lab's canvases: they are painted from the last frame before each repaint of the display, and only if there is
//! something new. What is painted is decided by `scene` and `chart`.

use super::action::{Sight, TreeOf};
use super::chart::{self, Chart};
use super::hand_scene::Hand;
use super::lanes_scene::Diagram;
use super::layout::{Layout, Point, Shape};
use super::matrix_scene::Board;
use super::painter;
use super::palette::Palette;
use super::paths::Path;
use super::protocol::{Frame, Matrix, Shown};
use super::scene::{self, Layer, Subject};
use super::state::View;
use super::theory_line::TheoryLine;
use crate::glue::canvas::{Canvas, Resized};
use crate::sweep::Band;
use std::{cell::Cell, rc::Rc};
use yew::NodeRef;

/// Canvases, and what they show.
#[derive(Debug, Default)]
pub struct Stage {
    /// Edges, names and cuts.
    pub back: NodeRef,
    /// Nodes and messages.
    pub front: NodeRef,
    /// The charts.
    pub chart: NodeRef,
    canvases: Option<Canvases>,
    layout: Layout,
    /// What the layout was made for.
    layout_of: Option<LayoutKey>,
    /// Lines from node to node, beside the strategy's tree.
    edges: Vec<(u32, u32)>,
    lanes: Vec<u32>,
    /// What the backdrop was painted for.
    backdrop_of: Option<BackdropKey>,
    front_of: Option<FrontKey>,
    chart_of: Option<ChartKey>,
}

#[derive(Debug)]
struct Canvases {
    back: Canvas,
    front: Canvas,
    chart: Canvas,
    resized: Rc<Cell<bool>>,
    _watches: Vec<Option<Resized>>,
}

/// Sight, nodes, the shape of the strategy's tree, and what else its levels depend on.
type LayoutKey = (Sight, u32, Option<(u32, bool)>, u64);
type BackdropKey = (u32, u32, Vec<u8>, Vec<Path>, Vec<bool>, Option<(u32, bool)>, bool, Vec<(u32, u32)>);
type FrontKey = (u32, u64, u64, Option<u32>, bool, bool, bool);
type ChartKey = (u32, u64, usize, u64, bool, u32);

/// What is at a place of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hit {
    /// A node.
    pub node: Option<u32>,
    /// A message, if it is nearer.
    pub message: Option<u64>,
}

/// How near a message must be to be meant.
const MESSAGE_REACH_PX: f32 = 7.0;

/// What the painting depends on, besides the frame and the view.
#[derive(Clone, Copy, Debug)]
pub struct Light<'a> {
    /// The moment that is shown.
    pub shown_us: u64,
    /// Is the page dark?
    pub is_dark: bool,
    /// Does nothing travel?
    pub still: bool,
    /// What the user's hand does.
    pub hand: Hand,
    /// What theory expects.
    pub theory: Option<&'a TheoryLine>,
    /// Where most runs of this setup lie.
    pub band: Option<&'a Band>,
    /// Counts everything else that changes the picture: a selection's links, its beliefs.
    pub revision: u64,
}

impl Stage {
    /// Takes the canvases once they are on the page.
    pub fn attach(&mut self) {
        if self.canvases.is_some() {
            return;
        }
        let resized = Rc::new(Cell::new(true));
        let watch = |node: &NodeRef| {
            let resized = Rc::clone(&resized);
            Resized::watch(node, move || resized.set(true))
        };
        let watches = vec![watch(&self.front), watch(&self.chart)];
        if let (Some(back), Some(front), Some(chart)) =
            (Canvas::attach(&self.back), Canvas::attach(&self.front), Canvas::attach(&self.chart))
        {
            self.canvases = Some(Canvases { back, front, chart, resized, _watches: watches });
        }
    }

    /// How many rows the ring has.
    pub fn rows(&self) -> u32 {
        self.layout.rows
    }

    /// How many nodes stand in a row of the picture.
    pub fn stride(&self) -> u32 {
        if let Shape::Grid { columns } = self.layout.shape { columns } else { 1 }
    }

    /// What is at a place of the picture; a node up to `slack` pixels beside its shape.
    pub fn hit(&self, view: &View, frame: &Frame, light: &Light<'_>, place: Point, slack: f32) -> Hit {
        match view.sight {
            Sight::Matrix => {
                let node = self.board(view, frame).and_then(|board| board.hit(place));
                Hit { node, message: None }
            }
            Sight::SpaceTime => {
                let (node, message) = self.diagram(view, frame, light).hit(place, MESSAGE_REACH_PX);
                Hit { node, message }
            }
            _ => {
                let subject = self.subject(view, frame, light);
                let message = scene::message_at(&subject, place, MESSAGE_REACH_PX);
                // A node's own shape comes first, then messages, then the room around nodes.
                let node = self.layout.hit(place, if message.is_some() { 1.0 } else { slack });
                Hit { node, message: message.filter(|_| node.is_none()) }
            }
        }
    }

    /// The node whose shape is at a place of the picture, or up to `slack` pixels beside it.
    pub fn node_at(&self, place: Point, slack: f32) -> Option<u32> {
        self.layout.hit(place, slack)
    }

    /// Where a node stands.
    pub fn place(&self, node: u32) -> Option<Point> {
        self.layout.nodes.get(node as usize).copied()
    }

    /// The nodes in a box, given by two of its corners.
    #[inline(never)]
    pub fn within(&self, from: Point, to: Point) -> Vec<u32> {
        let is_between = |value: f32, a: f32, b: f32| a.min(b) <= value && value <= a.max(b);
        let is_inside = |at: &Point| is_between(at.x, from.x, to.x) && is_between(at.y, from.y, to.y);
        (0..).zip(&self.layout.nodes).filter(|(_, at)| is_inside(at)).map(|(node, _)| node).collect()
    }

    /// The nodes on the left of a line.
    pub fn left_of(&self, from: Point, to: Point) -> Vec<u32> {
        self.layout.left_of(from, to)
    }

    /// Paints what has changed.
    pub fn paint(&mut self, view: &View, frame: &Frame, light: &Light<'_>) {
        self.lay_out(view, frame, light);
        let palette = Palette::of(light.is_dark);
        let up: Vec<bool> = frame.marks.iter().map(|mark| mark.state.is_up()).collect();
        let tree = self.tree(view).map(|tree| (tree.arity, tree.cycles));
        let nodes = frame.marks.len() as u32;
        let (groups, paths) = (frame.groups.clone(), frame.paths.clone());
        let backdrop_of = (frame.run, nodes, groups, paths, up, tree, light.is_dark, self.edges.clone());
        if self.backdrop_of.as_ref() != Some(&backdrop_of) {
            let has_places = view.sight.has_places();
            let layers =
                if has_places { scene::backdrop(&self.subject(view, frame, light)) } else { Vec::new() };
            if let Some(canvases) = &mut self.canvases {
                painter::paint(&mut canvases.back, &layers, palette);
                self.backdrop_of = Some(backdrop_of);
            }
        }
        let front_of = (
            frame.run,
            light.shown_us,
            light.revision,
            view.selected,
            view.beliefs,
            light.is_dark,
            light.still,
        );
        if self.front_of != Some(front_of) || light.hand.stroke.is_some() {
            let layers = self.front_layers(view, frame, light);
            if let Some(canvases) = &mut self.canvases {
                painter::paint(&mut canvases.front, &layers, palette);
                self.front_of = Some(front_of).filter(|_| light.hand.stroke.is_none());
            }
        }
        self.paint_chart(view, light, palette);
    }

    fn front_layers(&self, view: &View, frame: &Frame, light: &Light<'_>) -> Vec<Layer> {
        match view.sight {
            Sight::Matrix => self.board(view, frame).map(|board| board.layers()).unwrap_or_default(),
            Sight::SpaceTime => self.diagram(view, frame, light).layers(),
            Sight::Table => Vec::new(),
            _ => scene::foreground(&self.subject(view, frame, light)),
        }
    }

    /// Places the nodes anew if the canvas, the view or the tree has changed.
    fn lay_out(&mut self, view: &View, frame: &Frame, light: &Light<'_>) {
        let Some(canvases) = &mut self.canvases else { return };
        let nodes = frame.marks.len() as u32;
        let tree = view.tree().filter(|_| view.tree_shown() == TreeOf::Links);
        let is_by_parents = view.sight == Sight::Tree && tree.is_none();
        let key = (
            view.sight,
            nodes,
            tree.map(|tree| (tree.arity, tree.cycles)),
            if is_by_parents { light.revision } else { 0 },
        );
        let resized = canvases.resized.take();
        if resized {
            canvases.back.fit();
            canvases.front.fit();
            canvases.chart.fit();
            (self.backdrop_of, self.front_of, self.chart_of) = (None, None, None);
        }
        if view.sight == Sight::SpaceTime {
            self.lanes = view.lanes();
        }
        if !resized && self.layout_of == Some(key) {
            return;
        }
        let (width, height) = canvases.front.size();
        let mut edges = Vec::new();
        let layout = match (view.sight, tree) {
            (Sight::Grid, _) => Layout::grid(nodes, width, height),
            (Sight::Tree, Some(tree)) => Layout::tree(nodes, tree, width, height),
            (Sight::Tree, None) => {
                let parents = view.parents().filter(|parents| parents.len() == nodes as usize);
                let parents = parents.unwrap_or_else(|| vec![None; nodes as usize]);
                edges = match &view.shown {
                    Shown::Links(links) => links.clone(),
                    _ => {
                        let edge = |(child, parent): (u32, &Option<u32>)| Some(((*parent)?, child));
                        (0..)
                            .zip(&parents)
                            .filter_map(edge)
                            .filter(|(parent, child)| parent != child)
                            .collect()
                    }
                };
                Layout::by_parents(&parents, width, height)
            }
            _ => Layout::ring(nodes, width, height),
        };
        if layout != self.layout || self.layout_of.is_none_or(|of| of.0 != view.sight) {
            (self.backdrop_of, self.front_of) = (None, None);
        }
        (self.layout, self.edges, self.layout_of) = (layout, edges, Some(key));
    }

    /// The strategy's tree, where it is drawn.
    fn tree(&self, view: &View) -> Option<rumormill_core::tree::Tree> {
        match view.sight {
            Sight::Ring => view.tree(),
            Sight::Tree => view.tree().filter(|_| view.tree_shown() == TreeOf::Links),
            _ => None,
        }
    }

    fn subject<'a>(&'a self, view: &'a View, frame: &'a Frame, light: &Light<'_>) -> Subject<'a> {
        let detail = view.detail.as_ref().filter(|detail| Some(detail.node) == view.selected);
        let inside = detail.and_then(|detail| detail.inside.as_ref());
        Subject {
            layout: &self.layout,
            frame,
            now_us: light.shown_us,
            tree: self.tree(view),
            edges: &self.edges,
            path: detail.map_or(&[], |detail| &detail.path),
            message: view.message_line.as_ref().map(|line| line.flight.id),
            selected: view.selected,
            linked: inside.map_or(&[], |inside| &inside.linked),
            beliefs: beliefs(view),
            still: light.still,
            others: &view.others,
            hand: light.hand,
        }
    }

    #[inline(never)]
    fn board<'a>(&self, view: &'a View, frame: &'a Frame) -> Option<Board<'a>> {
        let (matrix, writes): (&Matrix, _) = match &view.shown {
            Shown::Beliefs(matrix) => (matrix, None),
            Shown::Writes(matrix) => (matrix, Some(view.writes.as_slice())),
            _ => return None,
        };
        let size = self.canvases.as_ref()?.front.size();
        Some(Board { matrix, writes, marks: &frame.marks, selected: view.selected, size })
    }

    #[inline(never)]
    fn diagram<'a>(&'a self, view: &'a View, frame: &'a Frame, light: &Light<'_>) -> Diagram<'a> {
        let learned = if let Shown::Lanes(learned) = &view.shown { learned.as_slice() } else { &[] };
        Diagram {
            lanes: &self.lanes,
            learned,
            landed: &frame.landed,
            flights: &frame.flights,
            deeds: view.series.deeds(),
            marks: &frame.marks,
            now_us: light.shown_us,
            window_us: view.window_us,
            selected: view.selected,
            others: &view.others,
            beliefs: beliefs(view),
            message: view.message_line.as_ref().map(|line| line.flight.id),
            size: self.canvases.as_ref().map_or((1.0, 1.0), |canvases| canvases.front.size()),
        }
    }

    /// The charts move less than a pixel most of the time: they are painted as often as texts.
    fn paint_chart(&mut self, view: &View, light: &Light<'_>, palette: &Palette) {
        let Some(canvases) = &mut self.canvases else { return };
        let samples = view.series.samples().last().map_or(0, |sample| sample.at_us / 50_000) as usize;
        let chart_of = (
            view.run,
            light.shown_us / 50_000,
            samples,
            light.revision,
            light.is_dark,
            light.band.map_or(0, |band| band.runs),
        );
        if self.chart_of == Some(chart_of) {
            return;
        }
        let (width, height) = canvases.chart.size();
        let chart = Chart {
            series: &view.series,
            now_us: view.now_us,
            since_us: view.spread.since_us,
            theory: light.theory.map(|line| line.points.as_slice()),
            band: light.band,
            width,
            height,
        };
        painter::paint(&mut canvases.chart, &chart::layers(&chart), palette);
        self.chart_of = Some(chart_of);
    }
}

/// What the inspected node believes of each, if that is to be shown in place of what is true.
fn beliefs(view: &View) -> Option<&[Option<rumormill_core::Status>]> {
    let detail = view.detail.as_ref().filter(|detail| view.beliefs && Some(detail.node) == view.selected)?;
    Some(detail.inside.as_ref()?.beliefs.as_slice())
}
