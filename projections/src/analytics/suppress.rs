//! Hiding cells of few people from those who must see nobody, and the cells that would give them away.
//!
//! A cell of 1 to 4 people is hidden. So is a cell of a share whose rest is of 1 to 4 people. Then, along
//! every line of the table (one dimension of the breakdown running, the others still; or a filter, or
//! the period, with what it leaves out), a hidden cell must not be the total less the others: until at
//! least two cells and five people of the line are hidden, the smallest that is left is hidden too.
//!
//! What this does not stop: two questions whose periods or moments differ by days, asked in order to
//! compare them. Who may ask is recorded as everybody is; figures that leave the programme should be
//! frozen reports.

use rustc_hash::{FxHashMap, FxHashSet};

use super::compute::{Key, Tallies};
use super::tally::{Few, Tally};

/// People whom one condition alone kept out, by condition, cell and the value that they have instead.
#[derive(Debug, Default)]
pub struct Beside(FxHashMap<(usize, Key, u32), (Few, u64)>);

impl Beside {
    /// Adds somebody.
    pub fn add(&mut self, place: (usize, Key, u32), person: u32) {
        let (people, facts) = self.0.entry(place).or_default();
        people.add(person);
        *facts += 1;
    }
}

/// A cell of a line.
#[derive(Clone, Copy, Debug)]
struct Member {
    /// Its key; none for one that is not in the answer.
    key: Option<Key>,
    people: Few,
    facts: u64,
    /// For a fixed order among equals.
    rank: (u32, Key),
}

/// Keys of the cells to hide.
#[must_use]
pub fn hidden(
    tallies: &Tallies,
    groups: usize,
    conditions: usize,
    of_people: bool,
) -> FxHashSet<Key> {
    let is_telling = |tally: &Tally| {
        tally.people.is_small() || of_people && (tally.rest.is_small() || tally.counted.is_small())
    };
    let mut hidden: FxHashSet<Key> =
        tallies.cells.iter().filter(|(_, tally)| is_telling(tally)).map(|(key, _)| *key).collect();
    let lines = lines(tallies, groups, conditions);
    loop {
        let before = hidden.len();
        for line in &lines {
            protect(line, &mut hidden);
        }
        if hidden.len() == before {
            return hidden;
        }
    }
}

/// Every line that runs through a cell of the answer.
fn lines(tallies: &Tallies, groups: usize, conditions: usize) -> Vec<Vec<Member>> {
    let mut lines: FxHashMap<(usize, Key), Vec<Member>> = FxHashMap::default();
    for (key, tally) in &tallies.cells {
        let member =
            Member { key: Some(*key), people: tally.people, facts: tally.facts, rank: (0, *key) };
        for group in 0..groups {
            let mut line = *key;
            line[group] = u32::MAX;
            lines.entry((group, line)).or_default().push(member);
        }
        for condition in 0..conditions {
            lines.entry((groups + condition, *key)).or_default().push(member);
        }
    }
    for ((condition, key, value), (people, facts)) in &tallies.beside.0 {
        let member = Member {
            key: None,
            people: *people,
            facts: *facts,
            rank: (value.saturating_add(1), *key),
        };
        // Only lines through a cell that is told matter.
        if let Some(line) = lines.get_mut(&(groups + condition, *key)) {
            line.push(member);
        }
    }
    let mut lines: Vec<_> = lines.into_iter().collect();
    lines.sort_by_key(|(place, _)| *place);
    let mut lines: Vec<_> = lines.into_iter().map(|(_, line)| line).collect();
    for line in &mut lines {
        line.sort_by_key(|member| (member.facts, member.rank));
    }
    lines
}

