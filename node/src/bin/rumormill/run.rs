//! `rumormill run`: one node, until a signal or a command makes it leave.

use crate::args::RunArgs;
use crate::{signals, start};
use rumormill_node::Node;
use tokio::io::AsyncReadExt;
use tracing::info;

pub(crate) async fn run(args: RunArgs) -> anyhow::Result<()> {
    let mut builder = Node::builder().cluster(args.cluster).listen(args.listen).tuning(args.tuning.tuning());
    if let Some(name) = args.name {
        builder = builder.name(name);
    }
    if let Some(advertise) = args.advertise {
        builder = builder.advertise(advertise);
    }
    for url in args.join {
        builder = builder.join(url);
    }
    let node = builder.start().await.map_err(start::explain)?;
    info!(node = %node.id(), url = node.url(), gossip = %node.address(), pid = std::process::id(), "started");
    tokio::select! {
        () = signals::end() => {
            info!("told to stop; leaving the cluster");
            node.leave().await?;
        }
        () = stdin_ended(args.until_stdin_ends) => info!("the program that started this node is gone"),
        () = node.left() => {}
    }
    node.shutdown().await;
    info!("stopped");
    Ok(())
}

async fn stdin_ended(wanted: bool) {
    if !wanted {
        std::future::pending::<()>().await;
    }
    let mut scratch = [0; 256];
    let mut stdin = tokio::io::stdin();
    while stdin.read(&mut scratch).await.is_ok_and(|read| read > 0) {}
}
