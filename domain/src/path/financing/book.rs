//! A loan by the day: what was owed on any day, and what fell due, part by part.
//!
//! The state of a path knows a loan as it stands after the last event. A book keeps what happened to it with
//! the day of each, so that a balance is that of a day, whenever it was recorded.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::facts::Instalment;
use super::loan::{Loan, PaidBack, for_it};
use crate::values::Xof;

/// What happens to a loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoanMove {
    /// A tranche was paid out.
    PaidOut(Xof),
    /// Something came back.
    PaidBack(PaidBack),
    /// A new schedule took the place of the one before.
    Rescheduled(Vec<Instalment>),
    /// It is collected no longer.
    WrittenOff,
}

/// A loan with all that happened to it, in the order of recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoanBook {
    schedule: Vec<Instalment>,
    /// How often it was rescheduled before that schedule: after a first payment that was undone.
    reschedulings: u32,
    moves: Vec<(NaiveDate, LoanMove)>,
}

/// What is owed of a loan on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoanBalance {
    /// Principal paid out and not back; nothing once it is written off.
    pub outstanding: Xof,
    /// Interest of the schedule in force that is not paid, due or not.
    pub interest_owed: Xof,
    /// Day of the oldest instalment of which any part is unpaid; none when nothing is owed.
    pub oldest_unpaid_due_on: Option<NaiveDate>,
    /// Number of times that it was rescheduled by then.
    pub reschedulings: u32,
}

/// A part of an instalment that was paid on one day, or is unpaid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DuePart {
    /// Whose instalment it is: 0 of the terms that the loan began with, 1 of its first new schedule, and so on.
    pub terms: u32,
    /// Place among the instalments of its terms, from 0.
    pub instalment: u32,
    /// Day of the instalment.
    pub due_on: NaiveDate,
    /// Day on which the part was paid; none while it is not.
    pub paid_on: Option<NaiveDate>,
    /// Day on which it was owed no longer though unpaid: its terms were replaced, or the loan written off.
    pub ended_on: Option<NaiveDate>,
    /// Principal and interest.
    pub amount: Xof,
}

/// The terms of a loan from one schedule to the next.
struct Terms<'a> {
    schedule: &'a [Instalment],
    /// Principal that was lent and not back when they began.
    lent: Xof,
    /// What is paid on them.
    paid: Vec<(NaiveDate, &'a PaidBack)>,
    /// Day on which others took their place.
    replaced_on: Option<NaiveDate>,
}

/// What is left of one instalment while payments are set against it.
struct Owed {
    due_on: NaiveDate,
    principal: Xof,
    interest: Xof,
    parts: BTreeMap<NaiveDate, Xof>,
}

impl LoanBook {
    /// A loan by the schedule that it begins with, and how often it was rescheduled before, while a payment stood
    /// that was undone since.
    #[must_use]
    pub const fn of(schedule: Vec<Instalment>, reschedulings: u32) -> Self {
        Self { schedule, reschedulings, moves: Vec::new() }
    }

    /// Takes in what happened on a day.
    pub fn take(&mut self, on: NaiveDate, what: LoanMove) {
        self.moves.push((on, what));
    }

