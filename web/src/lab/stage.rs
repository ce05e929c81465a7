//! The Lab's canvases: they are painted from the last frame before each repaint of the display, and only if there is
//! something new. What is painted is decided by `scene` and `chart`.

use super::chart::{self, Chart};
use super::layout::{Layout, Point};
use super::painter;
use super::palette::Palette;
use super::protocol::Frame;
use super::scene::{self, Subject};
use super::state::View;
use super::theory_line::TheoryLine;
use crate::glue::canvas::{Canvas, Resized};
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

type BackdropKey = (u32, u32, Vec<u8>, Vec<bool>, Option<(u32, bool)>, bool);
type FrontKey = (u32, u64, u64, Option<u32>, bool, bool, bool);
type ChartKey = (u32, u64, usize, usize, bool);

/// What the painting depends on, besides the frame and the view.
#[derive(Clone, Copy, Debug)]
pub struct Light<'a> {
    /// The moment that is shown.
    pub shown_us: u64,
    /// Is the page dark?
    pub is_dark: bool,
    /// Does nothing travel?
    pub still: bool,
    /// The line that the user is drawing.
    pub cutting: Option<(Point, Point)>,
    /// What theory expects.
    pub theory: Option<&'a TheoryLine>,
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

    /// The node at a place of the ring.
    pub fn hit(&self, place: Point, slack: f32) -> Option<u32> {
        self.layout.hit(place, slack)
    }

    /// The nodes on the left of a line.
    pub fn left_of(&self, from: Point, to: Point) -> Vec<u32> {
        self.layout.left_of(from, to)
    }

    /// Paints what has changed.
    pub fn paint(&mut self, view: &View, frame: &Frame, light: &Light<'_>) {
        let Some(canvases) = &mut self.canvases else { return };
        let nodes = frame.marks.len() as u32;
        if canvases.resized.take() || nodes != self.layout.nodes.len() as u32 {
            canvases.back.fit();
            canvases.front.fit();
            canvases.chart.fit();
            let (width, height) = canvases.front.size();
            self.layout = Layout::ring(nodes, width, height);
            (self.backdrop_of, self.front_of, self.chart_of) = (None, None, None);
        }
        let palette = Palette::of(light.is_dark);
        let inside = view.detail.as_ref().and_then(|detail| detail.inside.as_ref());
        let subject = Subject {
            layout: &self.layout,
            frame,
            now_us: light.shown_us,
            tree: view.tree(),
            selected: view.selected,
            linked: inside.map_or(&[], |inside| &inside.linked),
            beliefs: inside.filter(|_| view.beliefs).map(|inside| inside.beliefs.as_slice()),
            still: light.still,
            cutting: light.cutting,
        };
        let up: Vec<bool> = frame.marks.iter().map(|mark| mark.state.is_up()).collect();
        let tree = subject.tree.map(|tree| (tree.arity, tree.cycles));
        let backdrop_of = (frame.run, nodes, frame.groups.clone(), up, tree, light.is_dark);
        if self.backdrop_of.as_ref() != Some(&backdrop_of) {
            painter::paint(&mut canvases.back, &scene::backdrop(&subject), palette);
            self.backdrop_of = Some(backdrop_of);
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
        if self.front_of != Some(front_of) || light.cutting.is_some() {
            painter::paint(&mut canvases.front, &scene::foreground(&subject), palette);
            self.front_of = Some(front_of).filter(|_| light.cutting.is_none());
        }
        self.paint_chart(view, light, palette);
    }

    /// The charts move less than a pixel most of the time: they are painted as often as texts.
    fn paint_chart(&mut self, view: &View, light: &Light<'_>, palette: &Palette) {
        let Some(canvases) = &mut self.canvases else { return };
        let samples = view.series.samples().last().map_or(0, |sample| sample.at_us / 50_000) as usize;
        let chart_of = (view.run, light.shown_us / 50_000, samples, view.series.deeds().len(), light.is_dark);
        if self.chart_of == Some(chart_of) {
            return;
        }
        let (width, height) = canvases.chart.size();
        let chart = Chart {
            series: &view.series,
            now_us: view.now_us,
            since_us: view.spread.since_us,
            theory: light.theory.map(|line| line.points.as_slice()),
            width,
            height,
        };
        painter::paint(&mut canvases.chart, &chart::layers(&chart), palette);
        self.chart_of = Some(chart_of);
    }
}
