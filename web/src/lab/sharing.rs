//! How the Lab hands on what is in sight: it stands still, asks its worker for the record, and lets a worker of its own
//! play the run again for the trace and its hash.

use super::action::{Action, Sight};
use super::palette::Palette;
use super::place::{Lab, Msg};
use super::protocol::{self, Command, Report};
use super::record::{Record, Retraced};
use crate::glue::{Background, Job, files, page};
use crate::race::{self, contest::Contest};
use crate::route::{Place, Route};
use crate::share::{
    csv,
    dialog::{Copied, Kept, LINK_ID, REFUSED, ShareDialog, Wish},
    link::{self, Shared},
};
use std::rc::Rc;
use yew::prelude::*;

/// The dialog while it is open.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    record: Option<Rc<Record>>,
    link: AttrValue,
    /// The way to a race of this run against other ways to gossip.
    race: AttrValue,
    linkless: Option<AttrValue>,
    hash: Option<Result<u64, AttrValue>>,
    tracing: bool,
    /// Why the file that was wanted last was not saved.
    unsaved: Option<AttrValue>,
    copied: Option<Copied>,
    /// Plays the run again; ends with the dialog.
    background: Option<Background>,
}

impl Sharing {
    /// The run could not be played again. A hash that is known already holds all the same.
    fn not_retraced(&mut self, why: impl Into<AttrValue>) {
        let why = why.into();
        if std::mem::take(&mut self.tracing) {
            self.unsaved = Some(format!("The trace could not be made: {why}").into());
        }
        if !matches!(self.hash, Some(Ok(_))) {
            self.hash = Some(Err(why));
        }
        self.background = None;
    }
}

/// What can happen to the dialog.
#[derive(Debug)]
pub enum ShareMsg {
    /// The user did something.
    Wish(Wish),
    /// The run was played again.
    Retraced(Vec<u8>),
    /// It cannot be.
    Failed(String),
    /// A copy was made, or denied.
    Copied(Copied),
}

impl Lab {
    #[inline(never)]
    pub(super) fn on_share(&mut self, ctx: &Context<Self>, message: ShareMsg) {
        match message {
            ShareMsg::Wish(Wish::Open) => {
                self.act(Action::Pause);
                self.sharing = Some(Sharing::default());
                self.send(vec![Command::Record]);
            }
            ShareMsg::Wish(Wish::Close) => self.sharing = None,
            ShareMsg::Wish(Wish::Race) => {
                // Its dialog would lie over the race.
                if let Some(sharing) = self.sharing.take() {
                    page::set_hash(&sharing.race);
                }
            }
            ShareMsg::Wish(Wish::Copy(field)) => self.copy(ctx, field),
            ShareMsg::Wish(Wish::Save(Kept::Trace)) => self.retrace(ctx, true),
            ShareMsg::Wish(Wish::Save(kept)) => self.save(ctx, kept),
            ShareMsg::Retraced(bytes) => self.on_retraced(&bytes),
            ShareMsg::Failed(why) => {
                if let Some(sharing) = &mut self.sharing {
                    sharing.not_retraced(why);
                }
            }
            ShareMsg::Copied(copied) => {
                if !copied.done {
                    files::select_text(copied.field);
                }
                if let Some(sharing) = &mut self.sharing {
                    sharing.copied = Some(copied);
                }
            }
        }
    }

    /// The record came: the link can be made, and the hash computed.
    #[inline(never)]
    pub(super) fn on_record(&mut self, ctx: &Context<Self>, record: Record) {
        let view = self.view.borrow();
        if view.replay.is_some() {
            drop(view);
            if let Some(sharing) = &mut self.sharing {
                sharing.record = Some(Rc::new(record));
            }
            return;
        }
        let shared = Shared { recipe: view.recipe(), acts: record.log.clone(), at_us: record.now_us };
        let query = link::write(&shared).map(|query| view.spot().write(&query));
        drop(view);
        let Some(sharing) = &mut self.sharing else { return };
        match query {
            Ok(query) => {
                sharing.link = page::address_with(&Route::to(Place::Lab, &query).to_string()).into();
                let contest = Contest::of_run(&shared.recipe.setup, shared.acts);
                sharing.race = Route::to(Place::Race, &race::link::write(&contest)).to_string().into();
            }
            Err(why) => sharing.linkless = Some(why.into()),
        }
        sharing.record = Some(Rc::new(record));
        self.retrace(ctx, false);
    }

    fn copy(&mut self, ctx: &Context<Self>, field: &'static str) {
        let Some(sharing) = &self.sharing else { return };
        let text = if field == LINK_ID { sharing.link.to_string() } else { self.command() };
        let link = ctx.link().clone();
        files::copy(&text, move |done| {
            link.send_message(Msg::Share(ShareMsg::Copied(Copied { field, done })));
        });
    }