    /// The days on which something happened, each once, the earliest first.
    #[must_use]
    pub fn days(&self) -> Vec<NaiveDate> {
        let mut days: Vec<NaiveDate> = self.moves.iter().map(|(on, _)| *on).collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    /// What is owed at the end of a day: all that happened by then, in the order of recording. None while
    /// nothing was paid out.
    #[must_use]
    pub fn balance_on(&self, day: NaiveDate) -> Option<LoanBalance> {
        let mut loan =
            Loan { reschedulings: self.reschedulings, ..Loan::of(self.schedule.clone()) };
        let mut disbursed = Xof::ZERO;
        for (on, what) in self.moves.iter().filter(|(on, _)| *on <= day) {
            match what {
                LoanMove::PaidOut(amount) => disbursed = disbursed.plus(*amount),
                LoanMove::PaidBack(payment) => loan.take_repayment(payment.clone()),
                LoanMove::Rescheduled(schedule) => loan.reschedule(schedule.clone()),
                LoanMove::WrittenOff => loan.written_off_on = Some(*on),
            }
        }
        let (outstanding, interest_owed) =
            (loan.owed_of(disbursed), loan.interest_owed_of(disbursed));
        let is_owed = outstanding.plus(interest_owed) > Xof::ZERO;
        (disbursed > Xof::ZERO).then(|| LoanBalance {
            outstanding,
            interest_owed,
            oldest_unpaid_due_on: is_owed.then(|| loan.oldest_unpaid_due_on(disbursed)).flatten(),
            reschedulings: loan.reschedulings,
        })
    }

    /// What fell or falls due, part by part, of each of the loan's terms: of what was lent alone, the oldest
    /// instalment paid first. Repayments are set against the first terms whatever replaced them since, and
    /// against later ones from their own beginning on. What was to fall due after the loan was written off, or
    /// of later terms after these were replaced, never does; nor does interest once all principal is back.
    ///
    /// So a franc falls due once under the first terms, and rescheduling makes nothing due that was not, nor paid
    /// what is not: Rosenberg, Measuring Microcredit Delinquency (CGAP Occasional Paper 3, 1999), takes what falls
    /// due for the first time.
    #[must_use]
    pub fn due_parts(&self) -> Vec<DuePart> {
        let written_off_on = self.moves.iter().find_map(|(on, what)| match what {
            LoanMove::WrittenOff => Some(*on),
            _ => None,
        });
        let settled_on = self.settled_on();
        let mut parts = Vec::new();
        for (number, terms) in (0..).zip(self.terms()) {
            let replaced_on = terms.replaced_on;
            let ended_on = replaced_on.into_iter().chain(written_off_on).min();
            for (place, owed) in (0..).zip(terms.allocated()) {
                let part = |paid_on, ended_on, amount| DuePart {
                    terms: number,
                    instalment: place,
                    due_on: owed.due_on,
                    paid_on,
                    ended_on,
                    amount,
                };
                for (paid_on, amount) in &owed.parts {
                    let ended_on = ended_on.filter(|ended| ended < paid_on);
                    parts.push(part(Some(*paid_on), ended_on, *amount));
                }
                let is_after = |day: Option<NaiveDate>| day.is_some_and(|day| day < owed.due_on);
                let replaced = number > 0 && is_after(replaced_on);
                if is_after(written_off_on) || replaced {
                    continue;
                }
                let interest = if is_after(settled_on) { Xof::ZERO } else { owed.interest };
                let unpaid = owed.principal.plus(interest);
                if unpaid > Xof::ZERO {
                    parts.push(part(None, ended_on, unpaid));
                }
            }
        }
        parts
    }

    /// The day on which all principal that was lent was back; none while some is not.
    fn settled_on(&self) -> Option<NaiveDate> {
        let paid_out = self.moves.iter().filter_map(|(_, what)| match what {
            LoanMove::PaidOut(amount) => Some(*amount),
            _ => None,
        });
        let lent: Xof = paid_out.sum();
        let mut back = self.paid_back();
        back.sort_by_key(|(on, _)| *on);
        let mut sum = Xof::ZERO;
        let settling = back.into_iter().find(|(_, payment)| {
            sum = sum.plus(payment.principal);
            sum >= lent
        });
        settling.map(|(on, _)| on)
    }

    fn paid_back(&self) -> Vec<(NaiveDate, &PaidBack)> {
        let back = self.moves.iter().filter_map(|(on, what)| match what {
            LoanMove::PaidBack(payment) => Some((*on, payment)),
            _ => None,
        });
        back.collect()
    }

    /// The first terms, with every repayment, then each later ones with those that were recorded under them.
    fn terms(&self) -> Vec<Terms<'_>> {
        let mut lent = Xof::ZERO;
        let mut back = Xof::ZERO;
        let mut later: Vec<Terms<'_>> = Vec::new();
        let mut first_replaced_on = None;
        for (on, what) in &self.moves {
            match what {
                LoanMove::PaidOut(amount) => lent = lent.plus(*amount),
                LoanMove::PaidBack(payment) => {
                    back = back.plus(payment.principal);
                    if let Some(terms) = later.last_mut() {
                        terms.paid.push((*on, payment));
                    }
                }
                LoanMove::Rescheduled(schedule) => {
                    match later.last_mut() {
                        Some(terms) => terms.replaced_on = Some(*on),
                        None => first_replaced_on = Some(*on),
                    }
                    let lent = lent.less(back);
                    later.push(Terms { schedule, lent, paid: Vec::new(), replaced_on: None });
                }
                LoanMove::WrittenOff => {}
            }
        }
        let first = Terms {
            schedule: &self.schedule,
            lent,
            paid: self.paid_back(),
            replaced_on: first_replaced_on,
        };
        std::iter::once(first).chain(later).collect()
    }
}

