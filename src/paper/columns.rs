//! What a list that people work from has: its columns, in order, with what they are called.

use sira_domain::labels::record_label;
use sira_domain::reference::Language;
use sira_projections::table::Kind;

/// A list that people work from.
#[derive(Clone, Copy, Debug)]
pub struct ListForm {
    /// What its files are called after.
    pub name: &'static str,
    /// Its title, in French and in English.
    pub title: (&'static str, &'static str),
    /// Its columns. Those of the person are left out where nobody asked for them.
    pub columns: &'static [ListColumn],
    /// Columns by which the whole list is put in order; none: as it is read.
    pub order: &'static [&'static str],
    /// The column whose words head the parts of a page; its own column is left out there.
    pub parts: Option<&'static str>,
    /// An empty column on paper, to be written into by hand.
    pub blank: Option<(&'static str, &'static str)>,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct ListColumn {
    /// The field of a row.
    pub name: &'static str,
    /// What its cells hold.
    pub kind: Kind,
    /// What it is called here; none: what the field is called everywhere.
    pub words: Option<(&'static str, &'static str)>,
}

impl ListColumn {
    /// The path's reference.
    pub const REFERENCE: Self = Self::new("reference", Kind::Text);
    /// The person's name.
    pub const NAME: Self = Self::new("name", Kind::Text);
    /// The person's phone.
    pub const PHONE: Self = Self::new("phone", Kind::Text);
    /// The person's village or quarter.
    pub const LOCALITY: Self = Self::new("locality", Kind::Text);
    /// The region.
    pub const REGION: Self = Self::new("region", Kind::Text);

    /// A column that is called as its field is.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, words: None }
    }

    /// A column with a name of its own, in French and in English.
    #[must_use]
    pub const fn called(
        name: &'static str,
        kind: Kind,
        fr: &'static str,
        en: &'static str,
    ) -> Self {
        Self { name, kind, words: Some((fr, en)) }
    }

    /// What it is called.
    #[must_use]
    pub fn label(&self, language: Language) -> &'static str {
        match (self.words, language) {
            (Some((fr, _)), Language::Fr) => fr,
            (Some((_, en)), Language::En) => en,
            (None, _) => record_label(self.name, language).unwrap_or(self.name),
        }
    }
}
