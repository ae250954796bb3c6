//! Who is under which token, in memory.

use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{TermKind, Token};

/// The people under one token, by number. Most tokens are one person's.
#[derive(Clone, Copy)]
enum Posting {
    One(u32),
    /// A place in the lists of several.
    Several(u32),
}

/// Every token, with its kind and those under it, in the order of their ids.
#[derive(Default)]
pub(super) struct Postings {
    tokens: FxHashMap<Token, (TermKind, Posting)>,
    // Beside the map, so that its entries are small: there are some ten million of them to a million people.
    several: Vec<Vec<u32>>,
}

impl Postings {
    /// Puts a person under a token; once, however often they are put there. `id_of` tells the id of a number.
    pub fn add(
        &mut self,
        (token, kind): (Token, TermKind),
        number: u32,
        id_of: impl Fn(u32) -> Uuid,
    ) {
        let id = id_of(number);
        let Some((_, posting)) = self.tokens.get_mut(&token) else {
            self.tokens.insert(token, (kind, Posting::One(number)));
            return;
        };
        match *posting {
            Posting::One(other) if other == number => {}
            Posting::One(other) => {
                let both =
                    if id_of(other) < id { vec![other, number] } else { vec![number, other] };
                *posting = Posting::Several(counted(self.several.len()));
                self.several.push(both);
            }
            Posting::Several(list) => {
                let list = &mut self.several[list as usize];
                // Ids ascend with time, so that this is nearly always the end of the list.
                let place = list.partition_point(|other| id_of(*other) < id);
                if list.get(place) != Some(&number) {
                    list.insert(place, number);
                }
            }
        }
    }

    /// Takes a person from under a token.
    pub fn drop(&mut self, token: &Token, number: u32) {
        let Some((_, posting)) = self.tokens.get(token) else { return };
        let is_empty = match *posting {
            Posting::One(one) => one == number,
            Posting::Several(list) => {
                let list = &mut self.several[list as usize];
                list.retain(|other| *other != number);
                list.is_empty()
            }
        };
        if is_empty {
            self.tokens.remove(token);
        }
    }

    /// Those under a token.
    pub fn under(&self, token: &Token) -> &[u32] {
        match self.tokens.get(token) {
            None => &[],
            Some((_, Posting::One(one))) => std::slice::from_ref(one),
            Some((_, Posting::Several(list))) => &self.several[*list as usize],
        }
    }

    /// Every token in order, with its kind.
    pub fn sorted(&self) -> Vec<(Token, TermKind)> {
        let tokens = self.tokens.iter().map(|(token, (kind, _))| (*token, *kind));
        let mut tokens: Vec<_> = tokens.collect();
        tokens.sort_unstable();
        tokens
    }
}

/// A number of a person or of a list.
pub(super) fn counted(count: usize) -> u32 {
    u32::try_from(count).expect("the memory ends long before four thousand million")
}
