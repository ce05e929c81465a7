//! The command line as data. It checks what can be checked without doing
//! anything; clap prints what is wrong and exits with 2.

use crate::config::Allowed;
use crate::scenarios::Scenario;
use crate::usage::Usage;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use rumormill_core::{Duration, Mode, Strategy, Tuning};
use rumormill_node::builder::DEFAULT_LISTEN;
use rumormill_node::maelstrom::Workload;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Most nodes of one demo: each has a port and a handful of connections.
const DEMO_NODES_MAX: u16 = 1_000;

#[derive(Debug, Parser)]
#[command(
    name = "rumormill",
    version,
    about = "Gossip that you can see: nodes that share state over WebSockets, with a dashboard",
    after_help = "Start with `rumormill demo`: five nodes on this machine and the dashboard's address.",
    max_term_width = 100
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct LogArgs {
    /// What to log to stderr: off, error, warn, info, debug, trace, or a list like
    /// rumormill_node=debug,warn
    /// [default: RUST_LOG, else warn for demos and info for `run`]
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
    /// How to log [default: text]
    #[arg(long, global = true, value_enum)]
    pub(crate) log_format: Option<LogFormat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a cluster of real nodes on this machine, with the dashboard
    Demo(DemoArgs),
    /// Run one node until it is told to stop
    Run(RunArgs),
    /// Simulate a cluster, without any network
    Sim(SimArgs),
    /// Measure real nodes on this machine
    Bench(BenchArgs),
    /// Be a node of Maelstrom's test bench, on stdin and stdout
    Maelstrom(MaelstromArgs),
    #[command(flatten)]
    Ask(Ask),
    /// Print a script that completes commands and flags in a shell
    Completions(CompletionsArgs),
    /// Print a manual page, of the program or of one of its commands
    Man(ManArgs),
}

#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "\
Examples:
  maelstrom test -w broadcast --bin maelstrom-node --node-count 25 --rate 100 --latency 100 --time-limit 20
where maelstrom-node is a script: exec rumormill maelstrom")]
pub(crate) struct MaelstromArgs {
    /// What is tested: broadcast, g-set, g-counter or pn-counter. Needed for g-set only: an empty set and an
    /// untouched counter are asked for alike [default: found out]
    #[arg(long)]
    pub(crate) workload: Option<Workload>,
    #[command(flatten)]
    pub(crate) tuning: TuningArgs,
}

#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "\
Examples:
  source <(rumormill completions bash)
  rumormill completions fish > ~/.config/fish/completions/rumormill.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "\
Examples:
  rumormill man | man -l -
  rumormill man run > /usr/local/share/man/man1/rumormill-run.1")]
pub(crate) struct ManArgs {
    /// The command [default: the program itself]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "\
Examples:
  rumormill demo
  rumormill demo --scenario counter
  rumormill demo --nodes 20 --strategy plumtree --no-open
  rumormill demo --processes")]
pub(crate) struct DemoArgs {
    /// How many nodes
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=i64::from(DEMO_NODES_MAX)))]
    pub(crate) nodes: u16,
    /// Where the first node listens; the others take the ports after it
    #[arg(long, default_value = DEFAULT_LISTEN)]
    pub(crate) listen: SocketAddr,
    /// What happens in it [default: nothing but what you do]
    #[arg(long, value_enum, conflicts_with = "manual")]
    pub(crate) scenario: Option<Scenario>,
    /// Make each node a process of its own
    #[arg(long)]
    pub(crate) processes: bool,
    /// Do not open the dashboard in a browser
    #[arg(long)]
    pub(crate) no_open: bool,
    /// The simplest form: fixed nodes, one string, and a send to one random peer each time you press Enter
    #[arg(long, conflicts_with_all = ["processes", "no_open"])]
    pub(crate) manual: bool,
    #[command(flatten)]
    pub(crate) tuning: TuningArgs,
}

#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "\
Values come from the file, then variables RUMORMILL_* (RUMORMILL_INTERVAL_MS for --interval-ms), then flags, each over
the one before. SIGHUP reads them again; SIGTERM leaves the cluster and ends.

Examples:
  rumormill run
  rumormill run --name b --listen 127.0.0.1:7702 --join http://127.0.0.1:7700
  rumormill run --config node.yaml --print-config
  RUMORMILL_LOG=debug rumormill run --listen 0.0.0.0:7700 --advertise http://10.0.0.1:7700")]
