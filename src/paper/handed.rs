//! Papers that are handed to a person: the certificate of a training, the receipt of a payment, the agreement of a
//! financing. Each is made of one event that stands, and says what it says.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact};
use sira_domain::programme::Programme;
use sira_domain::reference::Language;
use sira_numbers::Sequence;

use super::code::PaperCode;
use crate::formats::written::{day, moment};
use crate::present::in_lines;

/// Fields of a fact that are told in hours.
const IN_MINUTES: [&str; 2] = ["attended_minutes", "planned_minutes"];

/// What a paper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaperKind {
    /// The certificate of a completed training.
    Certificate,
    /// The receipt of money that was paid out or came in.
    Receipt,
    /// The agreement of a financing.
    Agreement,
}

impl PaperKind {
    /// The kind of paper that a fact makes; none of a fact that makes none.
    #[must_use]
    pub const fn of(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::TrainingCompleted(_) => Some(Self::Certificate),
            Fact::DisbursementRecorded(_)
            | Fact::RepaymentRecorded(_)
            | Fact::RefundRecorded(_)
            | Fact::RecoveryRecorded(_) => Some(Self::Receipt),
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
            (Self::Receipt, Language::Fr) => "Reçu de paiement",
            (Self::Receipt, Language::En) => "Receipt of payment",
            (Self::Agreement, Language::Fr) => "Convention de financement",
            (Self::Agreement, Language::En) => "Financing agreement",
        }
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

/// The lines of a paper: what its fact says, and of an agreement what was approved.
#[must_use]
pub fn lines_of(
    path: &Beneficiary,
    event: &BeneficiaryEvent,
    language: Language,
) -> Vec<(String, String)> {
    let mut lines = match &event.fact {
        Fact::AgreementSigned(agreement) => {
            let of_it = |fact: &Fact| match fact {
                Fact::FinancingApproved(approval) => approval.financing == agreement.financing,
                _ => false,
            };
            let approved = path.standing().rfind(|(_, other)| of_it(&other.fact));
            approved.map(|(_, approval)| told(approval, language)).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    for line in told(event, language) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// What a fact says beside what is sealed.
fn told(event: &BeneficiaryEvent, language: Language) -> Vec<(String, String)> {
    let stored = serde_json::to_value(&event.fact).unwrap_or_default();
    let Value::Object(stored) = stored else { return Vec::new() };
    let Some((_, Value::Object(mut fields))) = stored.into_iter().next() else { return Vec::new() };
    // A group is named by its id, which says nothing to a reader.
    fields.remove("cohort");
    in_hours(&mut fields);
    in_lines(&Value::Object(fields), language)
}

fn in_hours(fields: &mut Map<String, Value>) {
    for name in IN_MINUTES {
        if let Some(minutes) = fields.get(name).and_then(Value::as_u64) {
            let text = format!("{} h {:02}", minutes / 60, minutes % 60);
            fields.insert(name.to_owned(), text.into());
        }
    }
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

    /// What the paper says in a sentence.
    const fn sentence(&self) -> &'static str {
        match self.paper.kind {
            PaperKind::Certificate => self.pick(
                "a suivi et achevé la formation ci-dessous.",
                "has attended and completed the training below.",
            ),
            PaperKind::Receipt => self.pick(
                "est concerné(e) par le paiement ci-dessous, enregistré à son dossier.",
                "is the person whose payment below was recorded.",
            ),
            PaperKind::Agreement => self.pick(
                "bénéficie du financement ci-dessous, aux conditions convenues.",
                "is financed as stated below, under the terms agreed.",
            ),
        }
    }
}
