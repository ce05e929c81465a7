//! What the observed node sends and receives: messages and bytes per second as charts, the limiter in words. A chart
//! is painted when its figures change, never more often than text.

use super::{
    chart::{self, Layout, Point},
    rates::Rates,
    session::Model,
    words,
};
use crate::{
    glue::canvas::{Align, Canvas, Resized},
    lab::palette::Palette,
    ui::Panel,
};
use yew::prelude::*;

/// The size of the words in a chart.
const WORDS_PX: u32 = 10;

/// Props of [`TrafficPanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct TrafficProps {
    /// What is known.
    pub model: Model,
    /// Counts the changes of the node's figures.
    pub revision: u64,
    /// Is the place in sight?
    pub active: bool,
    /// Is the page dark?
    pub is_dark: bool,
    /// Controls at the right end of the heading.
    pub actions: Html,
}

/// The panel.
#[component]
pub(super) fn TrafficPanel(props: &TrafficProps) -> Html {
    let view = props.model.view.borrow();
    let Some(status) = view.status.as_deref() else { return html! {} };
    // What it was when the connection broke is not what it is now.
    let now = view.rates.current().filter(|_| view.is_current());
    let chart = |name: &'static str, unit: Unit| {
        html! {
            <TrafficChart {name} {unit} model={props.model.clone()} revision={props.revision} {now}
                active={props.active} is_dark={props.is_dark} />
        }
    };
    let put_off = words::grouped(i64::try_from(status.tallies.denials).unwrap_or(i64::MAX));
    html! {
        <Panel title={format!("Traffic of {}", status.node)} testid="live-traffic" class="live-traffic"
            actions={props.actions.clone()}>
            <div class="live-charts">
                { chart("Messages", Unit::Messages) }
                { chart("Bytes", Unit::Bytes) }
            </div>
            <p class="limiter num" data-testid="live-limiter">
                <span class="muted">{ "Limiter: " }</span>
                { match status.tallies.tokens {
                    Some(tokens) => format!("{tokens} tokens left, {put_off} sends put off"),
                    None => "no limit".to_owned(),
                } }
                if let Some(denials) = now.map(|now| now.denials).filter(|denials| *denials > 0.0) {
                    <span class="limiter-now">{ format!(", {} a second now", words::amount(denials)) }</span>
                }
            </p>
        </Panel>
    }
}

/// What a chart counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Messages,
    Bytes,
}

impl Unit {
    /// Sent and received.
    fn of(self, rates: &Rates) -> (f64, f64) {
        match self {
            Self::Messages => (rates.sent_messages, rates.received_messages),
            Self::Bytes => (rates.sent_bytes, rates.received_bytes),
        }
    }

