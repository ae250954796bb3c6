//! From a JSON body to a typed command: what is personal is checked and sealed on the way.

use chrono::{Datelike, NaiveDate};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use sira_domain::catalogue::CommandEntry;
use sira_domain::identity::{Identity, IdentityAmendment};
use sira_domain::path::{BeneficiaryCommand, State};
use sira_domain::reference::BackdatingReason;
use sira_domain::values::{Reference, Sealed, check_free_text, is_hidden, one_form};
use uuid::Uuid;

use super::super::CommandError;
use super::super::answer::CommandWarning;
use super::super::call::Dated;
use super::super::form::{
    CodeShape, FieldError, Form, FormErrors, FormRule, Wanted, birth_fault, first_error,
};
use crate::journal::JournalError;
use crate::keys::{KeyId, KeysError, PersonKey};
use crate::stored::seal_context;

/// A command to a path as its body says it: in clear, and not yet checked.
pub(in super::super) struct PathDraft {
    pub entry: &'static CommandEntry,
    body: Map<String, Value>,
    /// The application that a registration accepts.
    application: Option<Uuid>,
}

/// A command to a path whose personal parts are sealed.
pub(in super::super) struct SealedCommand {
    pub command: BeneficiaryCommand,
    /// What the body says of the day of the fact.
    pub dated: Dated,
    /// The exact birth date that the body tells, to be held against the day. It is not written anywhere.
    pub birth_date: Option<NaiveDate>,
    /// The reference that a registration gives.
    pub reference: Option<Reference>,
    /// The key that something is sealed under.
    pub key: Option<KeyId>,
    /// What is taken and looks wrong.
    pub warnings: Vec<CommandWarning>,
    /// The sealed identity that changes were put into; none of a command that changes none.
    #[expect(clippy::option_option, reason = "whether it changes one, and which: none is one too")]
    amended: Option<Option<Sealed>>,
}

/// The identity that stands while a draft is sealed: what changes in an identity is put into it.
#[derive(Default)]
pub(in super::super) struct StandingIdentity {
    sealed: Option<Sealed>,
    known: Option<Identity>,
}

impl StandingIdentity {
    /// The identity of a path, opened with its key; one that another key sealed, which is lost, is known no more.
    ///
    /// # Errors
    /// When it cannot be opened or read, so that nothing of it is lost.
    pub fn of(id: Uuid, state: &State, key: &PersonKey) -> Result<Self, CommandError> {
        let Some(sealed) = state.identity.clone() else { return Ok(Self::default()) };
        if sealed.key() != Some(key.id()) {
            return Ok(Self { sealed: Some(sealed), known: None });
        }
        let plain = key.open(&seal_context(id, "identity"), sealed.as_str())?;
        let known = serde_json::from_slice(&plain).map_err(|_| JournalError::Inconsistent {
            table: "events",
            id: id.to_string(),
            problem: "the identity cannot be read".to_owned(),
        })?;
        Ok(Self { sealed: Some(sealed), known: Some(known) })
    }

    /// Of somebody of whom nothing is known but that there is a name.
    fn of_nobody() -> Self {
        let known = serde_json::from_value(json!({ "name": "-" })).ok();
        Self { sealed: None, known }
    }
}

/// The reason for which a body cannot be sealed.
#[derive(Debug)]
pub enum SealFault {
    /// A field is not what its text must be.
    Field(FieldError),
    /// The key store failed.
    Keys(KeysError),
}

impl From<FieldError> for SealFault {
    fn from(error: FieldError) -> Self {
        Self::Field(error)
    }
}

impl From<KeysError> for SealFault {
    fn from(error: KeysError) -> Self {
        Self::Keys(error)
    }
}

/// Asks whether a body has its command's form, as if it were sealed under a key of nobody's.
///
/// # Errors
/// [`CommandError::Form`], which names every wrong field.
pub fn check_form(
    entry: &'static CommandEntry,
    body: Map<String, Value>,
) -> Result<(), CommandError> {
    let key = PersonKey::throwaway()?;
    let nobody = StandingIdentity::of_nobody();
    PathDraft::new(entry, body).seal(Uuid::nil(), Some(&key), &nobody).map(drop)
}

impl PathDraft {
    pub fn new(entry: &'static CommandEntry, body: Map<String, Value>) -> Self {
        Self { entry, body, application: None }
    }

    /// The same registration, which accepts an application.
    pub fn of(self, application: Uuid) -> Self {
        Self { application: Some(application), ..self }
    }

