//! Papers that are handed to a person: the certificate of a training, the receipt of a payment, the agreement of a
//! financing. Each is made of one event that stands, and says what it says.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sira_domain::path::facts::{Approval, Completion, Instalment, RefundOf, Tranche};
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact};
use sira_domain::programme::Programme;
use sira_domain::reference::Language;
use sira_domain::values::Xof;
use sira_numbers::Sequence;

use super::code::PaperCode;
use crate::formats::written::{day, moment, whole};
use crate::present::in_lines;

/// What a paper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaperKind {
    /// The certificate of a training that was completed in the programme.
    Certificate,
    /// The receipt of money that was paid to the person.
    PaymentReceipt,
    /// The receipt of money that came in from the person.
    RepaymentReceipt,
    /// The agreement of a financing.
    Agreement,
}

impl PaperKind {
    /// The kind of paper that a fact makes; none of a fact that makes none. Of a training that was done elsewhere the
    /// programme certifies nothing.
    #[must_use]
    pub fn of(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::TrainingCompleted(training) if !training.is_recognised() => {
                Some(Self::Certificate)
            }
            Fact::DisbursementRecorded(_) => Some(Self::PaymentReceipt),
            Fact::RefundRecorded(refund) => Some(match refund.of {
                RefundOf::Credit => Self::PaymentReceipt,
                RefundOf::Unspent => Self::RepaymentReceipt,
            }),
            Fact::RepaymentRecorded(_) | Fact::RecoveryRecorded(_) => Some(Self::RepaymentReceipt),
            Fact::AgreementSigned(_) => Some(Self::Agreement),
            _ => None,
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn label(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Certificate, Language::Fr) => "Attestation de formation",
            (Self::Certificate, Language::En) => "Certificate of training",
            (Self::PaymentReceipt, Language::Fr) => "Reçu de versement",
            (Self::PaymentReceipt, Language::En) => "Receipt of payment",
            (Self::RepaymentReceipt, Language::Fr) => "Reçu de remboursement",
            (Self::RepaymentReceipt, Language::En) => "Receipt of repayment",
            (Self::Agreement, Language::Fr) => "Convention de financement",
            (Self::Agreement, Language::En) => "Financing agreement",
        }
    }
}

/// The amount of money that a fact moved; none of a fact that moved none.
pub(super) fn amount_of(fact: &Fact) -> Option<Xof> {
    match fact {
        Fact::DisbursementRecorded(payment) => Some(payment.amount),
        Fact::RefundRecorded(refund) => Some(refund.amount),
        Fact::RecoveryRecorded(recovery) => Some(recovery.amount),
        Fact::RepaymentRecorded(paid) => {
            let parts = [Some(paid.principal), Some(paid.interest), paid.credit];
            Some(parts.into_iter().flatten().sum())
        }
        _ => None,
    }
}

/// Whether the fact of a paper stands: it was not retracted, the payment not undone, the financing not cancelled.
#[must_use]
pub fn stands(path: &Beneficiary, sequence: Sequence) -> bool {
    let Some((_, event)) = path.standing().find(|(known, _)| *known == sequence) else {
        return false;
    };
    let of_agreement = match &event.fact {
        Fact::AgreementSigned(agreement) => Some(agreement.financing),
        _ => None,
    };
    let undoes = |(later, other): (Sequence, &BeneficiaryEvent)| match &other.fact {
        Fact::DisbursementReversed(reversal) | Fact::RepaymentReversed(reversal) => {
            reversal.sequence == sequence
        }
        Fact::FinancingCancelled(cancelled) => {
            later > sequence && of_agreement == Some(cancelled.financing)
        }
        _ => false,
    };
    !path.standing().any(undoes)
}

/// A paper that is handed to a person.
pub struct HandedPaper {
    /// What it is.
    pub kind: PaperKind,
    /// In which language.
    pub language: Language,
    /// The convention that it is of.
    pub programme: String,
    /// Its parties.
    pub parties: Vec<String>,
    /// The office in charge.
    pub office: String,
    /// The person's name.
    pub name: String,
    /// The path's reference.
    pub reference: String,
    /// Day of the fact.
    pub occurred_on: NaiveDate,
    /// What the fact says, line by line.
    pub lines: Vec<(String, String)>,
    /// What it says in tables.
    pub tables: Vec<PaperTable>,
    /// When it is printed.
    pub made_at: DateTime<Utc>,
    /// Its code.
    pub code: PaperCode,
    /// Where it is checked; none where the server does not know how it is reached.
    pub check_url: Option<String>,
}

