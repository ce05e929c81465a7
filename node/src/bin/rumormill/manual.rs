//! `rumormill demo --manual`: the simplest form. A person presses Enter, and
//! one node sends to one other. Works the same with lines from a pipe.

use crate::args::DemoArgs;
use crate::demo::places;
use crate::{signals, start, table};
use anyhow::Context;
use rumormill_core::{Event, MessageKind, NodeId};
use rumormill_node::circle::{Circle, Exchange, Heard};
use std::io::{Write, stdout};
use tokio::io::{AsyncBufReadExt, BufReader};

const HELP: &str = "\
Enter        the next node in turn sends to one random other
text Enter   that node sets its string to the text first, then sends
q Enter      ends
";

pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let places = places(&args)?;
    let named = places.iter().map(|place| Ok((NodeId::new(&place.name)?, place.listen)));
    let named = named.collect::<anyhow::Result<Vec<_>>>()?;
    let mut circle = Circle::start(&named).await.map_err(start::explain)?;
    let rows: Vec<_> =
        circle.nodes().map(|(id, listen)| [id.to_string(), format!("ws://{listen}/gossip")]).collect();
    print!("{}", table::table(["NODE", "GOSSIP"], &rows));
    println!("\nEvery node holds one string, empty at first; nothing is sent until you say so.\n{HELP}");
    let outcome = tokio::select! {
        outcome = converse(&mut circle) => outcome,
        () = signals::end() => Ok(()),
    };
    circle.shutdown().await;
    outcome
}

async fn converse(circle: &mut Circle) -> anyhow::Result<()> {
    let names: Vec<NodeId> = circle.nodes().map(|(id, _)| id.clone()).collect();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    for turn in 0.. {
        let at = turn % names.len();
        print!("{}'s turn> ", names[at]);
        // The prompt is a courtesy; without it everything still works.
        let _ = stdout().flush();
        let Some(line) = lines.next_line().await.context("cannot read stdin")? else {
            println!();
            return Ok(());
        };
        let text = line.trim();
        if text == "q" {
            return Ok(());
        }
        if !text.is_empty() {
            match circle.set(at, text).await? {
                Ok(()) => println!("  {} sets its string to {text:?}", names[at]),
                Err(error) => println!("  {error}; nothing was set"),
            }
        }
        match circle.send(at).await? {
            Some(exchange) => print_exchange(&names[at], &exchange),
            None => println!("  {} is alone; there is nobody to send to", names[at]),
        }
        let values = circle.values().await?;
        let line: Vec<String> =
            names.iter().zip(values).map(|(name, value)| format!("{name} {value:?}")).collect();
        println!("  now: {}", line.join("  "));
    }
    Ok(())
}

fn print_exchange(from: &NodeId, exchange: &Exchange) {
    println!("  {from} sends to {}, chosen at random", exchange.peer);
    for step in &exchange.steps {
        if let Some(line) = in_words(step) {
            println!("    {line}");
        }
    }
    let sent = |wanted| {
        exchange.steps.iter().any(|step| matches!(step.event, Event::Sent { kind, .. } if kind == wanted))
    };
    if exchange.complete && sent(MessageKind::Digest) && !sent(MessageKind::Delta) {
        println!("    {} has all of that and more; {from} only gives, so it learns nothing", exchange.peer);
    }
    if !exchange.complete {
        println!("    the exchange did not come to its end; try again");
    }
}

fn in_words(Heard { node, event, value }: &Heard) -> Option<String> {
    Some(match event {
        Event::Sent { to: Some(to), kind, bytes, cause, .. } => {
            format!("{node} -> {to}  {kind}, {bytes} bytes, because {}", cause.as_str())
        }
        Event::Sent { to: None, bytes, .. } => format!("{node} greets on a new link, {bytes} bytes"),
        Event::Received { from, kind, news: true, .. } if kind.is_payload() => {
            format!("{node} merges what {from} sent: its string is {value:?} now")
        }
        Event::Received { from, kind, .. } if kind.is_payload() => {
            format!("{node} merges what {from} sent: it knew all of it")
        }
        Event::LinkUp { peer, dialed: true } => format!("{node} has connected to {peer}"),
        Event::LinkDown { peer, reason, .. } => {
            let peer = peer.as_ref().map_or("a node", NodeId::as_str);
            format!("{node} has lost its link to {peer}: {reason}")
        }
        _ => return None,
    })
}
