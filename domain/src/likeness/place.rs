//! Two places side by side.

use super::name::{is_slip, is_somewhat};
use crate::reference::RegionCode;

/// The points of one village or quarter.
const SAME_LOCALITY: i32 = 15;
/// The points of one that is written with a slip of the pen.
const LOCALITY_WITH_A_SLIP: i32 = 12;
/// The points of two that are somewhat alike.
const LOCALITY_SOMEWHAT: i32 = 5;
/// The points of two short ones, one letter apart: that is much of them.
const SHORT_LOCALITY_WITH_A_SLIP: i32 = -10;
/// The points of a locality that one of the two does not tell, in one region.
const ONE_REGION: i32 = -10;
/// The points of two villages or regions.
const TWO_PLACES: i32 = -45;
/// The points of one address, whatever else differs.
const SAME_ADDRESS: i32 = 15;
/// Letters from which on a slip changes little.
const SLIP_FROM_LETTERS: usize = 5;

/// Where a person lives.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) region: Option<RegionCode>,
    pub(super) locality: Option<&'a str>,
    pub(super) address: Option<&'a str>,
}

/// What two places are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Places {
    /// One, or not told.
    NotTwo,
    /// Two.
    Two,
}

/// Compares two places, with their points.
pub(super) fn compare(one: &Place<'_>, other: &Place<'_>) -> (Places, i32) {
    let by_address = match (one.address, other.address) {
        (Some(one), Some(other)) if one == other => SAME_ADDRESS,
        _ => 0,
    };
    let (places, points) = match (one.locality, other.locality) {
        (Some(one), Some(other)) => localities(one, other),
        _ if one.region.is_some() && one.region == other.region => (Places::NotTwo, ONE_REGION),
        _ => (Places::Two, TWO_PLACES),
    };
    (places, points + by_address)
}

fn localities(one: &str, other: &str) -> (Places, i32) {
    let is_long = one.chars().count().min(other.chars().count()) >= SLIP_FROM_LETTERS;
    if one == other {
        (Places::NotTwo, SAME_LOCALITY)
    } else if is_long && is_slip(one, other) {
        (Places::NotTwo, LOCALITY_WITH_A_SLIP)
    } else if is_slip(one, other) {
        (Places::NotTwo, SHORT_LOCALITY_WITH_A_SLIP)
    } else if is_long && is_somewhat(one, other) {
        (Places::NotTwo, LOCALITY_SOMEWHAT)
    } else {
        (Places::Two, TWO_PLACES)
    }
}
