//! The dialog that changes how members gossip while they run: what is typed becomes the fields that changed and no
//! others. Whether they are allowed is the nodes' decision; what each one answers is shown.

use super::session::Model;
use crate::ui::{Button, ButtonKind, Check, Dialog, NumberField, SelectField, TextField};
use rumormill_core::{Duration, LimiterConfig, NodeId};
use serde_json::{Map, Value};
use yew::prelude::*;

/// This part of a limiter's tokens is kept for repair, as in the node's own default.
const RESERVED: u32 = 8;

/// What the dialog's fields hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Form {
    strategy: String,
    interval_ms: String,
    fanout: String,
    limiter: String,
    capacity: String,
    refill: String,
    tokens: String,
    period_ms: String,
    log: String,
}

impl Form {
    /// The fields as the configuration has them.
    fn of(config: &Map<String, Value>) -> Self {
        let text = |key: &str| config.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let interval_us = config.get("interval_us").and_then(Value::as_u64).unwrap_or_default();
        // What a limiter does not say is what the node begins with, or for a window what Riak Core does.
        let (mut capacity, mut refill, mut tokens, mut period_ms) = (256, 128, 45, 10_000);
        let limiter = match limiter(config) {
            Some(LimiterConfig::Unlimited) => "none",
            Some(LimiterConfig::Bucket { capacity: size, refill_per_s, .. }) => {
                (capacity, refill) = (size, refill_per_s);
                "bucket"
            }
            Some(LimiterConfig::Window { tokens: size, period_us, .. }) => {
                (tokens, period_ms) = (size, period_us.as_micros() / 1_000);
                "window"
            }
            None => "keep",
        };
        Self {
            strategy: text("strategy"),
            interval_ms: (interval_us / 1_000).to_string(),
            fanout: config.get("fanout").map(Value::to_string).unwrap_or_default(),
            limiter: limiter.to_owned(),
            capacity: capacity.to_string(),
            refill: refill.to_string(),
            tokens: tokens.to_string(),
            period_ms: period_ms.to_string(),
            log: text("log"),
        }
    }

    /// The fields that are to be changed, or what is wrong with one of them.
    fn changes(&self, config: &Map<String, Value>) -> Result<Map<String, Value>, String> {
        let before = Self::of(config);
        let number = |text: &str, what: &str| {
            text.trim().parse::<u32>().map_err(|_| format!("{what} is a whole number, not “{text}”."))
        };
        let mut changes = Map::new();
        if self.strategy != before.strategy {
            changes.insert("strategy".to_owned(), self.strategy.clone().into());
        }
        if self.interval_ms != before.interval_ms {
            let ms = number(&self.interval_ms, "The interval in milliseconds")?;
            changes.insert("interval_us".to_owned(), (u64::from(ms) * 1_000).into());
        }
        if self.fanout != before.fanout {
            changes.insert("fanout".to_owned(), number(&self.fanout, "The fanout")?.into());
        }
        let wanted = match self.limiter.as_str() {
            _ if self.limits() == before.limits() => None,
            "none" => Some(LimiterConfig::Unlimited),
            "bucket" => {
                let capacity = number(&self.capacity, "The bucket's size")?;
                let refill_per_s = number(&self.refill, "The refill")?;
                Some(LimiterConfig::Bucket { capacity, refill_per_s, reserve: capacity / RESERVED })
            }
            "window" => {
                let tokens = number(&self.tokens, "The window's number of tokens")?;
                let ms = number(&self.period_ms, "The window in milliseconds")?;
                let period_us = Duration::from_millis(ms.into());
                Some(LimiterConfig::Window { tokens, period_us, reserve: tokens / RESERVED })
            }
            _ => None,
        };
        if let Some(limiter) = wanted {
            changes.insert(
                "limiter".to_owned(),
                serde_json::to_value(limiter).map_err(|error| error.to_string())?,
            );
        }
        if self.log != before.log {
            changes.insert("log".to_owned(), self.log.clone().into());
        }
        if changes.is_empty() {
            return Err("Nothing is changed yet.".to_owned());
        }
        Ok(changes)
    }

