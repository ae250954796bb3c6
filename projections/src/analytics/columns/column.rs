//! A column of one block: numbers, each in as few bytes as the block's take.
//!
//! Numbers of one block lie close together (positions, days, places), so each is kept as its distance from the
//! least of them, in one, two or four bytes; a column whose numbers are all the same takes no room at all. What lies
//! too far apart is kept whole: no number is ever rounded or cut.

use super::BLOCK;

/// A column of as many numbers as a block has facts, each of which may be none.
#[derive(Debug)]
pub struct Column {
    /// What code 1 stands for.
    base: i64,
    codes: Codes,
}

/// Code 0 is none, and any other is so much less one above the base.
#[derive(Debug)]
enum Codes {
    Same(u32),
    Byte(Box<[u8; BLOCK]>),
    Short(Box<[u16; BLOCK]>),
    Long(Box<[u32; BLOCK]>),
    /// Numbers that lie further apart than four bytes tell.
    Whole(Box<[Option<i64>; BLOCK]>),
}

/// What stands for none in a column that is unpacked.
pub const NONE: i64 = i64::MIN;

/// The numbers of a column that is unpacked; [`NONE`] for none.
pub type Unpacked = [i64; BLOCK];

/// The numbers of a column before they are packed.
pub type Numbers = [Option<i64>; BLOCK];

impl Column {
    /// Packs numbers above the least of them.
    pub fn pack(numbers: &Numbers) -> Self {
        Self::pack_above(numbers.iter().flatten().copied().min().unwrap_or_default(), numbers)
    }

    /// Packs numbers above a base that none of them lies below.
    pub fn pack_above(base: i64, numbers: &Numbers) -> Self {
        let code = |number: &Option<i64>| code_above(base, *number);
        let first = code(&numbers[0]);
        let (mut most, mut is_same) = (0, true);
        for number in numbers {
            let Some(code) = code(number) else {
                return Self { base, codes: Codes::Whole(Box::new(*numbers)) };
            };
            most = most.max(code);
            is_same &= Some(code) == first;
        }
        let narrow = || numbers.iter().map(|number| code(number).unwrap_or_default());
        let codes = match most {
            _ if is_same => Codes::Same(first.unwrap_or_default()),
            0..=0xff => Codes::Byte(boxed(narrow())),
            0x100..=0xffff => Codes::Short(boxed(narrow())),
            _ => Codes::Long(boxed(narrow())),
        };
        Self { base, codes }
    }

    fn code(&self, number: Option<i64>) -> Option<u32> {
        code_above(self.base, number)
    }

    /// The number at a place.
    #[inline]
    pub fn get(&self, place: usize) -> Option<i64> {
        let code = match &self.codes {
            Codes::Same(code) => *code,
            Codes::Byte(codes) => codes[place].into(),
            Codes::Short(codes) => codes[place].into(),
            Codes::Long(codes) => codes[place],
            Codes::Whole(numbers) => return numbers[place],
        };
        (code > 0).then(|| self.base + i64::from(code - 1))
    }

    /// Unpacks every number at once; says whether each could be told from [`NONE`], and does nothing else where not.
    pub fn unpack(&self, to: &mut Unpacked) -> bool {
        if self.base == NONE {
            return false;
        }
        match &self.codes {
            Codes::Same(_) => to.fill(self.get(0).unwrap_or(NONE)),
            Codes::Byte(codes) => self.lift(codes.iter().copied().map(i64::from), to),
            Codes::Short(codes) => self.lift(codes.iter().copied().map(i64::from), to),
            Codes::Long(codes) => self.lift(codes.iter().copied().map(i64::from), to),
            Codes::Whole(_) => return false,
        }
        true
    }

    fn lift(&self, codes: impl Iterator<Item = i64>, to: &mut Unpacked) {
        // The base is above the least number there is.
        let below = self.base - 1;
        for (slot, code) in to.iter_mut().zip(codes) {
            *slot = if code == 0 { NONE } else { below + code };
        }
    }

    /// Whether there is no number in it.
    pub fn is_empty(&self) -> bool {
        matches!(self.codes, Codes::Same(0))
    }