impl Terms<'_> {
    /// The instalments for what was lent, each with what was paid of it, day by day.
    fn allocated(mut self) -> Vec<Owed> {
        let instalments = for_it(self.schedule, self.lent).map(|(one, principal)| {
            let (due_on, interest) = (one.due_on, one.interest);
            Owed { due_on, principal, interest, parts: BTreeMap::new() }
        });
        let mut owed: Vec<Owed> = instalments.collect();
        // What was paid first pays the oldest, whenever it was recorded.
        self.paid.sort_by_key(|(on, _)| *on);
        for (on, payment) in self.paid {
            pay(&mut owed, on, payment.principal, |one| &mut one.principal);
            pay(&mut owed, on, payment.interest, |one| &mut one.interest);
        }
        owed
    }
}

/// Sets an amount against the oldest instalments; what is above them is for nothing that is due.
fn pay(owed: &mut [Owed], on: NaiveDate, amount: Xof, part: impl Fn(&mut Owed) -> &mut Xof) {
    let mut left = amount;
    for one in owed {
        let unpaid = part(one);
        let paid = left.min(*unpaid);
        *unpaid = unpaid.less(paid);
        left = left.less(paid);
        if paid > Xof::ZERO {
            let known = one.parts.entry(on).or_default();
            *known = known.plus(paid);
        }
        if left == Xof::ZERO {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::PaymentReference;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn instalment(due_on: &str, principal: u64, interest: u64) -> Instalment {
        Instalment {
            due_on: day(due_on),
            principal: Xof::of(principal),
            interest: Xof::of(interest),
        }
    }

    fn back(on: &str, principal: u64, interest: u64) -> LoanMove {
        LoanMove::PaidBack(PaidBack {
            on: day(on),
            principal: Xof::of(principal),
            interest: Xof::of(interest),
            credit: Xof::ZERO,
            payment_reference: PaymentReference::try_new("R1").unwrap(),
            before_schedule: false,
        })
    }

    /// A loan of 100, due in two halves of 50 with 5 of interest each, paid out whole.
    fn loan() -> LoanBook {
        let schedule = vec![instalment("2024-02-01", 50, 5), instalment("2024-03-01", 50, 5)];
        let mut book = LoanBook::of(schedule, 0);
        book.take(day("2024-01-01"), LoanMove::PaidOut(Xof::of(100)));
        book
    }

    /// Terms, day due, day paid, day ended and amount.
    type Part<'a> = (u32, &'a str, Option<&'a str>, Option<&'a str>, u64);

    #[track_caller]
    fn assert_parts(book: &LoanBook, expected: &[Part]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(terms, due, paid, ended, amount)| {
                (*terms, day(due), paid.map(day), ended.map(day), Xof::of(*amount))
            })
            .collect();
        let parts = book.due_parts().into_iter();
        let told: Vec<_> = parts
            .map(|part| (part.terms, part.due_on, part.paid_on, part.ended_on, part.amount))
            .collect();
        assert_eq!(told, expected);
    }

    #[track_caller]
    fn assert_balance(book: &LoanBook, on: &str, outstanding: u64, oldest: Option<&str>) {
        let balance = book.balance_on(day(on)).unwrap();
        let told = (balance.outstanding, balance.oldest_unpaid_due_on);
        assert_eq!(told, (Xof::of(outstanding), oldest.map(day)), "{on}");
    }

    #[test]
    fn a_balance_is_that_of_its_day_whenever_it_was_recorded() {
        let mut book = loan();
        book.take(day("2024-03-15"), back("2024-03-15", 30, 5));
        assert_eq!(book.balance_on(day("2023-12-31")), None);
        assert_balance(&book, "2024-01-01", 100, Some("2024-02-01"));
        assert_balance(&book, "2024-03-14", 100, Some("2024-02-01"));
        assert_balance(&book, "2024-03-15", 70, Some("2024-02-01"));
        // A payment of before, told afterwards: the days between know it now.
        book.take(day("2024-02-01"), back("2024-02-01", 50, 5));
        assert_balance(&book, "2024-01-31", 100, Some("2024-02-01"));
        assert_balance(&book, "2024-02-01", 50, Some("2024-03-01"));
        assert_balance(&book, "2024-03-15", 20, Some("2024-03-01"));
        assert_eq!(book.days(), ["2024-01-01", "2024-02-01", "2024-03-15"].map(day));
    }

    #[test]
    fn what_is_paid_pays_the_oldest_instalment_part_by_part() {
        let mut book = loan();
        assert_parts(
            &book,
            &[(0, "2024-02-01", None, None, 55), (0, "2024-03-01", None, None, 55)],
        );
        book.take(day("2024-02-03"), back("2024-02-03", 20, 5));
        book.take(day("2024-02-20"), back("2024-02-20", 40, 0));
        assert_parts(
            &book,
            &[
                (0, "2024-02-01", Some("2024-02-03"), None, 25),
                (0, "2024-02-01", Some("2024-02-20"), None, 30),
                (0, "2024-03-01", Some("2024-02-20"), None, 10),
                (0, "2024-03-01", None, None, 45),
            ],
        );
    }

    #[test]
    fn a_tranche_that_was_never_paid_out_is_not_due() {
        let schedule = vec![instalment("2024-02-01", 50, 5), instalment("2024-03-01", 50, 5)];
        let mut book = LoanBook::of(schedule, 0);
        book.take(day("2024-01-01"), LoanMove::PaidOut(Xof::of(60)));
        assert_parts(
            &book,
            &[(0, "2024-02-01", None, None, 55), (0, "2024-03-01", None, None, 15)],
        );
        book.take(day("2024-02-15"), LoanMove::PaidOut(Xof::of(40)));
        assert_parts(
            &book,
            &[(0, "2024-02-01", None, None, 55), (0, "2024-03-01", None, None, 55)],
        );
    }

    #[test]
    fn rescheduling_leaves_due_what_was_due_and_what_is_paid_then_pays_it_too() {
        let mut book = loan();
        let new = vec![instalment("2024-08-01", 100, 20)];
        book.take(day("2024-02-10"), LoanMove::Rescheduled(new));
        assert_balance(&book, "2024-02-09", 100, Some("2024-02-01"));
        assert_balance(&book, "2024-02-10", 100, Some("2024-08-01"));
        assert_parts(
            &book,
            &[
                (0, "2024-02-01", None, Some("2024-02-10"), 55),
                (0, "2024-03-01", None, Some("2024-02-10"), 55),
                (1, "2024-08-01", None, None, 120),
            ],
        );
        book.take(day("2024-08-01"), back("2024-08-01", 60, 20));
        assert_parts(
            &book,
            &[
                (0, "2024-02-01", Some("2024-08-01"), Some("2024-02-10"), 55),
                (0, "2024-03-01", Some("2024-08-01"), Some("2024-02-10"), 15),
                (0, "2024-03-01", None, Some("2024-02-10"), 40),
                (1, "2024-08-01", Some("2024-08-01"), None, 80),
                (1, "2024-08-01", None, None, 40),
            ],
        );
    }

    #[test]
    fn what_falls_due_after_a_write_off_never_does() {
        let mut book = loan();
        book.take(day("2024-02-15"), LoanMove::WrittenOff);
        assert_balance(&book, "2024-02-14", 100, Some("2024-02-01"));
        assert_balance(&book, "2024-02-15", 0, None);
        assert_parts(&book, &[(0, "2024-02-01", None, Some("2024-02-15"), 55)]);
    }

    #[test]
    fn who_pays_back_early_owes_no_later_interest_as_due() {
        let mut book = loan();
        book.take(day("2024-02-01"), back("2024-02-01", 100, 5));
        assert_parts(
            &book,
            &[
                (0, "2024-02-01", Some("2024-02-01"), None, 55),
                (0, "2024-03-01", Some("2024-02-01"), None, 50),
            ],
        );
    }
}
