//! The regions of Mali, dated: a code must be valid on the day of the fact, and the older, larger
//! region can always be told.

use std::sync::LazyLock;

use chrono::NaiveDate;

use super::code::code_conversions;

/// One line of `regions.csv`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Line {
    code: &'static str,
    name_fr: &'static str,
    chef_lieu: &'static str,
    code_ct: &'static str,
    code_ca: &'static str,
    iso: &'static str,
    valid_from: Option<NaiveDate>,
    carved_from: &'static str,
}

static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| {
    let text = include_str!("../../data/regions.csv");
    text.lines().filter(|line| !line.starts_with('#')).skip(1).filter_map(read_line).collect()
});

fn read_line(line: &'static str) -> Option<Line> {
    let parts: Vec<&'static str> = line.split(';').collect();
    let [code, name_fr, chef_lieu, ct, ca, iso, valid_from, carved_from] = parts[..] else {
        return None;
    };
    let valid_from = NaiveDate::parse_from_str(valid_from, "%Y-%m-%d").ok();
    Some(Line { code, name_fr, chef_lieu, code_ct: ct, code_ca: ca, iso, valid_from, carved_from })
}

/// A region of Mali, or the District of Bamako, by its stable word: the three official numberings
/// clash, and are attributes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionCode(&'static Line);

impl RegionCode {
    const LIST: &'static str = "regions";

    /// Every region, of today and before.
    pub fn all() -> impl Iterator<Item = Self> {
        LINES.iter().map(Self)
    }

    /// The code as a text.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.0.code
    }

    /// The name of the region, the same in every language.
    #[must_use]
    pub const fn name_fr(&self) -> &'static str {
        self.0.name_fr
    }

    /// Its chief town.
    #[must_use]
    pub const fn chef_lieu(&self) -> &'static str {
        self.0.chef_lieu
    }

    /// Code of the collectivity (law 2023-007).
    #[must_use]
    pub const fn code_ct(&self) -> &'static str {
        self.0.code_ct
    }

    /// Code of the administrative circumscription (law 2023-006); empty where not established.
    #[must_use]
    pub const fn code_ca(&self) -> &'static str {
        self.0.code_ca
    }

    /// ISO 3166-2; empty for the regions of 2023.
    #[must_use]
    pub const fn iso(&self) -> &'static str {
        self.0.iso
    }

    /// The day from which it exists; none for the oldest.
    #[must_use]
    pub const fn valid_from(&self) -> Option<NaiveDate> {
        self.0.valid_from
    }

    /// The region that it was part of before.
    #[must_use]
    pub fn carved_from(&self) -> Option<Self> {
        Self::all().find(|region| region.code() == self.0.carved_from)
    }

    /// Whether it exists on a day.
    #[must_use]
    pub fn valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from().is_none_or(|from| from <= day)
    }

    /// The region that held this territory on a day.
    #[must_use]
    pub fn on(&self, day: NaiveDate) -> Self {
        let mut region = *self;
        while !region.valid_on(day) {
            match region.carved_from() {
                Some(larger) => region = larger,
                None => break,
            }
        }
        region
    }

    /// The oldest, largest region of this territory, on which years can be compared.
    #[must_use]
    pub fn oldest(&self) -> Self {
        std::iter::successors(Some(*self), Self::carved_from).last().unwrap_or(*self)
    }
}

code_conversions!(RegionCode);

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn there_are_nineteen_regions_and_the_district() {
        assert_eq!(RegionCode::all().count(), 20);
        for region in RegionCode::all() {
            assert_eq!(region.valid_from().is_some(), region.carved_from().is_some(), "{region}");
        }
    }

    #[test]
    fn every_line_of_the_file_is_read_in_full() {
        let lines = || {
            let text = include_str!("../../data/regions.csv");
            text.lines().filter(|line| !line.starts_with('#')).skip(1)
        };
        assert_eq!(lines().count(), RegionCode::all().count());
        for (line, region) in lines().zip(RegionCode::all()) {
            let (from, larger) = (region.valid_from(), region.carved_from());
            let from = from.map(|day| day.to_string()).unwrap_or_default();
            let larger = larger.map(|region| region.code()).unwrap_or_default();
            let kept = &region.0;
            let written = [
                kept.code,
                kept.name_fr,
                kept.chef_lieu,
                kept.code_ct,
                kept.code_ca,
                kept.iso,
                &from,
                larger,
            ];
            assert_eq!(written.join(";"), line);
            assert_eq!(RegionCode::all().filter(|other| other.code() == kept.code).count(), 1);
        }
    }

    #[test]
    fn a_territory_is_told_by_the_region_of_the_day() {
        let nioro: RegionCode = "nioro".parse().unwrap();
        assert_eq!(nioro.on(day("2021-07-06")).code(), "kayes");
        assert!(!nioro.valid_on(day("2023-03-12")));
        assert_eq!(nioro.on(day("2023-03-13")).code(), "nioro");
        assert_eq!(nioro.oldest().code(), "kayes");
    }
}
