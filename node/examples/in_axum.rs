//! A node inside a service that has an axum server already: the service on its
//! own port, the node on another, one process. Handlers read and write the
//! shared state through the handle, which is cheap to clone.
//!
//! `cargo run -p rumormill-node --example in_axum`

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use rumormill_node::{ChangeError, Node, NodeHandle};
use serde_json::Value;
use std::error::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The service: it greets, and all instances together count how often.
fn service(node: NodeHandle) -> Router {
    Router::new().route("/greet/{name}", get(greet)).route("/flags", get(flags)).with_state(node)
}

async fn greet(
    State(node): State<NodeHandle>,
    Path(name): Path<String>,
) -> Result<String, (StatusCode, String)> {
    let greeted = node.increment("greeted", 1).await.map_err(refused)?;
    Ok(format!("Hello {name}, you are number {greeted}\n"))
}

async fn flags(State(node): State<NodeHandle>) -> Result<Json<Value>, (StatusCode, String)> {
    let flags = node.keys("flags/").await.map_err(|error| refused(error.into()))?;
    Ok(Json(flags.into_iter().map(|entry| (entry.key, entry.value)).collect()))
}

fn refused(error: ChangeError) -> (StatusCode, String) {
    let status = match error {
        ChangeError::Stopped(_) | ChangeError::Left => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    (status, error.to_string())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run().await
}

async fn run() -> Result<(), Box<dyn Error>> {
    let node = Node::builder().name("embedded").listen("127.0.0.1:0").start().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    println!("service on http://{address}, node and dashboard on {}", node.url());

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = axum::serve(listener, service(node.clone())).with_graceful_shutdown(async {
        // A sender that is gone is a reason to stop as well.
        let _ = stopped.await;
    });
    let serving = tokio::spawn(serving.into_future());

    node.set("flags/new-checkout", true).await?;
    let first = ask(address, "/greet/Ada").await?;
    let second = ask(address, "/greet/Grace").await?;
    let flags = ask(address, "/flags").await?;
    print!("{first}\n{second}\n{flags}\n");
    for (answer, expected) in
        [(first, "Ada, you are number 1"), (second, "number 2"), (flags, r#"{"flags/new-checkout":true}"#)]
    {
        if !answer.contains(expected) {
            return Err(format!("{expected} is not in {answer}").into());
        }
    }

    // First the service, which needs the node; then the node says goodbye.
    drop(stop);
    serving.await??;
    node.leave().await?;
    node.shutdown().await;
    Ok(())
}

async fn ask(address: std::net::SocketAddr, path: &str) -> Result<String, Box<dyn Error>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn it_runs_to_its_end() {
        let run = super::run();
        let limit = std::time::Duration::from_secs(60);
        tokio::time::timeout(limit, run).await.expect("in time").expect("it works");
    }
}
