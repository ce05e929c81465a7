//! What page and worker seldom say to each other is read and written by functions of its own (`#[serde(with)]`), so that
//! a first load need not bring them: the compiler would make one function of all that a report can hold. Only that; the
//! bytes are the same.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

struct In<T>(T);

impl<'a, T: Deserialize<'a>> Deserialize<'a> for In<T> {
    #[inline(never)]
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(Self)
    }
}

struct Out<'a, T>(&'a T);

impl<T: Serialize> Serialize for Out<'_, T> {
    #[inline(never)]
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

/// For what one kind of message alone holds.
pub(super) mod one {
    use super::*;

    pub(crate) fn serialize<T: Serialize, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        Out(value).serialize(to)
    }

    pub(crate) fn deserialize<'a, T: Deserialize<'a>, D: Deserializer<'a>>(from: D) -> Result<T, D::Error> {
        In::deserialize(from).map(|read| read.0)
    }
}

/// For what a message may hold.
pub(super) mod option {
    use super::*;

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().map(Out).serialize(to)
    }

    pub(crate) fn deserialize<'a, T: Deserialize<'a>, D: Deserializer<'a>>(
        from: D,
    ) -> Result<Option<T>, D::Error> {
        let read: Option<In<T>> = Deserialize::deserialize(from)?;
        Ok(read.map(|read| read.0))
    }
}

/// For what a message may hold any number of.
pub(super) mod list {
    use super::*;

    pub(crate) fn serialize<T: Serialize, S: Serializer>(values: &[T], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(Out))
    }

    pub(crate) fn deserialize<'a, T: Deserialize<'a>, D: Deserializer<'a>>(
        from: D,
    ) -> Result<Vec<T>, D::Error> {
        let read: Vec<In<T>> = Deserialize::deserialize(from)?;
        Ok(read.into_iter().map(|read| read.0).collect())
    }
}
