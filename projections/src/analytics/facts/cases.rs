//! The paths that facts are of.

use std::collections::HashMap;

use sira_numbers::counted;
use uuid::Uuid;

/// The paths that facts are of, by place.
#[derive(Debug, Default)]
pub struct Cases {
    ids: Vec<Uuid>,
    places: HashMap<Uuid, u32>,
}

impl Cases {
    /// The place of a path, which is given one when it is new.
    pub fn place(&mut self, id: Uuid) -> u32 {
        *self.places.entry(id).or_insert_with(|| {
            self.ids.push(id);
            counted(self.ids.len() - 1)
        })
    }

    /// The path at a place.
    #[must_use]
    pub fn id(&self, place: u32) -> Option<Uuid> {
        self.ids.get(place as usize).copied()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }
}
