//! The Sweep: the Lab's setup again and again with other seeds, in workers of its own, behind what is in sight. It tells
//! how lucky the run in sight is: a band for the coverage chart, the unluckiest seed, and a map of fanout against loss.
//! What is run, what is made of it, all pure; then the component.

pub mod plan;
pub mod band;
pub mod map;
pub mod state;
pub mod large;
pub mod panel;

pub use band::Band;
pub use panel::{Sweep, SweepProps};
pub use plan::{Opening, Plan};