#[derive(Template)]
#[template(path = "paper/handed.html")]
struct HandedPage<'a> {
    paper: &'a HandedPaper,
    code: String,
    qr: String,
}

/// A table on a paper.
#[derive(Debug, Default)]
pub struct PaperTable {
    /// What it is of.
    pub title: &'static str,
    /// What its columns are called.
    pub headings: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

/// What a paper says, of a financing by the fund that is called so: lines, and of an agreement the tranches and the schedule that is in force.
#[must_use]
pub fn says(
    path: &Beneficiary,
    event: &BeneficiaryEvent,
    fund: Option<&str>,
    language: Language,
) -> (Vec<(String, String)>, Vec<PaperTable>) {
    match &event.fact {
        Fact::TrainingCompleted(training) => (of_training(training, language), Vec::new()),
        Fact::AgreementSigned(agreement) => of_agreement(path, agreement.financing, fund, language),
        fact => {
            let mut lines = told(fact, language);
            if let (Fact::RepaymentRecorded(_), Some(sum)) = (fact, amount_of(fact)) {
                lines.push((pick(language, "Total", "Total").to_owned(), francs(sum, language)));
            }
            (lines, Vec::new())
        }
    }
}

const fn pick(language: Language, fr: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Fr => fr,
        Language::En => en,
    }
}

fn francs(amount: Xof, language: Language) -> String {
    let text = whole(&amount.signed().to_string(), language);
    format!("{text}\u{a0}{}", pick(language, "francs CFA", "XOF"))
}

fn of_training(training: &Completion, language: Language) -> Vec<(String, String)> {
    let hours = |minutes: u32| format!("{} h {:02}", minutes / 60, minutes % 60);
    let modules = serde_json::json!({ "modules": training.modules });
    let mut lines = in_lines(&modules, language);
    for (label, minutes) in [
        (pick(language, "Durée suivie", "Time attended"), training.attended_minutes),
        (pick(language, "Durée prévue", "Time planned"), training.planned_minutes),
    ] {
        lines.extend(minutes.map(|minutes| (label.to_owned(), hours(minutes))));
    }
    lines
}

fn of_agreement(
    path: &Beneficiary,
    number: u32,
    fund: Option<&str>,
    language: Language,
) -> (Vec<(String, String)>, Vec<PaperTable>) {
    let approval = path.standing().rev().find_map(|(_, event)| match &event.fact {
        Fact::FinancingApproved(approval) if approval.financing == number => Some(approval),
        _ => None,
    });
    let request = path.standing().rev().find_map(|(_, event)| match &event.fact {
        Fact::FinancingRequested(request) if request.financing == number => Some(request),
        _ => None,
    });
    let mut lines = vec![(
        pick(language, "Numéro du financement", "Financing number").to_owned(),
        number.to_string(),
    )];
    if let Some(request) = request {
        let instrument = serde_json::json!({ "instrument": request.instrument });
        lines.extend(in_lines(&instrument, language));
        let label = pick(language, "Fonds", "Fund");
        lines.extend(fund.map(|code| (label.to_owned(), code.to_owned())));
    }
    let mut tables = Vec::new();
    if let Some(approval) = approval {
        let label = pick(language, "Montant accordé", "Amount approved");
        lines.push((label.to_owned(), francs(approval.amount, language)));
        tables.push(of_tranches(approval, language));
    }
    if let Some(request) = request {
        let label = pick(language, "Apport personnel", "Own contribution");
        lines.push((label.to_owned(), francs(request.own_contribution, language)));
    }
    let rescheduled = path.standing().rev().find_map(|(_, event)| match &event.fact {
        Fact::LoanRescheduled(change) if change.financing == number => {
            Some((event.occurred_on, &change.schedule))
        }
        _ => None,
    });
    let schedule = match (rescheduled, approval) {
        (Some((on, schedule)), _) => {
            let label = pick(language, "Échéancier révisé le", "Schedule changed on");
            lines.push((label.to_owned(), day(on, language)));
            Some(schedule)
        }
        (None, Some(approval)) => Some(&approval.schedule),
        (None, None) => None,
    };
    let schedule = schedule.filter(|schedule| !schedule.is_empty());
    tables.extend(schedule.map(|schedule| of_schedule(schedule, language)));
    (lines, tables)
}

