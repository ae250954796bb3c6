//! The words of each dimension, by place: facts hold the places.

use std::collections::HashMap;

use sira_numbers::counted;

macro_rules! dimensions {
    ($($name:ident $word:literal $fr:literal, $en:literal;)*) => {
        /// What figures may be broken down by.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the words say it")]
        pub enum Dimension { $($name,)* }

        impl Dimension {
            /// Every dimension.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Whether it is a length of time.
            #[must_use]
            pub const fn is_time(self) -> bool {
                matches!(self, Self::Year | Self::Quarter | Self::Month)
            }

            /// Its word in queries and answers.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it is called, in French and in English.
            #[must_use]
            pub const fn labels(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($fr, $en),)* }
            }

            /// The dimension of a word.
            #[must_use]
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|dimension| dimension.word() == word)
            }
        }
    };
}

dimensions! {
    Programme "programme" "Programme", "Programme";
    Region "region" "Région", "Region";
    Office "office" "Antenne", "Office";
    Sex "sex" "Sexe", "Sex";
    AgeBand "age_band" "Tranche d'âge", "Age band";
    Disability "disability" "Handicap", "Disability";
    Displaced "displaced" "Déplacé interne", "Displaced";
    Sector "sector" "Secteur", "Sector";
    Education "education" "Niveau d'études", "Education";
    Cohort "cohort" "Groupe", "Cohort";
    Fund "fund" "Fonds", "Fund";
    Trained "trained" "Formé", "Trained";
    Tag "category" "Catégorie", "Category";
    Year "year" "Année", "Year";
    Quarter "quarter" "Trimestre", "Quarter";
    Month "month" "Mois", "Month";
}

/// Words by place; place 0 is the empty word.
#[derive(Debug)]
pub struct Words {
    words: Vec<String>,
    places: HashMap<String, u32>,
}

impl Default for Words {
    fn default() -> Self {
        Self { words: vec![String::new()], places: std::iter::once((String::new(), 0)).collect() }
    }
}

impl Words {
    /// The place of a word, which is given one when it is new.
    pub fn place(&mut self, word: &str) -> u32 {
        if let Some(place) = self.places.get(word) {
            return *place;
        }
        let place = counted(self.words.len());
        self.words.push(word.to_owned());
        self.places.insert(word.to_owned(), place);
        place
    }

    /// The place of a word that is known.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<u32> {
        self.places.get(word).copied()
    }

    /// Every word that some fact has.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(String::as_str)
    }

    fn word(&self, place: u32) -> &str {
        self.words.get(place as usize).map_or("", String::as_str)
    }
}

/// The words of every dimension.
#[derive(Debug, Default)]
pub struct Dictionary {
    /// Programmes by id.
    pub programmes: Words,
    /// Regions by code.
    pub regions: Words,
    /// Offices by code.
    pub offices: Words,
    /// Sexes.
    pub sexes: Words,
    /// Bands of age.
    pub age_bands: Words,
    /// Sectors by code.
    pub sectors: Words,
    /// Levels of education by code.
    pub educations: Words,
    /// Cohorts by id.
    pub cohorts: Words,
    /// Funds by id.
    pub funds: Words,
    /// Words of measures' own.
    pub tags: Words,
}

/// The place of yes, no or not known.
#[must_use]
pub const fn flag_place(flag: Option<bool>) -> u8 {
    match flag {
        None => 0,
        Some(false) => 1,
        Some(true) => 2,
    }
}

impl Dictionary {
    fn of(&self, dimension: Dimension) -> Option<&Words> {
        Some(match dimension {
            Dimension::Programme => &self.programmes,
            Dimension::Region => &self.regions,
            Dimension::Office => &self.offices,
            Dimension::Sex => &self.sexes,
            Dimension::AgeBand => &self.age_bands,
            Dimension::Sector => &self.sectors,
            Dimension::Education => &self.educations,
            Dimension::Cohort => &self.cohorts,
            Dimension::Fund => &self.funds,
            Dimension::Tag => &self.tags,
            _ => return None,
        })
    }

    /// The place that a word of a dimension has; none when no fact has it.
    #[must_use]
    pub fn find(&self, dimension: Dimension, word: &str) -> Option<u32> {
        match dimension {
            Dimension::Disability | Dimension::Displaced | Dimension::Trained => match word {
                "" | "none" => Some(0),
                "false" => Some(1),
                "true" => Some(2),
                _ => None,
            },
            Dimension::Year => word.parse().ok(),
            Dimension::Quarter => {
                let (year, quarter) = word.split_once("-Q")?;
                let (year, quarter): (u32, u32) = (year.parse().ok()?, quarter.parse().ok()?);
                (1..=4).contains(&quarter).then(|| year * 4 + quarter - 1)
            }
            Dimension::Month => {
                let (year, month) = word.split_once('-')?;
                let (year, month): (u32, u32) = (year.parse().ok()?, month.parse().ok()?);
                (1..=12).contains(&month).then(|| year * 12 + month - 1)
            }
            // A code of this name comes before the group that has none.
            _ => self.of(dimension)?.find(word).or((word == "none").then_some(0)),
        }
    }

    /// Words of a dimension that some fact has; 0 for one whose words are not kept.
    #[must_use]
    pub fn count(&self, dimension: Dimension) -> u64 {
        self.of(dimension).map_or(0, |words| words.iter().count() as u64)
    }

    /// The word at a place of a dimension.
    #[must_use]
    pub fn word(&self, dimension: Dimension, place: u32) -> String {
        match dimension {
            Dimension::Disability | Dimension::Displaced | Dimension::Trained => {
                ["", "false", "true"].get(place as usize).copied().unwrap_or_default().to_owned()
            }
            Dimension::Year => place.to_string(),
            Dimension::Quarter => format!("{}-Q{}", place / 4, place % 4 + 1),
            Dimension::Month => format!("{}-{:02}", place / 12, place % 12 + 1),
            _ => self.of(dimension).map_or(String::new(), |words| words.word(place).to_owned()),
        }
    }
}