    /// Whether it brings something that is sealed.
    pub fn seals(&self) -> bool {
        let brings = |field: &str| self.body.get(field).is_some_and(|value| !value.is_null());
        self.body.contains_key("identity") || self.entry.sealed.iter().any(|field| brings(field))
    }

    /// The id in a field that decides which streams are read.
    ///
    /// # Errors
    /// Every wrong field of the body, this one among them.
    pub fn id_in(&self, field: &str) -> Result<Uuid, FormErrors> {
        let rule = match self.body.get(field) {
            None => FormRule::Missing,
            Some(value) => match value.as_str().and_then(|text| Uuid::try_parse(text).ok()) {
                Some(id) => return Ok(id),
                None => FormRule::WrongType(Wanted::Id),
            },
        };
        Err(self.explain(FieldError::new(format!("/{field}"), rule)))
    }

    /// Whether a field of the identity is in the body.
    fn tells(&self, field: &str) -> bool {
        self.body.get("identity").is_some_and(|identity| identity.get(field).is_some())
    }

    /// Whether it changes an identity that stands.
    pub fn amends(&self) -> bool {
        self.entry.word == "update-identity"
    }

    /// Checks, seals and reads the whole of it. `key` is needed when it [`PathDraft::seals`] something, and
    /// `standing` when it [`PathDraft::amends`] it.
    ///
    /// # Errors
    /// Every wrong field; or the key store's.
    pub fn seal(
        &self,
        id: Uuid,
        key: Option<&PersonKey>,
        standing: &StandingIdentity,
    ) -> Result<SealedCommand, CommandError> {
        self.try_seal(id, key, standing).map_err(|fault| match fault {
            SealFault::Field(error) => self.explain(error).into(),
            SealFault::Keys(error) => error.into(),
        })
    }

    fn explain(&self, first: FieldError) -> FormErrors {
        Form::of_command(self.entry).explain(&Value::Object(self.body.clone()), [first])
    }

    fn try_seal(
        &self,
        id: Uuid,
        key: Option<&PersonKey>,
        standing: &StandingIdentity,
    ) -> Result<SealedCommand, SealFault> {
        let mut body = self.body.clone();
        let dated = take_dated(&mut body)?;
        check_letters(&body, self.entry.sealed)?;
        if let Some(key) = key {
            seal_texts(&mut body, self.entry.sealed, &|field| seal_context(id, field), key)?;
        }
        let (mut birth_date, mut warnings) = (None, Vec::new());
        if matches!(self.entry.word, "register" | "update-identity") {
            let identity = if self.amends() {
                amend_identity(&mut body, standing)?
            } else {
                take_identity(&mut body)?
            };
            birth_date = identity.birth_date;
            if self.tells("nina") && identity.nina.as_ref().is_some_and(|nina| !nina.is_regular()) {
                warnings.push(CommandWarning::of_nina());
            }
            if let Some(key) = key {
                let sealed = seal_identity(&identity, id, key)?;
                body.insert("identity".to_owned(), Value::String(sealed));
            }
        }
        let reference = (self.entry.word == "register").then(draw_reference);
        if let Some(reference) = reference {
            give(&mut body, "reference", reference.to_string())?;
        }
        if self.entry.word == "register" && body.contains_key("application") {
            return Err(not_given("application").into());
        }
        if let Some(application) = self.application {
            give(&mut body, "application", application.to_string())?;
        }
        let command = BeneficiaryCommand::parse(self.entry.word, Value::Object(body))
            .unwrap_or_else(|| unreachable!("a draft is of a command in the table"))
            .map_err(|error| first_error(&error))?;
        let key = key.filter(|_| self.seals()).map(PersonKey::id);
        let amended = self.amends().then(|| standing.sealed.clone());
        Ok(SealedCommand { command, dated, birth_date, reference, key, warnings, amended })
    }
}

impl SealedCommand {
    /// Whether what was sealed serves for a path as it stands now: its key is still the one that was
    /// sealed under, and is not destroyed; and an identity that changes were put into is the one that stands. A path that has no key yet gets the one that was taken for
    /// it from the stock.
    pub fn serves(&self, state: &State) -> bool {
        if self.amended.as_ref().is_some_and(|before| *before != state.identity) {
            return false;
        }
        let Some(key) = self.key else { return true };
        !state.is_erased() && state.keys.last().is_none_or(|known| *known == key)
    }

    /// Another reference by chance, after one that was found taken.
    pub fn draw_anew(&mut self) {
        if let BeneficiaryCommand::Register(registration) = &mut self.command {
            registration.reference = draw_reference();
            self.reference = Some(registration.reference);
        }
    }
}

