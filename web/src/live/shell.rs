//! What Live's moving pictures have in common: a canvas that is found once it is on the page, fitted to its size, and
//! painted before each repaint of the display while the place is in sight; and whether the user wants stillness. It knows
//! nothing of what is painted.

use crate::glue::{
    Listener,
    canvas::{Canvas, Resized},
    page,
    time::Frames,
};
use std::{
    cell::{Ref, RefCell, RefMut},
    rc::Rc,
};
use yew::prelude::*;

/// What can happen to a picture.
#[derive(Debug)]
pub(super) enum Msg {
    /// The canvas was pointed at.
    Pointed(PointerEvent),
    /// A key was pressed on it.
    Key(KeyboardEvent),
}

/// What a picture paints with, and whether there is need.
#[derive(Debug)]
pub(super) struct Brush {
    /// The canvas, once it is on the page.
    pub canvas: Option<Canvas>,
    /// Does the user want nothing to move?
    pub is_still: bool,
    /// Is anything else than the moment different from what was painted last?
    pub is_changed: bool,
}

/// A picture that paints itself.
pub(super) trait Scene {
    /// What it paints with.
    fn brush(&mut self) -> &mut Brush;
    /// The canvas has another size.
    fn resized(&mut self) {}
    /// The display is about to be painted.
    fn frame(&mut self);
}

/// A picture on the page.
#[derive(Debug)]
pub(super) struct Shell<S> {
    node: NodeRef,
    scene: Rc<RefCell<S>>,
    resized: Option<Resized>,
    frames: Option<Frames>,
    _motion: Option<Listener>,
}

impl<S: Scene + 'static> Shell<S> {
    /// A picture on the canvas that the reference will name. `scene` makes it.
    pub(super) fn new(node: &NodeRef, scene: impl FnOnce(Brush) -> S) -> Self {
        let is_still = page::matches(page::REDUCED_MOTION);
        let scene = Rc::new(RefCell::new(scene(Brush { canvas: None, is_still, is_changed: true })));
        let _motion = heed_motion(scene.clone());
        Self { node: node.clone(), scene, resized: None, frames: None, _motion }
    }

    /// The picture.
    pub(super) fn scene(&self) -> Ref<'_, S> {
        self.scene.borrow()
    }

    /// The picture, to be changed.
    pub(super) fn scene_mut(&self) -> RefMut<'_, S> {
        self.scene.borrow_mut()
    }

    /// The page was painted, so that the canvas is there, if it is at all; the place is in sight, or not.
    pub(super) fn rendered(&mut self, is_active: bool) {
        if self.resized.is_none() {
            self.resized = attach(&self.node, self.scene.clone());
        }
        match is_active {
            true if self.frames.is_none() => self.frames = Some(frames(self.scene.clone())),
            true => {}
            false => self.frames = None,
        }
    }
}

fn heed_motion(scene: Rc<RefCell<dyn Scene>>) -> Option<Listener> {
    page::on_media_change(page::REDUCED_MOTION, move |is_still| {
        let mut scene = scene.borrow_mut();
        let brush = scene.brush();
        (brush.is_still, brush.is_changed) = (is_still, true);
    })
}

fn attach(node: &NodeRef, scene: Rc<RefCell<dyn Scene>>) -> Option<Resized> {
    let canvas = Canvas::attach(node)?;
    scene.borrow_mut().brush().canvas = Some(canvas);
    scene.borrow_mut().resized();
    Resized::watch(node, move || {
        let mut scene = scene.borrow_mut();
        let brush = scene.brush();
        if let Some(canvas) = &mut brush.canvas {
            canvas.fit();
        }
        brush.is_changed = true;
        scene.resized();
    })
}

fn frames(scene: Rc<RefCell<dyn Scene>>) -> Frames {
    Frames::new(move |_| scene.borrow_mut().frame())
}
