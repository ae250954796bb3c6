//! Things in English.

use crate::refusal::Item;
use crate::refusal::words::{is_several, period_of};

pub(super) const fn noun(item: Item) -> &'static str {
    match item {
        Item::Event => "event",
        Item::Financing => "financing",
        Item::Tranche => "tranche",
        Item::Grievance => "grievance",
        Item::Consent => "the consent",
        Item::BusinessPlan => "business plan",
        Item::Office => "office",
        Item::Programme => "programme",
        Item::Milestone => "the visit",
        Item::Session => "session",
        Item::Lottery => "lottery",
        Item::Sector => "sector",
        Item::Module => "module",
        Item::Registration => "registration",
        Item::Training => "the training",
        Item::Convention => "convention",
        Item::PaymentReference => "payment reference",
        Item::Business => "the business",
        Item::Closure => "the closure of the business",
        Item::Income => "the income",
        Item::PersonalData => "the personal data",
        Item::Cohort => "the cohort",
        Item::Seat => "the seat",
        Item::Fund => "the fund",
        Item::Member => "member",
        Item::Duplicate => "duplicate",
        Item::Path => "path",
        Item::Waiver => "the start without money",
        Item::Command => "command",
    }
}

pub(super) fn the(item: Item, name: &str) -> String {
    match item {
        _ if name.is_empty() => noun(item).to_owned(),
        Item::Income => {
            let (from, to) = period_of(name);
            format!("the income from {from} to {to}")
        }
        Item::Milestone => format!("the visit at {name} months"),
        _ => format!("{} {name}", noun(item)),
    }
}

pub(super) fn none_of(item: Item) -> String {
    match item {
        Item::Financing => "no financing was requested in this path".into(),
        Item::Grievance => "no grievance was lodged in this path".into(),
        Item::Consent => "no consent stands".into(),
        Item::Session => "no session is scheduled in this cohort".into(),
        Item::Office => "no office of this programme is open".into(),
        Item::Duplicate => "this path is linked to no other".into(),
        _ => format!("{} does not exist here", noun(item)),
    }
}

pub(super) fn unknown(item: Item, name: &str) -> String {
    match item {
        Item::Event => format!("no event of this path has the number {name}"),
        Item::Financing => format!("no financing of this path has the number {name}"),
        Item::Tranche => format!("no tranche of this financing has the number {name}"),
        Item::Grievance => format!("no grievance of this path has the number {name}"),
        Item::Consent => format!("no consent for {name} stands"),
        Item::BusinessPlan => format!("the last version of the business plan is not {name}"),
        Item::Milestone => format!("the rules have no visit at {name} months"),
        Item::Session => format!("no session of this cohort is called {name}"),
        Item::Lottery => format!("the person was entered in no lottery {name}"),
        Item::Sector => format!("the programme does not know the sector {name}"),
        Item::Module => format!("the module {name} is not part of the training"),
        Item::Member => format!("person {name} holds no seat in the cohort"),
        Item::Path => format!("no path is registered as {name}"),
        Item::Fund => format!("no fund is open as {name}"),
        Item::Cohort => format!("no cohort is planned as {name}"),
        Item::Programme => format!("no programme has a signed convention as {name}"),
        Item::Office => format!("the programme has no office {name}"),
        Item::Duplicate => format!("this path is not linked to {name}"),
        Item::Command => format!("there is no command {name}"),
        _ => format!("{} does not exist here", the(item, name)),
    }
}

pub(super) fn settled(item: Item, name: &str) -> String {
    match item {
        Item::Financing if is_several(name) => {
            format!("financings {name} are not open to this any more")
        }
        Item::Financing => format!("financing {name} is not open to this any more"),
        Item::Tranche => format!("tranche {name} is paid already"),
        Item::Grievance if is_several(name) => {
            format!("grievances {name} have been answered already")
        }
        Item::Grievance => format!("grievance {name} has been answered already"),
        Item::BusinessPlan => format!("version {name} of the business plan is validated already"),
        Item::Convention => format!("convention {name} is not renewable"),
        Item::PaymentReference => format!("payment reference {name} has been used already"),
        Item::Business => format!("a business is running already (sector {name})"),
        Item::Closure => format!("the business (sector {name}) has closed already"),
        Item::Training => "the training is completed: its seat is not given back any more".into(),
        Item::Seat => format!("the person holds a seat already, in cohort {name}"),
        Item::Cohort => format!("cohort {name} is closed"),
        Item::Fund => format!("fund {name} is closed"),
        Item::Member => format!("person {name} holds a seat in the cohort already"),
        Item::Duplicate => format!(
            "path {name} is linked to this one already, which therefore cannot be linked to another"
        ),
        Item::PersonalData => "the personal data are erased already".into(),
        Item::Waiver => "the start without money is allowed already".into(),
        _ => format!("{} is settled already", the(item, name)),
    }
}
