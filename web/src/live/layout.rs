//! What stands where in Live: the controls, the tab's row, the panels. It hands each part what it shows; what a control does
//! is the place's business.

use super::{
    configure::Configure,
    events::EventsPanel,
    health::HealthPanel,
    inspector::Inspector,
    keys::KeysPanel,
    member::MemberRow,
    place::{AGE_EVERY_MS, Live, Msg},
    spread::SpreadPanel,
    state::View,
    time::Turn,
    traffic::TrafficPanel,
};
use crate::share::dialog as share;
use crate::ui::{Button, ButtonKind, Choice, Empty, IconName, Segmented};
use yew::prelude::*;

impl Live {
    /// The controls of the whole place.
    pub(super) fn controls(&self, ctx: &Context<Self>) -> Html {
        html! {
            <>
                <Button label="Share" icon={IconName::Share} testid="live-share"
                    title="A link to this view, a picture, tables, and what the members remember"
                    onclick={ctx.link().callback(|()| Msg::Share(share::Wish::Open))} />
                <Button label="Help" icon={IconName::Help} icon_only=true kind={ButtonKind::Quiet} shortcut="?"
                    testid="live-help-open" onclick={ctx.link().callback(|()| Msg::Help(true))} />
            </>
        }
    }

    /// The row of the tab's member, and what is done with the whole cluster.
    pub(super) fn tab_row(&self, ctx: &Context<Self>, view: &View) -> Html {
        let link = ctx.link();
        let row = MemberRow {
            can_join: view.is_current(),
            node_store: view.status.as_ref().map(|status| status.store.hash.clone()),
            writes_as_tab: self.writes_as_tab,
            on_join: link.callback(|()| Msg::Join),
            on_leave: link.callback(|()| Msg::Leave),
            more: html! {
                <>
                    <Button label="What if…" kind={ButtonKind::Quiet} testid="live-what-if"
                        title="Simulate a cluster like this one in the Lab, and break it there"
                        onclick={link.callback(|()| Msg::WhatIf)} />
                    <Button label="Configure…" kind={ButtonKind::Quiet} testid="live-configure-open"
                        disabled={!view.is_current()} onclick={link.callback(|()| Msg::Configure(true))} />
                </>
            },
            on_writes_as_tab: link.callback(Msg::WriteAsTab),
        };
        row.html(&self.tab)
    }

    /// The panels, once a node has spoken.
    pub(super) fn panels(&self, ctx: &Context<Self>, view: &View, is_stale: bool) -> Html {
        let link = ctx.link();
        let model = self.shown_model();
        let revisions = &view.revisions;
        let on_ask = link.callback(Msg::Ask);
        let ages_ms = model.now_ms() / AGE_EVERY_MS * AGE_EVERY_MS;
        let can_write =
            if self.writes_as_tab { self.tab.is_member() } else { self.session.connection().is_live() };
        let has_write = model.view.borrow().around.measured.is_some();
        let charts =
            self.charts.clone().unwrap_or(AttrValue::Static(if has_write { "spread" } else { "traffic" }));
        // Each of the two panels has the switch, since only one is in sight.
        let charts_switch = |name: &'static str| {
            html! {
                <Segmented label="Show" {name} value={charts.clone()} onchange={link.callback(Msg::Charts)}
                    choices={vec![Choice::new("traffic", "Traffic"), Choice::new("spread", "Spread")]} />
            }
        };
        html! {
            <>
                <div class="live-sections">
                    <Segmented label="Part of the page" name="live-section" value={self.section.clone()} wide=true
                        choices={vec![Choice::new("members", "Members"), Choice::new("keys", "Keys"),
                            Choice::new("health", "Services"), Choice::new("traffic", "Traffic"),
                            Choice::new("events", "Events")]}
                        onchange={link.callback(Msg::Section)} />
                </div>
                <div class={classes!("live-grid", is_stale.then_some("is-stale"))} data-section={self.section.clone()}
                    data-charts={charts.clone()}>
                    { self.members_panel(ctx, model, revisions, ages_ms) }
                    <TrafficPanel model={model.clone()} revision={revisions.node} active={ctx.props().active}
                        is_dark={ctx.props().is_dark} actions={charts_switch("live-charts")} />
                    <KeysPanel model={model.clone()} revision={(revisions.entries, revisions.requests)}
                        now_ms={ages_ms} {can_write} {on_ask} sought={self.sought.clone()}
                        on_seek={link.callback(Msg::Seek)} />
                    <SpreadPanel model={model.clone()} revision={revisions.around}
                        actions={charts_switch("live-spread-charts")} />
                    <Inspector model={model.clone()} revision={[revisions.members, revisions.node, revisions.around]} now_ms={ages_ms}
                        selected={self.selected.clone()} on_select={link.callback(Msg::Select)}
                        on_connect_to={link.callback(Msg::ConnectTo)} />
                    <EventsPanel model={model.clone()} revision={(revisions.feed, revisions.around)}
                        behind={self.events_behind(view)} looked={view.around.message.clone()}
                        on_pause={link.callback(|()| Msg::Turn(Turn::PauseOrFollow))}
                        from_all={self.from_all} on_from_all={link.callback(Msg::FromAll)}
                        on_message={link.callback(Msg::Message)} on_select={link.callback(Msg::Select)} />
                    <HealthPanel model={model.clone()} revision={revisions.around} />
                </div>
                if self.is_configuring {
                    <Configure model={self.session.model().clone()} revision={revisions.around} members={self.configurable()}
                        on_tune={link.callback(|(members, changes)| Msg::Tune(members, changes))}
                        onclose={link.callback(|()| Msg::Configure(false))} />
                }
            </>
        }
    }
}

/// What stands where no node has spoken yet.
pub(super) fn welcome(is_trying: bool) -> Html {
    if is_trying {
        return html! {
            <Empty title="Waiting for the node’s first word">
                <p>{ "As soon as it speaks, its members, keys and traffic stand here." }</p>
            </Empty>
        };
    }
    html! {
        <Empty title="A window on a real cluster">
            <p>{ "Type the address of any node above. The page then shows the cluster as that node sees it: who is \
                alive, what each knows, keys and counters, and every message as it happens." }</p>
            <p>{ "No cluster yet? " }<code>{ "rumormill demo" }</code>{ " starts five nodes on this machine; the \
                first listens on " }<code>{ "127.0.0.1:7700" }</code>{ "." }</p>
        </Empty>
    }
}
