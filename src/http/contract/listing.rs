//! Lists that people work from: a page for a program, the whole list as a sheet or as a page to print, with the people
//! named where that is asked for. Every name that is shown is a reading, recorded before.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::future::Future;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sira_domain::path::Beneficiary;
use sira_numbers::Position;
use sira_projections::lists::{ListPage, MAX_PAGE, NamedPerson, codes, people};
use uuid::Uuid;

use super::answer::Read;
use super::caller::Caller;
use super::error::ApiError;
use super::input::Accepted;
use super::operation::{AnswerHeader, Input, Operation, Output};
use super::query::{Query, WrongParameter, pairs_of};
use super::wording;
use crate::access_log::{AccessEntry, record_accesses};
use crate::commands::stream_id;
use crate::figures::Turn;
use crate::formats::{Format, FormatError, asked_for};
use crate::http::App;
use crate::journal::StreamId;
use crate::paper::{ListForm, ListPaper};
use crate::present::{IDENTITY_READERS, may_open};
use crate::read_side::OpenedKeys;

/// Rows of a whole list at most: what an office prints in a day. A longer one is refused, and never cut.
const WHOLE_LIST_MAX: usize = 5_000;

/// The form in which a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A page of it, for a program.
    Json,
    /// The whole list as a sheet.
    Sheet(Format),
    /// The whole list as a page to print.
    Page,
}

impl Wanted {
    /// The form that an `Accept` header asks for: a page where it is asked for more than JSON.
    fn of(accept: Option<&str>) -> Result<Self, ApiError> {
        let quality = |media_type| accept.map_or(0, |accept| asked_for(accept, media_type));
        let format = Format::negotiate(accept);
        let (page, sheet) =
            (quality("text/html"), format.map_or(0, |one| quality(one.media_type())));
        match format {
            _ if page > quality("application/json") && page >= sheet => Ok(Self::Page),
            Some(Format::Json) => Ok(Self::Json),
            Some(format) => Ok(Self::Sheet(format)),
            None => Err(ApiError::NotAcceptable(offered())),
        }
    }
}

fn offered() -> Vec<&'static str> {
    Format::ALL.iter().map(|format| format.media_type()).chain(["text/html"]).collect()
}

impl FromRequestParts<App> for Wanted {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Accepted(accept) = Accepted::from_request_parts(parts, app).await?;
        let wanted = Self::of(accept.as_deref())?;
        let asked = pairs_of(parts.uri.query().unwrap_or_default())?;
        // A list that begins in its middle is not whole: nobody is read for it.
        if wanted != Self::Json && asked.iter().any(|(name, _)| name == "cursor") {
            return Err(ApiError::parameter("cursor", "application/json"));
        }
        Ok(wanted)
    }
}

impl Input for Wanted {
    fn describe(operation: &mut Operation) {
        operation.problems(&[400, 406]);
    }
}

/// A row of a list, with its person where that was asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}")]
pub struct Named<T> {
    /// The row.
    #[serde(flatten)]
    pub row: T,
    /// The person.
    #[serde(flatten)]
    pub person: Option<NamedPerson>,
}

/// A list that is read page by page.
pub trait Listed: Sized + Sync {
    /// Its rows.
    type Row: Send;
    /// A place between two of them.
    type Place: Send;

    /// The same question from another place, for so many rows.
    #[must_use]
    fn at_place(&self, after: Option<Self::Place>, limit: u32) -> Self;

    /// Reads its page.
    fn read(
        &self,
        listing: &Listing<'_>,
    ) -> impl Future<Output = Result<ListPage<Self::Row, Self::Place>, ApiError>> + Send;
}

/// A page, or the whole list, with its people.
pub struct Gathered<T, P> {
    /// The rows.
    pub items: Vec<Named<T>>,
    /// Where the next page begins.
    pub next: Option<P>,
}

/// Who asks for a list, and how.
pub struct Listing<'a> {
    /// The server.
    pub app: &'a App,
    /// Who asks.
    pub caller: &'a Caller,
    /// In which form.
    pub wanted: Wanted,
    /// Whether people are to be named.
    pub names_people: bool,
}

impl<'a> Listing<'a> {
    /// A list for a caller.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`] when people are to be named to a role that opens no identity.
    pub fn of(
        app: &'a App,
        caller: &'a Caller,
        wanted: Wanted,
        names_people: bool,
    ) -> Result<Self, ApiError> {
        if names_people && !may_open(caller.grant.role, "identity") {
            return Err(ApiError::Forbidden(IDENTITY_READERS));
        }
        Ok(Self { app, caller, wanted, names_people })
    }

