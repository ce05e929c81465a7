//! t
use crate::args::SimArgs;
pub(crate) fn run(_: SimArgs) -> anyhow::Result<()> {
    anyhow::bail!("not built")
}
