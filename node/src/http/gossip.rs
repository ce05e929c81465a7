//! `/gossip`: where other nodes connect. It opens the socket and hands it to
//! the driver; whether the link is welcome is the engine's business.

use super::problem::{Failure, problem};
use super::upgrade::upgrade;
use crate::address::GOSSIP_PATH;
use crate::driver::{Accepted, Acceptor};
use crate::link::socket_config;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use rumormill_core::Codec;

/// The subprotocols in the order of [`Codec::ALL`].
const SPOKEN: &[&str] = &["rumormill.v1", "rumormill.v1+json"];

pub(crate) fn router(acceptor: Acceptor) -> Router {
    Router::new().route(GOSSIP_PATH, get(gossip)).with_state(acceptor)
}

async fn gossip(State(acceptor): State<Acceptor>, request: Request) -> Result<Response, Failure> {
    let upgrade = upgrade(request, "where Rumormill nodes gossip", SPOKEN)?;
    if acceptor.is_closed() {
        let detail = "this node has stopped gossiping";
        return Err(problem(StatusCode::SERVICE_UNAVAILABLE, "stopped", "The node is stopping", detail));
    }
    let codec = Codec::ALL[upgrade.chosen];
    let remote = upgrade.remote();
    Ok(upgrade.open(socket_config(), async move |socket| {
        acceptor.accept(Accepted { socket, codec, remote }).await;
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_codec_has_its_subprotocol() {
        assert_eq!(SPOKEN, Codec::ALL.map(Codec::subprotocol));
    }
}
