//! What the pointer does on the picture: what is under it, and which action that means with the tool in hand. It does
//! nothing to the cluster by itself.

use super::action::{Action, Tool};
use super::place::Lab;
use super::protocol::{Deed, MessageRef};
use super::ring_panel::Pointer;
use yew::prelude::*;

/// A press that moves less is a click, in pixels.
const CLICK_PX: f32 = 6.0;

/// How far beside a node a click still finds it.
const HIT_SLACK_PX: f32 = 10.0;

impl Lab {
    #[inline(never)]
    pub(super) fn on_pointer(&mut self, ctx: &Context<Self>, pointer: Pointer) -> bool {
        let cutting = self.view.borrow().tool == Tool::Cut;
        match pointer {
            Pointer::Down(at) => self.pressed = Some((at, at)),
            Pointer::Move(at) => {
                if let Some((from, _)) = self.pressed {
                    self.pressed = Some((from, at));
                }
            }
            Pointer::Cancel => self.pressed = None,
            Pointer::Up(at) => {
                let Some((from, _)) = self.pressed.take() else { return false };
                let dragged = from.distance(at) > CLICK_PX;
                if cutting && dragged {
                    let nodes = self.stage.left_of(from, at);
                    self.act(Action::Tool(Tool::Select));
                    self.act(Action::Do(Deed::Cut(nodes)));
                } else if !dragged {
                    let view = self.view.borrow();
                    let light = self.light(ctx, &view);
                    let hit = self.stage.hit(&view, &self.frame, &light, at, HIT_SLACK_PX);
                    drop(view);
                    self.is_pointed = hit.node.is_some() || hit.message.is_some();
                    self.act(match hit.message {
                        Some(message) => Action::Message(Some(MessageRef::Id(message))),
                        None => Action::Select(hit.node),
                    });
                    self.tell_address(ctx);
                }
                self.revision += 1;
                return true;
            }
        }
        // The line follows the pointer on the canvas; there is nothing to read.
        self.revision += u64::from(cutting);
        false
    }
}
