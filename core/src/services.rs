//! What a node offers to others, and how well it does: the node watcher of
//! Riak Core, as part of the member's record, so that it spreads, merges and
//! goes with the member. Whether the node itself lives is not known here.

use crate::id::Incarnation;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Deserializer, Serialize, de};

/// Most services of one node. A guess: with it a member's record stays below
/// twelve kilobytes, and usually below a hundred bytes.
pub const SERVICES_MAX: usize = 32;

/// Longest name of a service, in bytes.
pub const SERVICE_NAME_BYTES_MAX: usize = 64;

/// Longest reason, in bytes. A guess: a sentence or two.
pub const REASON_BYTES_MAX: usize = 256;

/// How well a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// As it should be.
    Up,
    /// It serves, though not as it should.
    Degraded,
    /// It does not serve.
    Down,
}

impl Health {
    /// The word for it in configuration, API and command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown health; allowed: up, degraded, down")]
pub struct UnknownHealth;

impl FromStr for Health {
    type Err = UnknownHealth;
    fn from_str(word: &str) -> Result<Self, UnknownHealth> {
        [Self::Up, Self::Degraded, Self::Down]
            .into_iter()
            .find(|health| health.as_str() == word)
            .ok_or(UnknownHealth)
    }
}

/// Why a service was refused. Nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidService {
    /// The name is empty, too long, or holds something else.
    #[error("a service's name must be 1 to {SERVICE_NAME_BYTES_MAX} letters, digits, '-', '_', '.' or '/'")]
    Name,
    /// The reason is too long or holds control characters.
    #[error("a reason must be at most {REASON_BYTES_MAX} bytes long and without control characters")]
    Reason,
    /// The node has as many as it may.
    #[error("a node may have {SERVICES_MAX} services at most: withdraw one first")]
    TooMany,
}

/// One service of one node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Service {
    name: Arc<str>,
    health: Health,
    reason: Arc<str>,
}

impl Service {
    /// Checks and keeps a service. An empty reason is none.
    pub fn new(name: &str, health: Health, reason: &str) -> Result<Self, InvalidService> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_./".contains(&b);
        if name.is_empty() || name.len() > SERVICE_NAME_BYTES_MAX || !name.bytes().all(allowed) {
            return Err(InvalidService::Name);
        }
        if reason.len() > REASON_BYTES_MAX || reason.chars().any(char::is_control) {
            return Err(InvalidService::Reason);
        }
        Ok(Self { name: name.into(), health, reason: reason.into() })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How well it does, as its own node says.
    pub fn health(&self) -> Health {
        self.health
    }

    /// Why; empty if nothing was said.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl<'de> Deserialize<'de> for Service {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "Service")]
        struct Unchecked {
            name: String,
            health: Health,
            reason: String,
        }
        let Unchecked { name, health, reason } = Unchecked::deserialize(d)?;
        Self::new(&name, health, &reason).map_err(de::Error::custom)
    }
}

/// All services of one node. Only the node itself makes a new version, always
/// greater than any that it has heard of.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Services {
    /// Counts the changes.
    pub version: u64,
    /// The birth of the process that published them: those of an earlier life
    /// mean nothing.
    pub life: Incarnation,
    /// The services, by name.
    pub list: Arc<[Service]>,
}

impl Services {
    /// These, with one more or one changed. None if nothing changes.
    pub fn with(&self, service: Service) -> Result<Option<Arc<[Service]>>, InvalidService> {
        let mut list: Vec<Service> = self.list.to_vec();
        match list.binary_search_by(|other| other.name.cmp(&service.name)) {
            Ok(at) if list[at] == service => return Ok(None),
            Ok(at) => list[at] = service,
            Err(_) if list.len() >= SERVICES_MAX => return Err(InvalidService::TooMany),
            Err(at) => list.insert(at, service),
        }
        Ok(Some(list.into()))
    }

    /// These, without one. None if there is no such service.
    pub fn without(&self, name: &str) -> Option<Arc<[Service]>> {
        let found = self.list.iter().any(|service| &*service.name == name);
        found.then(|| self.list.iter().filter(|service| &*service.name != name).cloned().collect())
    }
}

impl<'de> Deserialize<'de> for Services {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "Services")]
        struct Unchecked {
            version: u64,
            life: Incarnation,
            list: Vec<Service>,
        }
        let Unchecked { version, life, list } = Unchecked::deserialize(d)?;
        let sorted = list.windows(2).all(|pair| pair[0].name < pair[1].name);
        if list.len() > SERVICES_MAX || !sorted {
            return Err(de::Error::custom("services must be few, different and in order"));
        }
        Ok(Self { version, life, list: list.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str, health: Health) -> Service {
        Service::new(name, health, "").expect("valid")
    }

    #[test]
    fn services_stand_by_name_and_change_only_when_they_do() {
        let mut services = Services::default();
        for name in ["web", "api"] {
            services.list = services.with(service(name, Health::Up)).expect("room").expect("a change");
        }
        assert_eq!(services.list.iter().map(Service::name).collect::<Vec<_>>(), ["api", "web"]);
        assert_eq!(services.with(service("web", Health::Up)), Ok(None));
        assert!(services.with(service("web", Health::Down)).expect("room").is_some());
        assert_eq!(services.without("db"), None);
        assert_eq!(services.without("api").expect("it was there").len(), 1);
        for n in 2..SERVICES_MAX {
            services.list =
                services.with(service(&alloc::format!("s{n}"), Health::Up)).expect("room").expect("new");
        }
        assert_eq!(services.with(service("more", Health::Up)), Err(InvalidService::TooMany));
    }

    #[test]
    fn what_is_no_name_or_no_reason_is_refused() {
        assert_eq!(Service::new("", Health::Up, ""), Err(InvalidService::Name));
        assert_eq!(Service::new("a b", Health::Up, ""), Err(InvalidService::Name));
        assert_eq!(Service::new("a", Health::Up, "\n"), Err(InvalidService::Reason));
        assert!(serde_json::from_str::<Service>(r#"{"name":"a b","health":"up","reason":""}"#).is_err());
        assert_eq!("sick".parse::<Health>(), Err(UnknownHealth));
    }
}
