//! The parameters of an address, read into a type of their own: whatever is not in the type, comes twice or
//! does not have its form is refused by name, all of it at once.

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use parking_lot::RwLock;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use sira_domain::reference::Language;

use super::cursor::{read_cursor, write_cursor};
use super::error::ApiError;
use super::parameter::{Parameter, parameters};
use super::problem::{self, Problem};
use super::text::ParameterText;
use super::wording;
use crate::http::App;

/// Parameters of one address at most.
const PARAMETERS_MAX: usize = 40;
/// Longest name of a parameter that is told back.
const NAME_MAX_BYTES: usize = 40;
/// Parameters that do not decide what is listed, nor in which order.
const OF_THE_PAGE: [&str; 3] = ["limit", "cursor", "identity"];

/// A parameter or header that is not what it should be. It never carries what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongParameter {
    /// Its name.
    pub name: String,
    /// The broken rule's word.
    pub rule: &'static str,
    /// What is expected.
    pub expected: String,
    /// Whether it is a header.
    pub is_header: bool,
}

impl WrongParameter {
    fn new(name: impl Into<String>, rule: &'static str, expected: impl Into<String>) -> Self {
        Self { name: name.into(), rule, expected: expected.into(), is_header: false }
    }

    /// A parameter whose value is not what it should be.
    #[must_use]
    pub fn value(name: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::new(name, "parameter_form", expected)
    }

    /// A parameter that a rule of its own forbids here, told in a whole sentence.
    #[must_use]
    pub fn refused(name: impl Into<String>, rule: &'static str, sentence: String) -> Self {
        Self::new(name, rule, sentence)
    }

    /// A header whose value is not what it should be.
    #[must_use]
    pub fn header(name: &str, expected: impl Into<String>) -> Self {
        Self { is_header: true, ..Self::value(name, expected) }
    }
}

/// The problem of wrong parameters: each by `name: expected` in the detail, and one by one as an error.
#[must_use]
pub fn parameters_problem(wrong: &[WrongParameter], language: Language) -> Problem {
    let told: Vec<_> = wrong.iter().map(|one| format!("{}: {}", one.name, one.expected)).collect();
    let problem = Problem::new(problem::BAD_PARAMETER).detail(told.join("; "));
    wrong.iter().fold(problem, |problem, one| {
        let pointer = if one.is_header { one.name.clone() } else { format!("?{}", one.name) };
        problem.error(pointer, one.rule, wording::of_rule(one.rule, &one.expected, language))
    })
}

/// No parameter at all: any that is given is refused.
#[derive(Debug, serde::Deserialize, JsonSchema)]
pub struct Nothing {}

/// The parameters of an address, as the type `Q` has them.
pub struct Query<Q> {
    form: Q,
    /// The route's path, which is part of what a cursor belongs to.
    path: String,
    given: BTreeMap<String, String>,
}

impl<Q> Deref for Query<Q> {
    type Target = Q;

    fn deref(&self) -> &Q {
        &self.form
    }
}

impl<Q> Query<Q> {
    /// All that decides what is listed and in which order: what a cursor belongs to.
    fn question(&self) -> String {
        self.given().fold(self.path.clone(), |mut question, (name, value)| {
            // The length says where a value ends, whatever is in it.
            let _ = write!(question, "\n{}:{name}={value}", value.len());
            question
        })
    }

    /// What was asked of the list by name, beside what decides of its pages.
    pub fn given(&self) -> impl Iterator<Item = (&str, &str)> {
        let asked = self.given.iter().filter(|(name, _)| !OF_THE_PAGE.contains(&name.as_str()));
        asked.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The place that the cursor names.
    ///
    /// # Errors
    /// What is no cursor of this question.
    pub fn place_of<T>(
        &self,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(cursor) = self.given.get("cursor") else { return Ok(None) };
        let place = read_cursor(&self.question(), cursor).and_then(|place| parse(&place));
        place.map(Some).ok_or_else(|| ApiError::parameter("cursor", "next_cursor"))
    }

    /// The cursor that leads on from a place.
    #[must_use]
    pub fn cursor_to(&self, place: &str) -> String {
        write_cursor(&self.question(), place)
    }
}

impl<Q: DeserializeOwned + JsonSchema + 'static> FromRequestParts<App> for Query<Q> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        let path = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
        let pairs = pairs_of(parts.uri.query().unwrap_or_default())?;
        let known = known::<Q>();
        let (form, given) = read(&known, pairs).map_err(ApiError::Parameters)?;
        Ok(Self { form, path: path.unwrap_or_default(), given })
    }
}

