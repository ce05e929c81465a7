//! How Live hands on what is in sight: it makes the link and the files, and asks the members for the recording.

use super::{
    export::ExportDialog,
    knowledge,
    place::{Live, Msg},
    session::Model,
    state::View,
};
use crate::{
    glue::{files, page},
    lab::palette::Palette,
    route::{Place, Route},
    share::{
        csv,
        dialog::{Copied, Kept, REFUSED, Wish},
    },
};
use yew::prelude::*;

/// What the file is called that is made of what the members remember.
pub(super) const RECORDING: &str = "rumormill-live.jsonl";

/// The dialog while it is open.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    /// Why the file that was wanted last was not saved.
    unsaved: Option<AttrValue>,
    copied: Option<Copied>,
}

impl Live {
    pub(super) fn on_share(&mut self, wish: Wish, ctx: &Context<Self>) {
        match wish {
            Wish::Open => self.sharing = Some(Sharing::default()),
            Wish::Close | Wish::Race => self.sharing = None,
            Wish::Copy(field) => {
                let copied = ctx.link().callback(move |done| Msg::Copied(Copied { field, done }));
                files::copy(&self.share_link(), move |done| copied.emit(done));
            }
            Wish::Save(kept) => self.save(kept, ctx),
        }
    }

    pub(super) fn on_copied(&mut self, copied: Copied) {
        if !copied.done {
            files::select_text(copied.field);
        }
        if let Some(sharing) = &mut self.sharing {
            sharing.copied = Some(copied);
        }
    }

    /// Saves what the members remember, if that was wanted. It is given back otherwise.
    pub(super) fn save_past(&mut self, past: Result<String, String>) -> Option<Result<String, String>> {
        if !std::mem::take(&mut self.saves_past) {
            return Some(past);
        }
        let unsaved = match past {
            Ok(lines) => {
                let is_saved = files::save(RECORDING, "application/x-ndjson", &lines);
                (!is_saved).then_some(REFUSED.into())
            }
            Err(why) => Some(why.into()),
        };
        // Whoever has closed the dialog meanwhile has the file all the same.
        if let Some(sharing) = &mut self.sharing {
            sharing.unsaved = unsaved;
        }
        None
    }

    fn save(&mut self, kept: Kept, ctx: &Context<Self>) {
        let is_saved = match kept {
            Kept::Picture => {
                let ground = Palette::of(ctx.props().is_dark).ground;
                files::save_picture("rumormill-live.png", &[&self.picture], ground)
            }
            Kept::Nodes => {
                files::save("rumormill-live.members.csv", "text/csv", &members(self.shown_model()))
            }
            Kept::Curve => {
                files::save("rumormill-live.traffic.csv", "text/csv", &traffic(self.shown_model()))
            }
            Kept::Trace => {
                self.ask_past();
                self.saves_past = true;
                if let Some(sharing) = &mut self.sharing {
                    sharing.unsaved = None;
                }
                return;
            }
            // A live cluster has none.
            Kept::Scenario => false,
        };
        if let Some(sharing) = &mut self.sharing {
            sharing.unsaved = (!is_saved).then_some(REFUSED.into());
        }
    }

    fn share_link(&self) -> String {
        page::address_with(&Route::to(Place::Live, &self.link().to_string()).to_string())
    }

    pub(super) fn export_dialog(&self, ctx: &Context<Self>, view: &View) -> Html {
        let Some(sharing) = &self.sharing else { return Html::default() };
        let has_data = view.status.is_some();
        html! {
            <ExportDialog link={self.share_link()} has_picture={has_data && self.shown.is_drawn()} {has_data}
                is_current={view.is_current()} is_gathering={view.around.past.is_some()}
                unsaved={sharing.unsaved.clone()} copied={sharing.copied} on={ctx.link().callback(Msg::Share)} />
        }
    }
}

/// The members as a table, as they stood at the model's moment: the picture beside it is of that moment too.
fn members(model: &Model) -> String {
    csv::members(&knowledge::rows(&model.view.borrow(), model.now_ms()))
}

/// The traffic as a table, up to the model's moment.
fn traffic(model: &Model) -> String {
    let view = model.view.borrow();
    csv::traffic(view.rates.seconds(), view.rates.newest())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{own, reported, snapshot, status};
    use super::*;

    #[test]
    fn the_tables_are_of_the_moment_that_is_shown() {
        let mut view = View::default();
        let members_then = vec![own("a"), reported("b", 5, 1_000_000)];
        view.apply(snapshot(1_000_000, status("a", 5), members_then), 1_000);
        let shown = Model::of(view, 3_500, 3_500_000);
        let table = members(&shown);
        let of_b = table.lines().find(|line| line.starts_with("b,")).expect("it has a line");
        assert!(of_b.ends_with(",2500"), "as old as its report was then: {of_b}");
        assert!(traffic(&shown).starts_with("second,"));
    }
}