/// Hides the smallest cells of a line until what is hidden cannot be told from what is not.
fn protect(line: &[Member], hidden: &mut FxHashSet<Key>) {
    let mut people = Few::default();
    let mut count = 0;
    for member in line {
        let is_hidden = match member.key {
            Some(key) => hidden.contains(&key),
            None => member.people.is_small(),
        };
        if is_hidden {
            people.add_all(&member.people);
            count += 1;
        }
    }
    if count == 0 || line.len() == 1 {
        return;
    }
    for member in line {
        if count >= 2 && people.is_enough() {
            return;
        }
        let is_hidden = match member.key {
            Some(key) => !hidden.insert(key),
            None => member.people.is_small(),
        };
        if !is_hidden {
            people.add_all(&member.people);
            count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::indicator::Finish;
    use super::super::tally::Share;
    use super::*;

    fn key(places: &[u32]) -> Key {
        let mut key = Key::default();
        key[..places.len()].copy_from_slice(places);
        key
    }

    /// A table from the number of people of each cell, all of them different.
    fn table(cells: &[(&[u32], u32)]) -> Tallies {
        let mut tallies = Tallies::default();
        let mut person = 0;
        for (places, people) in cells {
            let cell = tallies.cells.entry(key(places)).or_default();
            for _ in 0..*people {
                person += 1;
                cell.add(Share::of(1), person, Finish::Total { parts: 1 });
            }
        }
        tallies
    }

    fn hidden_places(tallies: &Tallies, groups: usize) -> Vec<Vec<u32>> {
        let mut found: Vec<_> =
            hidden(tallies, groups, 1, false).iter().map(|key| key[..groups].to_vec()).collect();
        found.sort();
        found
    }

    #[test]
    fn a_table_without_small_cells_is_told_whole() {
        assert!(hidden_places(&table(&[(&[1], 5), (&[2], 60)]), 1).is_empty());
    }

    #[test]
    fn one_small_cell_takes_the_smallest_other_along() {
        let table = table(&[(&[1], 3), (&[2], 60), (&[3], 8), (&[4], 90)]);
        assert_eq!(hidden_places(&table, 1), [[1], [3]]);
    }

    #[test]
    fn small_cells_that_are_few_together_take_another_along() {
        let table = table(&[(&[1], 1), (&[2], 2), (&[3], 8), (&[4], 90)]);
        assert_eq!(hidden_places(&table, 1), [[1], [2], [3]]);
    }

    #[test]
    fn in_two_dimensions_no_line_has_one_hidden_cell_alone() {
        let table = table(&[
            (&[1, 1], 3),
            (&[1, 2], 20),
            (&[2, 1], 30),
            (&[2, 2], 40),
            (&[3, 1], 50),
            (&[3, 2], 60),
        ]);
        let found = hidden_places(&table, 2);
        assert!(found.contains(&vec![1, 1]));
        for line in 0..2 {
            for value in 1..=3 {
                let count = found.iter().filter(|places| places[line] == value).count();
                assert_ne!(count, 1, "{found:?}");
            }
        }
    }

    #[test]
    fn a_filtered_cell_is_hidden_when_the_total_would_give_the_rest_away() {
        let mut tallies = table(&[(&[], 60)]);
        for person in 1_000..1_003 {
            tallies.beside.add((0, key(&[]), 7), person);
        }
        assert_eq!(hidden(&tallies, 0, 1, false).len(), 1);
        for person in 2_000..2_050 {
            tallies.beside.add((0, key(&[]), 8), person);
        }
        // The others' smallest of enough is hidden when they are asked for, and this one is told.
        assert!(hidden(&tallies, 0, 1, false).is_empty());
    }

    #[test]
    fn a_share_whose_rest_is_of_few_is_hidden() {
        let mut tallies = Tallies::default();
        let cell = tallies.cells.entry(key(&[])).or_default();
        for person in 0..30 {
            cell.add(Share::over(i64::from(person > 1), 1), person, Finish::Percent);
        }
        assert_eq!(hidden(&tallies, 0, 0, true).len(), 1);
        assert_eq!(hidden(&tallies, 0, 0, false).len(), 0);
    }
}