pub(crate) struct RunArgs {
    /// A file in YAML, TOML or JSON, by the end of its name; or a plain list of nodes to join
    #[arg(long, value_name = "FILE", env = "RUMORMILL_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The node's name, unique in its cluster [default: the machine's name and the port]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Address and port for everything: gossip, API, dashboard [default: 127.0.0.1:7700]
    #[arg(long)]
    pub(crate) listen: Option<String>,
    /// URL at which other nodes reach this one, if not where it listens
    #[arg(long, value_name = "URL")]
    pub(crate) advertise: Option<String>,
    /// A node to join through; may be given several times. A name may stand for several nodes
    #[arg(long, value_name = "URL")]
    pub(crate) join: Vec<String>,
    /// A file that holds a list of nodes to join through, in JSON or YAML
    #[arg(long, value_name = "FILE")]
    pub(crate) join_file: Option<PathBuf>,
    /// The cluster's name; nodes of other clusters are refused [default: rumormill]
    #[arg(long)]
    pub(crate) cluster: Option<String>,
    /// How long the goodbye may take when the node is told to stop, in milliseconds [default: 5000]
    #[arg(long, value_name = "MS", value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub(crate) leave_timeout_ms: Option<u64>,
    #[command(flatten)]
    pub(crate) tuning: TuningArgs,
    /// Print the configuration with the origin of each value, and end
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Print the configuration as JSON
    #[arg(long, requires = "print_config")]
    pub(crate) json: bool,
    /// End when stdin does: how a node started by another program ends with it
    #[arg(long, hide = true)]
    pub(crate) until_stdin_ends: bool,
    /// What was said of the log, which holds for all commands.
    #[arg(skip)]
    pub(crate) log: LogArgs,
}

#[derive(Debug, Clone, Default, ClapArgs)]
#[command(next_help_heading = "Tuning")]
pub(crate) struct TuningArgs {
    /// How news spreads: random, tree, hybrid or plumtree [default: hybrid]
    #[arg(long)]
    pub(crate) strategy: Option<Strategy>,
    /// Who gives in a random exchange: push, pull or push-pull [default: push-pull]
    #[arg(long)]
    pub(crate) mode: Option<Mode>,
    /// Members asked each interval [default: 1]
    #[arg(long, value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub(crate) fanout: Option<u32>,
    /// Children per node of the tree [default: 2]
    #[arg(long, value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub(crate) arity: Option<u32>,
    /// Time between rounds in milliseconds [default: 1000]
    #[arg(long, value_name = "MS", value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub(crate) interval_ms: Option<u64>,
    /// How long a member has to answer, directly or through others, before it is suspected, in milliseconds
    /// [default: 1000]
    #[arg(long, value_name = "MS", value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub(crate) probe_ms: Option<u64>,
    /// What a node may send: unlimited, or JSON like {"bucket": {"capacity": 256, "refill_per_s": 128, "reserve": 32}}
    #[arg(long)]
    pub(crate) limiter: Option<String>,
}

impl TuningArgs {
    /// The default tuning with what was given on top. Its limits are checked where it is used.
    ///
    /// # Errors
    /// When the limiter is none.
    pub(crate) fn tuning(&self) -> anyhow::Result<Tuning> {
        self.tuning_over(Tuning::default())
    }

    /// This tuning with what was given on top.
    ///
    /// # Errors
    /// When the limiter is none.
    pub(crate) fn tuning_over(&self, mut tuning: Tuning) -> anyhow::Result<Tuning> {
        tuning.strategy = self.strategy.unwrap_or(tuning.strategy);
        tuning.mode = self.mode.unwrap_or(tuning.mode);
        tuning.fanout = self.fanout.unwrap_or(tuning.fanout);
        tuning.arity = self.arity.unwrap_or(tuning.arity);
        if let Some(ms) = self.interval_ms {
            tuning.interval_us = Duration::from_millis(ms);
        }
        if let Some(ms) = self.probe_ms {
            tuning.probe_us = Duration::from_millis(ms);
        }
        if let Some(text) = &self.limiter {
            let allowed = Allowed::Field("limiter".to_owned());
            let value = text.as_str().into();
            allowed.check(&value).map_err(|why| Usage::error(format!("--limiter {text}: {why}")))?;
            tuning.limiter = serde_json::from_value(allowed.as_field(&value))?;
        }
        Ok(tuning)
    }
}

/// A question to a running node.
#[derive(Debug, Subcommand)]
pub(crate) enum Ask {
    /// Show a node as it sees itself
    Status(Target),
    /// List the members that a node knows
    Members(Target),
    /// List keys and counters
    Keys {
        /// Only keys that start with this
        #[arg(default_value = "")]
        prefix: String,
        #[command(flatten)]
        target: Target,
    },
    /// Show the value of a key
    Get {
        /// The key
        key: String,
        #[command(flatten)]
        target: Target,
    },
    /// Set a key; it spreads to every node
    #[command(
        after_help = "Examples:\n  rumormill set app/mode dark\n  rumormill set app/limits '{\"max\": 5}' --value-json"
    )]
    Set {
        /// The key
        key: String,
        /// Its new value: text, unless --value-json is given
        value: String,
        /// The value is JSON
        #[arg(long)]
        value_json: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Delete a key; what was written without having seen this stays
    #[command(after_help = "Examples:\n  rumormill del app/mode")]
    Del {
        /// The key
        key: String,
        #[command(flatten)]
        target: Target,
    },
    /// Add to a counter
    #[command(after_help = "Examples:\n  rumormill incr hits\n  rumormill incr stock -3 --json")]
    Incr {
        /// The counter
        counter: String,
        /// How much; a negative number subtracts
        #[arg(default_value_t = 1, value_parser = integer, allow_negative_numbers = true)]
        by: i64,
        #[command(flatten)]
        target: Target,
    },
    /// Follow changes as they arrive, until stopped
    #[command(after_help = "Examples:\n  rumormill watch\n  rumormill watch app/ --json | jq .entry.value")]
    Watch {
        /// Only keys that start with this
        #[arg(default_value = "")]
        prefix: String,
        #[command(flatten)]
        target: Target,
    },
    /// Make a node leave its cluster, with a goodbye
    Leave(Target),
    /// Make a node join another node's cluster
    Join {
        /// The node to join through
        other: String,
        #[command(flatten)]
        target: Target,
    },
}