    /// Reads what is asked for, with its people; `path_of` says the id of a row's path.
    ///
    /// # Errors
    /// As [`Listing::rows`].
    pub async fn gather<Q: Listed>(
        &self,
        question: Q,
        path_of: impl Fn(&Q::Row) -> String + Send,
    ) -> Result<Gathered<Q::Row, Q::Place>, ApiError> {
        let ListPage { items, next } = self.rows(question).await?;
        Ok(Gathered { items: self.name(items, path_of).await?, next })
    }

    /// Reads what is asked for: one page for a program, and all of it for paper.
    ///
    /// # Errors
    /// A list that is too long to be printed, and what fails beneath.
    pub async fn rows<Q: Listed>(
        &self,
        question: Q,
    ) -> Result<ListPage<Q::Row, Q::Place>, ApiError> {
        if self.wanted == Wanted::Json {
            return question.read(self).await;
        }
        let _turn = self.turn()?;
        let mut question = question.at_place(None, MAX_PAGE);
        let mut items = Vec::new();
        loop {
            let page = question.read(self).await?;
            items.extend(page.items);
            if items.len() > WHOLE_LIST_MAX {
                return Err(self.too_long());
            }
            let Some(place) = page.next else { return Ok(ListPage { items, next: None }) };
            question = question.at_place(Some(place), MAX_PAGE);
        }
    }

    /// A token's turn, for a whole list: so many are made for it at once.
    ///
    /// # Errors
    /// That it has too many under way.
    pub fn turn(&self) -> Result<Option<Turn>, ApiError> {
        let is_whole = self.wanted != Wanted::Json;
        let turn = || self.app.figures.turn(self.caller.grant.token_id);
        Ok(is_whole.then(turn).transpose()?)
    }

    /// That a list is too long to be whole.
    #[must_use]
    pub fn too_long(&self) -> ApiError {
        let sentence = wording::of_long_list(WHOLE_LIST_MAX, self.caller.language());
        let wrong = WrongParameter::refused("region", "list_too_long", sentence);
        ApiError::Parameters(vec![wrong])
    }

    /// Adds the people, where that was asked for: each reading is recorded first.
    ///
    /// # Errors
    /// What fails beneath.
    pub async fn name<T>(
        &self,
        rows: Vec<T>,
        path_of: impl Fn(&T) -> String + Send,
    ) -> Result<Vec<Named<T>>, ApiError> {
        if !self.names_people {
            return Ok(rows.into_iter().map(|row| Named { row, person: None }).collect());
        }
        let ids: Vec<Uuid> = rows.iter().filter_map(|row| path_of(row).parse().ok()).collect();
        let people = self.open(&ids).await?;
        let named = |row: T| {
            let id = path_of(&row).parse::<Uuid>().ok();
            let person = id.and_then(|id| people.get(&id)).cloned().unwrap_or_default();
            Named { row, person: Some(person) }
        };
        Ok(rows.into_iter().map(named).collect())
    }

