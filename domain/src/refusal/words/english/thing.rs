//! Things in English.

use crate::refusal::Item;
use crate::refusal::words::{is_several, period_of};

pub(super) const fn noun(item: Item) -> &'static str {
    match item {
        Item::Event => "event",
        Item::Financing => "financing",
        Item::Tranche => "tranche",
        Item::Grievance => "grievance",
        Item::Referral => "referral",
        Item::Party => "party",
        Item::Commitment => "commitment",
        Item::Consent => "the consent",
        Item::BusinessPlan => "business plan",
        Item::Office => "office",
        Item::Programme => "programme",
        Item::Call => "the call",
        Item::Application => "application",
        Item::Milestone => "the visit",
        Item::Session => "session",
        Item::Register => "the register",
        Item::Lottery => "lottery",
        Item::Indicator => "indicator",
        Item::Sector => "sector",
        Item::Module => "module",
        Item::Registration => "registration",
        Item::Training => "the training",
        Item::Convention => "convention",
        Item::Payment | Item::PaymentOfFund => "payment",
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
        Item::Link => "the link with path",
        Item::Dismissal => "the dismissed duplicate",
        Item::Path => "path",
        Item::Waiver => "the start without money",
        Item::Command => "command",
        Item::Adviser => "adviser",
        Item::Post => "the post of",
        Item::Transfer => "the transfer",
        Item::Entry => "entry",
        Item::Selection => "selection",
        Item::RankedList => "ranked list",
        Item::StatementLine => "the line of the statement",
        Item::BudgetLine => "budget line",
        Item::Currency => "currency",
    }
}

pub(super) fn the(item: Item, name: &str) -> String {
    match item {
        _ if name.is_empty() => noun(item).to_owned(),
        Item::Income => {
            let (from, to) = period_of(name);
            format!("the income from {from} to {to}")
        }
        Item::Call => {
            let (from, to) = period_of(name);
            format!("the call from {from} to {to}")
        }
        Item::Milestone => format!("the visit at {name} months"),
        _ => format!("{} {name}", noun(item)),
    }
}

pub(super) fn none_of(item: Item) -> String {
    match item {
        Item::Financing => "no financing was requested in this path".into(),
        Item::Grievance => "no grievance was lodged in this path".into(),
        Item::Referral => "no referral was made in this path".into(),
        Item::Commitment => "no commitment is recorded in this programme".into(),
        Item::Consent => "no consent stands".into(),
        Item::Session => "no session is scheduled in this cohort".into(),
        Item::Register => "no register is recorded in this cohort".into(),
        Item::Office => "no office of this programme is open".into(),
        Item::Call => "no call was opened".into(),
        Item::Duplicate => "this path is linked to no other".into(),
        Item::Payment => "no payment of this path can be reversed so".into(),
        Item::Post => "the programme's directory has no post".into(),
        Item::Transfer => "no transfer of this path waits to be accepted".into(),
        _ => format!("{} does not exist here", noun(item)),
    }
}

pub(super) fn unknown(item: Item, name: &str) -> String {
    match item {
        Item::Event => format!("no event of this history has the number {name}"),
        Item::Financing => format!("no financing of this path has the number {name}"),
        Item::Tranche => format!("no tranche of this financing has the number {name}"),
        Item::Payment => format!("event {name} is no payment that can be reversed so"),
        Item::Grievance => format!("no grievance of this path has the number {name}"),
        Item::Referral => format!("no referral of this path has the number {name}"),
        Item::Party => format!("no party of the convention is called {name}"),
        Item::Commitment => format!("no commitment of this programme has the number {name}"),
        Item::Consent => format!("no consent for {name} stands"),
        Item::BusinessPlan => format!("the last version of the business plan is not {name}"),
        Item::Milestone => format!("the rules have no visit at {name} months"),
        Item::Session => format!("no session of this cohort is called {name}"),
        Item::Register => format!("session {name} has no register"),
        Item::Indicator => format!("there is no indicator {name}"),
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
        Item::Dismissal => format!("path {name} was not dismissed as a duplicate of this one"),
        Item::Command => format!("there is no command {name}"),
        Item::Adviser => format!(
            "the programme's directory has no adviser {name} at the office in charge on that day"
        ),
        Item::Post => format!("the directory has no such post of {name}"),
        Item::RankedList => format!("the person stands on no ranked list {name}"),
        Item::PaymentOfFund => format!("no payment of the fund has the reference {name}"),
        Item::StatementLine => format!("line {name} of this statement is not reconciled"),
        Item::BudgetLine => format!("the fund has no budget line {name}"),
        Item::Currency => format!("a fund is kept in XOF, and not in {name}"),
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
        Item::Session => {
            format!("session {name} has its register: it is not moved or cancelled any more")
        }
        Item::Grievance if is_several(name) => {
            format!("grievances {name} have been answered already")
        }
        Item::Grievance => format!("grievance {name} has been answered already"),
        Item::Referral if is_several(name) => {
            format!("the outcomes of referrals {name} have been recorded already")
        }
        Item::Referral => format!("the outcome of referral {name} has been recorded already"),
        Item::Commitment => format!("commitment {name} is open no more"),
        Item::BusinessPlan => format!("version {name} of the business plan is validated already"),
        Item::Convention => format!("convention {name} is not renewable"),
        Item::Call => format!("{} still runs: close it first", the(item, name)),
        Item::PaymentReference => format!("payment reference {name} has been used already"),
        Item::Payment => format!("the payment of event {name} is reversed already"),
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
        Item::Link => {
            format!("path {name} is linked to this one as the same person's: unlink it first")
        }
        Item::Dismissal => {
            format!("path {name} has been dismissed as a duplicate of this one already")
        }
        Item::PersonalData => "the personal data are erased already".into(),
        Item::Waiver => "the start without money is allowed already".into(),
        Item::Application => format!("application {name} has been decided otherwise already"),
        Item::Entry => format!("the person stands on the list already, at entry {name}"),
        Item::Selection => format!("the person is on the waiting list already (session {name})"),
        Item::Lottery => {
            format!("the person stands in lottery {name}, whose decision is still to be recorded")
        }
        Item::PaymentOfFund => format!(
            "payment {name} is reconciled with another line already; withdraw that one first"
        ),
        Item::StatementLine => format!(
            "line {name} of this statement is reconciled with another payment already; withdraw it first"
        ),
        _ => format!("{} is settled already", the(item, name)),
    }
}
