//! What people are broken down by, each combination once: facts hold its code.

use rustc_hash::FxHashMap;
use sira_numbers::counted;

use super::super::facts::Dims;

/// Each combination of programme, office, region, sex, band of age, disability, displacement, education and sector that
/// some fact has. Group and fund are columns of their own: with them nearly everybody would be a combination.
#[derive(Debug, Default)]
pub struct Profiles {
    known: Vec<Dims>,
    codes: FxHashMap<Dims, u32>,
}

impl Profiles {
    /// The code of what a fact is broken down by, which is given one when it is new.
    pub fn code(&mut self, dims: &Dims) -> u32 {
        let dims = Self::without_belongings(dims);
        *self.codes.entry(dims).or_insert_with(|| {
            self.known.push(dims);
            counted(self.known.len() - 1)
        })
    }

    /// The code of what a fact that is known is broken down by.
    pub fn find(&self, dims: &Dims) -> Option<u32> {
        self.codes.get(&Self::without_belongings(dims)).copied()
    }

    const fn without_belongings(dims: &Dims) -> Dims {
        Dims { cohort: 0, fund: 0, ..*dims }
    }

    /// The combination of a code, of no group and no fund.
    #[inline]
    pub fn dims(&self, code: u32) -> Dims {
        self.known.get(code as usize).copied().unwrap_or_default()
    }

    /// Every combination, in the order of codes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Dims> {
        self.known.iter()
    }

    /// Bytes of memory that they take, about: tables of hashes have a place more in eight, and a byte beside each.
    pub fn heap_bytes(&self) -> usize {
        self.known.capacity() * size_of::<Dims>()
            + self.codes.capacity() * 8 / 7 * (size_of::<(Dims, u32)>() + 1)
    }
}
