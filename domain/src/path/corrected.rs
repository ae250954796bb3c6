//! Events as they read once what corrects them is known. A corrected registration is folded as if it had
//! said so from the beginning, so that every state after it, and every row, is of what is true; the event
//! itself stays as it was recorded.
//!
//! Attendance is corrected in the same way: who was not there after all is not counted at any time.
//!
//! What an event copied from the registration follows it: a transfer that left the region as it was leaves it
//! as corrected, a transfer that is returned brings back the corrected one, and the age that an assessment found
//! is counted from the corrected year.

use std::borrow::Cow;

use sira_numbers::Sequence;

use super::event::BeneficiaryEvent;
use super::fact::Fact;
use super::facts::{
    Attendance, AttendanceCorrection, IdentityChange, Presence, Registration,
    RegistrationCorrection, Transfer, TransferReturn,
};
use crate::reference::RegionCode;
use crate::values::Within;

/// Reads the events of one path, in order, as they are corrected by later ones that stand.
#[derive(Clone, Debug, Default)]
pub struct AsCorrected<'a> {
    corrections: Vec<(Sequence, &'a RegistrationCorrection)>,
    attendance: Vec<(Sequence, &'a AttendanceCorrection)>,
    /// The year of birth as the events told it so far, corrected by those among them alone.
    year: Option<Within<1900, 2100>>,
    /// The region in the same way, as long as the person did not move to another one.
    region: Option<RegionCode>,
    /// That region as it was before the last transfer, which a return brings back.
    left: Option<RegionCode>,
}

impl<'a> AsCorrected<'a> {
    /// By these events, of which only those that stand are given. A session is attended as it was told until it
    /// is corrected: so it is judged.
    pub fn by(standing: impl IntoIterator<Item = (Sequence, &'a BeneficiaryEvent)>) -> Self {
        Self { attendance: Vec::new(), ..Self::as_counted(standing) }
    }

    /// By the same, with every session as it was attended: so it is counted.
    pub fn as_counted(
        standing: impl IntoIterator<Item = (Sequence, &'a BeneficiaryEvent)>,
    ) -> Self {
        let mut by = Self::default();
        for (sequence, event) in standing {
            match &event.fact {
                Fact::RegistrationCorrected(correction) => {
                    by.corrections.push((sequence, correction));
                }
                Fact::AttendanceCorrected(correction) => by.attendance.push((sequence, correction)),
                _ => {}
            }
        }
        by
    }

    /// One correction more, behind the others.
    pub(super) fn and(
        mut self,
        sequence: Sequence,
        correction: &'a RegistrationCorrection,
    ) -> Self {
        self.corrections.push((sequence, correction));
        self
    }

    /// The next event that stands, as it is corrected.
    pub fn read<'e>(
        &mut self,
        sequence: Sequence,
        event: &'e BeneficiaryEvent,
    ) -> Cow<'e, BeneficiaryEvent> {
        if let Fact::AttendanceRecorded(told) = &event.fact {
            return self.read_attendance(sequence, event, told);
        }
        if self.corrections.is_empty() {
            return Cow::Borrowed(event);
        }
        let (told_year, told_region) = (self.year, self.region);
        self.hear(&event.fact);
        let later = || self.corrections.iter().filter(|(number, _)| *number > sequence);
        let year = later()
            .filter_map(|(_, one)| one.birth_year.as_ref())
            .next_back()
            .map(|change| change.after);
        let region = later()
            .filter_map(|(_, one)| one.region.as_ref())
            .next_back()
            .map(|change| change.after);
        // Only what is rewritten is copied: most events of a path are read as they are.
        let fact = match &event.fact {
            Fact::Registered(said) => {
                let mut said = said.clone();
                later().for_each(|(_, one)| one.apply(&mut said));
                Fact::Registered(said)
            }
            Fact::IdentityUpdated(change) if change.birth_year.is_some() => {
                let birth_year = year.or(change.birth_year);
                Fact::IdentityUpdated(IdentityChange { birth_year, ..change.clone() })
            }
            Fact::Transferred(transfer) if Some(transfer.region) == told_region => {
                let region = region.unwrap_or(transfer.region);
                Fact::Transferred(Transfer { region, ..transfer.clone() })
            }
            Fact::TransferReturned(back) if Some(back.region) == self.left => {
                let region = region.unwrap_or(back.region);
                Fact::TransferReturned(TransferReturn { region, ..back.clone() })
            }
            Fact::EligibilityAssessed(assessment) => {
                let mut assessment = assessment.clone();
                if let (Some(age), Some(told), Some(year)) = (&mut assessment.age, told_year, year)
                {
                    let by = told.signed() - year.signed();
                    age.years = age.years.saturating_add_signed(by);
                }
                Fact::EligibilityAssessed(assessment)
            }
            _ => return Cow::Borrowed(event),
        };
        Cow::Owned(with(event, fact))
    }

    fn read_attendance<'e>(
        &self,
        sequence: Sequence,
        event: &'e BeneficiaryEvent,
        told: &Attendance,
    ) -> Cow<'e, BeneficiaryEvent> {
        let of_it = |(number, one): &&(Sequence, &AttendanceCorrection)| {
            *number > sequence && one.session == told.session
        };
        let Some((_, last)) = self.attendance.iter().rfind(of_it) else {
            return Cow::Borrowed(event);
        };
        let Presence { present, minutes_present } = last.after;
        let fact =
            Fact::AttendanceRecorded(Attendance { present, minutes_present, ..told.clone() });
        Cow::Owned(with(event, fact))
    }

    /// Remembers what an event tells, as it was recorded.
    fn hear(&mut self, fact: &Fact) {
        match fact {
            Fact::Registered(said) => {
                self.year = Some(said.birth_year);
                self.region = Some(said.region);
            }
            Fact::IdentityUpdated(change) => self.year = change.birth_year.or(self.year),
            Fact::Transferred(transfer) => {
                self.left = self.region;
                self.region = self.region.filter(|region| *region == transfer.region);
            }
            Fact::TransferReturned(_) => self.region = self.left,
            Fact::RegistrationCorrected(correction) => {
                if let Some(change) = &correction.birth_year {
                    self.year = Some(change.after);
                }
                if let Some(change) = &correction.region {
                    self.region = self.region.map(|_| change.after);
                    self.left = self.left.map(|_| change.after);
                }
            }
            _ => {}
        }
    }
}

/// An event with another fact in the place of its own.
fn with(event: &BeneficiaryEvent, fact: Fact) -> BeneficiaryEvent {
    let BeneficiaryEvent { occurred_on, ref by, rules, backdating_reason, fact: _ } = *event;
    BeneficiaryEvent { occurred_on, by: by.clone(), rules, backdating_reason, fact }
}

/// What the last registration among these events says, with the corrections among them. The year of birth is
/// the one told last.
pub(super) fn registration_by<'a>(
    standing: impl IntoIterator<Item = (Sequence, &'a BeneficiaryEvent)>,
) -> Option<Registration> {
    let mut said: Option<Registration> = None;
    for (_, event) in standing {
        match (&event.fact, &mut said) {
            (Fact::Registered(registration), _) => said = Some(registration.clone()),
            (Fact::RegistrationCorrected(correction), Some(said)) => correction.apply(said),
            (Fact::IdentityUpdated(change), Some(said)) => {
                said.birth_year = change.birth_year.unwrap_or(said.birth_year);
            }
            _ => {}
        }
    }
    said
}
