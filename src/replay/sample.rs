//! A sample that anyone draws again: of all events of a kind up to a position, those with the smallest lots.
//!
//! The lot of an event is the SHA-256 of the seed, a line end and the event's position, as `printf 'SEED\nPOSITION' |
//! sha256sum` gives it. What is drawn from is told by a digest of its positions, so that nobody leaves out beforehand
//! what is not to be found.

use sha2::{Digest, Sha256};
use sira_evidence::leaf::hex;
use sira_numbers::Position;

use crate::journal::{Journal, JournalError, RecordedEvent};

/// Events read at a time.
const PAGE: u32 = 2_000;

/// What a sample is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SampleOf {
    /// Payments to people.
    Disbursements,
    /// What people paid back.
    Repayments,
    /// Payments that were undone.
    Reversals,
    /// Loans that were given up.
    WriteOffs,
    /// Registrations.
    Registrations,
    /// Decisions of selection.
    Selections,
    /// Completed trainings.
    Trainings,
    /// Follow-up visits.
    Visits,
}

impl SampleOf {
    /// The types of event.
    const fn types(self) -> &'static [&'static str] {
        match self {
            Self::Disbursements => &["DisbursementRecorded"],
            Self::Repayments => &["RepaymentRecorded"],
            Self::Reversals => &["DisbursementReversed", "RepaymentReversed"],
            Self::WriteOffs => &["LoanWrittenOff"],
            Self::Registrations => &["Registered"],
            Self::Selections => &["SelectionDecided"],
            Self::Trainings => &["TrainingCompleted"],
            Self::Visits => &["VisitRecorded"],
        }
    }

    /// What an auditor looks for, in French and in English.
    #[must_use]
    pub const fn to_look_for(self) -> (&'static str, &'static str) {
        match self {
            Self::Disbursements => (
                "convention signée ; pièce de paiement au même montant et à la même référence ; la personne l'a reçu ; approuvé et payé par deux agents",
                "signed agreement; voucher of the same amount and reference; the person received it; approved and paid by two members of the staff",
            ),
            Self::Repayments => (
                "reçu donné à la personne ; même somme et même référence au relevé du fonds",
                "receipt given to the person; the same sum and reference in the fund's statement",
            ),
            Self::Reversals => (
                "motif, et retour de l'argent au relevé ; un autre agent que le payeur l'a enregistré",
                "ground, and the money back in the statement; recorded by another than who paid",
            ),
            Self::WriteOffs => (
                "relances faites ; décision d'un directeur ; plus rien de versé ensuite que recouvrement",
                "what was done to collect; a director's decision; nothing but recoveries since",
            ),
            Self::Registrations => (
                "consentement signé ; la personne existe et n'est inscrite qu'une fois ; âge et lieu prouvés",
                "signed consent; the person exists and is registered once; age and place proved",
            ),
            Self::Selections => (
                "procès-verbal de la session ; note, rang ou tirage qui y mènent ; aucun parent au comité",
                "minutes of the session; the score, rank or draw that leads to it; no relative in the committee",
            ),
            Self::Trainings => (
                "feuilles de présence signées ; heures au moins égales à la règle ; attestation remise",
                "signed attendance sheets; hours as the rule asks; certificate handed out",
            ),
            Self::Visits => (
                "fiche de visite signée ; l'activité existe au lieu dit ; emplois et chiffre d'affaires vus",
                "signed visit sheet; the business is where it is said to be; jobs and revenue seen",
            ),
        }
    }
}

/// An event that was drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Its lot, hexadecimal.
    pub lot: String,
    /// The event.
    pub event: RecordedEvent,
}

/// A sample, and what it was drawn from.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Events of the kind up to the position.
    pub population: u64,
    /// SHA-256 of their positions, in order, each with a line end, hexadecimal.
    pub digest: String,
    /// Those drawn, in the order of their lots.
    pub drawn: Vec<Drawn>,
}

/// The lot of an event.
#[must_use]
pub fn lot(seed: &str, position: Position) -> [u8; 32] {
    Sha256::digest(format!("{seed}\n{position}")).into()
}

/// Draws a sample of so many.
///
/// # Errors
/// [`JournalError`].
pub async fn sample(
    journal: &Journal,
    of: SampleOf,
    (seed, count): (&str, usize),
    up_to: Position,
) -> Result<Sample, JournalError> {
    let (mut digest, mut population) = (Sha256::new(), 0);
    // The smallest lots so far, the largest of them last.
    let mut kept: Vec<([u8; 32], RecordedEvent)> = Vec::new();
    let mut after = Position::START;
    loop {
        let page = journal.read_feed(after, PAGE).await?;
        let Some(last) = page.last() else {
            if after < up_to {
                return Err(JournalError::Unreadable { position: after.next() });
            }
            break;
        };
        after = last.position;
        for event in page.into_iter().filter(|event| event.position <= up_to) {
            if !of.types().contains(&event.event_type.as_str()) {
                continue;
            }
            population += 1;
            digest.update(format!("{}\n", event.position));
            let lot = lot(seed, event.position);
            let place = kept.partition_point(|(known, _)| *known < lot);
            if place < count {
                kept.insert(place, (lot, event));
                kept.truncate(count);
            }
        }
        if after >= up_to {
            break;
        }
    }
    let drawn = kept.into_iter().map(|(lot, event)| Drawn { lot: hex(&lot), event }).collect();
    Ok(Sample { population, digest: hex(&digest.finalize()), drawn })
}
