//! A run as a link: `#/lab?v=1&run=…&acts=…&t=…`. The setup and what was done are packed apart, so that a link with a
//! damaged end still opens the cluster and says what is lost. Pure.

use super::packed::{pack, unpack};
use crate::lab::setup::{Setup, group};
use crate::lab::{presets, protocol::Deed, standing::seconds};
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
pub const AT_US_MAX: u64 = 3_600_000_000;

/// How a link begins in a file.
const IN_FILE: &str = "#/lab?";

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

/// Writes a run into the query of an address. The error says why no link holds it: what is written is what [`read`] opens
/// whole.
pub fn write(shared: &Shared) -> Result<String, String> {
    let Shared { recipe, acts, at_us } = shared;
    if *at_us > AT_US_MAX {
        return Err(format!(
            "It stands at {}, and a link leads to {} at most: whoever opens it waits until it is played that far.",
            seconds(*at_us),
            seconds(AT_US_MAX)
        ));
    }
    if acts.len() > ACTS_MAX {
        return Err(format!(
            "{} things are done in it, and a link holds {} at most.",
            group(acts.len() as u64),
            group(ACTS_MAX as u64)
        ));
    }
    let run = pack(recipe, RECIPE_BYTES_MAX)
        .ok_or("Its setup is longer than a link holds: shorten what is typed into its fields.")?;
    let acts = pack(acts, ACTS_BYTES_MAX).ok_or_else(|| {
        format!(
            "What is done in it takes more than the {} bytes that a link holds.",
            group(ACTS_BYTES_MAX as u64)
        )
    })?;
    Ok(format!("v={VERSION}&run={run}&acts={acts}&t={at_us}"))
}

/// The query without what is the link's.
pub fn without(query: &str) -> String {
    let is_other = |pair: &&str| !NAMES.iter().any(|name| pair.starts_with(name));
    query.split('&').filter(is_other).collect::<Vec<_>>().join("&")
}

/// The part of a query that is the link's; empty if there is none.
pub fn part(query: &str) -> String {
    let is_own = |pair: &&str| NAMES.iter().any(|name| pair.starts_with(name));
    query.split('&').filter(is_own).collect::<Vec<_>>().join("&")
}

/// The link to a run in a scenario file that the Lab saved, as the address's query: it stands in a comment before the
/// scenario. None in any other file.
pub fn in_file(bytes: &[u8]) -> Option<&str> {
    let comments = bytes.split(|byte| *byte == b'\n').take_while(|line| line.starts_with(b"#"));
    let mut comments = comments.filter_map(|line| std::str::from_utf8(line).ok());
    comments.find_map(|line| line.split_once(IN_FILE).map(|(_, query)| query.trim_end()))
}

