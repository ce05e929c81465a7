//! What the pointer does on the picture: what is under it, and which action that means with the tool in hand. It does
//! nothing to the cluster by itself.

use super::action::{Action, Tool};
use super::hand_scene::Hand;
use super::layout::Point;
use super::place::Lab;
use super::protocol::{Deed, MessageRef};
use super::ring_panel::{Hold, Pointer};
use super::state::View;
use super::tool::drawn;
use yew::prelude::*;

/// A press that moves less is a click, in pixels.
const CLICK_PX: f32 = 6.0;

/// How far beside a node a click still finds it.
const HIT_SLACK_PX: f32 = 10.0;

/// A press that is not over yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Press {
    from: Point,
    at: Point,
    hold: Hold,
    /// The node on which it began.
    node: Option<u32>,
}

impl Press {
    /// Has it come so far that it is no click?
    fn is_drag(&self) -> bool {
        self.from.distance(self.at) > CLICK_PX
    }

    /// Does it draw a box? A finger without the tool for that moves the page.
    fn draws_box(&self, tool: Tool) -> bool {
        self.is_drag() && (tool == Tool::Several || (tool == Tool::Select && !self.hold.is_finger))
    }
}

impl Lab {
    /// What the hand adds to the picture.
    pub(super) fn hand(&self, view: &View) -> Hand {
        let tool = view.tool_here();
        let is_drawn = |press: &Press| match tool {
            Tool::Cut => true,
            Tool::Link => press.node.is_some() && press.is_drag(),
            _ => view.sight.has_places() && press.draws_box(tool),
        };
        let drawn = self.pressed.filter(is_drawn);
        Hand {
            tool,
            stroke: drawn.map(|press| (press.from, press.at)),
            over: self.over,
            from: drawn.filter(|_| tool == Tool::Link).and_then(|press| press.node).or(view.link_from),
            link: view.drawn.map(|link| (link.from, link.to)),
        }
    }

    /// Does what the pointer asks for. True if there is something new to read.
    pub(super) fn on_pointer(&mut self, ctx: &Context<Self>, pointer: Pointer) -> bool {
        match pointer {
            Pointer::Down(at, hold) => {
                let node = self.stage.node_at(at, HIT_SLACK_PX);
                self.pressed = Some(Press { from: at, at, hold, node });
                false
            }
            Pointer::Move(at) => {
                self.on_move(at);
                false
            }
            Pointer::Cancel => {
                (self.pressed, self.over) = (None, None);
                self.revision += 1;
                false
            }
            Pointer::Up(at) => {
                let Some(press) = self.pressed.take() else { return false };
                self.on_release(ctx, Press { at, ..press });
                self.revision += 1;
                true
            }
        }
    }

    /// The line follows the pointer on the canvas; there is nothing to read.
    #[inline(never)]
    fn on_move(&mut self, at: Point) {
        let view = self.view.borrow();
        let tool = view.tool_here();
        let over = if tool.is_on_nodes() { self.stage.node_at(at, HIT_SLACK_PX) } else { None };
        drop(view);
        if let Some(press) = &mut self.pressed {
            press.at = at;
            self.revision += 1;
        } else if over != self.over {
            self.revision += 1;
        }
        self.over = over;
    }

    #[inline(never)]
    fn on_release(&mut self, ctx: &Context<Self>, press: Press) {
        let tool = self.view.borrow().tool_here();
        if press.hold.is_finger {
            // A finger that is lifted is nowhere.
            self.over = None;
        }
        match tool {
            Tool::Cut if press.is_drag() => {
                let nodes = self.stage.left_of(press.from, press.at);
                self.act(Action::Tool(Tool::Select));
                self.act(Action::Do(Deed::Cut(nodes)));
            }
            Tool::Link => self.link(press),
            _ if press.draws_box(tool) && self.view.borrow().sight.has_places() => {
                let nodes = self.stage.within(press.from, press.at);
                self.act(Action::Choose(nodes, press.hold.adds || tool == Tool::Several));
            }
            _ if press.is_drag() => return,
            Tool::Crash | Tool::Write => {
                if let Some(node) = press.node {
                    self.act(Action::Use(node));
                }
            }
            Tool::Select | Tool::Several | Tool::Cut => self.click(ctx, press, tool),
        }
        self.tell_address(ctx);
    }

    fn click(&mut self, ctx: &Context<Self>, press: Press, tool: Tool) {
        let view = self.view.borrow();
        let light = self.light(ctx, &view);
        let hit = self.stage.hit(&view, &self.frame, &light, press.at, HIT_SLACK_PX);
        drop(view);
        let adds = press.hold.adds || tool == Tool::Several;
        match (hit.node, hit.message) {
            (Some(node), _) if adds => self.act(Action::Toggle(node)),
            _ if adds => {}
            (node, message) => {
                self.is_pointed = node.is_some() || message.is_some();
                self.act(match message {
                    Some(message) => Action::Message(Some(MessageRef::Id(message))),
                    None => Action::Select(node),
                });
            }
        }
    }

    /// A link was drawn from node to node, or one of its ends was clicked.
    #[inline(never)]
    fn link(&mut self, press: Press) {
        let end = self.stage.node_at(press.at, HIT_SLACK_PX);
        let place = |node: u32| self.stage.place(node).unwrap_or(press.at);
        let link = match (press.node, end) {
            (Some(from), Some(to)) if from != to => Some(drawn(from, to, place(to), &self.frame)),
            (Some(_), Some(node)) => self.view.borrow_mut().link_end(node, place(node), &self.frame),
            _ => return,
        };
        if link.is_some() {
            self.act(Action::Draw(link));
            self.wants_focus = Some(super::link_panel::FIRST_ID);
        }
    }
}
