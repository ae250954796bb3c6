//! Values: the small types that a fact is made of. Each is checked once, when it is made, and
//! trusted afterwards.

mod bounded;
mod dates;
mod ids;
mod money;
mod payment_reference;
mod reference_code;
mod sealed;
mod text;

pub use bounded::{Score, Within};
pub use dates::{EARLIEST_DATE, Period};
pub(crate) use ids::text_value;
pub use ids::{ActorId, BeneficiaryId, CohortId, FundId, OfficeCode, ProgrammeId, Slug};
pub use money::{CurrencyCode, SignedXof, Xof};
pub use payment_reference::PaymentReference;
pub use reference_code::{CROCKFORD, Reference, crockford_digit};
pub use sealed::{
    AmendedIdentity, FREE_TEXT_MAX_CHARS, KeyId, SEALED_PREFIX, Sealed, SealedIdentity,
    check_free_text,
};
pub use text::{Text, check_text, is_hidden, one_form};

/// A value that breaks the rule of its type.
///
/// Shown as `rule(limit)`, for instance `text_length(1..200)`: the HTTP edge turns it into a
/// sentence in the reader's language. It never carries the offending value, which may be personal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}({limit})")]
pub struct ValueError {
    /// The broken rule, one of [`ValueError::RULES`].
    pub rule: &'static str,
    /// The limit or form that the rule asks for; no part of the input.
    pub limit: String,
}

impl ValueError {
    /// Every rule that a value can break, with its sentence in French and in English. `{}` stands
    /// for the limit.
    pub const RULES: &'static [(&'static str, &'static str, &'static str)] = &[
        ("text_length", "doit compter de {} caractères", "must have {} characters"),
        (
            "control_character",
            "ne doit pas contenir de caractère de contrôle{}",
            "must not contain a control character{}",
        ),
        ("number_range", "doit être un nombre de {}", "must be a number in {}"),
        ("date_range", "doit être une date de {}", "must be a date in {}"),
        ("period_order", "doit finir après son début{}", "must end after it begins{}"),
        ("code_form", "doit avoir la forme {}", "must have the form {}"),
        (
            "phone_form",
            "doit être un numéro de la forme {}",
            "must be a phone number of the form {}",
        ),
        ("nina_form", "doit être un NINA de la forme {}", "must be a NINA of the form {}"),
        (
            "reference_check",
            "n'est pas une référence valable : le caractère de contrôle ne correspond pas{}",
            "is not a valid reference: its check character does not match{}",
        ),
        ("sealed_form", "doit être scellé{}", "must be sealed{}"),
        ("list_length", "doit compter de {} éléments", "must have {} items"),
        ("required_together", "demande aussi : {}", "also needs: {}"),
    ];

    /// A broken rule with its limit.
    #[must_use]
    pub fn new(rule: &'static str, limit: impl Into<String>) -> Self {
        Self { rule, limit: limit.into() }
    }
}