    /// In a worker of its own, which nobody waits for.
    fn retrace(&mut self, ctx: &Context<Self>, with_lines: bool) {
        let scenario = self.view.borrow().recipe().setup.scenario();
        let Some(sharing) = &mut self.sharing else { return };
        let (Some(record), Ok(scenario)) = (&sharing.record, scenario) else { return };
        let on_bytes = ctx.link().callback(|bytes| Msg::Share(ShareMsg::Retraced(bytes)));
        let on_error = ctx.link().callback(|why| Msg::Share(ShareMsg::Failed(why)));
        let spawned = Background::spawn(
            Job::Simulate,
            move |bytes| on_bytes.emit(bytes),
            move |why| on_error.emit(why),
        );
        match spawned {
            Ok(background) => {
                let (script, to_us) = (record.log.clone(), record.now_us);
                let command = Command::Retrace { scenario: Box::new(scenario), script, to_us, with_lines };
                background.send(&protocol::encode(&command));
                (sharing.background, sharing.tracing) = (Some(background), with_lines);
            }
            Err(error) => {
                sharing.tracing = with_lines;
                sharing.not_retraced(error.0);
            }
        }
    }

    fn on_retraced(&mut self, bytes: &[u8]) {
        let Some(sharing) = &mut self.sharing else { return };
        let retraced = match protocol::decode(bytes) {
            Ok(Report::Retraced(retraced)) => retraced,
            Ok(_) => Err("the worker answered something else".to_owned()),
            Err(why) => Err(why),
        };
        match retraced {
            Ok(Retraced { hash, lines }) => {
                (sharing.background, sharing.tracing) = (None, false);
                sharing.hash = Some(Ok(hash));
                if !lines.is_empty() {
                    let saved = files::save(&self.file("trace.jsonl"), "application/x-ndjson", &lines);
                    self.note_saved(saved);
                }
            }
            Err(why) => sharing.not_retraced(why),
        }
    }

    fn note_saved(&mut self, saved: bool) {
        if let Some(sharing) = &mut self.sharing {
            sharing.unsaved = (!saved).then_some(REFUSED.into());
        }
    }

    fn save(&mut self, ctx: &Context<Self>, kept: Kept) {
        let Some(sharing) = &self.sharing else { return };
        let Some(record) = &sharing.record else { return };
        let saved = match kept {
            Kept::Picture => {
                let ground = Palette::of(ctx.props().is_dark).ground;
                files::save_picture(&self.file("png"), &[&self.stage.back, &self.stage.front], ground)
            }
            Kept::Curve => {
                let text = csv::curve(self.view.borrow().series.samples());
                files::save(&self.file("curve.csv"), "text/csv", &text)
            }
            Kept::Nodes => files::save(&self.file("nodes.csv"), "text/csv", &csv::nodes(&record.rows)),
            Kept::Scenario => {
                let hash = match &sharing.hash {
                    Some(Ok(hash)) => format!("# Its trace hash: {hash:016x}\n"),
                    _ => String::new(),
                };
                let opens = match sharing.link.split_once('#') {
                    Some((_, link)) => format!(
                        "# To open it in the Lab, drop it on the page, which reads this line: #{link}\n"
                    ),
                    None => String::new(),
                };
                let text = format!(
                    "# A run of Rumormill's Lab. To repeat it: {}\n{hash}{opens}{}",
                    self.command(),
                    record.scenario
                );
                files::save(&self.file("yaml"), "application/yaml", &text)
            }
            // The run is played again for it.
            Kept::Trace => return,
        };
        self.note_saved(saved);
    }

    /// What a file of this run is called.
    fn file(&self, ending: &str) -> String {
        let view = self.view.borrow();
        if view.replay.is_some() {
            return format!("rumormill-replay.{ending}");
        }
        let seed = view.scenario.as_ref().map_or(0, |scenario| scenario.seed);
        format!("rumormill-lab-{seed}.{ending}")
    }

    fn command(&self) -> String {
        format!("rumormill sim run {}", self.file("yaml"))
    }

    pub(super) fn share_dialog(&self, ctx: &Context<Self>) -> Html {
        let Some(sharing) = &self.sharing else { return Html::default() };
        let view = self.view.borrow();
        let is_picture = view.sight != Sight::Table;
        let on = ctx.link().callback(|wish| Msg::Share(ShareMsg::Wish(wish)));
        html! {
            <ShareDialog recorded={view.replay.is_some()} is_ready={sharing.record.is_some()} now_us={view.now_us} acts={sharing.record.as_ref().map_or(0, |record| record.log.len())}
                link={sharing.link.clone()} race={sharing.race.clone()} linkless={sharing.linkless.clone()} command={self.command()} hash={sharing.hash.clone()} tracing={sharing.tracing}
                picture_of={is_picture.then(|| AttrValue::from(format!("the {} view", view.sight.title().to_ascii_lowercase())))}
                unsaved={sharing.unsaved.clone()} copied={sharing.copied} {on} />
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_that_fails_leaves_the_hash_that_is_known() {
        let mut sharing = Sharing { hash: Some(Ok(7)), tracing: true, ..Sharing::default() };
        sharing.not_retraced("out of memory");
        assert_eq!((&sharing.hash, sharing.tracing), (&Some(Ok(7)), false));
        assert!(sharing.unsaved.is_some_and(|why| why.contains("out of memory")));
        let mut sharing = Sharing::default();
        sharing.not_retraced("out of memory");
        assert_eq!((sharing.hash, sharing.unsaved), (Some(Err("out of memory".into())), None));
    }
}
