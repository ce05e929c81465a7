//! From names to nodes: a join address may be a name that stands for many
//! nodes (a headless service, a round-robin record), and for this one among
//! them. Each address that it stands for is asked; while the node is alone, the
//! names are looked up again. Whom to join is the engine's business.

use crate::feed::StoreCaller;
use hyper::Uri;
use rumormill_core::{Address, Engine, Store};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

/// How long a look-up may take. A guess: resolvers answer in milliseconds, or
/// after their own 5 s.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a node that is alone looks names up again. A guess: records of
/// services live for 5 to 30 s.
const LOOK_UP_INTERVAL: Duration = Duration::from_secs(5);

/// Most addresses that names may stand for in a node's life. A guess: more than
/// enough to meet somebody, who then tells of the rest.
const RESOLVED_MAX: usize = 256;

/// An address that names a host by name, and the port on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    address: Address,
    host: String,
    port: u16,
}

/// The address as a name to look up; none if it is a number already.
pub(crate) fn name(address: &Address) -> Option<Name> {
    let uri: Uri = address.as_str().parse().ok()?;
    let host = uri.host()?.trim_matches(['[', ']']).to_owned();
    if host.parse::<IpAddr>().is_ok() {
        return None;
    }
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("wss") { 443 } else { 80 });
    Some(Name { address: address.clone(), host, port })
}

/// The same address, to be dialled at one of the numbers that its name stands
/// for. The name stays, because proxies go by it; a fragment is never sent.
pub(crate) fn at(address: &Address, number: IpAddr) -> Option<Address> {
    Address::new(&format!("{address}#{number}")).ok()
}

/// An address without the number, and the number.
pub(crate) fn pinned(address: &str) -> (&str, Option<IpAddr>) {
    match address.split_once('#') {
        Some((address, number)) => (address, number.parse().ok()),
        None => (address, None),
    }
}

/// All numbers that a name stands for.
pub(crate) async fn look_up(name: &Name) -> Vec<Address> {
    let found = timeout(LOOK_UP_TIMEOUT, tokio::net::lookup_host((name.host.as_str(), name.port))).await;
    match found {
        Ok(Ok(found)) => numbers(name, found),
        Ok(Err(error)) => {
            warn!(host = name.host, %error, "cannot look the name up; trying again while this node is alone");
            Vec::new()
        }
        Err(_) => {
            warn!(
                host = name.host,
                "the name could not be looked up in time; trying again while this node is alone"
            );
            Vec::new()
        }
    }
}

fn numbers(name: &Name, found: impl Iterator<Item = SocketAddr>) -> Vec<Address> {
    let numbers: BTreeSet<IpAddr> = found.map(|found| found.ip()).collect();
    numbers.into_iter().filter_map(|number| at(&name.address, number)).collect()
}

/// The addresses to begin with: each name's numbers, or the name itself where
/// it stands for nothing yet.
pub(crate) async fn all(join: Vec<Address>) -> Vec<Address> {
    let looked_up = join.into_iter().map(|address| async move {
        let Some(name) = name(&address) else { return vec![address] };
        let found = look_up(&name).await;
        if found.is_empty() { vec![address] } else { found }
    });
    futures_util::future::join_all(looked_up).await.concat()
}

/// Looks names up again for as long as the node is alone, and joins through
/// what they newly stand for, until the node stops.
pub(crate) async fn seek(names: Vec<Name>, mut asked: BTreeSet<Address>, caller: StoreCaller) {
    loop {
        tokio::select! {
            () = sleep(LOOK_UP_INTERVAL) => {}
            () = caller.ended() => return,
        }
        match caller.call(|driver| is_alone(&driver.engine)).await {
            Some(true) => {}
            Some(false) => continue,
            None => return,
        }
        for name in &names {
            for address in look_up(name).await {
                if asked.len() >= RESOLVED_MAX || !asked.insert(address.clone()) {
                    continue;
                }
                debug!(%address, "the name stands for this address now; asking to join there");
                let join = caller.call(move |driver| {
                    let now = driver.now();
                    driver.engine.join(address, now);
                });
                if join.await.is_none() {
                    return;
                }
            }
        }
    }
}

fn is_alone(engine: &Engine<Store>) -> bool {
    let mut others = engine.members().iter().filter(|member| member.id != *engine.id());
    !others.any(|member| member.status.is_active())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::new(text).expect("a URL")
    }

    #[test]
    fn only_names_are_looked_up() {
        assert_eq!(name(&address("ws://127.0.0.1:7700/gossip")), None);
        assert_eq!(name(&address("ws://[::1]:7700/gossip")), None);
        let name = name(&address("ws://nodes.example:7700/gossip")).expect("a name");
        assert_eq!((name.host.as_str(), name.port), ("nodes.example", 7700));
    }

    #[test]
    fn a_name_stands_for_all_its_numbers() {
        let name = name(&address("ws://nodes.example/gossip")).expect("a name");
        let found = ["10.0.0.2:80", "10.0.0.1:80", "10.0.0.2:80", "[::1]:80"];
        let found = found.map(|found| found.parse().expect("an address")).into_iter();
        let all: Vec<String> = numbers(&name, found).iter().map(ToString::to_string).collect();
        assert_eq!(
            all,
            ["10.0.0.1", "10.0.0.2", "::1"].map(|number| format!("ws://nodes.example/gossip#{number}"))
        );
        let (plain, number) = pinned(&all[2]);
        assert_eq!((plain, number), ("ws://nodes.example/gossip", Some("::1".parse().expect("a number"))));
        assert_eq!(pinned("ws://a/gossip"), ("ws://a/gossip", None));
    }
}
