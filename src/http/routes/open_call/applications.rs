//! Applications, for those who work on them. A name that is shown has been read, which is recorded before.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sira_domain::reference::RegionCode;
use sira_domain::values::ProgrammeId;
use sira_projections::lists::ListPage;
use sira_projections::table::Kind::{Date, Text};
use uuid::Uuid;

use super::APPLICATIONS;
use crate::commands::FormErrors;
use crate::http::App;
use crate::http::contract::answer::{Begun, Page, Unkept};
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{Body, FormBody, Named};
use crate::http::contract::listing::{ListAnswer, Listed, Listing, Wanted, record_readings};
use crate::http::contract::paging::{Cursor, Limit, page_limit};
use crate::http::contract::query::Query;
use crate::http::routes::beneficiaries::PATH;
use crate::journal::StreamId;
use crate::keys::{StoredApplication, StoredDecision};
use crate::open_call::{
    self, APPLICATION, AcceptForm, Acceptance, AskedApplications, FormLanguage, ListedApplications,
    RefuseForm, RefusedApplication, applications, opened, reached_application,
};
use crate::paper::{ListColumn, ListForm};

/// Which applications.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Asked {
    /// The programme.
    programme: Option<ProgrammeId>,
    /// The region that the person told.
    region: Option<RegionCode>,
    /// Those that were refused and are kept still, in the place of those that wait.
    #[serde(default)]
    refused: bool,
    /// With each person's name: the reading is recorded.
    #[serde(default)]
    identity: bool,
    /// Items of the page.
    #[serde(default = "page_limit")]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[expect(dead_code, reason = "it is read with the question that it belongs to")]
    cursor: Option<Cursor>,
}

/// An application as it is listed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ApplicationItem {
    /// Its id.
    id: Uuid,
    /// The programme that is applied to.
    programme: Uuid,
    /// The region that the person told.
    region: RegionCode,
    /// When it came in.
    received_at: DateTime<Utc>,
    /// The last day on which it is kept, if nobody accepts it.
    kept_until: NaiveDate,
    /// The reason for which it was refused; nothing while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The person's name, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The person's phone, where the name was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    phone: Option<String>,
}

/// Applications on paper.
const APPLICATION_LIST: ListForm = ListForm {
    name: "applications",
    title: ("Candidatures reçues", "Applications received"),
    columns: &[
        ListColumn::called("received_at", Date, "Reçue le", "Received on"),
        ListColumn::NAME,
        ListColumn::PHONE,
        ListColumn::REGION,
        ListColumn::new("programme", Text),
        ListColumn::called("kept_until", Date, "Conservée jusqu'au", "Kept until"),
        ListColumn::called("reason", Text, "Motif du refus", "Reason for refusal"),
    ],
    order: &[],
    parts: None,
    blank: Some(("Suite", "Outcome")),
};

/// An application in clear.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ApplicationShown {
    /// What a list shows.
    #[serde(flatten)]
    item: ApplicationItem,
    /// The path that it is, once accepted; nothing before.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Uuid>,
    /// What the person told; nothing once accepted: it is in the path.
    #[serde(flatten)]
    told: Option<ToldInClear>,
}

/// What a person told, beside the name.
#[derive(Serialize, JsonSchema)]
struct ToldInClear {
    /// Phone number.
    phone: String,
    /// The idea in their words.
    idea: String,
    /// Version of the text that they consented to.
    text_version: String,
    /// The language that they read it in.
    language: FormLanguage,
}

impl std::fmt::Debug for ToldInClear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ToldInClear(..)")
    }
}

