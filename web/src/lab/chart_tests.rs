use super::super::protocol::Deed;
use super::*;

fn series(points: &[(u64, u32)], deeds: &[(u64, Deed)]) -> Series {
    let mut series = Series::default();
    let sample = |&(at_ms, informed): &(u64, u32)| Sample {
        at_us: at_ms * 1_000,
        informed,
        up: 10,
        messages: at_ms,
        ..Sample::default()
    };
    let deeds: Vec<_> = deeds.iter().map(|(at_ms, deed)| (at_ms * 1_000, deed.clone())).collect();
    series.extend(&points.iter().map(sample).collect::<Vec<_>>(), &deeds);
    series
}

fn chart(series: &Series, now_ms: u64) -> Chart<'_> {
    Chart {
        series,
        now_us: now_ms * 1_000,
        since_us: None,
        theory: None,
        band: None,
        width: 640.0,
        height: 240.0,
    }
}

fn path(layers: &[Layer], hue: Hue) -> Option<Vec<Point>> {
    layers.iter().filter(|layer| layer.hue == hue).find_map(|layer| match &layer.shapes {
        Shapes::Path(points) => Some(points.clone()),
        _ => None,
    })
}

fn words(layers: &[Layer]) -> Vec<String> {
    let of = layers.iter().flat_map(|layer| match &layer.shapes {
        Shapes::Words(_, words) => words.iter().map(|(_, text)| text.clone()).collect(),
        _ => Vec::new(),
    });
    of.collect()
}

#[test]
fn coverage_rises_in_steps_to_the_top() {
    let series = series(&[(0, 0), (1_000, 5), (2_000, 10)], &[]);
    let line = path(&layers(&chart(&series, 3_000)), Hue::Fresh).expect("a line");
    assert!(line.is_sorted_by(|a, b| a.x <= b.x && a.y >= b.y));
    assert!(line.windows(2).all(|pair| pair[0].x == pair[1].x || pair[0].y == pair[1].y), "steps only");
    assert_eq!(line.last().map(|point| point.y), Some(TOP));
}

#[test]
fn everything_stays_on_the_canvas() {
    let deeds = [(500, Deed::Crash(7)), (510, Deed::Heal), (89_000, Deed::Cut(vec![1]))];
    let points: Vec<(u64, u32)> = (0..900).map(|n| (n * 100, (n % 11) as u32)).collect();
    let series = series(&points, &deeds);
    let theory = [(0, 0.1), (1_000_000, 0.5), (900_000_000, 1.0)];
    for now_ms in [0, 1, 2_999, 60_000, 90_000] {
        for (width, height) in [(640.0, 240.0), (320.0, 180.0)] {
            let chart = Chart {
                since_us: Some(400_000),
                theory: Some(&theory),
                width,
                height,
                ..chart(&series, now_ms)
            };
            for layer in layers(&chart) {
                let inside =
                    |point: &Point| (0.0..=width).contains(&point.x) && (0.0..=height).contains(&point.y);
                let points: Vec<Point> = match layer.shapes {
                    Shapes::Path(points) | Shapes::Area(points) => points,
                    Shapes::Lines(pairs) | Shapes::Boxes(pairs) => {
                        pairs.iter().flat_map(|p| [p.0, p.1]).collect()
                    }
                    Shapes::Words(_, words) => words.iter().map(|word| word.0).collect(),
                    _ => Vec::new(),
                };
                // Samples of the future cannot be there; those that are there may lie right of a rewound moment.
                let outside = points.iter().find(|point| !inside(point) && point.x <= width);
                assert_eq!(outside, None, "{now_ms} {:?}", layer.hue);
            }
        }
    }
}

#[test]
fn theory_starts_at_the_write_and_leaves_room_for_its_end() {
    let series = series(&[(0, 0), (2_000, 1)], &[]);
    let theory = [(0, 0.1), (4_000_000, 1.0)];
    let chart = Chart { since_us: Some(2_000_000), theory: Some(&theory), ..chart(&series, 2_500) };
    let line = path(&layers(&chart), Hue::Muted).expect("a line");
    assert_eq!(line.len(), 2);
    assert_eq!((line[1].x, line[1].y), (640.0 - RIGHT, TOP));
    assert_eq!(path(&layers(&Chart { since_us: None, ..chart }), Hue::Muted), None);
}

#[test]
fn deeds_are_named_where_there_is_room() {
    let deeds = [(1_000, Deed::Crash(7)), (1_001, Deed::Restart(7)), (2_500, Deed::Heal)];
    let series = series(&[(0, 0)], &deeds);
    let words = words(&layers(&chart(&series, 3_000)));
    assert!(words.contains(&"crash 7".to_owned()) && words.contains(&"heal".to_owned()));
    assert!(!words.contains(&"restart 7".to_owned()), "it would lie over the first");
}

#[test]
fn ticks_are_round() {
    assert_eq!(
        [1.0, 150_000.0, 400_000.0, 3_000_000.0].map(tick_step_us),
        [100_000, 200_000, 500_000, 5_000_000]
    );
    assert_eq!(
        (seconds_short(1_500_000, 500_000), seconds_short(2_000_000, 1_000_000)),
        ("1.5 s".into(), "2 s".into())
    );
}

#[test]
fn a_cluster_without_nodes_has_no_coverage() {
    assert_eq!(part(&Sample::default()), 0.0);
}

#[test]
fn the_band_lies_behind_the_line_from_the_write_on() {
    let series = series(&[(0, 0), (1_000, 1), (2_000, 10)], &[]);
    let points = (0..=10u64).map(|n| (n * 100_000, [n as f32 / 20.0, n as f32 / 15.0, n as f32 / 10.0]));
    let band = Band { points: points.collect(), runs: 9, reached: 9, took_us: None, unluckiest: (1, None) };
    let chart = Chart { since_us: Some(1_000_000), band: Some(&band), ..chart(&series, 2_000) };
    let layers = layers(&chart);
    let area =
        layers.iter().position(|layer| layer.hue == Hue::Lane(0) && matches!(layer.shapes, Shapes::Area(_)));
    let line = layers.iter().position(|layer| layer.hue == Hue::Fresh);
    assert!(area < line, "behind");
    let middle = path(&layers, Hue::Lane(0)).expect("the median is drawn");
    assert_eq!(middle.len(), 11);
    assert!(middle.is_sorted_by(|a, b| a.x < b.x && a.y >= b.y));
    let write_x = path(&layers, Hue::Fresh).expect("a line")[1].x;
    assert!((middle[0].x - write_x).abs() < 1.0, "{middle:?} from {write_x}");
}
