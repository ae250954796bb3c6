//! From a JSON body to a typed command: what is personal is checked and sealed on the way.

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::identity::Identity;
use sira_domain::path::{BeneficiaryCommand, State};
use sira_domain::values::{Reference, check_free_text};
use uuid::Uuid;

use super::super::CommandError;
use super::super::form::{CodeShape, FieldError, Form, FormErrors, FormRule, Wanted, first_error};
use crate::keys::{KeyId, KeysError, PersonKey};
use crate::stored::seal_context;

/// A command to a path as its body says it: in clear, and not yet checked.
pub(in super::super) struct PathDraft {
    pub entry: &'static CommandEntry,
    body: Map<String, Value>,
}

/// A command to a path whose personal parts are sealed.
pub(in super::super) struct SealedCommand {
    pub command: BeneficiaryCommand,
    /// The day of the fact, where the body names one.
    pub occurred_on: Option<NaiveDate>,
    /// The reference that a registration gives.
    pub reference: Option<Reference>,
    /// The key that something is sealed under.
    pub key: Option<KeyId>,
}

/// The reason for which a draft cannot be sealed.
enum Fault {
    Field(FieldError),
    Keys(KeysError),
}

impl From<FieldError> for Fault {
    fn from(error: FieldError) -> Self {
        Self::Field(error)
    }
}

impl From<KeysError> for Fault {
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
    PathDraft::new(entry, body).seal(Uuid::nil(), Some(&key)).map(drop)
}

