//! What `sim run` and `sim swarm` take.

use clap::Args;
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The scenario, as YAML or JSON
    pub(crate) scenario: PathBuf,
    /// Which seeds, from A up to but not B [default: the scenario's own]
    #[arg(long, value_name = "A..B")]
    pub(crate) seeds: Option<Seeds>,
    /// Write the whole trace of the run here, as lines of JSON, however long: the dashboard's Replay opens it up to 64 MB,
    /// and reads its first 300,000 events
    #[arg(long, value_name = "FILE", conflicts_with = "seeds")]
    pub(crate) trace: Option<PathBuf>,
    /// Print one value of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SwarmArgs {
    /// For how long [default: until all seeds are run, or a property does not hold]
    #[arg(long, value_parser = minutes, required_unless_present = "seeds")]
    pub(crate) minutes: Option<f64>,
    /// Which seeds, from A up to but not B [default: new ones each time]
    #[arg(long, value_name = "A..B")]
    pub(crate) seeds: Option<Seeds>,
    /// Print one value of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Seeds from the first up to, and not including, the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seeds {
    pub(crate) first: u64,
    pub(crate) end: u64,
}

impl FromStr for Seeds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seeds = text
            .split_once("..")
            .and_then(|(first, end)| Some(Self { first: first.parse().ok()?, end: end.parse().ok()? }));
        seeds
            .filter(|seeds| seeds.first < seeds.end)
            .ok_or("must be two numbers like 0..100, the first one less")
    }
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(minutes) if minutes > 0.0 && minutes <= 100_000.0 => Ok(minutes),
        _ => Err("must be a number of minutes above 0, at most 100000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_two_numbers_in_order() {
        assert_eq!("3..10".parse(), Ok(Seeds { first: 3, end: 10 }));
        for wrong in ["3", "10..3", "3..3", "a..b", "-1..2", ""] {
            assert!(wrong.parse::<Seeds>().is_err(), "{wrong}");
        }
    }
}
