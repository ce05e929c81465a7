//! A set of small numbers, as bits. It grows as needed.

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn contains(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    pub(crate) fn insert(&mut self, at: usize) {
        if self.0.len() <= at / 64 {
            self.0.resize(at / 64 + 1, 0);
        }
        self.0[at / 64] |= 1 << (at % 64);
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (ours, theirs) in self.0.iter_mut().zip(&other.0) {
            *ours |= theirs;
        }
    }

    /// The least number that is in here and not in the other.
    pub(crate) fn first_beyond(&self, other: &Self) -> Option<usize> {
        self.0.iter().enumerate().find_map(|(word, ours)| {
            let beyond = ours & !other.0.get(word).copied().unwrap_or(0);
            (beyond != 0).then(|| word * 64 + beyond.trailing_zeros() as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_in_and_what_one_has_beyond_another_is_found() {
        let (mut small, mut large) = (Bits::default(), Bits::default());
        for at in [0, 63, 64, 200] {
            large.insert(at);
            assert!(large.contains(at) && !large.contains(at + 1));
        }
        small.insert(0);
        assert_eq!(large.first_beyond(&small), Some(63));
        assert_eq!(small.first_beyond(&large), None);
        small.extend(&large);
        assert_eq!(small, large);
    }
}
