//! The node over real sockets on loopback. Every test has nodes of its own, on
//! ports that the system chose, and waits for conditions, never for time.

/// Nodes that join, spread, fall and come back.
mod cluster;
/// The command line, through the real program.
mod commands;
/// The HTTP API, metrics and the dashboard's files.
mod http;
/// Every kind of value, conditions, pages and the watch, through handle and HTTP.
mod store;
/// Frames that no node would send, and a client that speaks by hand.
mod links;
/// The observer's socket.
mod observe;
/// The engine behind Maelstrom's protocol.
mod maelstrom;
/// What deploy/ holds for Prometheus and Grafana.
mod monitoring;
/// What the other modules share.
mod support;
