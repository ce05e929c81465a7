//! A value that copies share until one of them changes: what makes it cheap
//! to keep a whole simulated cluster as it was. Nothing here knows what the
//! value is.

use alloc::sync::Arc;
use core::ops::{Deref, DerefMut};

/// A value behind a reference count. Cloning is a count; the first change
/// after it copies the value, if another clone is still there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared<T>(Arc<T>);

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn a_change_shows_in_one_copy_only() {
        let mut one: Shared<Vec<u32>> = Shared::default();
        one.push(1);
        let before = one.as_ptr();
        let other = one.clone();
        assert_eq!(other.as_ptr(), before, "shared until then");
        one.push(2);
        assert_eq!((&*one, &*other), (&Vec::from([1, 2]), &Vec::from([1])));
    }
}
