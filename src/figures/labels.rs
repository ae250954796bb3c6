//! What the groups of a breakdown are called, in the reader's language.

use std::collections::HashMap;
use std::str::FromStr as _;

use sira_domain::reference::{EducationLevel, Language, RegionCode, lists};
use sira_projections::analytics::Dimension;
use sira_projections::lists::codes;

use super::{FigureError, Figures};

/// The lists whose codes are words of measures of their own: modules, instruments, statuses.
const OF_CATEGORIES: [&str; 5] =
    ["modules", "instruments", "business_statuses", "grievance_categories", "employment_statuses"];

/// What groups are called that have names of their own: programmes, training groups and funds.
#[derive(Debug, Default)]
pub struct GroupLabels(HashMap<String, String>);

impl Figures {
    /// What the groups of a breakdown by these dimensions are called.
    ///
    /// # Errors
    /// [`FigureError::Read`].
    pub async fn labels(&self, groups: &[Dimension]) -> Result<GroupLabels, FigureError> {
        let own = [Dimension::Programme, Dimension::Cohort, Dimension::Fund];
        let are_asked = groups.iter().any(|group| own.contains(group));
        Ok(GroupLabels(if are_asked { codes(&self.read).await? } else { HashMap::new() }))
    }
}

fn in_list(list: &str, code: &str, language: Language) -> Option<&'static str> {
    let list = lists().iter().find(|known| known.name == list)?;
    list.entries.iter().find(|entry| entry.code == code).map(|entry| entry.label(language))
}

impl GroupLabels {
    /// What a word of a dimension is called; the word itself where it has no other name, and what is said of those
    /// that have none.
    #[must_use]
    pub fn label(&self, dimension: Dimension, word: &str, language: Language) -> String {
        let pick = |fr: &str, en: &str| match language {
            Language::Fr => fr.to_owned(),
            Language::En => en.to_owned(),
        };
        let known = match (dimension, word) {
            (_, "") => Some(pick("non renseigné", "not known")),
            (Dimension::Programme | Dimension::Cohort | Dimension::Fund, id) => {
                self.0.get(id).cloned()
            }
            (Dimension::Region, code) => {
                RegionCode::from_str(code).ok().map(|region| region.name_fr().to_owned())
            }
            (Dimension::Sex, "female") => Some(pick("Femmes", "Women")),
            (Dimension::Sex, "male") => Some(pick("Hommes", "Men")),
            (Dimension::AgeBand, "under_18") => Some(pick("moins de 18 ans", "under 18")),
            (Dimension::AgeBand, "over_35") => Some(pick("plus de 35 ans", "over 35")),
            (Dimension::AgeBand, band) => band
                .split_once('_')
                .map(|(from, to)| pick(&format!("{from} à {to} ans"), &format!("{from} to {to}"))),
            (Dimension::Disability | Dimension::Displaced | Dimension::Trained, "true") => {
                Some(pick("oui", "yes"))
            }
            (Dimension::Disability | Dimension::Displaced | Dimension::Trained, "false") => {
                Some(pick("non", "no"))
            }
            (Dimension::Education, code) => {
                EducationLevel::from_str(code).ok().map(|level| level.label(language).to_owned())
            }
            (Dimension::Sector, code) => in_list("sectors", code, language).map(str::to_owned),
            (Dimension::Tag, code) => {
                let found = OF_CATEGORIES.iter().find_map(|list| in_list(list, code, language));
                found.map(str::to_owned)
            }
            _ => None,
        };
        known.unwrap_or_else(|| word.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_group_is_called_something_in_both_languages() {
        let labels = GroupLabels(HashMap::from([("id".to_owned(), "bailleur-1".to_owned())]));
        for (dimension, word, fr, en) in [
            (Dimension::Fund, "id", "bailleur-1", "bailleur-1"),
            (Dimension::Region, "segou", "Ségou", "Ségou"),
            (Dimension::Region, "", "non renseigné", "not known"),
            (Dimension::Sex, "female", "Femmes", "Women"),
            (Dimension::AgeBand, "25_29", "25 à 29 ans", "25 to 29"),
            (Dimension::AgeBand, "over_35", "plus de 35 ans", "over 35"),
            (Dimension::Displaced, "true", "oui", "yes"),
            (Dimension::Education, "2", "Fondamental 2 (DEF)", "Lower secondary"),
            (Dimension::Tag, "XOF", "XOF", "XOF"),
            (Dimension::Tag, "own_account", "À son compte", "Own-account worker"),
            (Dimension::Quarter, "2024-Q1", "2024-Q1", "2024-Q1"),
        ] {
            assert_eq!(labels.label(dimension, word, Language::Fr), fr);
            assert_eq!(labels.label(dimension, word, Language::En), en);
        }
    }
}