/// `GET /v1/worklists/applications`.
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    wanted: Wanted,
    asked: Query<Asked>,
) -> Result<ListAnswer<Page<ApplicationItem>>, ApiError> {
    // Who may read applications at all is said by the route: it is who works on them.
    let listing = Listing { app: &app, caller: &caller, wanted, names_people: asked.identity };
    let question = AskedApplications {
        programme: asked.programme,
        region: asked.region,
        refused: asked.refused,
        after: asked.place_of(|place| Uuid::try_parse(place).ok())?,
        limit: asked.limit.get(),
    };
    let ListPage { items: found, next } = listing.rows(question).await?;
    let mut items = Vec::with_capacity(found.len());
    if asked.identity {
        read_applications(&app, &caller, found.iter().map(|one| one.id)).await?;
    }
    for one in &found {
        let told = if asked.identity { opened(&app.commands, one).await? } else { None };
        let who = told.map(|told| (told.name.to_string(), told.phone.as_str().to_owned()));
        items.push(item(one, who));
    }
    let next_cursor = next.map(|id| asked.cursor_to(&id.to_string()));
    let position = app.commands.journal().head().await?.position;
    listing.answer(&APPLICATION_LIST, Page { items, next_cursor }, position, &asked).await
}

impl Listed for AskedApplications {
    type Row = StoredApplication;
    type Place = Uuid;

    fn at_place(&self, after: Option<Uuid>, limit: u32) -> Self {
        Self { after, limit, ..self.clone() }
    }

    async fn read(
        &self,
        listing: &Listing<'_>,
    ) -> Result<ListPage<StoredApplication, Uuid>, ApiError> {
        let scope = &listing.caller.grant.scope;
        let ListedApplications { items, next } =
            applications(&listing.app.commands, scope, self).await?;
        Ok(ListPage { items, next })
    }
}

/// `GET /v1/applications/{id}`.
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<Uuid>,
) -> Result<Unkept<ApplicationShown>, ApiError> {
    let found = reached_application(&app.commands, &caller.grant.scope, id).await?;
    read_applications(&app, &caller, [id].into_iter()).await?;
    let told = opened(&app.commands, &found).await?;
    let name = told.as_ref().map(|told| told.name.to_string());
    let told = told.map(|told| ToldInClear {
        phone: told.phone.as_str().to_owned(),
        idea: told.idea,
        text_version: told.text_version.to_string(),
        language: told.language,
    });
    let path = (found.decision == Some(StoredDecision::Accepted)).then_some(found.path);
    let mut item = item(&found, None);
    item.name = name;
    Ok(Unkept(ApplicationShown { item, path, told }))
}

impl Body for Acceptance {
    type Schema = AcceptForm;

    fn read(body: Value) -> Result<Self, FormErrors> {
        Self::read(body)
    }
}

/// `POST /v1/applications/{id}/accept`.
pub async fn accept(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<Uuid>,
    FormBody { form, bytes }: FormBody<Acceptance>,
) -> Result<Begun, ApiError> {
    let call = caller.call(&app, &format!("POST {APPLICATIONS}/{id}/accept"), &bytes).await?;
    let answer = open_call::accept(&app.commands, id, form, call).await;
    app.metrics.count_command("accept-application", answer.is_ok());
    Ok(Begun { answer: answer?, collection: PATH })
}

impl Body for RefuseForm {
    type Schema = Self;

    fn read(body: Value) -> Result<Self, FormErrors> {
        Self::read(body)
    }
}

/// `POST /v1/applications/{id}/refuse`.
pub async fn refuse(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<Uuid>,
    FormBody { form, .. }: FormBody<RefuseForm>,
) -> Result<Unkept<RefusedApplication>, ApiError> {
    Ok(Unkept(open_call::refuse(&app.commands, id, form, &caller.bare_call()).await?))
}

fn item(one: &StoredApplication, who: Option<(String, String)>) -> ApplicationItem {
    let (name, phone) = who.unzip();
    let reason = match &one.decision {
        Some(StoredDecision::Refused(reason)) => Some(reason.clone()),
        Some(StoredDecision::Accepted) | None => None,
    };
    ApplicationItem {
        id: one.id,
        programme: one.programme,
        region: one.region,
        received_at: one.received_at,
        kept_until: one.kept_until,
        reason,
        name,
        phone,
    }
}

/// Records that each of these applications was read, before anything of them is shown.
async fn read_applications(
    app: &App,
    caller: &Caller,
    ids: impl Iterator<Item = Uuid>,
) -> Result<(), ApiError> {
    let stream = |id| StreamId { aggregate_type: APPLICATION.into(), aggregate_id: id };
    record_readings(app, caller, APPLICATION, ids.map(stream).collect()).await
}
