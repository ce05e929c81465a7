//! What a node and those who look at it say to each other: the JSON bodies of
//! the HTTP API under `/api/v1`, and the messages on the `/observe` socket.
//! Both ends use these types, so they cannot disagree. Only types live here:
//! no transport, no behaviour.

#![forbid(unsafe_code)]

pub mod http;
pub mod observe;

pub use http::{
    CounterBody, CounterView, DeleteView, EntryView, HealthBody, HealthList, HealthView, JoinBody,
    JoiningView, KeyList, MemberEvent, MemberList, MemberView, Problem, ReportView, SetBody, SetChange,
    SetChanged, SetKind, SetView, StatusView, StoreView, Tallies, WatchEvent,
};
pub use observe::{
    ArrivalView, Ask, Gone, Notice, OBSERVE_SUBPROTOCOL, Outcome, PastView, Request, SIGHT_RECORDS_MAX, Sight,
};
