//! Whose paths a reader is shown, in the words that stand in tables.

use uuid::Uuid;

/// An office of a programme: another programme's office of the same code is another office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgrammeOffice {
    /// The programme.
    pub programme: Uuid,
    /// The office's code in it.
    pub office: String,
}

/// What a reader is shown: paths by the office in charge, offices themselves, and what belongs to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everything.
    All,
    /// What is in the charge of an office in these regions. An office that the programme does not know
    /// stands in none.
    Regions(Vec<String>),
    /// What is in the charge of these offices.
    Offices(Vec<ProgrammeOffice>),
    /// A donor's own funds, with the programmes that they are of and those programmes' offices; no path,
    /// no group and no member of the staff.
    Funds(Vec<Uuid>),
}
