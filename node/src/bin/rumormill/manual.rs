//! t
use crate::args::DemoArgs;
pub(crate) async fn run(_: DemoArgs) -> anyhow::Result<()> {
    anyhow::bail!("not built")
}