/// The node that is asked.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Target {
    /// The node's URL
    #[arg(long, default_value = "http://127.0.0.1:7700", env = "RUMORMILL_URL")]
    pub(crate) url: String,
    /// A token to send along, for a proxy before the node; nodes themselves look at none
    #[arg(long, env = "RUMORMILL_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Print JSON: one value, or one per line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SimArgs {
    #[command(subcommand)]
    pub(crate) command: Sim,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sim {
    /// Measure how one change on one node spreads over a quiet cluster
    Spread(SpreadArgs),
    /// Run a scenario under every checker, over one seed or many
    #[command(after_help = "Examples:\n  rumormill sim run split.yaml --seeds 0..1000")]
    Run(crate::sim::RunArgs),
    /// Run random scenarios under every checker until a property does not hold
    #[command(
        after_help = "Examples:\n  rumormill sim swarm --minutes 10\n  rumormill sim swarm --seeds 0..1000"
    )]
    Swarm(crate::sim::SwarmArgs),
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct SpreadArgs {
    /// How many nodes
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=i64::from(rumormill_sim::scenario::NODES_MAX)))]
    pub(crate) nodes: u32,
    /// How news spreads: random, tree, hybrid or plumtree
    #[arg(long, default_value_t = Strategy::default())]
    pub(crate) strategy: Strategy,
    /// Who gives in a random exchange: push, pull or push-pull
    #[arg(long, default_value_t = Mode::default())]
    pub(crate) mode: Mode,
    /// Members asked each interval
    #[arg(long, default_value_t = 1)]
    pub(crate) fanout: u32,
    /// Children per node of the tree
    #[arg(long, default_value_t = 2)]
    pub(crate) arity: u32,
    /// Share of messages lost, 0 to 1
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub(crate) loss: f64,
    /// Time that a message takes, in milliseconds
    #[arg(long, default_value_t = 10)]
    pub(crate) latency_ms: u64,
    /// Time between rounds, in milliseconds
    #[arg(long, default_value_t = 1_000)]
    pub(crate) interval_ms: u64,
    /// Seed of the first run; the runs after it take the seeds after it
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many runs
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) runs: u32,
    /// Print one line of JSON per run
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) command: Bench,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Measure how long changes take to reach every node, and what that and being idle costs
    Spread(BenchSpreadArgs),
}

#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "\
Examples:
  rumormill bench spread --nodes 100 --updates 200
  rumormill bench spread --nodes 100 --processes --json | tail -1")]
pub(crate) struct BenchSpreadArgs {
    /// How many nodes
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=5_000))]
    pub(crate) nodes: u16,
    /// Make each node a process of its own
    #[arg(long)]
    pub(crate) processes: bool,
    /// Let all nodes write to one key, not each to its own: a key carries who wrote there before, which then is everyone
    #[arg(long)]
    pub(crate) one_key: bool,
    /// How many changes, one after another, each on a node chosen at random
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) updates: u32,
    /// Time between a change that has arrived and the next, in milliseconds
    #[arg(long, default_value_t = 50)]
    pub(crate) pause_ms: u64,
    /// How long to measure what the nodes do when idle, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) idle_s: u64,
    /// Chooses the nodes that write
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Address of all nodes, and the first port of those that are processes
    #[arg(long, default_value = "127.0.0.1:7800")]
    pub(crate) listen: SocketAddr,
    /// Print one line of JSON per change, and one with the figures
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) tuning: TuningArgs,
}

fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "must be a whole number".to_owned())
}

fn integer(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "must be a whole number, like 3 or -3".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("must be a number from 0 to 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn flags_stand_over_defaults() {
        let args = TuningArgs { interval_ms: Some(5_000), probe_ms: Some(300), ..TuningArgs::default() };
        let tuning = args.tuning().expect("no limiter was given");
        assert_eq!(tuning.interval_us, Duration::from_secs(5));
        assert_eq!(tuning.probe_us, Duration::from_millis(300));
        assert!(tuning.check().is_ok());
    }
}
