use super::*;

fn flight(from: u16, to: u16, payload: bool, lost: bool) -> Flight {
    Flight { from, to, sent_us: 1_000, travels_us: 100, payload, lost, id: 7 }
}

fn frame(states: &[(NodeState, bool)], flights: Vec<Flight>) -> Frame {
    let marks = states.iter().map(|&(state, informed)| Mark { state, informed }).collect();
    Frame { marks, flights, ..Frame::default() }
}

fn subject<'a>(layout: &'a Layout, frame: &'a Frame) -> Subject<'a> {
    Subject {
        layout,
        frame,
        now_us: 1_050,
        tree: None,
        edges: &[],
        path: &[],
        message: None,
        selected: None,
        linked: &[],
        beliefs: None,
        still: false,
        others: &[],
        hand: Hand::default(),
    }
}

/// All circles and crosses of a colour.
fn places(layers: &[Layer], hue: Hue) -> Vec<Point> {
    let of = layers.iter().filter(|layer| layer.hue == hue).flat_map(|layer| match &layer.shapes {
        Shapes::Circles(_, places) | Shapes::Crosses(_, places) => places.clone(),
        _ => Vec::new(),
    });
    of.collect()
}

const UP: (NodeState, bool) = (NodeState::Alive, false);
const FRESH: (NodeState, bool) = (NodeState::Alive, true);
const DOWN: (NodeState, bool) = (NodeState::Down, false);

#[test]
fn each_state_has_its_colour_and_shape() {
    let layout = Layout::ring(5, 400.0, 400.0);
    let frame = frame(&[UP, FRESH, DOWN, (NodeState::Left, false), (NodeState::Joining, false)], vec![]);
    let layers = foreground(&subject(&layout, &frame));
    assert_eq!(places(&layers, Hue::Alive), [layout.nodes[0], layout.nodes[4]]);
    assert!(places(&layers, Hue::Fresh).iter().all(|place| *place == layout.nodes[1]));
    assert_eq!(places(&layers, Hue::Left), [layout.nodes[3]]);
    let down = layers.iter().find(|layer| layer.hue == Hue::Down).expect("one node is down");
    assert!(matches!(&down.shapes, Shapes::Crosses(_, places) if *places == [layout.nodes[2]]));
    let joining = layers.iter().find(|layer| matches!(layer.ink, Ink::Dashed(_))).expect("one node joins");
    assert!(matches!(&joining.shapes, Shapes::Circles(_, places) if *places == [layout.nodes[4]]));
}

#[test]
fn a_message_is_half_way_at_half_time_and_never_beyond_its_end() {
    let message = flight(0, 1, true, false);
    assert_eq!(
        [900, 1_000, 1_050, 1_100, 9_999].map(|now| progress(&message, now)),
        [0.0, 0.0, 0.5, 1.0, 1.0]
    );
    let at_once = Flight { travels_us: 0, ..message };
    assert_eq!(progress(&at_once, 2_000), 1.0);
    let layout = Layout::ring(4, 400.0, 400.0);
    let frame = frame(&[UP; 4], vec![message]);
    let half = layout.nodes[0].toward(layout.nodes[1], 0.5);
    assert_eq!(places(&foreground(&subject(&layout, &frame)), Hue::Fresh), [half]);
}

#[test]
fn a_lost_message_stops_half_way_as_a_cross() {
    let layout = Layout::ring(4, 400.0, 400.0);
    let frame = frame(&[UP; 4], vec![flight(0, 2, true, true)]);
    let late = Subject { now_us: 1_099, ..subject(&layout, &frame) };
    let layers = foreground(&late);
    assert!(places(&layers, Hue::Fresh).is_empty());
    assert_eq!(places(&layers, Hue::Down), [layout.nodes[0].toward(layout.nodes[2], LOST_AT)]);
}

#[test]
fn messages_of_nodes_that_are_not_there_are_left_out() {
    let layout = Layout::ring(2, 400.0, 400.0);
    let frame = frame(&[UP; 2], vec![flight(0, 9, true, false)]);
    assert!(places(&foreground(&subject(&layout, &frame)), Hue::Fresh).is_empty());
}

