//! How a fact is made of a command. Which one is said in the table of `command.rs`.

use chrono::NaiveDate;
use sira_numbers::counted;

use super::Beneficiary;
use super::case::Case;
use super::fact::Fact;
use crate::context::Context;
use crate::programme::Rules;

/// The circumstances that a fact is made in: the path that the command is sent to, and the rules of the day.
pub(super) struct Asked<'a> {
    /// The path before the fact.
    pub path: &'a Beneficiary,
    /// The actor, the day and the role.
    pub context: &'a Context,
    /// The day of the fact.
    pub on: NaiveDate,
    /// The rules in force on that day.
    pub rules: &'a Rules,
}

impl Asked<'_> {
    /// What the rules look at.
    pub fn case(&self) -> Case<'_> {
        let context = self.context;
        Case {
            state: self.path.state(),
            on: self.on,
            by: &context.actor,
            programme: &context.programme,
            rules: self.rules,
            subject: context.subject,
        }
    }

    /// The next number of a kind of fact; a retracted one keeps its number.
    pub fn next_number(&self, is_kind: impl Fn(&Fact) -> bool) -> u32 {
        let count = self.path.past().iter().filter(|event| is_kind(&event.fact)).count();
        counted(count).saturating_add(1)
    }
}

/// Declares which fact each command leads to: its own body, what a maker computes from it, or what a maker
/// that may refuse `try`s to; and the kind that the rules know it by, where that is not the fact's own.
macro_rules! leads_to {
    (@made $asked:ident, $body:ident) => { $body };
    (@made $asked:ident, $body:ident, by $make:path) => { $make($asked, $body) };
    (@made $asked:ident, $body:ident, try $make:path) => { $make($asked, $body)? };
    (@kind $fact:ident) => { FactKind::$fact };
    (@kind $fact:ident, $kind:ident) => { FactKind::$kind };
    ($($verb:ident => $fact:ident $(as $kind:ident)? $(by $make:path)? $(, try $attempt:path)?;)*) => {
        /// Builds the fact that a command asks for, with what the rules compute.
        pub(super) fn propose(command: BeneficiaryCommand, asked: &Asked) -> Result<Fact, Refusal> {
            Ok(match command {
                $(BeneficiaryCommand::$verb(body) => {
                    Fact::$fact(leads_to!(@made asked, body $(, by $make)? $(, try $attempt)?))
                })*
            })
        }

        /// The kind of fact that a command leads to.
        pub(super) const fn kind_of(verb: BeneficiaryVerb) -> FactKind {
            match verb { $(BeneficiaryVerb::$verb => leads_to!(@kind $fact $(, $kind)?),)* }
        }
    };
}
pub(super) use leads_to;
