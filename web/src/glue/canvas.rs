//! The canvas: paths, fills, strokes and words in CSS pixels. What they mean is the painter's business.

use super::{listener::Listener, page::window};
use crate::float::{cos, sin};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, PointerEvent, ResizeObserver};
use yew::NodeRef;

/// A canvas element with its drawing context.
#[derive(Debug)]
pub struct Canvas {
    element: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    scale: f64,
    dashed: bool,
}

/// Where words stand about their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// To its right.
    Left,
    /// Around it.
    Center,
    /// To its left.
    Right,
}

impl Canvas {
    /// The canvas that a node reference names, once it is on the page.
    pub fn attach(node: &NodeRef) -> Option<Self> {
        let element = node.cast::<HtmlCanvasElement>()?;
        let context = element.get_context("2d").ok()??.dyn_into().ok()?;
        let mut canvas = Self { element, context, scale: 1.0, dashed: false };
        canvas.fit();
        Some(canvas)
    }

    /// Fits the bitmap to the element's size and the screen's resolution, and clears it.
    pub fn fit(&mut self) {
        self.scale = window().device_pixel_ratio().clamp(1.0, 3.0);
        let (width, height) = self.size();
        self.element.set_width((f64::from(width) * self.scale).round() as u32);
        self.element.set_height((f64::from(height) * self.scale).round() as u32);
        // The font is part of what a new size resets.
        let _ = self.context.set_transform(self.scale, 0.0, 0.0, self.scale, 0.0, 0.0);
        self.dashed = false;
    }

    /// The element's size.
    pub fn size(&self) -> (f32, f32) {
        (self.element.client_width().max(1) as f32, self.element.client_height().max(1) as f32)
    }

    /// Makes everything transparent.
    pub fn clear(&self) {
        let (width, height) = self.size();
        self.context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
    }

    /// Begins a path, in place of the one before.
    pub fn begin(&self) {
        self.context.begin_path();
    }

    /// Adds a circle to the path.
    pub fn circle(&self, x: f32, y: f32, radius: f32) {
        self.context.move_to(f64::from(x + radius), f64::from(y));
        // Fails only for a negative radius.
        let _ = self.context.arc(
            f64::from(x),
            f64::from(y),
            f64::from(radius.max(0.0)),
            0.0,
            std::f64::consts::TAU,
        );
    }

    /// Adds an arc to the path, clockwise.
    pub fn arc(&self, x: f32, y: f32, radius: f32, start: f32, end: f32) {
        self.move_to(x + radius * cos(start), y + radius * sin(start));
        let _ = self.context.arc(
            f64::from(x),
            f64::from(y),
            f64::from(radius.max(0.0)),
            f64::from(start),
            f64::from(end),
        );
    }

    /// Adds a rectangle to the path.
    pub fn rect(&self, x: f32, y: f32, width: f32, height: f32) {
        self.context.rect(f64::from(x), f64::from(y), f64::from(width), f64::from(height));
    }

    /// Goes on at another place.
    pub fn move_to(&self, x: f32, y: f32) {
        self.context.move_to(f64::from(x), f64::from(y));
    }

    /// Adds a line to the path.
    pub fn line_to(&self, x: f32, y: f32) {
        self.context.line_to(f64::from(x), f64::from(y));
    }

    /// Fills the path.
    pub fn fill(&self, color: &str, alpha: f32) {
        self.context.set_global_alpha(f64::from(alpha));
        self.context.set_fill_style_str(color);
        self.context.fill();
    }

    /// Outlines the path, with dashes if `dash` is not 0.
    pub fn stroke(&mut self, color: &str, alpha: f32, width: f32, dash: f32) {
        if self.dashed != (dash > 0.0) {
            self.dashed = dash > 0.0;
            let dashes = if self.dashed { Array::of2(&dash.into(), &dash.into()) } else { Array::new() };
            // Fails only for what is not a list of numbers.
            let _ = self.context.set_line_dash(&dashes);
        }
        self.context.set_global_alpha(f64::from(alpha));
        self.context.set_stroke_style_str(color);
        self.context.set_line_width(f64::from(width));
        self.context.stroke();
    }

    /// Writes words, vertically centred on their place.
    pub fn words(&self, text: &str, (x, y): (f32, f32), align: Align, px: u32, color: &str) {
        self.context.set_global_alpha(1.0);
        self.context.set_fill_style_str(color);
        self.context.set_font(&format!("{px}px system-ui, sans-serif"));
        self.context.set_text_baseline("middle");
        self.context.set_text_align(match align {
            Align::Left => "left",
            Align::Center => "center",
            Align::Right => "right",
        });
        let _ = self.context.fill_text(text, f64::from(x), f64::from(y));
    }
}

/// Where a pointer is on the element that hears its event, in CSS pixels.
pub fn place_of(event: &PointerEvent) -> (f32, f32) {
    let corner = element_of(event).map_or((0.0, 0.0), |element| {
        let rect = element.get_bounding_client_rect();
        (rect.left(), rect.top())
    });
    ((f64::from(event.client_x()) - corner.0) as f32, (f64::from(event.client_y()) - corner.1) as f32)
}

/// Lets the element hear the pointer until it is released, wherever it goes.
pub fn capture(event: &PointerEvent) {
    if let Some(element) = element_of(event) {
        // Fails for a pointer that is gone already.
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

/// Not the current target: Yew listens at the root for all.
fn element_of(event: &PointerEvent) -> Option<Element> {
    event.target().and_then(|target| target.dyn_into().ok())
}

/// Tells every change of an element's size until it is dropped.
#[derive(Debug)]
pub struct Resized {
    observer: ResizeObserver,
    _closure: Closure<dyn FnMut(JsValue)>,
    _scale_listener: Listener,
}

impl Resized {
    /// Watches an element that is on the page. It is told once at the start.
    pub fn watch(node: &NodeRef, changed: impl Fn() + Clone + 'static) -> Option<Self> {
        let element = node.cast::<Element>()?;
        let on_scale = changed.clone();
        let closure = Closure::<dyn FnMut(JsValue)>::new(move |_| changed());
        let observer = ResizeObserver::new(closure.as_ref().unchecked_ref()).ok()?;
        observer.observe(&element);
        // Zooming changes the resolution, not always the element's size.
        let scale_listener = Listener::new(&window(), "resize", move |_| on_scale());
        Some(Self { observer, _closure: closure, _scale_listener: scale_listener })
    }
}

impl Drop for Resized {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
