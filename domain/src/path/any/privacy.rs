//! What a person may ask of their data: consent, correction, erasure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::case::Case;
use crate::path::declare::bodies;
use crate::path::proposal::Asked;
use crate::path::state::{Signed, State};
use crate::reference::ConsentMethod;
use crate::refusal::{Item, Refusal};
use crate::values::{AmendedIdentity, KeyId, SealedIdentity, Slug, Within};

/// A ground for erasing personal data.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ErasureGround {
    /// The person asked.
    Request,
    /// The retention period is over.
    Retention,
    /// The data should not have been collected.
    CollectedInError,
}

bodies! {
    /// Consent to processing, as the law of 21 May 2013 asks: what for, by which text, how given.
    Consent {
        /// Scope that it is given for, such as `programme` or `photo`.
        scope: Slug,
        /// Version of the text that was read out.
        text_version: Slug,
        /// Method by which it was given.
        method: ConsentMethod,
    }

    /// Withdrawal of a consent.
    ConsentScope {
        /// The scope that it was given for.
        scope: Slug,
    }

    /// A corrected identity; it replaces the one before.
    IdentityChange {
        /// Year of birth, when it changes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        birth_year: Option<Within<1900, 2100>>,
        /// Name, phone, national id, birth date, address.
        identity: SealedIdentity,
    }

    /// Asks to change an identity. What is left out of it stays as it is.
    IdentityChangeRequest {
        /// Year of birth, when it changes. The year of a birth date that changes is taken with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        birth_year: Option<Within<1900, 2100>>,
        /// What changes: name, phone, national id, birth date, address. `null` takes a field away.
        identity: AmendedIdentity,
    }

    /// Asks for the erasure of a person.
    ErasureRequest {
        /// Ground of the erasure.
        ground: ErasureGround,
    }

    /// The keys whose destruction erases the person.
    Erasure {
        /// Ground of the erasure.
        ground: ErasureGround,
        /// Every key that sealed something in this stream.
        keys: Vec<KeyId>,
    }
}

/// The edge has put what changes into the identity that stood: the event holds the whole of it.
pub(in crate::path) fn amend(
    _: &Asked,
    IdentityChangeRequest { birth_year, identity }: IdentityChangeRequest,
) -> IdentityChange {
    IdentityChange { birth_year, identity: SealedIdentity(identity.0) }
}

/// A consent stands that can be withdrawn.
pub(in crate::path) fn one_consent(case: &Case) -> Result<(), Refusal> {
    if case.state.consents.is_empty() {
        return Err(Refusal::none_open(Item::Consent, "scope", []));
    }
    Ok(())
}

/// A withdrawal is of a consent that stands.
pub(in crate::path) fn check_withdrawal(
    case: &Case,
    withdrawal: &ConsentScope,
) -> Result<(), Refusal> {
    let scope = &withdrawal.scope;
    if case.state.consents.iter().any(|consent| consent.scope == *scope) {
        return Ok(());
    }
    Err(Refusal::Unknown { item: Item::Consent, name: scope.to_string(), field: "scope" })
}

/// Names every key whose destruction erases the person.
pub(in crate::path) fn erase(asked: &Asked, ErasureRequest { ground }: ErasureRequest) -> Erasure {
    Erasure { ground, keys: asked.path.state().keys.clone() }
}

/// A person is erased once.
pub(in crate::path) fn not_erased(case: &Case) -> Result<(), Refusal> {
    if case.state.is_erased() {
        return Err(Refusal::Settled { item: Item::PersonalData, name: String::new() });
    }
    Ok(())
}

/// An erasure names every key that sealed something in the stream.
pub(in crate::path) fn check_erasure(case: &Case, erasure: &Erasure) -> Result<(), Refusal> {
    if erasure.keys == case.state.keys {
        return Ok(());
    }
    Err(Refusal::Disagree { field: "keys", other: "identity" })
}

pub(in crate::path) fn fold_consent(state: &mut State, _: &Signed, consent: &Consent) {
    state.consents.retain(|standing| standing.scope != consent.scope);
    state.consents.push(consent.clone());
}

pub(in crate::path) fn fold_withdrawal(state: &mut State, _: &Signed, withdrawal: &ConsentScope) {
    state.consents.retain(|consent| consent.scope != withdrawal.scope);
}

pub(in crate::path) fn fold_identity(state: &mut State, _: &Signed, change: &IdentityChange) {
    state.identity = Some(change.identity.0.clone());
    if let (Some(year), Some(registration)) = (change.birth_year, &mut state.registration) {
        registration.birth_year = year;
    }
}

pub(in crate::path) fn fold_erasure(state: &mut State, signed: &Signed, _: &Erasure) {
    state.erased_on = Some(signed.on);
    state.identity = None;
}
