//! A run as a link: `#/lab?v=1&run=…&acts=…&t=…`. The setup and what was done are packed apart, so that a link with a
//! damaged end still opens the cluster and says what is lost. Pure.

use super::packed::{pack, unpack};
use crate::lab::{presets, protocol::Deed, setup::Setup};
use rumormill_sim::scenario::ACTS_MAX;
use serde::{Deserialize, Serialize};

/// The version of the format. Whatever changes the bytes of a [`Recipe`] or a [`Deed`] makes another one: the test with a
/// link of old says so.
pub const VERSION: u32 = 1;

/// Longer links are cut by too many programs: mail and chat break lines, servers refuse headers of 8 kB. A guess.
pub const LINK_CHARS_MAX: usize = 8_000;

/// Most bytes of a setup and of what was done, unpacked.
const RECIPE_BYTES_MAX: usize = 16_000;
const ACTS_BYTES_MAX: usize = 1_000_000;

/// The latest moment that a link leads to: whoever opens it waits until it is played that far.
const AT_US_MAX: u64 = 3_600_000_000;

/// What of the query is the link's.
const NAMES: [&str; 4] = ["v=", "run=", "acts=", "t="];

/// How a run begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The setup at its start.
    pub setup: Setup,
    /// The preset that the setup began as; empty for none.
    pub preset: String,
    /// Of what the cluster is a model, if it is one.
    pub model_of: Option<String>,
}

/// A run, and a moment of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// How it begins.
    pub recipe: Recipe,
    /// What is done when, in microseconds from the start.
    pub acts: Vec<(u64, Deed)>,
    /// The moment, in microseconds.
    pub at_us: u64,
}

/// A link that could be opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The run.
    pub shared: Shared,
    /// What of it could not be read, in words; empty if nothing.
    pub lost: String,
}

/// Writes a run into the query of an address.
pub fn write(shared: &Shared) -> String {
    let Shared { recipe, acts, at_us } = shared;
    format!("v={VERSION}&run={}&acts={}&t={at_us}", pack(recipe), pack(acts))
}

/// The query without what is the link's.
pub fn without(query: &str) -> String {
    let is_other = |pair: &&str| !NAMES.iter().any(|name| pair.starts_with(name));
    query.split('&').filter(is_other).collect::<Vec<_>>().join("&")
}

/// The part of a query that is the link's; empty if it holds no run.
pub fn part(query: &str) -> String {
    let is_own = |pair: &&str| NAMES.iter().any(|name| pair.starts_with(name));
    let own: Vec<&str> = query.split('&').filter(is_own).collect();
    if own.iter().any(|pair| pair.starts_with("run=")) { own.join("&") } else { String::new() }
}

/// Reads the run in a query; none if there is none. The error says what is wrong and what to do.
pub fn read(query: &str) -> Option<Result<Opened, String>> {
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name));
    let run = value("run=")?;
    let version = value("v=").unwrap_or_default();
    if version != VERSION.to_string() {
        let version = if version.is_empty() { "no version" } else { &format!("version {version}") };
        return Some(Err(format!(
            "It is of {version}, and this page reads version {VERSION}. Load the page again in case there is a newer one, \
             or open the link where it was made. What was here is still here."
        )));
    }
    Some(opened(run, value("acts="), value("t=")))
}

fn opened(run: &str, acts: Option<&str>, at_us: Option<&str>) -> Result<Opened, String> {
    let recipe: Recipe = unpack(run, RECIPE_BYTES_MAX).ok_or(
        "The part that holds the setup is damaged: characters are missing or were changed on the way. Ask for the link \
         again and copy all of it. What was here is still here.",
    )?;
    recipe.setup.scenario().map_err(|errors| {
        let errors: Vec<String> = errors.into_values().collect();
        format!("Its setup cannot run: {} What was here is still here.", errors.join(" "))
    })?;
    let mut lost = Vec::new();
    let read: Option<Vec<(u64, Deed)>> = acts.and_then(|acts| unpack(acts, ACTS_BYTES_MAX));
    let read = read.filter(|acts| acts.len() <= ACTS_MAX);
    if read.is_none() {
        lost.push(
            "What was done in the run is damaged or cut off: this is its cluster, and nothing is done to it.",
        );
    }
    let read_at_us = at_us.and_then(|text| text.parse().ok()).filter(|at_us| *at_us <= AT_US_MAX);
    if read_at_us.is_none() {
        lost.push("The moment is missing: it stands at its start.");
    }
    // Without what was done, the moment is another one than what was shared.
    let at_us = if read.is_some() { read_at_us.unwrap_or(0) } else { 0 };
    let shared = Shared { recipe, acts: read.unwrap_or_default(), at_us };
    Ok(Opened { shared, lost: lost.join(" ") })
}

