//! Paints scenes onto canvases. It knows colours and strokes, nothing of gossip.

use super::palette::Palette;
use super::scene::{Anchor, Hue, Ink, Layer, Shapes};
use crate::glue::canvas::{Align, Canvas};

/// The size of words.
const NAME_PX: u32 = 11;

/// Paints the layers in order, after clearing what was there.
pub fn paint(canvas: &mut Canvas, layers: &[Layer], palette: &Palette) {
    canvas.clear();
    for layer in layers {
        let color = color(palette, layer.hue);
        if let Shapes::Words(anchor, words) = &layer.shapes {
            let align = match anchor {
                Anchor::Start => Align::Left,
                Anchor::Middle => Align::Center,
                Anchor::End => Align::Right,
            };
            for (place, text) in words {
                canvas.words(text, (place.x, place.y), align, NAME_PX, color);
            }
            continue;
        }
        canvas.begin();
        trace(canvas, &layer.shapes);
        match layer.ink {
            Ink::Fill => canvas.fill(color, layer.alpha),
            Ink::Stroke(width) => canvas.stroke(color, layer.alpha, width, 0.0),
            Ink::Dashed(width) => canvas.stroke(color, layer.alpha, width, width * 2.5),
        }
    }
}

fn trace(canvas: &Canvas, shapes: &Shapes) {
    match shapes {
        Shapes::Circles(radius, places) => {
            for place in places {
                canvas.circle(place.x, place.y, *radius);
            }
        }
        Shapes::Crosses(half, places) => {
            for place in places {
                canvas.move_to(place.x - half, place.y - half);
                canvas.line_to(place.x + half, place.y + half);
                canvas.move_to(place.x + half, place.y - half);
                canvas.line_to(place.x - half, place.y + half);
            }
        }
        Shapes::Diamonds(half, places) => {
            for place in places {
                canvas.move_to(place.x, place.y - half);
                canvas.line_to(place.x + half, place.y);
                canvas.line_to(place.x, place.y + half);
                canvas.line_to(place.x - half, place.y);
                canvas.line_to(place.x, place.y - half);
            }
        }
        Shapes::Lines(lines) => {
            for (from, to) in lines {
                canvas.move_to(from.x, from.y);
                canvas.line_to(to.x, to.y);
            }
        }
        Shapes::Arcs(center, radius, arcs) => {
            for (start, end) in arcs {
                canvas.arc(center.x, center.y, *radius, *start, *end);
            }
        }
        Shapes::Path(points) | Shapes::Area(points) => {
            for (at, point) in points.iter().enumerate() {
                if at == 0 {
                    canvas.move_to(point.x, point.y);
                } else {
                    canvas.line_to(point.x, point.y);
                }
            }
        }
        Shapes::Boxes(boxes) => {
            for (from, to) in boxes {
                canvas.rect(from.x, from.y, to.x - from.x, to.y - from.y);
            }
        }
        Shapes::Words(..) => {}
    }
}

/// The colour of a role.
pub fn color(palette: &Palette, hue: Hue) -> &'static str {
    match hue {
        Hue::Line => palette.line,
        Hue::Muted => palette.muted,
        Hue::Alive => palette.alive,
        Hue::Suspect => palette.suspect,
        Hue::Down => palette.down,
        Hue::Left => palette.left,
        Hue::Fresh => palette.fresh,
        Hue::FreshSoft => palette.fresh_soft,
        Hue::Talk => palette.talk,
        Hue::Focus => palette.focus,
        Hue::Lane(number) => palette.lanes[usize::from(number) % palette.lanes.len()],
    }
}