/// The pairs of an address's query, in their order.
///
/// # Errors
/// What is none, or has too many.
pub fn pairs_of(query: &str) -> Result<Vec<(String, String)>, ApiError> {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    if pairs.len() > PARAMETERS_MAX {
        return Err(ApiError::parameter("query", format!("name=value&... (..{PARAMETERS_MAX})")));
    }
    Ok(pairs)
}

fn read<Q: DeserializeOwned>(
    known: &[Parameter],
    pairs: Vec<(String, String)>,
) -> Result<(Q, BTreeMap<String, String>), Vec<WrongParameter>> {
    let (mut given, mut wrong) = (BTreeMap::new(), Vec::new());
    for (name, value) in pairs {
        if !known.iter().any(|one| one.name == name) {
            let names: Vec<_> = known.iter().map(|one| one.name.as_str()).collect();
            wrong.push(WrongParameter::new(told(&name), "unknown_parameter", names.join(", ")));
        } else if given.insert(name.clone(), value).is_some() {
            wrong.push(WrongParameter::new(name, "repeated_parameter", "1"));
        }
    }
    for one in known.iter().filter(|one| one.required && !given.contains_key(&one.name)) {
        wrong.push(WrongParameter::new(&one.name, "missing_parameter", &one.expected));
    }
    let mut fit = given.clone();
    loop {
        let pairs = fit.iter().map(|(name, value)| (name.as_str(), ParameterText(value)));
        let read = serde_path_to_error::deserialize(MapDeserializer::new(pairs));
        let failed = match read {
            Ok(form) if wrong.is_empty() => return Ok((form, given)),
            Ok(_) => return Err(wrong),
            Err(error) => error.path().to_string(),
        };
        // A name that is not given is one that is missing, or was taken out here; the others were read.
        let Some(one) = known.iter().find(|one| failed.split(['.', '[']).next() == Some(&one.name))
        else {
            return Err(wrong);
        };
        if fit.remove(&one.name).is_none() {
            return Err(wrong);
        }
        wrong.push(WrongParameter::value(&one.name, &one.expected));
    }
}

/// An unknown name may be personal: it is told back only when it is a word.
fn told(name: &str) -> &str {
    let is_word = (1..=NAME_MAX_BYTES).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_word { name } else { "?" }
}

/// The parameters of a type, worked out once.
fn known<Q: JsonSchema + 'static>() -> Arc<[Parameter]> {
    static KNOWN: LazyLock<RwLock<HashMap<TypeId, Arc<[Parameter]>>>> =
        LazyLock::new(RwLock::default);
    let of = TypeId::of::<Q>();
    if let Some(known) = KNOWN.read().get(&of) {
        return known.clone();
    }
    let made: Arc<[Parameter]> = parameters::<Q>().into();
    KNOWN.write().entry(of).or_insert(made).clone()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use sira_domain::values::{ActorId, Within};

    use super::*;

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Asked {
        actor: ActorId,
        days: Option<Within<1, 9>>,
        from: Option<chrono::NaiveDate>,
        #[serde(default)]
        identity: bool,
    }

    fn asked(query: &str) -> Result<Asked, Vec<(String, &'static str)>> {
        let read = read::<Asked>(&known::<Asked>(), pairs_of(query).unwrap());
        let wrong = |one: WrongParameter| (one.name, one.rule);
        read.map(|(form, _)| form).map_err(|all| all.into_iter().map(wrong).collect())
    }

    #[test]
    fn a_query_is_read_into_its_type() {
        let read = asked("actor=awa.t&days=9&from=2022-02-28&identity=true").unwrap();
        let from = "2022-02-28".parse().ok();
        let expected = Asked {
            actor: "awa.t".parse().unwrap(),
            days: Within::try_new(9).ok(),
            from,
            identity: true,
        };
        assert_eq!(read, expected);
        assert_eq!(asked("actor=a").unwrap().days, None);
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let wrong =
            asked("actor=A%20B&days=10&from=2022-02-30&identity=yes&page=2&Nom%20Secret=1&days=1");
        let expected = [
            ("page", "unknown_parameter"),
            ("?", "unknown_parameter"),
            ("days", "repeated_parameter"),
            ("actor", "parameter_form"),
            ("from", "parameter_form"),
            ("identity", "parameter_form"),
        ];
        assert_eq!(wrong.unwrap_err(), expected.map(|(name, rule)| (name.to_owned(), rule)));
        assert_eq!(asked("").unwrap_err(), [("actor".to_owned(), "missing_parameter")]);
        let both =
            [("actor".to_owned(), "missing_parameter"), ("days".to_owned(), "parameter_form")];
        assert_eq!(asked("days=0").unwrap_err(), both);
    }
}