#[test]
fn nothing_travels_for_those_who_want_it_still() {
    let layout = Layout::ring(4, 400.0, 400.0);
    let frame = frame(&[UP; 4], vec![flight(0, 2, true, false), flight(1, 3, false, false)]);
    let at = |now_us| foreground(&Subject { still: true, now_us, ..subject(&layout, &frame) });
    assert_eq!(at(1_001), at(1_090));
    assert!(!places(&at(1_001), Hue::Talk).is_empty());
}

#[test]
fn the_tree_leaves_out_who_is_not_up() {
    let layout = Layout::ring(4, 400.0, 400.0);
    let marks = frame(&[UP, DOWN, UP, UP], vec![]).marks;
    let tree = Tree { arity: 2, cycles: false };
    let edges = tree_edges(&layout, &marks, tree);
    assert_eq!(edges, [(layout.nodes[0], layout.nodes[2]), (layout.nodes[0], layout.nodes[3])]);
}

#[test]
fn beliefs_take_the_place_of_the_truth() {
    let layout = Layout::ring(3, 400.0, 400.0);
    let frame = frame(&[UP, UP, DOWN], vec![]);
    let beliefs = [Some(Status::Alive), None, Some(Status::Alive)];
    let layers = foreground(&Subject { beliefs: Some(&beliefs), ..subject(&layout, &frame) });
    assert_eq!(places(&layers, Hue::Alive), [layout.nodes[0], layout.nodes[2]]);
    assert_eq!(places(&layers, Hue::Left), [layout.nodes[1]]);
}

#[test]
fn a_cut_is_drawn_between_its_parts_and_nothing_without_one() {
    let layout = Layout::ring(4, 400.0, 400.0);
    let mut frame = frame(&[UP; 4], vec![]);
    let marks = |frame: &Frame| {
        backdrop(&subject(&layout, frame)).into_iter().filter(|layer| layer.hue == Hue::Down).count()
    };
    assert_eq!(marks(&frame), 0);
    frame.groups = vec![0, 0, 1, 1];
    assert_eq!(marks(&frame), 2);
}

#[test]
fn a_cut_path_has_a_head_at_each_end_that_hears_nothing() {
    let layout = Layout::ring(4, 400.0, 400.0);
    let mut frame = frame(&[UP; 4], vec![]);
    let mut lines = |paths: &[(u16, u16, PathState)]| -> Vec<(Hue, Vec<(Point, Point)>)> {
        frame.paths = paths.iter().map(|&(from, to, state)| Path { from, to, state }).collect();
        let layers = backdrop(&subject(&layout, &frame)).into_iter();
        layers
            .filter_map(|layer| match layer.shapes {
                Shapes::Lines(lines) => Some((layer.hue, lines)),
                _ => None,
            })
            .collect()
    };
    assert_eq!(lines(&[]), []);
    let one_way = lines(&[(0, 2, PathState::CutOneWay)]);
    let [(Hue::Down, line), (Hue::Down, heads)] = one_way.as_slice() else { panic!("{one_way:?}") };
    assert!(line[0].0.distance(layout.nodes[0]) < line[0].1.distance(layout.nodes[0]));
    assert!(heads.len() == 2 && heads.iter().all(|stroke| stroke.0 == line[0].1), "{heads:?}");
    assert_eq!(lines(&[(0, 2, PathState::Cut)])[1].1.len(), 4);
    let slow = lines(&[(1, 3, PathState::Slow), (1, 9, PathState::Slow)]);
    assert!(matches!(slow.as_slice(), [(Hue::Suspect, lines)] if lines.len() == 1), "{slow:?}");
}

#[test]
fn the_selection_shows_its_links() {
    let layout = Layout::ring(4, 400.0, 400.0);
    let frame = frame(&[UP; 4], vec![]);
    let layers = foreground(&Subject { selected: Some(1), linked: &[0, 3, 77], ..subject(&layout, &frame) });
    let lines = layers.iter().find_map(|layer| match &layer.shapes {
        Shapes::Lines(lines) => Some(lines.len()),
        _ => None,
    });
    assert_eq!(lines, Some(2));
    assert_eq!(places(&layers, Hue::Focus), [layout.nodes[1]]);
}