/// Refuses a text of one line in which something is hidden, wherever it stands in a body. A free text may
/// hold what a keyboard puts there, joined pictures say: nobody is found or told apart by it.
pub(in super::super) fn check_letters(
    body: &Map<String, Value>,
    free: &[&str],
) -> Result<(), FieldError> {
    let checked = body.iter().filter(|(name, _)| !free.contains(&name.as_str()));
    for (name, value) in checked {
        if let Some(pointer) = hidden_in(value, &format!("/{name}")) {
            return Err(FieldError::new(pointer, FormRule::ControlCharacter));
        }
    }
    Ok(())
}

/// The pointer of the first text in which something is hidden.
fn hidden_in(value: &Value, pointer: &str) -> Option<String> {
    match value {
        // Most texts are plain ASCII, in which nothing is hidden.
        Value::String(text) => {
            (!text.is_ascii() && text.chars().any(is_hidden)).then(|| pointer.to_owned())
        }
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(at, item)| hidden_in(item, &format!("{pointer}/{at}")))
        }
        Value::Object(fields) => {
            fields.iter().find_map(|(name, field)| hidden_in(field, &format!("{pointer}/{name}")))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Takes the day of the fact out of a body, and the reason for recording it late.
pub(in super::super) fn take_dated(body: &mut Map<String, Value>) -> Result<Dated, FieldError> {
    let backdating_reason = take_reason(body)?;
    let Some(day) = body.remove("occurred_on") else {
        return Ok(Dated { occurred_on: None, backdating_reason });
    };
    let day = day.as_str().and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
    let wrong = || FieldError::new("/occurred_on", FormRule::CodeForm(CodeShape::DAY));
    let occurred_on = Some(day.ok_or_else(wrong)?);
    Ok(Dated { occurred_on, backdating_reason })
}

fn take_reason(body: &mut Map<String, Value>) -> Result<Option<BackdatingReason>, FieldError> {
    const REASON: &str = "backdating_reason";
    let Some(reason) = body.remove(REASON) else { return Ok(None) };
    serde_path_to_error::deserialize(reason).map_err(|error| {
        let FieldError { rule, .. } = first_error(&error);
        FieldError::new(format!("/{REASON}"), rule)
    })
}

/// Puts a field that the server alone gives into a body.
fn give(body: &mut Map<String, Value>, field: &str, value: String) -> Result<(), FieldError> {
    match body.insert(field.to_owned(), Value::String(value)) {
        None => Ok(()),
        Some(_) => Err(not_given(field)),
    }
}

/// A field that no caller gives.
fn not_given(field: &str) -> FieldError {
    let rule = FormRule::UnknownField { meant: Vec::new(), known: Vec::new() };
    FieldError::new(format!("/{field}"), rule)
}

/// Checks and seals the free texts of a body, in place, each bound to the place that `bound_to` says.
pub(in super::super) fn seal_texts(
    body: &mut Map<String, Value>,
    fields: &[&str],
    bound_to: &dyn Fn(&str) -> String,
    key: &PersonKey,
) -> Result<(), SealFault> {
    for field in fields {
        let Some(value) = body.get_mut(*field).filter(|value| !value.is_null()) else { continue };
        let pointer = format!("/{field}");
        let text = value
            .as_str()
            .ok_or_else(|| FieldError::new(&pointer, FormRule::WrongType(Wanted::Text)))?;
        let text = check_free_text(text).map_err(|error| FieldError::of_value(&pointer, &error))?;
        *value = Value::String(key.seal(&bound_to(field), text.as_bytes())?);
    }
    Ok(())
}

/// Takes an identity, or what changes in one, out of a body and checks it.
fn read_identity<T: DeserializeOwned>(body: &mut Map<String, Value>) -> Result<T, FieldError> {
    let mut value =
        body.remove("identity").ok_or_else(|| FieldError::new("/identity", FormRule::Missing))?;
    for field in ["name", "address", "locality"] {
        if let Some(Value::String(text)) = value.get_mut(field) {
            *text = one_form(text);
        }
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let FieldError { pointer, rule } = first_error(&error);
        FieldError::new(format!("/identity{pointer}"), rule)
    })
}

/// Takes an identity out of a body. The year of an exact birth date fills a year that is left out, and must
/// agree with one that is given.
fn take_identity(body: &mut Map<String, Value>) -> Result<Identity, FieldError> {
    let identity: Identity = read_identity(body)?;
    if let Some(date) = identity.birth_date {
        agree_on_year(body, date, true)?;
    }
    Ok(identity)
}

