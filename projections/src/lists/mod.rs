//! Lists of paths and what waits for somebody on them, and of what a programme has: filtered, kept to a reader's reach, a page at a
//! time.
//!
//! What a page costs is bounded whatever is asked. Every filter has an index in the list's order, so a
//! page is read off where the page before it ended (`statement`). Who reaches some offices alone is
//! given a walk through each of them (`walks`), rather than one through everybody that skips the others.
//! What is asked for by several filters at once is read by one of them; a question that finds too little
//! that way is stopped (`QUERY_WITHIN` in `store`) rather than left to run.
//!
//! Nothing personal is here but in [`search`], which looks people up by keyed hashes, and in
//! [`names`], which opens what is sealed.

mod activity;
mod advisers;
mod cases;
mod codes;
mod cohorts;
mod commitments;
mod due_visits;
mod filters;
mod funds;
mod handovers;
mod names;
mod offices;
mod overdue;
mod page;
mod past_retention;
mod payments;
mod programmes;
mod referrals;
mod search;
mod staff;
pub(crate) mod statement;
mod walks;

pub use activity::{Deed, DeedQuestion, deeds, reached};
pub use cases::{
    CaseItem, CaseOrder, CasePage, CasePlace, CaseQuestion, Which, cases, explain_cases,
};
pub use codes::codes;
pub use cohorts::{CohortItem, CohortQuestion, cohorts, explain_cohorts};
pub use commitments::{
    COMMITMENTS, CommitmentItem, CommitmentPlace, CommitmentQuestion, commitments,
    explain_commitments,
};
pub use due_visits::{DueVisit, VisitPage, VisitPlace, VisitQuestion, due_visits, explain_visits};
pub use filters::Filters;
pub use funds::{FundItem, FundQuestion, explain_funds, funds};
pub use handovers::{PendingTransfer, TransferQuestion, pending_transfers};
pub use names::{NamedPerson, names, people};
pub use offices::{OFFICES, OfficeItem, OfficePlace, OfficeQuestion, explain_offices, offices};
pub use overdue::{LoanPage, LoanPlace, LoanQuestion, OverdueLoan, explain_overdue, overdue};
pub use page::{DayPlace, ListPage, MAX_PAGE};
pub use past_retention::{
    Closed, ClosedPage, ClosedQuestion, explain_past_retention, past_retention,
};
pub use payments::{
    ListedPayment, PaymentPage, PaymentPlace, PaymentQuestion, explain_payments, fund_payments,
    payments, payments_referred,
};
pub use programmes::{
    PROGRAMMES, Parties, ProgrammeItem, ProgrammeQuestion, explain_programmes, programme_ids,
    programmes,
};
pub use referrals::{
    OpenReferral, REFERRALS, ReferralPlace, ReferralQuestion, explain_referrals, open_referrals,
};
pub use search::{EXAMINED_MAX, SearchPage, SearchQuestion, search};
pub use staff::{Post, StaffItem, StaffQuestion, staff};
