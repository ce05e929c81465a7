//! What another place hands to the Lab to be simulated: a setup, what is done at its start, and where it comes from.
//! Only data; the Lab takes it as it takes a preset.

use super::{protocol::Deed, setup::Setup};
use serde::{Deserialize, Serialize};

/// A cluster to be simulated that is like one elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// The setup.
    pub setup: Setup,
    /// What is done when, in microseconds from the start.
    pub script: Vec<(u64, Deed)>,
    /// Of what it is a model, and what is left out.
    pub words: String,
}