impl PathDraft {
    pub fn new(entry: &'static CommandEntry, body: Map<String, Value>) -> Self {
        Self { entry, body }
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

    /// Checks, seals and reads the whole of it. `key` is needed when it [`PathDraft::seals`] something.
    ///
    /// # Errors
    /// Every wrong field; or the key store's.
    pub fn seal(&self, id: Uuid, key: Option<&PersonKey>) -> Result<SealedCommand, CommandError> {
        self.try_seal(id, key).map_err(|fault| match fault {
            Fault::Field(error) => self.explain(error).into(),
            Fault::Keys(error) => error.into(),
        })
    }

    fn explain(&self, first: FieldError) -> FormErrors {
        Form::of_command(self.entry).explain(&Value::Object(self.body.clone()), [first])
    }

    fn try_seal(&self, id: Uuid, key: Option<&PersonKey>) -> Result<SealedCommand, Fault> {
        let mut body = self.body.clone();
        let occurred_on = take_day(&mut body)?;
        if let Some(key) = key {
            seal_texts(&mut body, self.entry.sealed, id, key)?;
        }
        if matches!(self.entry.word, "register" | "update-identity") {
            let identity = take_identity(&mut body)?;
            if let Some(key) = key {
                let sealed = seal_identity(&identity, id, key)?;
                body.insert("identity".to_owned(), Value::String(sealed));
            }
        }
        let reference = (self.entry.word == "register").then(draw_reference);
        if let Some(reference) = reference {
            let given = body.insert("reference".to_owned(), Value::String(reference.to_string()));
            if given.is_some() {
                let rule = FormRule::UnknownField { meant: Vec::new(), known: Vec::new() };
                return Err(FieldError::new("/reference", rule).into());
            }
        }
        let command = BeneficiaryCommand::parse(self.entry.word, Value::Object(body))
            .unwrap_or_else(|| unreachable!("a draft is of a command in the table"))
            .map_err(|error| first_error(&error))?;
        let key = key.filter(|_| self.seals()).map(PersonKey::id);
        Ok(SealedCommand { command, occurred_on, reference, key })
    }
}

impl SealedCommand {
    /// Whether what was sealed serves for a path as it stands now: its key is still the one that was
    /// sealed under, and is not destroyed. A path that has no key yet gets the one that was taken for
    /// it from the stock.
    pub fn serves(&self, state: &State) -> bool {
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

/// Takes the day of the fact out of a body.
pub(in super::super) fn take_day(
    body: &mut Map<String, Value>,
) -> Result<Option<NaiveDate>, FieldError> {
    let Some(day) = body.remove("occurred_on") else { return Ok(None) };
    let day = day.as_str().and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
    day.map(Some).ok_or_else(|| FieldError::new("/occurred_on", FormRule::CodeForm(CodeShape::DAY)))
}

/// Checks and seals the free texts of a body, in place.
fn seal_texts(
    body: &mut Map<String, Value>,
    fields: &[&str],
    id: Uuid,
    key: &PersonKey,
) -> Result<(), Fault> {
    for field in fields {
        let Some(value) = body.get_mut(*field).filter(|value| !value.is_null()) else { continue };
        let pointer = format!("/{field}");
        let text = value
            .as_str()
            .ok_or_else(|| FieldError::new(&pointer, FormRule::WrongType(Wanted::Text)))?;
        let text = check_free_text(text).map_err(|error| FieldError::of_value(&pointer, &error))?;
        *value = Value::String(key.seal(&seal_context(id, field), text.as_bytes())?);
    }
    Ok(())
}

/// Takes an identity out of a body and checks it. The year of an exact birth date fills a year that
/// is left out, and must agree with one that is given.
fn take_identity(body: &mut Map<String, Value>) -> Result<Identity, FieldError> {
    let value =
        body.remove("identity").ok_or_else(|| FieldError::new("/identity", FormRule::Missing))?;
    let identity: Identity = serde_path_to_error::deserialize(value).map_err(|error| {
        let FieldError { pointer, rule } = first_error(&error);
        FieldError::new(format!("/identity{pointer}"), rule)
    })?;
    if let Some(date) = identity.birth_date {
        let year = Value::from(date.year());
        match body.get("birth_year") {
            None | Some(Value::Null) => {
                body.insert("birth_year".to_owned(), year);
            }
            Some(given) if *given == year => {}
            Some(_) => {
                let rule = FormRule::FieldsDisagree { other: "identity/birth_date" };
                return Err(FieldError::new("/birth_year", rule));
            }
        }
    }
    Ok(identity)
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
    use serde_json::json;
    use sira_domain::path::BENEFICIARY_COMMANDS;

    use super::*;

    fn draft(word: &str, body: &Value) -> PathDraft {
        let entry = BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == word).unwrap();
        PathDraft::new(entry, body.as_object().unwrap().clone())
    }

    fn with_keys(keys: &[KeyId]) -> State {
        State { keys: keys.to_vec(), ..State::default() }
    }

    #[test]
    fn what_is_sealed_serves_under_its_own_key_and_for_nobody_who_is_erased() {
        let (own, other) = (PersonKey::throwaway().unwrap(), PersonKey::throwaway().unwrap());
        let note = draft("add-note", &json!({ "text": "Une note" }));
        assert!(note.seals());
        let sealed = note.seal(Uuid::nil(), Some(&own)).unwrap();
        assert_eq!(sealed.key, Some(own.id()));
        assert!(sealed.serves(&with_keys(&[])));
        assert!(sealed.serves(&with_keys(&[other.id(), own.id()])));
        assert!(!sealed.serves(&with_keys(&[own.id(), other.id()])));
        let erased_on = NaiveDate::from_ymd_opt(2022, 1, 1);
        assert!(!sealed.serves(&State { erased_on, ..with_keys(&[own.id()]) }));
    }

    #[test]
    fn a_command_that_seals_nothing_serves_whatever_became_of_the_key() {
        let key = PersonKey::throwaway().unwrap();
        let consent = draft("withdraw-consent", &json!({ "scope": "photo" }));
        assert!(!consent.seals());
        let sealed = consent.seal(Uuid::nil(), None).unwrap();
        let erased_on = NaiveDate::from_ymd_opt(2022, 1, 1);
        assert!(sealed.serves(&State { erased_on, ..with_keys(&[key.id()]) }));
    }

    #[test]
    fn a_sealed_text_opens_under_its_key_at_its_own_place_alone() {
        let (key, id) = (PersonKey::throwaway().unwrap(), Uuid::from_u128(7));
        let sealed =
            draft("add-note", &json!({ "text": "  Une note " })).seal(id, Some(&key)).unwrap();
        let BeneficiaryCommand::AddNote(note) = sealed.command else { panic!("a note") };
        let open = |field| key.open(&seal_context(id, field), note.text.as_str());
        assert_eq!(&**open("text").unwrap(), b"Une note");
        assert!(open("reason").is_err());
    }
}