fn of_tranches(approval: &Approval, language: Language) -> PaperTable {
    let row = |tranche: &Tranche| {
        let conditions = serde_json::json!({ "conditions": tranche.conditions });
        let told = in_lines(&conditions, language).pop().map(|(_, told)| told);
        vec![
            tranche.tranche.to_string(),
            francs(tranche.amount, language),
            told.unwrap_or_else(|| pick(language, "aucune", "none").to_owned()),
        ]
    };
    PaperTable {
        title: pick(language, "Tranches", "Tranches"),
        headings: vec![
            pick(language, "N°", "No."),
            pick(language, "Montant", "Amount"),
            pick(language, "Conditions de paiement", "Conditions of payment"),
        ],
        rows: approval.tranches.iter().map(row).collect(),
    }
}

fn of_schedule(schedule: &[Instalment], language: Language) -> PaperTable {
    let row = |(number, one): (usize, &Instalment)| {
        vec![
            number.to_string(),
            day(one.due_on, language),
            francs(one.principal, language),
            francs(one.interest, language),
        ]
    };
    PaperTable {
        title: pick(language, "Échéancier", "Schedule of repayment"),
        headings: vec![
            pick(language, "N°", "No."),
            pick(language, "Date", "Day"),
            pick(language, "Principal", "Principal"),
            pick(language, "Intérêts", "Interest"),
        ],
        rows: (1..).zip(schedule).map(row).collect(),
    }
}

/// What a fact says beside what is sealed.
fn told(fact: &Fact, language: Language) -> Vec<(String, String)> {
    let stored = serde_json::to_value(fact).unwrap_or_default();
    let Value::Object(stored) = stored else { return Vec::new() };
    let own = stored.into_iter().next().map(|(_, own)| own);
    own.map(|own| in_lines(&own, language)).unwrap_or_default()
}

/// What a convention is called, and its parties.
#[must_use]
pub fn convention_of(programme: &Programme) -> (String, Vec<String>) {
    let Some(convention) = &programme.convention else { return ("-".to_owned(), Vec::new()) };
    let parties = convention.parties.iter().map(|party| party.name.as_str().to_owned());
    (convention.name.as_str().to_owned(), parties.collect())
}

impl HandedPaper {
    /// As a page to print.
    #[must_use]
    pub fn page(&self) -> String {
        let code = self.code.to_string();
        let sought = self.check_url.as_ref().map_or_else(|| code.clone(), Clone::clone);
        let page = HandedPage { paper: self, qr: drawn(&sought), code };
        // Into a text it cannot fail: no filter of the templates does.
        format!("{page}\n")
    }
}

/// A text as a QR code, drawn; nothing where it is longer than one holds.
fn drawn(text: &str) -> String {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else {
        return String::new();
    };
    let drawing = code.render::<svg::Color>().min_dimensions(132, 132).build();
    // The drawing stands in a page, not in a file of its own.
    drawing.find("<svg").map(|from| drawing[from..].to_owned()).unwrap_or_default()
}

impl HandedPage<'_> {
    const fn pick<'w>(&self, fr: &'w str, en: &'w str) -> &'w str {
        match self.paper.language {
            Language::Fr => fr,
            Language::En => en,
        }
    }

    fn title(&self) -> &'static str {
        self.paper.kind.label(self.paper.language)
    }

    fn of_day(&self) -> String {
        day(self.paper.occurred_on, self.paper.language)
    }

    fn made(&self) -> String {
        moment(self.paper.made_at, self.paper.language)
    }

    /// What the paper says in a sentence, after the name.
    const fn sentence(&self) -> &'static str {
        match self.paper.kind {
            PaperKind::Certificate => self.pick(
                "a suivi et achevé la formation ci-dessous.",
                "has attended and completed the training below.",
            ),
            PaperKind::PaymentReceipt => self.pick(
                "a reçu du programme la somme ci-dessous.",
                "has received the sum below from the programme.",
            ),
            PaperKind::RepaymentReceipt => self.pick(
                "a versé au programme la somme ci-dessous.",
                "has paid the sum below to the programme.",
            ),
            PaperKind::Agreement => self.pick(
                "reçoit du programme le financement ci-dessous, aux conditions convenues.",
                "is financed by the programme as stated below, under the terms agreed.",
            ),
        }
    }
}