/// Takes what changes in an identity out of a body, and puts it into the one that stands. A year that is given
/// agrees with the birth date that stands then; the year of a new one fills a year that is left out.
fn amend_identity(
    body: &mut Map<String, Value>,
    standing: &StandingIdentity,
) -> Result<Identity, FieldError> {
    let amendment: IdentityAmendment = read_identity(body)?;
    let is_told = matches!(amendment.birth_date, Some(Some(_)));
    let identity = amendment.amend(standing.known.clone());
    let identity = identity.ok_or_else(|| FieldError::new("/identity/name", FormRule::Missing))?;
    if let Some(date) = identity.birth_date {
        agree_on_year(body, date, is_told)?;
    }
    Ok(identity)
}

fn agree_on_year(
    body: &mut Map<String, Value>,
    date: NaiveDate,
    fills: bool,
) -> Result<(), FieldError> {
    match body.get("birth_year") {
        None | Some(Value::Null) => {
            if fills {
                body.insert("birth_year".to_owned(), date.year().into());
            }
            Ok(())
        }
        // A year that is no number is left to the command's own type, which refuses it.
        Some(given) => birth_fault(date, given).map_or(Ok(()), Err),
    }
}

/// Seals a checked identity as one text.
pub(crate) fn seal_identity(
    identity: &Identity,
    id: Uuid,
    key: &PersonKey,
) -> Result<String, KeysError> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(identity).unwrap_or_default());
    key.seal(&seal_context(id, "identity"), &plain)
}

/// A reference by chance; one in 37 draws gives a check character that cannot be said.
fn draw_reference() -> Reference {
    let draw = || Reference::from_bits((Uuid::new_v4().as_u128() & 0xff_ffff_ffff) as u64);
    std::iter::repeat_with(draw)
        .flatten()
        .next()
        .unwrap_or_else(|| unreachable!("the draws never end"))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use sira_domain::path::BENEFICIARY_COMMANDS;

    use super::*;

    fn draft(word: &str, body: &Value) -> PathDraft {
        let entry = BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == word).unwrap();
        PathDraft::new(entry, body.as_object().unwrap().clone())
    }

    fn with_keys(keys: &[KeyId]) -> State {
        let mut state = State::default();
        state.keys = keys.to_vec();
        state
    }

    fn erased(keys: &[KeyId]) -> State {
        let mut state = with_keys(keys);
        state.erased_on = NaiveDate::from_ymd_opt(2022, 1, 1);
        state
    }

    #[test]
    fn what_is_sealed_serves_under_its_own_key_and_for_nobody_who_is_erased() {
        let (own, other) = (PersonKey::throwaway().unwrap(), PersonKey::throwaway().unwrap());
        let note = draft("add-note", &json!({ "text": "Une note" }));
        assert!(note.seals());
        let sealed = note.seal(Uuid::nil(), Some(&own), &StandingIdentity::default()).unwrap();
        assert_eq!(sealed.key, Some(own.id()));
        assert!(sealed.serves(&with_keys(&[])));
        assert!(sealed.serves(&with_keys(&[other.id(), own.id()])));
        assert!(!sealed.serves(&with_keys(&[own.id(), other.id()])));
        assert!(!sealed.serves(&erased(&[own.id()])));
    }

    #[test]
    fn a_command_that_seals_nothing_serves_whatever_became_of_the_key() {
        let key = PersonKey::throwaway().unwrap();
        let consent = draft("withdraw-consent", &json!({ "scope": "photo" }));
        assert!(!consent.seals());
        let sealed = consent.seal(Uuid::nil(), None, &StandingIdentity::default()).unwrap();
        assert!(sealed.serves(&erased(&[key.id()])));
    }

    #[test]
    fn a_sealed_text_opens_under_its_key_at_its_own_place_alone() {
        let (key, id) = (PersonKey::throwaway().unwrap(), Uuid::from_u128(7));
        let sealed = draft("add-note", &json!({ "text": "  Une note " }))
            .seal(id, Some(&key), &StandingIdentity::default())
            .unwrap();
        let BeneficiaryCommand::AddNote(note) = sealed.command else { panic!("a note") };
        let open = |field| key.open(&seal_context(id, field), note.text.as_str());
        assert_eq!(&**open("text").unwrap(), b"Une note");
        assert!(open("reason").is_err());
    }
}
