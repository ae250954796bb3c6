//! A scope as it is asked for, on the command line or in the configuration, before it is granted: what a
//! role needs must be said, and what is named must be there.

use std::collections::{BTreeMap, BTreeSet};

use sira_domain::jurisdiction::Ground;
use sira_domain::programme::Programme;
use sira_domain::reference::{Language, RegionCode};
use sira_domain::role::Role;
use sira_domain::values::{FundId, OfficeCode, ProgrammeId};

use super::{Scope, ScopeOffice};

/// A scope as it is asked for.
#[derive(Clone, Debug, Default)]
pub struct AskedScope {
    /// Everything.
    pub all: bool,
    /// Regions.
    pub regions: Vec<RegionCode>,
    /// The programme whose offices are named; left out where one programme alone has them.
    pub programme: Option<ProgrammeId>,
    /// Offices.
    pub offices: Vec<OfficeCode>,
    /// Funds.
    pub funds: Vec<FundId>,
}

/// The offices and funds that there are, open or closed.
#[derive(Clone, Debug, Default)]
pub struct KnownPlaces {
    /// The programmes of each office's code, with the region that it stands in there.
    offices: BTreeMap<OfficeCode, BTreeMap<ProgrammeId, RegionCode>>,
    /// The funds.
    funds: BTreeSet<FundId>,
}

/// Why a scope is not granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.detail(Language::En))]
pub enum ScopeError {
    /// Nothing says where the role reaches.
    Missing(Role),
    /// More than one of everything, regions, offices and funds is said.
    Several,
    /// A donor is given something else than funds, or somebody else is given funds.
    NotOfRole(Role),
    /// No programme has an office of this code.
    UnknownOffice(OfficeCode),
    /// Several programmes have an office of this code.
    AmbiguousOffice(OfficeCode, BTreeSet<ProgrammeId>),
    /// There is no such fund.
    UnknownFund(FundId),
}

impl KnownPlaces {
    /// Takes a programme's offices in.
    pub fn add_offices(&mut self, id: ProgrammeId, programme: &Programme) {
        for (code, known) in &programme.offices {
            let of_code = self.offices.entry(code.clone()).or_default();
            of_code.insert(id, known.office.region);
        }
    }

    /// Takes a fund in.
    pub fn add_fund(&mut self, fund: FundId) {
        self.funds.insert(fund);
    }

    /// The ground of an office.
    pub(super) fn ground(&self, one: &ScopeOffice) -> Ground {
        let programmes = self.offices.get(&one.office);
        Ground::Office {
            programme: one.programme.0,
            office: one.office.clone(),
            region: programmes.and_then(|known| known.get(&one.programme).copied()),
        }
    }

    fn office(
        &self,
        code: &OfficeCode,
        named: Option<ProgrammeId>,
    ) -> Result<ScopeOffice, ScopeError> {
        let programmes = self.offices.get(code);
        let fitting: BTreeSet<_> = programmes
            .into_iter()
            .flat_map(BTreeMap::keys)
            .copied()
            .filter(|programme| named.is_none_or(|named| named == *programme))
            .collect();
        let mut each = fitting.iter();
        match (each.next(), each.next()) {
            (None, _) => Err(ScopeError::UnknownOffice(code.clone())),
            (Some(programme), None) => {
                Ok(ScopeOffice { programme: *programme, office: code.clone() })
            }
            (Some(_), Some(_)) => Err(ScopeError::AmbiguousOffice(code.clone(), fitting)),
        }
    }

    fn fund(&self, fund: FundId) -> Result<FundId, ScopeError> {
        if self.funds.contains(&fund) { Ok(fund) } else { Err(ScopeError::UnknownFund(fund)) }
    }
}

impl AskedScope {
    /// Whether a scope of this kind may be given to a role, whatever there is.
    ///
    /// # Errors
    /// [`ScopeError::Missing`], `Several` and `NotOfRole`.
    pub fn check(&self, role: Role) -> Result<(), ScopeError> {
        let said =
            [self.all, !self.regions.is_empty(), !self.offices.is_empty(), !self.funds.is_empty()];
        match said.iter().filter(|said| **said).count() {
            0 => Err(ScopeError::Missing(role)),
            1 if self.funds.is_empty() == (role == Role::Donor) => Err(ScopeError::NotOfRole(role)),
            1 => Ok(()),
            _ => Err(ScopeError::Several),
        }
    }

    /// The scope to grant to a role, of places that are known.
    ///
    /// # Errors
    /// [`ScopeError`]: what is missing, too much, or not there.
    pub fn resolve(&self, role: Role, known: &KnownPlaces) -> Result<Scope, ScopeError> {
        self.check(role)?;
        if self.all {
            return Ok(Scope::All);
        }
        if !self.regions.is_empty() {
            return Ok(Scope::Regions(self.regions.clone()));
        }
        if !self.offices.is_empty() {
            let found = self.offices.iter().map(|code| known.office(code, self.programme));
            return found.collect::<Result<_, _>>().map(Scope::Offices);
        }
        let found = self.funds.iter().map(|fund| known.fund(*fund));
        found.collect::<Result<_, _>>().map(Scope::Funds)
    }
}

impl ScopeError {
    /// What is wrong, in a language.
    #[must_use]
    pub fn detail(&self, language: Language) -> String {
        match language {
            Language::Fr => self.in_french(),
            Language::En => self.in_english(),
        }
    }

    fn in_french(&self) -> String {
        match self {
            Self::Missing(Role::Donor) => "un bailleur voit ses fonds : nommez-les (--fund)".into(),
            Self::Missing(role) => format!(
                "dites où s'étend le rôle « {} » : --region, --office, ou --all pour tout",
                role.label(Language::Fr)
            ),
            Self::Several => {
                "une seule portée à la fois : tout, des régions, des antennes ou des fonds".into()
            }
            Self::NotOfRole(Role::Donor) => {
                "un bailleur ne voit que des fonds : nommez-les (--fund)".into()
            }
            Self::NotOfRole(role) => {
                format!("le rôle « {} » ne s'étend pas sur des fonds", role.label(Language::Fr))
            }
            Self::UnknownOffice(office) => format!("aucune antenne n'a le code « {office} »"),
            Self::AmbiguousOffice(office, programmes) => format!(
                "plusieurs programmes ont une antenne « {office} » ; dites lequel (--programme) : {}",
                listed(programmes)
            ),
            Self::UnknownFund(fund) => format!("aucun fonds n'a l'identifiant {fund}"),
        }
    }

    fn in_english(&self) -> String {
        match self {
            Self::Missing(Role::Donor) => "a donor sees its funds: name them (--fund)".into(),
            Self::Missing(role) => format!(
                "say where the role \"{}\" reaches: --region, --office, or --all for everything",
                role.label(Language::En)
            ),
            Self::Several => "one scope at a time: everything, regions, offices or funds".into(),
            Self::NotOfRole(Role::Donor) => "a donor sees funds alone: name them (--fund)".into(),
            Self::NotOfRole(role) => {
                format!("the role \"{}\" does not reach over funds", role.label(Language::En))
            }
            Self::UnknownOffice(office) => format!("no office has the code \"{office}\""),
            Self::AmbiguousOffice(office, programmes) => format!(
                "several programmes have an office \"{office}\"; say which (--programme): {}",
                listed(programmes)
            ),
            Self::UnknownFund(fund) => format!("no fund has the id {fund}"),
        }
    }
}

fn listed(programmes: &BTreeSet<ProgrammeId>) -> String {
    let names: Vec<String> = programmes.iter().map(ToString::to_string).collect();
    names.join(", ")
}
