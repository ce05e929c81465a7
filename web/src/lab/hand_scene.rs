//! What the user's hand adds to the picture, as shapes: the line or box that is drawn, and whom the tool would meet. Pure.

use super::layout::{Layout, Point};
use super::scene::{Hue, Ink, Layer, Shapes, head, layer};
use super::tool::Tool;

/// What the hand holds and does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hand {
    /// The tool.
    pub tool: Tool,
    /// From where to where something is being drawn.
    pub stroke: Option<(Point, Point)>,
    /// The node under the pointer, if the tool works on nodes.
    pub over: Option<u32>,
    /// The node from which a link is drawn.
    pub from: Option<u32>,
    /// The link for which something is offered.
    pub link: Option<(u32, u32)>,
}

impl Hand {
    /// Is there anything to draw?
    pub fn is_busy(&self) -> bool {
        self.stroke.is_some() || self.over.is_some() || self.from.is_some() || self.link.is_some()
    }

    /// The shapes, the lowest first.
    #[inline(never)]
    pub fn layers(&self, layout: &Layout) -> Vec<Layer> {
        let place = |node: u32| layout.nodes.get(node as usize).copied();
        let mut layers = Vec::new();
        if let Some(over) = self.over.and_then(place) {
            let around = Shapes::Circles(layout.node_radius + 4.0, vec![over]);
            layers.push(layer(self.hue(), 0.9, Ink::Stroke(2.0), around));
        }
        match (self.tool, self.stroke) {
            (Tool::Select | Tool::Several, Some(stroke)) => {
                layers.push(layer(Hue::Focus, 0.06, Ink::Fill, Shapes::Boxes(vec![stroke])));
                layers.push(layer(Hue::Focus, 0.8, Ink::Dashed(1.25), Shapes::Boxes(vec![stroke])));
            }
            (Tool::Cut, Some(stroke)) => {
                layers.push(layer(Hue::Down, 1.0, Ink::Dashed(2.0), Shapes::Lines(vec![stroke])));
            }
            _ => {}
        }
        let from = self.from.and_then(place);
        if let Some(from) = from {
            let around = Shapes::Circles(layout.node_radius + 4.0, vec![from]);
            layers.push(layer(Hue::Suspect, 1.0, Ink::Stroke(2.0), around));
        }
        let drawn =
            from.zip(self.stroke).map(|(from, stroke)| (from, self.over.and_then(place).unwrap_or(stroke.1)));
        let link = self.link.and_then(|(from, to)| Some((place(from)?, place(to)?)));
        for (from, to) in drawn.into_iter().chain(link) {
            layers.push(layer(Hue::Suspect, 1.0, Ink::Stroke(2.0), Shapes::Lines(vec![(from, to)])));
            layers.push(layer(
                Hue::Suspect,
                1.0,
                Ink::Stroke(2.0),
                Shapes::Lines(head(from, to, 9.0).to_vec()),
            ));
        }
        layers
    }

    fn hue(&self) -> Hue {
        match self.tool {
            Tool::Crash => Hue::Down,
            Tool::Write => Hue::Fresh,
            Tool::Link => Hue::Suspect,
            Tool::Select | Tool::Several | Tool::Cut => Hue::Focus,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_snaps_to_the_node_that_it_would_meet() {
        let layout = Layout::ring(4, 200.0, 200.0);
        let stroke = Some((layout.nodes[0], Point::new(50.0, 60.0)));
        let hand = Hand { tool: Tool::Link, stroke, from: Some(0), ..Hand::default() };
        let end = |hand: Hand| {
            let layers = hand.layers(&layout);
            let line = layers.into_iter().find_map(|layer| match layer.shapes {
                Shapes::Lines(lines) => lines.first().copied(),
                _ => None,
            });
            line.map(|line| line.1)
        };
        assert_eq!(end(hand), Some(Point::new(50.0, 60.0)));
        assert_eq!(end(Hand { over: Some(2), ..hand }), Some(layout.nodes[2]));
        assert_eq!(end(Hand { from: None, ..hand }), None);
    }

    #[test]
    fn an_empty_hand_draws_nothing() {
        assert!(Hand::default().layers(&Layout::ring(4, 200.0, 200.0)).is_empty());
    }
}