impl Recipe {
    /// The preset, if it is one of this page's.
    pub fn known_preset(&self) -> &'static str {
        presets::find(&self.preset).map_or("", |preset| preset.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::setup::Field;
    use rumormill_sim::Network;

    fn shared() -> Shared {
        let preset = presets::find("partition").expect("it is there");
        let recipe = Recipe { setup: preset.setup, preset: preset.name.into(), model_of: None };
        // Every setting that a run can change is in it: a link of old must hold them, whatever the defaults are now.
        let tuned = vec![(9_700_000, Deed::Tune(recipe.setup.scenario().expect("it is valid").tuning))];
        let network = vec![(9_700_000, Deed::Network(Network::default()))];
        let by_hand = vec![(9_500_000, Deed::Crash(3)), (9_600_000, Deed::Cut(vec![3, 7]))];
        let acts = [preset.script, by_hand, tuned, network].concat();
        Shared { recipe, acts, at_us: 9_700_000 }
    }

    fn lost(query: &str) -> String {
        match read(query) {
            Some(Ok(opened)) => opened.lost,
            other => panic!("{query}: {other:?}"),
        }
    }

    fn refused(query: &str) -> String {
        match read(query) {
            Some(Err(why)) => why,
            other => panic!("{query}: {other:?}"),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let query = write(&shared());
        assert!(query.len() < 900, "{} characters", query.len());
        let looked = format!("{query}&view=grid&sel=3");
        assert_eq!(read(&looked), Some(Ok(Opened { shared: shared(), lost: String::new() })));
        assert_eq!((without(&looked).as_str(), part(&looked)), ("view=grid&sel=3", query));
        assert_eq!((read("view=grid"), part("view=grid&t=3")), (None, String::new()));
    }

    #[test]
    fn a_link_of_old_still_opens() {
        let opened = read(OLD).expect("it holds a run").expect("it opens");
        assert_eq!(opened.lost, "", "if the bytes changed, VERSION must: {}", write(&shared()));
        assert_eq!(opened.shared.recipe, shared().recipe);
        assert_eq!(opened.shared.acts.len(), shared().acts.len());
        assert_eq!(opened.shared.acts[..8], shared().acts[..8]);
    }

    #[test]
    fn a_damaged_end_opens_the_cluster_and_says_what_is_lost() {
        let query = write(&shared());
        let cut = query.find("&t=").expect("it has a moment") - 5;
        assert!(lost(&query[..cut]).contains("What was done"));
        assert!(lost(&query[..cut]).contains("moment is missing"));
        assert!(lost(&query.replace("&t=9700000", "")).starts_with("The moment is missing"));
        assert!(lost(&query.replace("t=9700000", "t=soon")).starts_with("The moment is missing"));
        assert!(lost(&query.replace("t=9700000", "t=99999999999999")).starts_with("The moment"));
    }

    #[test]
    fn what_cannot_be_opened_is_explained() {
        let query = write(&shared());
        assert!(refused(&query.replace("v=1", "v=9")).contains("of version 9"));
        assert!(refused(&query.replace("v=1&", "")).contains("no version"));
        assert!(refused(&query.replace("&acts", "x&acts")).contains("damaged"));
        assert!(refused("v=1&run=").contains("damaged"));
        let mut broken = shared();
        broken.recipe.setup = broken.recipe.setup.with(Field::Nodes, "90000");
        assert!(refused(&write(&broken)).contains("1 to 1,000 nodes"));
    }

    /// Made when the format was made.
    const OLD: &str = "v=1&run=u1Xk0jYAAADwJwICAAEJAAI0MAEBMQIBMgMEMTAwMAQDMjU2BQMxMjgGATAHAzEwMAgCNDIJcGFydGl0aW9uAA&acts=\
        z8rpQZ0AAADyLgrgxlsMFBQVFhcYGRobHB0eHyAhIiMkJSYngIl6AAMFY29sb3IDcmVkwKOGAQIDBnZpc2l0cwKgy5gBAB4eALQE\
        Ymx1ZeDlpAECHh8A8DjAqKUEEODqwwQEA4D4yQQMAgMHoIXQBBECAgHAhD0KAgEBgAKAASDAhD0DBAYIgMDd7sECgK3iBECghdAE\
        EgGIJ5h1AAAAAA&t=9700000";
}