    /// The fields of the limiter that is chosen.
    fn limits(&self) -> (&str, &str, &str) {
        let (first, second) = match self.limiter.as_str() {
            "bucket" => (self.capacity.as_str(), self.refill.as_str()),
            "window" => (self.tokens.as_str(), self.period_ms.as_str()),
            _ => ("", ""),
        };
        (&self.limiter, first, second)
    }
}

fn limiter(config: &Map<String, Value>) -> Option<LimiterConfig> {
    serde_json::from_value(config.get("limiter")?.clone()).ok()
}

/// Props of [`Configure`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct ConfigureProps {
    /// What is known.
    pub model: Model,
    /// Counts the changes of what others say.
    pub revision: u64,
    /// All members that could be configured, the observed node in front.
    pub members: Vec<NodeId>,
    /// Apply these changes to these members.
    pub on_tune: Callback<(Vec<NodeId>, Map<String, Value>)>,
    /// The dialog was closed.
    pub onclose: Callback<()>,
}

/// The dialog.
#[component]
pub(super) fn Configure(props: &ConfigureProps) -> Html {
    let form = use_state(|| None::<Form>);
    let everywhere = use_state(|| false);
    let error = use_state(|| None::<String>);
    let view = props.model.view.borrow();
    let (Some(config), Some(own)) = (&view.around.config, props.members.first()) else {
        return html! {
            <Dialog title="Configuration" testid="live-configure" onclose={props.onclose.clone()}>
                <p class="muted">{ "Asking the node how it is configured…" }</p>
            </Dialog>
        };
    };
    let now = (*form).clone().unwrap_or_else(|| Form::of(config));
    let edited = |set: fn(&mut Form, String)| {
        let (form, error, now) = (form.clone(), error.clone(), now.clone());
        Callback::from(move |text: String| {
            let mut new = now.clone();
            set(&mut new, text);
            error.set(None);
            form.set(Some(new));
        })
    };
    let apply = {
        let (now, config, error, on_tune) =
            (now.clone(), config.clone(), error.clone(), props.on_tune.clone());
        let members = if *everywhere { props.members.clone() } else { vec![own.clone()] };
        Callback::from(move |()| match now.changes(&config) {
            Ok(changes) => on_tune.emit((members.clone(), changes)),
            Err(why) => error.set(Some(why)),
        })
    };
    let strategies = ["random", "tree", "hybrid", "plumtree"].map(|word| (word.into(), word.into())).to_vec();
    let mut limiters: Vec<(AttrValue, AttrValue)> =
        [("none", "no limit"), ("bucket", "token bucket"), ("window", "fixed window")]
            .map(|(value, words)| (value.into(), words.into()))
            .to_vec();
    if limiter(config).is_none() {
        limiters.push(("keep".into(), "as it is, unknown to this page".into()));
    }
    let scope = format!("For all {} members that can be asked, not only {own}", props.members.len());
    let on_everywhere = {
        let everywhere = everywhere.clone();
        Callback::from(move |all| everywhere.set(all))
    };
    html! {
        <Dialog title={format!("Configuration of {own}")} testid="live-configure" onclose={props.onclose.clone()}>
            <div class="live-configure">
                <SelectField label="Strategy" id="live-config-strategy" value={now.strategy.clone()} options={strategies}
                    onchange={edited(|form, text| form.strategy = text)} />
                <NumberField label="Interval" id="live-config-interval" unit="ms" value={now.interval_ms.clone()}
                    oninput={edited(|form, text| form.interval_ms = text)} />
                <NumberField label="Fanout" id="live-config-fanout" value={now.fanout.clone()}
                    oninput={edited(|form, text| form.fanout = text)} />
                <SelectField label="Limiter" id="live-config-limiter" value={now.limiter.clone()} options={limiters}
                    onchange={edited(|form, text| form.limiter = text)} />
                if now.limiter == "bucket" {
                    <NumberField label="Bucket" id="live-config-capacity" unit="tokens" value={now.capacity.clone()}
                        oninput={edited(|form, text| form.capacity = text)} />
                    <NumberField label="Refill" id="live-config-refill" unit="per s" value={now.refill.clone()}
                        oninput={edited(|form, text| form.refill = text)} />
                }
                if now.limiter == "window" {
                    <NumberField label="Tokens" id="live-config-tokens" value={now.tokens.clone()}
                        oninput={edited(|form, text| form.tokens = text)} />
                    <NumberField label="Window" id="live-config-period" unit="ms" value={now.period_ms.clone()}
                        oninput={edited(|form, text| form.period_ms = text)} />
                }
                if config.contains_key("log") {
                    <TextField label="Log" id="live-config-log" value={now.log.clone()}
                        hint="For example info, debug, or rumormill=debug"
                        oninput={edited(|form, text| form.log = text)} />
                }
            </div>
            <Check label={scope} id="live-config-everywhere" checked={*everywhere} onchange={on_everywhere} />
            <p class="muted">{ "It holds until the node is started again: its configuration file is not changed." }</p>
            if let Some(words) = &*error {
                <p class="field-error" role="alert" data-testid="live-config-error">{ words }</p>
            }
            <p><Button label="Apply" kind={ButtonKind::Primary} testid="live-config-apply" onclick={apply} /></p>
            if !view.around.tuned.is_empty() {
                <ul class="fates" role="status" data-testid="live-config-fates">
                    { for view.around.tuned.iter().map(|(member, outcome)| fate(member, outcome.as_ref())) }
                </ul>
            }
        </Dialog>
    }
}

