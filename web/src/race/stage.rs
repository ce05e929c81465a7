//! The Race's canvases: a ring for each lane and the charts, painted before a repaint of the display if there is
//! something new. What is painted is decided by the Lab's scene and by `curves`.

use super::contest::LANES_MAX;
use super::curves;
use super::heat::Heat;
use super::state::View;
use crate::glue::canvas::{Canvas, Resized};
use crate::lab::layout::Layout;
use crate::lab::painter;
use crate::lab::palette::Palette;
use crate::lab::scene::{self, Subject};
use rumormill_core::tree::Tree;
use std::{cell::Cell, rc::Rc};
use yew::NodeRef;

/// The charts move less than a pixel most of the time: they are painted anew after such a part of what they show.
const CHART_STEPS: u64 = 400;

/// The charts show at least so much, in microseconds.
const CHART_MIN_US: u64 = 500_000;

/// Canvases, and what they show.
#[derive(Debug, Default)]
pub struct Stage {
    /// The rings.
    pub rings: [Ring; LANES_MAX],
    /// The charts.
    pub chart: NodeRef,
    canvas: Option<Sight>,
    chart_of: Option<(u32, bool, bool, bool)>,
    /// The moment that the charts show.
    charted_us: u64,
}

/// One lane's ring: what seldom changes behind what moves.
#[derive(Debug, Default)]
pub struct Ring {
    /// Edges.
    pub back: NodeRef,
    /// Nodes and messages.
    pub front: NodeRef,
    canvases: Option<(Canvas, Sight)>,
    layout: Layout,
    backdrop_of: Option<(u32, Vec<bool>, Vec<u8>, bool)>,
    front_of: Option<(u32, u64, bool, bool)>,
}

/// A canvas, and whether its element has changed its size.
#[derive(Debug)]
struct Sight {
    canvas: Canvas,
    resized: Rc<Cell<bool>>,
    _watch: Option<Resized>,
}

impl Sight {
    fn of(node: &NodeRef) -> Option<Self> {
        let canvas = Canvas::attach(node)?;
        let resized = Rc::new(Cell::new(true));
        let told = Rc::clone(&resized);
        let watch = Resized::watch(node, move || told.set(true));
        Some(Self { canvas, resized, _watch: watch })
    }
}

/// What the painting depends on besides the view.
#[derive(Clone, Copy, Debug)]
pub struct Light {
    /// The moment that is shown of each lane.
    pub shown_us: [u64; LANES_MAX],
    /// Is the page dark?
    pub is_dark: bool,
    /// Does nothing travel?
    pub still: bool,
}

impl Stage {
    /// Takes the canvases that are on the page, and forgets those that are not any more.
    pub fn attach(&mut self, lanes: usize) {
        if self.canvas.is_none() {
            self.canvas = Sight::of(&self.chart);
        }
        for (index, ring) in self.rings.iter_mut().enumerate() {
            if index >= lanes {
                (ring.canvases, ring.backdrop_of, ring.front_of) = (None, None, None);
            } else if ring.canvases.is_none() {
                ring.canvases = Canvas::attach(&ring.back).zip(Sight::of(&ring.front));
            }
        }
    }

    /// Paints what has changed.
    pub fn paint(&mut self, view: &View, light: &Light) {
        let palette = Palette::of(light.is_dark);
        for (index, (ring, heat)) in self.rings.iter_mut().zip(&view.heats).enumerate() {
            let tuning = view.scenarios.get(index).map(|scenario| scenario.tuning);
            let tree = tuning.filter(|tuning| tuning.strategy.follows_tree()).map(|tuning| tuning.tree());
            ring.paint(heat, tree, light.shown_us[index], light, palette);
        }
        let Some(sight) = &mut self.canvas else { return };
        let resized = sight.resized.take();
        if resized {
            sight.canvas.fit();
        }
        let now_us = view.now_us();
        let is_behind = now_us.abs_diff(self.charted_us) > now_us.max(CHART_MIN_US) / CHART_STEPS;
        // What stands still shows exactly that moment.
        let chart_of = (view.run, light.is_dark, view.is_over(), view.playing);
        if resized || is_behind || self.chart_of != Some(chart_of) {
            let (width, height) = sight.canvas.size();
            painter::paint(&mut sight.canvas, &curves::layers(&view.heats, width, height), palette);
            (self.chart_of, self.charted_us) = (Some(chart_of), now_us);
        }
    }
}

impl Ring {
    fn paint(&mut self, heat: &Heat, tree: Option<Tree>, shown_us: u64, light: &Light, palette: &Palette) {
        let Some((back, sight)) = &mut self.canvases else { return };
        let frame = &heat.frame;
        let nodes = frame.marks.len() as u32;
        if sight.resized.take() || nodes != self.layout.nodes.len() as u32 {
            back.fit();
            sight.canvas.fit();
            let (width, height) = sight.canvas.size();
            self.layout = Layout::small_ring(nodes, width, height);
            (self.backdrop_of, self.front_of) = (None, None);
        }
        let subject = Subject {
            edges: &[],
            path: &[],
            message: None,
            layout: &self.layout,
            frame,
            now_us: shown_us,
            tree,
            selected: None,
            linked: &[],
            beliefs: None,
            still: light.still,
            others: &[],
            hand: Default::default(),
        };
        let up: Vec<bool> = frame.marks.iter().map(|mark| mark.state.is_up()).collect();
        let backdrop_of = (frame.run, up, frame.groups.clone(), light.is_dark);
        if self.backdrop_of.as_ref() != Some(&backdrop_of) {
            painter::paint(back, &scene::backdrop(&subject), palette);
            self.backdrop_of = Some(backdrop_of);
        }
        let front_of = (frame.run, shown_us, light.is_dark, light.still);
        if self.front_of != Some(front_of) {
            painter::paint(&mut sight.canvas, &scene::foreground(&subject), palette);
            self.front_of = Some(front_of);
        }
    }
}
