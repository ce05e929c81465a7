//! What goes on in the Lab from one repaint of the display to the next: asking the worker for the time that is due, taking
//! in what it reports, painting. It decides nothing: what a report means is told in `intake`, what is painted in `scene`.

use super::pace::legible_speed;
use super::place::Lab;
use super::protocol::{self, Command, Frame, Report};
use super::stage::Light;
use super::state::View;
use super::theory_line;
use crate::float::pow;
use crate::glue::time::now_ms;
use std::rc::Rc;
use yew::prelude::*;

impl Lab {
    /// Asks for the time that is due, and paints. Returns whether there is something new to read.
    pub(super) fn on_frame(&mut self, ctx: &Context<Self>, at_ms: f64) -> bool {
        let started_ms = now_ms();
        if let Some(command) = self.next_command(at_ms) {
            self.send(vec![command]);
        }
        let view = Rc::clone(&self.view);
        let mut stage = std::mem::take(&mut self.stage);
        stage.paint(&view.borrow(), &self.frame, &self.light(ctx, &view.borrow()));
        view.borrow_mut().stride = stage.stride();
        self.stage = stage;
        self.meter.work(now_ms() - started_ms);
        self.meter.frame(at_ms);
        false
    }

    pub(super) fn light(&self, ctx: &Context<Self>, view: &View) -> Light<'_> {
        Light {
            shown_us: self.pace.shown_us(view.now_us, self.frame.next_us),
            is_dark: ctx.props().is_dark,
            still: self.still,
            hand: self.hand(view),
            theory: self.theory.as_deref(),
            band: self.band.as_deref(),
            revision: self.revision,
        }
    }

    fn next_command(&mut self, at_ms: f64) -> Option<Command> {
        let view = Rc::clone(&self.view);
        let speed = view.borrow().playing.then(|| pow(10.0, view.borrow().speed));
        let speed =
            speed.map(|speed| if view.borrow().legible { legible(speed, &self.frame) } else { speed });
        self.pace.frame(at_ms, speed);
        if self.waiting > 0 || self.seek() {
            return None;
        }
        let view = view.borrow();
        if self.lacks_text && !view.playing && view.goal_us.is_none() {
            // Time stands still: what was told last of the way there is not how things stand here.
            self.lacks_text = false;
            return Some(Command::Look(view.look()));
        }
        let to_us = match view.goal_us {
            Some(goal_us) => goal_us,
            None => self.pace.take(view.now_us)?,
        };
        let text = self.pace.wants_text(at_ms);
        self.asked_us = to_us.saturating_sub(view.now_us);
        let look = if text { view.look() } else { view.glance() };
        Some(Command::Advance { to_us, look })
    }

    pub(super) fn on_report(&mut self, ctx: &Context<Self>, bytes: &[u8]) -> bool {
        let started_ms = now_ms();
        self.waiting = self.waiting.saturating_sub(1);
        let news = match protocol::decode(bytes) {
            Ok(Report::Frame(frame)) => self.on_run(*frame),
            Ok(Report::NotStarted(why)) => {
                self.view.borrow_mut().refused = Some(why);
                true
            }
            Ok(Report::Opened { run, opened: Ok(facts) }) => {
                self.pace.restart();
                let commands = self.view.borrow_mut().take_opened(run, *facts);
                self.send(commands);
                true
            }
            Ok(Report::Opened { opened: Err(why), .. }) => {
                self.view.borrow_mut().not_opened = Some(why);
                true
            }
            Ok(Report::Record(record)) => {
                self.on_record(ctx, *record);
                true
            }
            // The Lab starts no spread experiment in its own worker.
            Ok(Report::Idle | Report::Retraced(_) | Report::Spread(_)) => false,
            Ok(Report::TraceHash { id, hash }) => {
                if let Some(hook) = &self.hook {
                    hook.answer(id, hash);
                }
                false
            }
            Err(why) => {
                self.failed = Some(format!("its report could not be read: {why}"));
                true
            }
        };
        // Who drags the slider wants to be elsewhere by now.
        if self.waiting == 0 {
            self.seek();
        }
        self.meter.work(now_ms() - started_ms);
        news
    }

    fn on_run(&mut self, mut frame: Frame) -> bool {
        let mut view = self.view.borrow_mut();
        if frame.run != view.run {
            return false;
        }
        if self.asked_us > 0 && view.playing {
            let passed_us = frame.now_us.saturating_sub(view.now_us);
            self.pace.note_reached((passed_us as f64 / self.asked_us as f64).min(1.0));
        }
        self.meter.tick(f64::from(frame.took_us) / 1_000.0);
        let was = (view.spread.up, view.spread.has_cuts(), view.run);
        self.lacks_text = frame.text.is_none();
        let mut news = view.take(&mut frame);
        // A step that is over says so at once.
        news |= view.goal_us.is_none() && !view.playing;
        if (view.spread.up, view.spread.has_cuts(), view.run) != was || news {
            self.theory = view.scenario.as_ref().and_then(|scenario| {
                let is_cut = view.spread.has_cuts();
                let line = theory_line::line(view.spread.up, &scenario.tuning, &scenario.network, is_cut);
                line.map(Rc::new)
            });
        }
        self.frame = frame;
        if news {
            self.revision += 1;
        }
        news
    }
}

/// The speed at which what is under way can be seen to travel.
fn legible(speed: f64, frame: &Frame) -> f64 {
    let under_way = frame.flights.iter().filter(|flight| {
        flight.payload && flight.sent_us.saturating_add(u64::from(flight.travels_us)) > frame.now_us
    });
    let shortest_us = under_way.map(|flight| flight.travels_us).min();
    shortest_us.map_or(speed, |travels_us| legible_speed(speed, travels_us))
}