    /// Every number.
    pub fn iter(&self) -> impl Iterator<Item = Option<i64>> + '_ {
        (0..BLOCK).map(|place| self.get(place))
    }

    /// Puts another number in a place. Where it does not fit the column is packed anew, above the same base where that
    /// holds it.
    pub fn set(&mut self, place: usize, number: Option<i64>) {
        let code = self.code(number);
        let fits = match (&mut self.codes, code) {
            (Codes::Byte(codes), Some(code)) => put(&mut codes[place], code),
            (Codes::Short(codes), Some(code)) => put(&mut codes[place], code),
            (Codes::Long(codes), Some(code)) => put(&mut codes[place], code),
            (Codes::Whole(numbers), _) => {
                numbers[place] = number;
                true
            }
            _ => false,
        };
        if fits {
            return;
        }
        let mut numbers: Numbers = [None; BLOCK];
        numbers.iter_mut().zip(self.iter()).for_each(|(slot, known)| *slot = known);
        numbers[place] = number;
        let least = numbers.iter().flatten().copied().min();
        *self = Self::pack_above(least.map_or(self.base, |least| least.min(self.base)), &numbers);
    }

    /// Bytes of memory that it takes beside itself.
    pub fn heap_bytes(&self) -> usize {
        BLOCK
            * match self.codes {
                Codes::Same(_) => 0,
                Codes::Byte(_) => 1,
                Codes::Short(_) => 2,
                Codes::Long(_) => 4,
                Codes::Whole(_) => size_of::<Option<i64>>(),
            }
    }
}

/// The code of a number above a base; none where it lies too far from it.
fn code_above(base: i64, number: Option<i64>) -> Option<u32> {
    let Some(number) = number else { return Some(0) };
    u32::try_from(number.checked_sub(base)?).ok()?.checked_add(1)
}

/// Puts a code where it fits; says whether it does.
fn put<N: TryFrom<u32>>(slot: &mut N, code: u32) -> bool {
    N::try_from(code).map(|code| *slot = code).is_ok()
}

/// Codes that were found to fit.
fn boxed<N: TryFrom<u32> + Default + Copy>(codes: impl Iterator<Item = u32>) -> Box<[N; BLOCK]> {
    let mut all = Box::new([N::default(); BLOCK]);
    for (slot, code) in all.iter_mut().zip(codes) {
        *slot = N::try_from(code).unwrap_or_default();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(of: impl Fn(i64) -> Option<i64>) -> Numbers {
        let mut all = [None; BLOCK];
        for (slot, place) in all.iter_mut().zip(0..) {
            *slot = of(place);
        }
        all
    }

    #[test]
    fn every_number_comes_back_whatever_lies_between_the_least_and_the_largest() {
        let every = vec![
            (numbers(|_| None), 0),
            (numbers(|_| Some(-7)), 0),
            (numbers(|place| Some(place % 200 - 100)), 1),
            (numbers(|place| (place % 3 > 0).then_some(738_000 + place % 250)), 1),
            (numbers(|place| Some(place % 255)), 1),
            (numbers(|place| Some(place % 256)), 2),
            (numbers(|place| Some(place * 60)), 2),
            (numbers(|place| (place > 5).then_some(place * 70_000)), 4),
            (numbers(|place| Some(place * 5_000_000_000)), 16),
            (numbers(|place| Some(if place == 0 { i64::MIN } else { i64::MAX })), 16),
        ];
        for (place, (all, width)) in every.iter().enumerate() {
            let column = Column::pack(all);
            assert!(column.iter().eq(all.iter().copied()), "{place}");
            assert_eq!(column.heap_bytes(), width * BLOCK, "{place}");
            let mut unpacked = [0; BLOCK];
            assert_eq!(column.unpack(&mut unpacked), *width < 16, "{place}");
            if *width < 16 {
                let numbers = unpacked.map(|number| (number != NONE).then_some(number));
                assert_eq!(numbers, *all, "{place}");
            }
        }
    }

    #[test]
    fn a_number_that_does_not_fit_widens_its_column_and_changes_no_other() {
        let mut all = numbers(|_| None);
        let mut column = Column::pack_above(1_000, &all);
        let told = [(3, 1_001), (1_023, 1_255), (0, 70_000), (9, 9_000_000_000), (5, 2), (3, -1)];
        for (place, number) in told {
            column.set(place, Some(number));
            all[place] = Some(number);
            assert!(column.iter().eq(all.iter().copied()), "{number}");
        }
        column.set(9, None);
        all[9] = None;
        assert!(column.iter().eq(all.iter().copied()));
    }
}
