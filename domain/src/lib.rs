//! The domain of Sira: a person's path from a project idea to a business of their own, and the
//! programme that carries it.
//!
//! Pure: no database, no HTTP, no clock, no randomness, no environment. What a decision needs is
//! handed in as a [`context::Context`].
//!
//! Where to begin reading: [`path`] (commands, facts, and the rules on them),
//! [`programme`] (the convention and its rules), [`cohort`] (a training group), [`fund`] (a donor's
//! envelope), [`mod@reference`] (dated and labelled lists),
//! [`values`] (small checked types), [`refusal`] (every rule that can say no).

mod aggregate;
pub mod catalogue;
pub mod cohort;
pub mod context;
pub mod fund;
pub mod identity;
pub mod jurisdiction;
pub mod labels;
pub mod likeness;
pub mod metadata;
pub mod names;
pub mod path;
pub mod programme;
pub mod reference;
pub mod refusal;
pub mod retraction;
pub mod role;
pub mod upcast;
pub mod values;

use catalogue::StreamKind;
use cohort::{COHORT_COMMANDS, COHORT_FACTS, Cohort, CohortEvent};
use fund::{FUND_COMMANDS, FUND_FACTS, Fund, FundEvent};
use path::{BENEFICIARY_COMMANDS, Beneficiary, BeneficiaryEvent, FACTS};
use programme::{PROGRAMME_COMMANDS, PROGRAMME_FACTS, Programme, ProgrammeEvent};

/// Every kind of stream, for whoever goes over all commands or all types of fact: forms, labels, the mining
/// vocabulary, the golden files. Where a kind is needed as a type (the ports of the commands, the audit, the
/// second reader), it is matched by name there, and an unknown one is told.
pub const STREAM_KINDS: &[StreamKind] = &[
    StreamKind::of::<BeneficiaryEvent>(Beneficiary::TYPE, BENEFICIARY_COMMANDS, FACTS),
    StreamKind::of::<ProgrammeEvent>(Programme::TYPE, PROGRAMME_COMMANDS, PROGRAMME_FACTS),
    StreamKind::of::<CohortEvent>(Cohort::TYPE, COHORT_COMMANDS, COHORT_FACTS),
    StreamKind::of::<FundEvent>(Fund::TYPE, FUND_COMMANDS, FUND_FACTS),
];
