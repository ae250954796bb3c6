//! Whose paths a reader is shown.

/// Whose paths a reader is shown, by the office in charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every path.
    All,
    /// Paths in the charge of an office in these regions. An office that the programme does not know of
    /// stands where the person lives.
    Regions(Vec<String>),
    /// Paths of these offices.
    Offices(Vec<String>),
}