fn fate(member: &NodeId, outcome: Option<&Result<(), String>>) -> Html {
    let (state, words) = match outcome {
        None => ("pending", "asked, no answer yet".to_owned()),
        Some(Ok(())) => ("done", "changed".to_owned()),
        Some(Err(why)) => ("refused", format!("refused: {why}")),
    };
    html! {
        <li class={classes!("fate", format!("fate-{state}"))} data-testid="live-config-fate" data-fate={state}>
            <span class="mono fate-what">{ member.as_str() }</span><span class="fate-words">{ words }</span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::Tuning;
    use serde_json::json;

    fn config() -> Map<String, Value> {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(Tuning::default()) else {
            panic!("an object")
        };
        fields.insert("log".to_owned(), "info".into());
        fields
    }

    #[test]
    fn only_what_was_changed_is_asked_for() {
        let config = config();
        let form = Form::of(&config);
        assert!(form.changes(&config).is_err(), "nothing");
        let changed = |change: fn(&mut Form)| {
            let mut form = form.clone();
            change(&mut form);
            form.changes(&config).map(Value::Object)
        };
        assert_eq!(changed(|form| form.strategy = "tree".to_owned()), Ok(json!({ "strategy": "tree" })));
        assert_eq!(
            changed(|form| form.interval_ms = "250".to_owned()),
            Ok(json!({ "interval_us": 250_000 }))
        );
        assert_eq!(changed(|form| form.fanout = "3".to_owned()), Ok(json!({ "fanout": 3 })));
        assert_eq!(changed(|form| form.log = "debug".to_owned()), Ok(json!({ "log": "debug" })));
        let unlimited = changed(|form| form.limiter = "none".to_owned()).unwrap();
        let read: LimiterConfig = serde_json::from_value(unlimited["limiter"].clone()).unwrap();
        assert_eq!(read, LimiterConfig::Unlimited);
        let bucket = changed(|form| form.capacity = "80".to_owned()).unwrap();
        let read: LimiterConfig = serde_json::from_value(bucket["limiter"].clone()).unwrap();
        assert_eq!(read, LimiterConfig::Bucket { capacity: 80, refill_per_s: 128, reserve: 10 });
        let window = changed(|form| {
            form.limiter = "window".to_owned();
            form.tokens = "80".to_owned();
            form.period_ms = "2500".to_owned();
        });
        let window = window.unwrap();
        let read: LimiterConfig = serde_json::from_value(window["limiter"].clone()).unwrap();
        let period_us = Duration::from_millis(2_500);
        assert_eq!(read, LimiterConfig::Window { tokens: 80, period_us, reserve: 10 });
        assert!(changed(|form| form.tokens = "7".to_owned()).is_err(), "it is not the limiter in use");
        assert!(changed(|form| form.fanout = "many".to_owned()).is_err_and(|why| why.contains("many")));
    }
    #[test]
    fn a_window_in_use_is_shown_as_it_is() {
        let mut config = config();
        config.insert("limiter".to_owned(), serde_json::to_value(LimiterConfig::RIAK).unwrap());
        let form = Form::of(&config);
        assert_eq!(form.limits(), ("window", "45", "10000"));
        assert!(form.changes(&config).is_err(), "nothing");
    }
}
