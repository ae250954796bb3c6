//! Chance from a seed: the same numbers on every machine, for ever. Whole numbers alone, since the
//! last digit of a logarithm differs between systems.

use sira_numbers::at_most;

/// Times a median, in thousandths: the quantiles of a log-normal of sigma 0.5, at the middles of 32
/// equal parts. How long people and offices take.
const DURATIONS: [u64; 32] = [
    341, 433, 492, 541, 583, 623, 660, 696, 731, 766, 800, 835, 870, 906, 943, 981, 1020, 1061,
    1104, 1149, 1197, 1249, 1306, 1368, 1437, 1515, 1605, 1714, 1850, 2032, 2312, 2936,
];

/// Dice of one person: a `SplitMix64` of their own, so that what one does moves
/// nobody else's.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The dice of `stream` in the population of `seed`.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = Self(seed);
        let salt = mixed.bits();
        let mut own = Self(salt ^ stream.wrapping_mul(0xd1b5_4a32_d192_ed03));
        let start = own.bits();
        Self(start)
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `sides - 1`.
    pub fn below(&mut self, sides: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(sides);
        u64::try_from(wide >> 64).unwrap_or_else(|_| unreachable!("half of 128 bits is 64"))
    }

    /// A small number, such as of days, from 0 to `sides - 1`.
    pub fn few(&mut self, sides: u32) -> u32 {
        at_most(self.below(u64::from(sides)), sides)
    }

    /// A place in a list of `length`.
    pub fn index(&mut self, length: usize) -> usize {
        at_most(self.below(length as u64), length)
    }

    /// A number of a range, both ends included.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from) + 1)
    }

    /// True in so many cases of a thousand.
    pub fn in_thousand(&mut self, cases: u64) -> bool {
        self.below(1_000) < cases
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.index(of.len())]
    }

    /// One of them, by their weights.
    pub fn weighted<T: Copy>(&mut self, of: &[(u64, T)]) -> T {
        let mut drawn = self.below(of.iter().map(|(weight, _)| weight).sum::<u64>().max(1));
        for (weight, item) in of {
            if drawn < *weight {
                return *item;
            }
            drawn -= weight;
        }
        of[of.len() - 1].1
    }

    /// A number about `median`: half below, a long tail above (log-normal, sigma 0.5).
    pub fn about(&mut self, median: u64) -> u64 {
        let part = self.index(DURATIONS.len());
        let low = DURATIONS[part];
        let high = DURATIONS.get(part + 1).copied().unwrap_or(low * 5 / 4);
        (median * self.between(low, high) + 500) / 1_000
    }

    /// Days about `median`.
    pub fn days(&mut self, median: u32) -> u32 {
        at_most(self.about(u64::from(median)), u32::MAX)
    }

    /// A number about `mean` that falls off evenly to both sides, as a normal does.
    pub fn around(&mut self, mean: i64, deviation: i64) -> i64 {
        // Twelve uniform numbers have the variance of one normal.
        let sum: i64 = (0..12).map(|_| i64::from(self.few(1_000))).sum();
        mean + (sum - 5_994) * deviation / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_for_ever() {
        let mut chance = Chance::new(7, 1);
        let drawn: Vec<u64> = (0..4).map(|_| chance.below(1_000)).collect();
        let mut again = Chance::new(7, 1);
        assert_eq!(drawn, (0..4).map(|_| again.below(1_000)).collect::<Vec<_>>());
        let mut other = Chance::new(7, 2);
        assert_ne!(drawn, (0..4).map(|_| other.below(1_000)).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_drawn_lies_about_what_was_asked() {
        let mut chance = Chance::new(1, 1);
        let mut days: Vec<u32> = (0..20_001).map(|_| chance.days(45)).collect();
        days.sort_unstable();
        assert!((43..=47).contains(&days[10_000]), "{}", days[10_000]);
        let mean = (0..20_000).map(|_| chance.around(62, 14)).sum::<i64>() / 20_000;
        assert!((61..=63).contains(&mean), "{mean}");
        let heads = (0..20_000).filter(|_| chance.in_thousand(280)).count();
        assert!((5_300..=5_900).contains(&heads), "{heads}");
    }
}
