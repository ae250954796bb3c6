//! Whose paths a reader is shown.

use uuid::Uuid;

/// What a reader is shown: paths by the office in charge, offices themselves, and what belongs to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everything.
    All,
    /// What is in the charge of an office in these regions. A path of an office that the programme does
    /// not know of stands where the person lives.
    Regions(Vec<String>),
    /// What is in the charge of these offices.
    Offices(Vec<String>),
    /// A donor's own funds, with the programmes that they are of and those programmes' offices; no path,
    /// no group and no member of the staff.
    Funds(Vec<Uuid>),
}
