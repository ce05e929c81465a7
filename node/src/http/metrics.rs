//! `GET /metrics`: the node's counts in Prometheus' text format. Every figure
//! is read from the engine and the feed when it is asked for; nothing is counted
//! here.

use super::problem::{Failure, problem};
use crate::feed::StoreDriver;
use crate::handle::NodeHandle;
use crate::views::VERSION;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};
use rumormill_core::engine::Tally;
use rumormill_core::{CloseCode, MessageKind, State as _, Status};

pub(crate) async fn metrics(State(node): State<NodeHandle>) -> Result<impl IntoResponse, Failure> {
    let text = node.call(|driver| render(driver)).await?;
    let text = text.map_err(|error| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        problem(status, "metrics", "No metrics", error.to_string())
    })?;
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text))
}

fn render(driver: &StoreDriver) -> prometheus::Result<String> {
    let page = Page(Registry::new());
    let (engine, stats) = (&driver.engine, driver.stats());
    let directions = |tally: fn(Tally) -> u64| {
        MessageKind::ALL.into_iter().flat_map(move |kind| {
            let (sent, received) = (tally(stats.sent(kind)), tally(stats.received(kind)));
            [([kind.as_str(), "sent"], sent), ([kind.as_str(), "received"], received)]
        })
    };
    let labels = ["kind", "direction"];
    page.counters("messages_total", "Messages by kind and direction.", labels, directions(|t| t.messages))?;
    page.counters(
        "message_bytes_total",
        "Bytes of messages by kind and direction, without the transport's own.",
        labels,
        directions(|t| t.bytes),
    )?;
    let closed = CloseCode::ALL.into_iter().map(|code| ([code.as_str()], stats.closed(code)));
    page.counters("links_closed_total", "Links that this node closed, by why.", ["code"], closed)?;
    page.counter("links_broken_total", "Links that could not be made, or broke.", stats.broken_links)?;
    page.counter("links_dialed_total", "Links dialled.", stats.dials)?;
    page.counter("rounds_total", "Rounds begun.", stats.rounds)?;
    page.counter("probes_failed_total", "Probes that nobody answered in time.", stats.probes_failed)?;
    page.counter("refutations_total", "Suspicions of this node that it denied.", stats.refutations)?;
    page.counter("members_forgotten_total", "Members that were gone for too long.", stats.forgotten)?;
    page.counter("denials_total", "Sends that the limiter put off.", stats.denials)?;
    page.counter("news_overflows_total", "Times that news was left to repair.", stats.overflows)?;

    let count = |status| engine.members().iter().filter(|member| member.status == status).count() as u64;
    let members = Status::ALL.map(|status| ([status.as_str()], count(status)));
    page.gauges("members", "Members by status, this node included.", ["status"], members)?;
    page.gauge("links", "Links, being dialled or established.", engine.link_count().into())?;
    page.gauge(
        "local_health",
        "0 is healthy; more: waits so many times longer.",
        engine.local_health().into(),
    )?;
    page.gauge("owed_peers", "Members to whom something is owed.", engine.owed().into())?;
    if let Some(tokens) = engine.tokens(driver.now()) {
        page.gauge("limiter_tokens", "Tokens left to send with; absent without a limit.", tokens.into())?;
    }
    page.gauge("store_keys", "Entries in the store.", engine.state().len() as u64)?;
    page.gauge("store_version", "Writes that the store has seen.", engine.state().version())?;
    page.gauge("followers", "Watchers and dashboards that follow this node.", driver.listener.followers())?;
    page.histogram(&driver.listener.timings.propagation)?;
    page.histogram(&driver.listener.timings.merge)?;
    page.gauge("uptime_seconds", "How long the node has run.", driver.clock.uptime().as_secs())?;
    page.process()?;
    let config = engine.config();
    let build = ([VERSION, config.id.as_str(), &config.cluster], 1);
    page.gauges("build_info", "Always 1; says what runs here.", ["version", "node", "cluster"], [build])?;
    TextEncoder::new().encode_to_string(&page.0.gather())
}

/// One answer in the making.
struct Page(Registry);

impl Page {
    fn counter(&self, name: &str, help: &str, value: u64) -> prometheus::Result<()> {
        let counter = IntCounter::with_opts(opts(name, help))?;
        counter.inc_by(value);
        self.0.register(Box::new(counter))
    }

    fn counters<const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
        values: impl IntoIterator<Item = ([&'static str; N], u64)>,
    ) -> prometheus::Result<()> {
        let counters = IntCounterVec::new(opts(name, help), &labels)?;
        for (label, value) in values {
            counters.get_metric_with_label_values(&label)?.inc_by(value);
        }
        self.0.register(Box::new(counters))
    }

    fn histogram(&self, histogram: &Histogram) -> prometheus::Result<()> {
        self.0.register(Box::new(histogram.clone()))
    }

    /// Processor time, memory and open files under the names that all programs use for them.
    fn process(&self) -> prometheus::Result<()> {
        #[cfg(target_os = "linux")]
        self.0.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(())
    }

    fn gauge(&self, name: &str, help: &str, value: u64) -> prometheus::Result<()> {
        let gauge = IntGauge::with_opts(opts(name, help))?;
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        self.0.register(Box::new(gauge))
    }

    fn gauges<'a, const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
        values: impl IntoIterator<Item = ([&'a str; N], u64)>,
    ) -> prometheus::Result<()> {
        let gauges = IntGaugeVec::new(opts(name, help), &labels)?;
        for (label, value) in values {
            let gauge = gauges.get_metric_with_label_values(&label)?;
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        self.0.register(Box::new(gauges))
    }
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("rumormill")
}