    fn words(self, value: f64) -> String {
        match self {
            Self::Messages => words::amount(value),
            Self::Bytes => words::bytes(value),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct ChartProps {
    name: &'static str,
    unit: Unit,
    model: Model,
    revision: u64,
    now: Option<Rates>,
    active: bool,
    is_dark: bool,
}

#[derive(Debug)]
struct TrafficChart {
    node: NodeRef,
    canvas: Option<Canvas>,
    resized: Option<Resized>,
}

impl Component for TrafficChart {
    /// The canvas has another size.
    type Message = ();
    type Properties = ChartProps;

    fn create(_ctx: &Context<Self>) -> Self {
        Self { node: NodeRef::default(), canvas: None, resized: None }
    }

    fn update(&mut self, ctx: &Context<Self>, (): ()) -> bool {
        if let Some(canvas) = &mut self.canvas {
            canvas.fit();
        }
        self.paint(ctx.props());
        false
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let ChartProps { name, unit, now, .. } = ctx.props();
        let (sent, received) = match now {
            Some(now) => {
                let (sent, received) = unit.of(now);
                (unit.words(sent), unit.words(received))
            }
            None => ("–".to_owned(), "–".to_owned()),
        };
        let label =
            format!("{name} per second over the last two minutes; now {sent} sent and {received} received");
        let testid = format!("live-chart-{}", name.to_ascii_lowercase());
        html! {
            <figure class="live-chart">
                <figcaption class="chart-head">
                    <span class="chart-name">{ format!("{name} per second") }</span>
                    <span class="chart-figure num"><i class="live-dash dash-sent" aria-hidden="true" />
                        { "sent " }<b data-testid={format!("{testid}-sent")}>{ sent }</b></span>
                    <span class="chart-figure num"><i class="live-dash dash-received" aria-hidden="true" />
                        { "received " }<b data-testid={format!("{testid}-received")}>{ received }</b></span>
                </figcaption>
                <canvas class="live-chart-canvas" ref={self.node.clone()} role="img" aria-label={label}
                    data-testid={testid} />
            </figure>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, _first: bool) {
        if self.canvas.is_none() {
            self.canvas = Canvas::attach(&self.node);
            let resized = ctx.link().callback(|()| ());
            self.resized = Resized::watch(&self.node, move || resized.emit(()));
        }
        self.paint(ctx.props());
    }
}

impl TrafficChart {
    fn paint(&mut self, props: &ChartProps) {
        let Some(canvas) = self.canvas.as_mut().filter(|_| props.active) else { return };
        let view = props.model.view.borrow();
        let seconds: Vec<_> =
            view.rates.seconds().map(|rates| rates.map(|rates| props.unit.of(&rates))).collect();
        // The newest second has only begun: its rate would jump about.
        let whole = seconds.split_last().map_or(&seconds[..], |(_, whole)| whole);
        let series = [
            whole.iter().map(|rates| rates.map(|(sent, _)| sent)).collect(),
            whole.iter().map(|rates| rates.map(|(_, received)| received)).collect(),
        ];
        let (width, height) = canvas.size();
        let layout = chart::layout(&series, f64::from(width), f64::from(height));
        paint(canvas, &layout, props.unit, Palette::of(props.is_dark));
    }
}

fn paint(canvas: &mut Canvas, layout: &Layout, unit: Unit, palette: &Palette) {
    let px = |value: f64| value as f32;
    let (left, right) = (px(layout.plot_x.0), px(layout.plot_x.1));
    let (top, bottom) = (px(layout.plot_y.0), px(layout.plot_y.1));
    canvas.clear();
    canvas.begin();
    for (from, to) in &layout.gaps {
        canvas.rect(px(*from), top, px(to - from), bottom - top);
    }
    canvas.fill(palette.line, 0.55);
    canvas.begin();
    for (y, _) in &layout.levels {
        canvas.move_to(left, px(*y));
        canvas.line_to(right, px(*y));
    }
    canvas.stroke(palette.line, 1.0, 1.0, 0.0);
    for (y, value) in &layout.levels {
        canvas.words(
            &words::mark(&unit.words(*value)),
            (left - 6.0, px(*y)),
            Align::Right,
            WORDS_PX,
            palette.muted,
        );
    }
    for (x, ago) in &layout.times {
        let (text, align) = match ago {
            0 => ("now".to_owned(), Align::Right),
            ago => (format!("−{ago} s"), Align::Center),
        };
        canvas.words(&text, (px(*x), bottom + 11.0), align, WORDS_PX, palette.muted);
    }
    for (from, to) in layout.gaps.iter().filter(|(from, to)| to - from > 70.0) {
        canvas.words(
            "not watched",
            (px((from + to) / 2.0), (top + bottom) / 2.0),
            Align::Center,
            WORDS_PX,
            palette.muted,
        );
    }
    let looks = [(palette.alive, 0.0), (palette.fresh, 3.0)];
    for (stretches, (color, dash)) in layout.lines.iter().zip(looks) {
        for stretch in stretches {
            line(canvas, stretch, color, dash);
        }
    }
}

fn line(canvas: &mut Canvas, stretch: &[Point], color: &str, dash: f32) {
    let Some((first, rest)) = stretch.split_first() else { return };
    canvas.begin();
    if rest.is_empty() {
        // A second alone is no line.
        canvas.circle(first.x as f32, first.y as f32, 1.75);
        canvas.fill(color, 1.0);
        return;
    }
    canvas.move_to(first.x as f32, first.y as f32);
    for point in rest {
        canvas.line_to(point.x as f32, point.y as f32);
    }
    canvas.stroke(color, 1.0, 1.75, dash);
}
