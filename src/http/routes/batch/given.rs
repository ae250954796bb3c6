//! The commands of a batch, as they are understood: which streams they are on is known before the first is
//! given, so that those of one stream keep their order.

use std::collections::HashMap;
use std::sync::OnceLock;

use axum::body::Bytes;
use sira_domain::catalogue::CommandEntry;
use sira_domain::cohort::Cohort;
use sira_domain::fund::Fund;
use sira_domain::path::Beneficiary;
use sira_domain::programme::Programme;
use uuid::Uuid;

use super::super::beneficiaries::{self, find_id};
use super::super::streams;
use super::line::BatchLine;
use crate::commands::{Aggregate, Answer, FieldError, FormRule, reaches_beyond_one_path};
use crate::http::App;
use crate::http::contract::caller::{CallHeaders, Caller};
use crate::http::contract::endpoint::check_command;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::JsonBody;

/// What became of a line.
pub type Outcome = Result<Answer, ApiError>;

/// A batch, as it is understood: a command for each line that can be read, and an outcome for each line that has
/// one.
#[derive(Default)]
pub struct Batch {
    /// None where the line cannot be read, whose outcome says why.
    pub commands: Vec<Option<Given>>,
    /// In the order of the lines.
    pub outcomes: Vec<OnceLock<Outcome>>,
}

/// A command of a batch.
pub struct Given {
    kind: Kind,
    /// Its row of the catalogue.
    pub entry: &'static CommandEntry,
    /// The stream that it is on.
    pub on: On,
    headers: CallHeaders,
    body: JsonBody,
}

/// The stream of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum On {
    /// One that it begins.
    New,
    /// One that is there.
    Stream(Uuid),
    /// The one that an earlier line begins, by its place in the batch, from 0.
    Line(usize),
}

/// A kind of stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Path,
    Programme,
    Cohort,
    Fund,
}

impl Kind {
    /// The kind of a collection of the API.
    fn of(collection: &str) -> Option<Self> {
        match collection {
            "beneficiaries" => Some(Self::Path),
            "programmes" => Some(Self::Programme),
            "cohorts" => Some(Self::Cohort),
            "funds" => Some(Self::Fund),
            _ => None,
        }
    }

    /// Its commands, and the one that begins a stream.
    const fn commands(self) -> (&'static [CommandEntry], &'static str) {
        const fn of<A: Aggregate>() -> (&'static [CommandEntry], &'static str) {
            (A::COMMANDS, A::FIRST)
        }
        match self {
            Self::Path => of::<Beneficiary>(),
            Self::Programme => of::<Programme>(),
            Self::Cohort => of::<Cohort>(),
            Self::Fund => of::<Fund>(),
        }
    }
}

/// Where a line is sent, in the words of its path.
struct Address<'a> {
    kind: Kind,
    entry: &'static CommandEntry,
    /// The stream's name; none where one is begun.
    stream: Option<&'a str>,
}

impl<'a> Address<'a> {
    /// Reads a path; none that leads to no command, or to one that takes no JSON.
    fn read(path: &'a str) -> Option<Self> {
        let mut words = path.strip_prefix("/v1/")?.split('/');
        let kind = Kind::of(words.next()?)?;
        let (commands, first) = kind.commands();
        let (word, stream) = match (words.next(), words.next(), words.next(), words.next()) {
            (None, ..) => (first, None),
            (Some(stream), Some("commands"), Some(word), None) if word != first => {
                (word, Some(stream))
            }
            _ => return None,
        };
        let entry = commands.iter().find(|entry| entry.word == word)?;
        (entry.word != "attach-document").then_some(Self { kind, entry, stream })
    }
}

impl Batch {
    /// Reads the lines of a batch.
    pub async fn read(app: &App, lines: &[Bytes]) -> Self {
        let (mut batch, mut names) = (Self::default(), HashMap::new());
        for (place, line) in lines.iter().enumerate() {
            let (command, outcome) = match read_line(app, line, place, &mut names).await {
                Ok(given) => (Some(given), OnceLock::new()),
                Err(error) => (None, OnceLock::from(Err(error))),
            };
            batch.commands.push(command);
            batch.outcomes.push(outcome);
        }
        batch
    }

    /// The stream that a command is on, once the lines before it have been given; none where it begins one.
    ///
    /// # Errors
    /// [`ApiError::Withheld`] where the line that begins it was refused.
    pub fn stream_of(&self, given: &Given) -> Result<Option<Uuid>, ApiError> {
        match given.on {
            On::New => Ok(None),
            On::Stream(id) => Ok(Some(id)),
            On::Line(place) => match self.outcomes.get(place).and_then(OnceLock::get) {
                Some(Ok(answer)) => Ok(Some(answer.id)),
                _ => Err(ApiError::Withheld { line: place + 1 }),
            },
        }
    }
}

async fn read_line(
    app: &App,
    bytes: &Bytes,
    place: usize,
    names: &mut HashMap<String, usize>,
) -> Result<Given, ApiError> {
    let line = BatchLine::read(bytes)?;
    let earlier = line.path.split('/').find_map(|word| word.strip_prefix('@'));
    let earlier = earlier.map(|label| names.get(label).copied());
    if let Some(label) = &line.r#as
        && names.insert(label.clone(), place).is_some()
    {
        return Err(FieldError::new("/as", FormRule::LineNameTaken).into());
    }
    let headers = line.headers()?;
    let address = Address::read(&line.path).ok_or(ApiError::NotFound)?;
    let on = match (address.stream, earlier) {
        (None, _) => On::New,
        (_, Some(Some(earlier))) => On::Line(earlier),
        (_, Some(None)) => return Err(FieldError::new("/path", FormRule::UnknownLine).into()),
        (Some(name), None) if address.kind == Kind::Path => On::Stream(find_id(app, name).await?),
        (Some(name), None) => On::Stream(Uuid::try_parse(name).map_err(|_| ApiError::NotFound)?),
    };
    let (kind, entry) = (address.kind, address.entry);
    Ok(Given { kind, entry, on, headers, body: line.into_body(bytes)? })
}

impl Given {
    /// Whether those before it must be done when it is given, and those after it wait for it: what it does
    /// reaches beyond one path.
    pub fn is_alone(&self) -> bool {
        self.kind != Kind::Path || reaches_beyond_one_path(self.entry.word)
    }

    /// Gives the command, on a stream that is known by now; none where it begins one.
    ///
    /// # Errors
    /// As its own route.
    pub async fn give(
        &self,
        app: &App,
        caller: &Caller,
        id: Option<Uuid>,
    ) -> Result<Answer, ApiError> {
        check_command(self.entry, caller)?;
        let (caller, body) = (&caller.with(self.headers.clone()), self.body.clone());
        let Some(id) = id else {
            return match self.kind {
                Kind::Path => beneficiaries::begin(app, caller, body).await,
                Kind::Programme => streams::begin_stream::<Programme>(app, caller, body).await,
                Kind::Cohort => streams::begin_stream::<Cohort>(app, caller, body).await,
                Kind::Fund => streams::begin_stream::<Fund>(app, caller, body).await,
            };
        };
        let on = (id, self.entry.word);
        match self.kind {
            Kind::Path => beneficiaries::give(app, caller, on, body).await,
            Kind::Programme => streams::give::<Programme>(app, caller, on, body).await,
            Kind::Cohort => streams::give::<Cohort>(app, caller, on, body).await,
            Kind::Fund => streams::give::<Fund>(app, caller, on, body).await,
        }
    }
}
