//! A person in clear: what is compared of them, and the tokens that they are found by and others sought.

use std::sync::Arc;

use sira_domain::identity::Identity;
use sira_domain::likeness::{PersonProfile, Terms};
use sira_domain::reference::RegionCode;

use super::rows::Person;
use super::searched::{self, SearchToken};
use super::{IdentityIndex, TermKind, Token};

/// What follows from a person's identity. Personal data in clear: it is never stored or logged.
#[derive(Clone)]
pub(super) struct OpenedPerson {
    /// What is compared. Shared: a rebuild holds everybody's.
    pub profile: Arc<PersonProfile>,
    /// What the person is looked up by: each token with its kind.
    pub tokens: Vec<(TermKind, Token)>,
    /// What the person is searched by.
    pub searched: Vec<SearchToken>,
    /// What people alike are looked up by.
    pub sought: SoughtTokens,
}

impl OpenedPerson {
    /// Of a person whose identity was opened.
    pub fn of(index: &impl IdentityIndex, person: &Person, identity: &Identity) -> Self {
        let region = person.region.parse::<RegionCode>().ok();
        let profile = PersonProfile::new(identity, person.birth_year, region);
        Self {
            tokens: tokens(index, &profile.terms()),
            searched: searched::tokens(index, identity),
            sought: SoughtTokens::of(index, &profile),
            profile: Arc::new(profile),
        }
    }
}

/// The tokens of terms: each with its kind.
pub(super) fn tokens(index: &impl IdentityIndex, terms: &Terms) -> Vec<(TermKind, Token)> {
    let one = |kind, term: &str| (kind, index.token(kind, term));
    let ids = terms.national_id.iter().map(|term| one(TermKind::NationalId, term));
    let phones = terms.phone.iter().map(|term| one(TermKind::Phone, term));
    let of = |kind, terms| std::iter::zip(std::iter::repeat(kind), terms);
    let names = of(TermKind::Name, &terms.names)
        .chain(of(TermKind::Birth, &terms.births))
        .chain(of(TermKind::Part, &terms.parts));
    ids.chain(phones).chain(names.map(|(kind, term)| one(kind, term))).collect()
}

/// The tokens that people alike are looked up by.
#[derive(Clone)]
pub(super) struct SoughtTokens {
    pub national_id: Option<Token>,
    pub phone: Option<Token>,
    /// Of names, births and parts of names: each kind is looked up for itself.
    pub by_kind: [Vec<Token>; 3],
}

impl SoughtTokens {
    /// Those of somebody.
    pub fn of(index: &impl IdentityIndex, profile: &PersonProfile) -> Self {
        let terms = profile.sought();
        let token = |kind, term: &Option<String>| term.as_ref().map(|term| index.token(kind, term));
        let all = |kind, terms: &[String]| -> Vec<Token> {
            terms.iter().map(|term| index.token(kind, term)).collect()
        };
        Self {
            national_id: token(TermKind::NationalId, &terms.national_id),
            phone: token(TermKind::Phone, &terms.phone),
            by_kind: [
                all(TermKind::Name, &terms.names),
                all(TermKind::Birth, &terms.births),
                all(TermKind::Part, &terms.parts),
            ],
        }
    }
}