/// Reads the run in a query; none if there is none. The error says what is wrong and what to do.
pub fn read(query: &str) -> Option<Result<Opened, String>> {
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name));
    let Some(run) = value("run=") else {
        let is_rest = !part(query).is_empty();
        return is_rest.then(|| {
            Err("The part that holds the cluster is missing: it was cut out on the way. Ask for the link again and copy \
                 all of it. What was here is still here."
                .to_owned())
        });
    };
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
    let read_at_us: Option<u64> = at_us.and_then(|text| text.parse().ok());
    if read_at_us.is_none() {
        lost.push("The moment is missing: it stands at its start.");
    }
    let read_at_us = read_at_us.filter(|at_us| *at_us <= AT_US_MAX);
    if read_at_us.is_none() && lost.is_empty() {
        lost.push("Its moment is later than a link leads to, which is after an hour of the run: it stands at its start.");
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
    use rumormill_core::{Duration, LimiterConfig, Mode, Strategy, Tuning};
    use rumormill_sim::{Latency, Network};

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

    fn written(shared: &Shared) -> String {
        write(shared).expect("a link holds it")
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
    fn a_link_in_a_file_is_found_in_the_comments_before_the_scenario_only() {
        let file = "# A run of the Lab.\n# Drop it: #/lab?v=1&run=x&t=5\r\nnodes: 5\n";
        assert_eq!(in_file(file.as_bytes()), Some("v=1&run=x&t=5"));
        for other in
            ["", "nodes: 5\n# #/lab?v=1", "{\"at\":1,\"node\":\"#/lab?\"}", "# a comment\n", "#\u{fffd}"]
        {
            assert_eq!(in_file(other.as_bytes()), None, "{other}");
        }
        assert_eq!(in_file(b"# \xff\n# #/lab?run=y"), Some("run=y"));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let query = written(&shared());
        assert!(query.len() < 900, "{} characters", query.len());
        let looked = format!("{query}&view=grid&sel=3");
        assert_eq!(read(&looked), Some(Ok(Opened { shared: shared(), lost: String::new() })));
        assert_eq!((without(&looked).as_str(), part(&looked)), ("view=grid&sel=3", query));
        assert_eq!((read("view=grid"), part("view=grid")), (None, String::new()));
    }

    #[test]
    fn what_is_left_of_a_link_without_its_run_is_no_link_and_no_silence() {
        let query = written(&shared());
        let rest: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("run=")).collect();
        let why = read(&rest.join("&")).expect("something is left").expect_err("not enough");
        assert!(why.contains("missing") && why.contains("Ask for the link again"), "{why}");
    }

    #[test]
    fn a_link_of_old_still_opens() {
        let opened = read(OLD).expect("it holds a run").expect("it opens");
        assert_eq!(opened.lost, "", "if the bytes changed, VERSION must: {}", written(&shared()));
        assert_eq!(opened.shared.recipe, shared().recipe);
        assert_eq!(opened.shared.acts[..8], shared().acts[..8]);
        // As they were when the link was made, whatever the defaults are now.
        let tuning = Tuning {
            strategy: Strategy::Hybrid,
            mode: Mode::PushPull,
            fanout: 1,
            interval_us: Duration::from_secs(1),
            jitter_percent: 10,
            arity: 2,
            cycles: true,
            limiter: LimiterConfig::Bucket { capacity: 256, refill_per_s: 128, reserve: 32 },
            probe_us: Duration::from_secs(1),
            indirect_probes: 3,
            suspicion_mult: 4,
            suspicion_max_mult: 6,
            local_health_max: 8,
            forget_us: Duration::from_secs(86_400),
            link_idle_us: Duration::from_secs(10),
            links_max: 64,
        };
        let network = Network {
            latency: Latency::Uniform { min_us: Duration::from_millis(5), max_us: Duration::from_millis(15) },
            loss_ppm: 0,
            duplicate_ppm: 0,
            reorder_ppm: 0,
            bandwidth_bytes_per_s: 0,
        };
        let tuned = [(9_700_000, Deed::Tune(tuning)), (9_700_000, Deed::Network(network))];
        assert_eq!(opened.shared.acts[8..], tuned);
        assert_eq!(written(&opened.shared), OLD, "nothing of it is lost on the way");
    }

    #[test]
    fn what_is_at_the_limits_opens_whole_and_what_is_beyond_is_not_written() {
        let mut most = shared();
        most.at_us = AT_US_MAX;
        most.acts = vec![(9_500_000, Deed::Crash(3)); ACTS_MAX];
        let opened = Opened { shared: most.clone(), lost: String::new() };
        assert_eq!(read(&written(&most)), Some(Ok(opened)));
        let refusal = |shared: &Shared| write(shared).expect_err("it is beyond");
        assert!(
            refusal(&Shared { at_us: AT_US_MAX + 1, ..most.clone() }).contains("waits until it is played")
        );
        most.acts.push((9_500_000, Deed::Heal));
        assert!(refusal(&most).starts_with("10,001 things"));
        // A cut of half of 1,000 nodes takes about 900 bytes.
        let cuts = |count| vec![(9_500_000, Deed::Cut((500..1_000).collect())); count];
        most.acts = cuts(900);
        assert!(
            write(&most)
                .is_ok_and(|query| read(&query).is_some_and(|read| read.is_ok_and(|it| it.lost.is_empty())))
        );
        most.acts = cuts(2_000);
        assert!(refusal(&most).contains("1,000,000 bytes"));
        most.acts.clear();
        most.recipe.model_of = Some("x".repeat(RECIPE_BYTES_MAX));
        assert!(refusal(&most).contains("setup is longer"));
    }

    #[test]
    fn a_damaged_end_opens_the_cluster_and_says_what_is_lost() {
        let query = written(&shared());
        let cut = query.find("&t=").expect("it has a moment") - 5;
        assert!(lost(&query[..cut]).contains("What was done"));
        assert!(lost(&query[..cut]).contains("moment is missing"));
        assert!(lost(&query.replace("&t=9700000", "")).starts_with("The moment is missing"));
        assert!(lost(&query.replace("t=9700000", "t=soon")).starts_with("The moment is missing"));
        assert!(lost(&query.replace("t=9700000", "t=99999999999999")).starts_with("Its moment is later"));
    }

    #[test]
    fn what_cannot_be_opened_is_explained() {
        let query = written(&shared());
        assert!(refused(&query.replace("v=1", "v=9")).contains("of version 9"));
        assert!(refused(&query.replace("v=1&", "")).contains("no version"));
        assert!(refused(&query.replace("&acts", "x&acts")).contains("damaged"));
        assert!(refused("v=1&run=").contains("damaged"));
        let mut broken = shared();
        broken.recipe.setup = broken.recipe.setup.with(Field::Nodes, "90000");
        assert!(refused(&written(&broken)).contains("1 to 1,000 nodes"));
    }

    /// Made when the format was made.
    const OLD: &str = "v=1&run=u1Xk0jYAAADwJwICAAEJAAI0MAEBMQIBMgMEMTAwMAQDMjU2BQMxMjgGATAHAzEwMAgCNDIJcGFydGl0aW9uAA&acts=\
        z8rpQZ0AAADyLgrgxlsMFBQVFhcYGRobHB0eHyAhIiMkJSYngIl6AAMFY29sb3IDcmVkwKOGAQIDBnZpc2l0cwKgy5gBAB4eALQE\
        Ymx1ZeDlpAECHh8A8DjAqKUEEODqwwQEA4D4yQQMAgMHoIXQBBECAgHAhD0KAgEBgAKAASDAhD0DBAYIgMDd7sECgK3iBECghdAE\
        EgGIJ5h1AAAAAA&t=9700000";
}
