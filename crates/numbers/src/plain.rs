//! Plain counts where a smaller type is asked for, and why they may stay at its end.

/// So many, but no more than `most`: how much is taken at once of what there is. A count that the smaller
/// type cannot hold is above `most`, and is cut to it like any other.
#[must_use]
pub fn at_most<N: TryFrom<u64> + Ord>(count: u64, most: N) -> N {
    match N::try_from(count) {
        Ok(count) => count.min(most),
        Err(_) => most,
    }
}

/// How many there are in a list, as rules and reports count. A list that were longer than the largest
/// `u32` is above every limit that there is, and so is that number, at which its count stays.
#[must_use]
pub fn counted(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

/// A time counted from 1970, in whatever unit, for what knows no earlier one: ids by time, signatures by
/// witnesses. A clock that stands before 1970 is told as 1970, the nearest that can be said.
#[must_use]
pub fn since_1970(count: i64) -> u64 {
    count.max(0).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_cut_to_the_most_whatever_the_type_holds() {
        assert_eq!([at_most(3, 7_u32), at_most(9, 7), at_most(u64::MAX, 7)], [3, 7, 7]);
        assert_eq!(at_most(u64::MAX, i64::MAX), i64::MAX);
    }

    #[test]
    fn a_list_longer_than_any_limit_stays_above_every_limit() {
        assert_eq!([counted(0), counted(41)], [0, 41]);
        assert_eq!(counted(usize::MAX), u32::MAX);
    }

    #[test]
    fn a_clock_before_1970_is_told_as_1970() {
        assert_eq!([since_1970(-1), since_1970(0), since_1970(7)], [0, 0, 7]);
    }
}