    /// The people of some paths, each recorded as read before.
    async fn open(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, NamedPerson>, ApiError> {
        // A path may have several rows, and is read once.
        let read: BTreeSet<Uuid> = ids.iter().copied().collect();
        let streams = read.into_iter().map(stream_id::<Beneficiary>).collect();
        record_readings(self.app, self.caller, "identity", streams).await?;
        let keys = OpenedKeys::new(self.app.commands.keys().clone());
        Ok(people(&self.app.read, &keys, ids).await?)
    }

    /// Writes an answer in the form that was asked for. `body` is what a program reads, its rows in `items`.
    ///
    /// # Errors
    /// What fails beneath.
    pub async fn answer<B: Serialize, Q>(
        &self,
        form: &'static ListForm,
        body: B,
        position: Position,
        asked: &Query<Q>,
    ) -> Result<ListAnswer<B>, ApiError> {
        if self.wanted == Wanted::Json {
            return Ok(ListAnswer::Json(Read { body, position }));
        }
        let mut names = codes(&self.app.read).await?;
        let language = self.caller.language();
        let mut told =
            serde_json::to_value(body).map_err(std::io::Error::from).map_err(FormatError::from)?;
        let items = told.get_mut("items").map(Value::take);
        let rows = items.into_iter().flat_map(|items| match items {
            Value::Array(items) => items,
            _ => Vec::new(),
        });
        let rows: Vec<Map<String, Value>> = rows
            .filter_map(|row| match row {
                Value::Object(row) => Some(row),
                _ => None,
            })
            .collect();
        // What programmes, groups and funds are called is told of those that stand in the rows, which are within reach.
        let within: HashSet<&str> =
            rows.iter().flat_map(|row| row.values()).filter_map(Value::as_str).collect();
        names.retain(|id, _| within.contains(id.as_str()));
        let mut about: Vec<(String, Value)> = match told {
            Value::Object(told) => told.into_iter().filter(|(name, _)| is_head(name)).collect(),
            _ => Vec::new(),
        };
        for (name, value) in asked.given() {
            if about.iter().all(|(known, _)| known != name) {
                about.push((name.to_owned(), value.into()));
            }
        }
        let paper = ListPaper {
            form,
            rows,
            about,
            names,
            made_at: self.app.commands.clock().now(),
            made_by: self.caller.grant.actor.to_string(),
            language,
            names_people: self.names_people,
        };
        let wanted = self.wanted;
        let written = tokio::task::spawn_blocking(move || match wanted {
            Wanted::Sheet(format) => paper.sheet(format).map(|bytes| (bytes, Some(format))),
            Wanted::Json | Wanted::Page => Ok((paper.page().into_bytes(), None)),
        });
        let (bytes, format) =
            written.await.map_err(std::io::Error::other).map_err(FormatError::from)??;
        Ok(ListAnswer::File(ListFile { bytes, format, name: form.name, position }))
    }
}

/// Whether a field of a list's body holds for the whole list.
fn is_head(name: &str) -> bool {
    !["items", "next_cursor"].contains(&name)
}

/// Records that somebody read these streams, before anything of them is shown: a crash in between leaves an entry for
/// a reading that was not seen, never a reading without its entry.
///
/// # Errors
/// When the journal's database cannot be written.
pub async fn record_readings(
    app: &App,
    caller: &Caller,
    action: &'static str,
    streams: Vec<StreamId>,
) -> Result<(), ApiError> {
    let at = app.commands.clock().now();
    let entry = |stream| AccessEntry {
        at,
        actor: &caller.grant.actor,
        role: caller.grant.role,
        action,
        stream,
        request_id: &caller.envelope.request_id,
    };
    let entries: Vec<_> = streams.into_iter().map(entry).collect();
    Ok(record_accesses(app.commands.journal(), &entries).await?)
}

/// A list in the form that was asked for.
pub enum ListAnswer<B> {
    /// For a program.
    Json(Read<B>),
    /// A sheet, or a page to print.
    File(ListFile),
}

/// A list as a file.
pub struct ListFile {
    bytes: Vec<u8>,
    /// The format of a sheet; none of a page.
    format: Option<Format>,
    name: &'static str,
    position: Position,
}

impl<B: Serialize> IntoResponse for ListAnswer<B> {
    fn into_response(self) -> Response {
        let mut response = match self {
            Self::Json(read) => read.into_response(),
            Self::File(file) => file.into_response(),
        };
        let vary = HeaderValue::from_static("Accept, Accept-Language");
        response.headers_mut().insert(header::VARY, vary);
        // It may name people, and is asked for anew each time.
        let no_store = HeaderValue::from_static("no-store");
        response.headers_mut().insert(header::CACHE_CONTROL, no_store);
        response
    }
}

impl IntoResponse for ListFile {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.bytes.into());
        let headers = response.headers_mut();
        let kind = self.format.map_or("text/html; charset=utf-8", Format::content_type);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert("sira-position", HeaderValue::from(self.position.get()));
        if let Some(format) = self.format {
            let how = format.content_disposition(self.name);
            if let Ok(how) = HeaderValue::from_str(&how) {
                headers.insert(header::CONTENT_DISPOSITION, how);
            }
        }
        response
    }
}

impl<B: JsonSchema> Output for ListAnswer<B> {
    fn describe(operation: &mut Operation) {
        let json_form = operation.schema_of::<B>();
        let bytes = json!({ "type": "string", "format": "binary" });
        let text = json!({ "type": "string" });
        let of = |format: &Format| match format {
            Format::Json => json_form.clone(),
            Format::Csv => text.clone(),
            Format::Parquet | Format::Xlsx => bytes.clone(),
        };
        let sheets = Format::ALL.iter().map(|format| (format.media_type(), of(format)));
        let content: Vec<_> = sheets.chain([("text/html", text.clone())]).collect();
        let headers = [AnswerHeader::Position, AnswerHeader::Disposition];
        operation.answer(
            200,
            "A page of the list, or the whole list to keep or to print.",
            &headers,
            &content,
        );
        operation.problems(&[406, 503]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_given_to_who_asks_for_one_more_than_for_json() {
        let xlsx = Format::Xlsx.media_type();
        for (accept, wanted) in [
            (None, Some(Wanted::Json)),
            (Some("*/*"), Some(Wanted::Json)),
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Wanted::Page)),
            (Some("text/html"), Some(Wanted::Page)),
            (Some("text/html, application/json"), Some(Wanted::Json)),
            (Some("text/csv, text/html;q=0.5"), Some(Wanted::Sheet(Format::Csv))),
            (Some(xlsx), Some(Wanted::Sheet(Format::Xlsx))),
            (Some("image/png"), None),
        ] {
            assert_eq!(Wanted::of(accept).ok(), wanted, "{accept:?}");
        }
    }
}
