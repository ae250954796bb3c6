//! One person on the way, and all who are.

use sira_domain::path::Beneficiary;
use sira_numbers::counted;
use uuid::Uuid;

use crate::agenda::Step;
use crate::chance::Chance;
use crate::keys::PersonalKey;

/// A person on the way. Some 30 kB with a long path; gone from memory once nothing more can happen.
pub(crate) struct Case {
    pub id: Uuid,
    /// Held for as long as the person is simulated: nobody real is behind it.
    pub key: Box<dyn PersonalKey>,
    pub path: Beneficiary,
    pub chance: Chance,
    /// Index of the office in charge.
    pub office: usize,
    /// Index of the adviser there.
    pub adviser: usize,
    /// What is due for this case, and groups that it sits in.
    pub pending: u32,
    /// In a thousand: how surely the person comes to a session.
    pub diligence: u64,
    /// Months after the start when the business closes, if it does within two years.
    pub closes_after: Option<u32>,
    /// How well loans are paid back.
    pub payer: Payer,
    /// Income of a year, in francs, before the programme.
    pub income: u64,
    /// Training groups so far.
    pub groups: u32,
    /// The step that an interruption holds up.
    pub held: Option<Step>,
}

/// How a loan is paid back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payer {
    /// When it is due, or a little later.
    Good,
    /// Now and then nothing for a month, made good later.
    Slow,
    /// Stops after some instalments.
    Bad(u32),
}

/// All who are on the way. A place is given again when its case is gone.
#[derive(Default)]
pub(crate) struct Cases {
    places: Vec<Option<Box<Case>>>,
    free: Vec<u32>,
    most: usize,
}

impl Cases {
    /// Takes a place for a case.
    pub fn add(&mut self, case: Box<Case>) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            counted(self.places.len() - 1)
        });
        self.places[place as usize] = Some(case);
        self.most = self.most.max(self.places.len() - self.free.len());
        place
    }

    /// Takes a case out, to be put back.
    pub fn take(&mut self, place: u32) -> Option<Box<Case>> {
        self.places[place as usize].take()
    }

    /// Puts it back, or lets it go when nothing more is due.
    pub fn put(&mut self, place: u32, case: Box<Case>) {
        if case.pending == 0 {
            self.free.push(place);
        } else {
            self.places[place as usize] = Some(case);
        }
    }

    /// A case that is in its place.
    pub fn get(&self, place: u32) -> Option<&Case> {
        self.places[place as usize].as_deref()
    }

    /// The most that were on the way at once.
    pub fn most(&self) -> usize {
        self.most
    }
}
