//! The members of a training group by name, and the sheet of one of its sessions.
//!
//! A trainer sees the names of their own group, which the sheet is signed under, and nothing else of anybody. Who
//! opens identities sees what every list shows them.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_domain::cohort::{Cohort, CohortCode, session_of_path};
use sira_domain::path::Beneficiary;
use sira_domain::path::facts::Sex;
use sira_domain::role::Role;
use sira_domain::values::Slug;
use sira_projections::case_identity;
use sira_projections::lists::NamedPerson;
use sira_projections::table::Kind::{Date, Flag, Int, Text};
use uuid::Uuid;

use super::current;
use crate::http::App;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{MinPosition, Named as Addressed};
use crate::http::contract::listing::{ListAnswer, Listing, Named, Wanted};
use crate::http::contract::query::Query;
use crate::http::contract::reading::arrive;
use crate::paper::{ListColumn, ListForm};

const NUMBER: ListColumn = ListColumn::called("number", Int, "N°", "No.");

/// The members of a group.
const MEMBERS: ListForm = ListForm {
    name: "members",
    title: ("Membres du groupe de formation", "Members of the training group"),
    columns: &[
        NUMBER,
        ListColumn::REFERENCE,
        ListColumn::NAME,
        ListColumn::PHONE,
        ListColumn::LOCALITY,
        ListColumn::new("sex", Text),
        ListColumn::called("since", Date, "Membre depuis le", "Member since"),
        ListColumn::called("minutes_attended", Int, "Minutes suivies", "Minutes attended"),
    ],
    order: &[],
    parts: None,
    blank: None,
};

/// The sheet of a session.
const SHEET: ListForm = ListForm {
    name: "attendance-sheet",
    title: ("Feuille de présence", "Attendance sheet"),
    columns: &[
        NUMBER,
        ListColumn::REFERENCE,
        ListColumn::NAME,
        ListColumn::PHONE,
        ListColumn::LOCALITY,
        ListColumn::called("present", Flag, "Présence enregistrée", "Presence recorded"),
    ],
    order: &[],
    parts: None,
    blank: Some(("Signature", "Signature")),
};

/// Which members.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedMembers {
    /// Those on the sheet of this session, by its own word; without one, those who hold a seat now.
    session: Option<CohortCode>,
    /// With each person's name: every reading is recorded. The trainer of the group is shown the names alone.
    #[serde(default)]
    identity: bool,
}

/// Members of a training group.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GroupMembers {
    /// The group's own word.
    cohort: String,
    /// Where it is held.
    centre: String,
    /// Who teaches.
    trainer: String,
    /// The session, where its sheet was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    session: Option<String>,
    /// Day of the session.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "NaiveDate")]
    session_on: Option<NaiveDate>,
    /// Length of the session in minutes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "u32")]
    session_minutes: Option<u32>,
    /// The module of the session.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    module: Option<String>,
    /// The members, by reference.
    items: Vec<Named<GroupMember>>,
    /// Members who are out of reach.
    out_of_reach: u32,
}

/// A member of a training group.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GroupMember {
    /// Place in this list, from 1.
    number: u32,
    /// The path.
    id: Uuid,
    /// Its reference.
    reference: Option<String>,
    /// Sex.
    sex: Option<Sex>,
    /// Day since which the seat is held; nothing for who gave it back since.
    since: Option<NaiveDate>,
    /// Minutes attended of this group's sessions.
    minutes_attended: u32,
    /// Whether the register of the session says that the person was there; nothing before it was recorded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "bool")]
    present: Option<bool>,
}

/// `GET /v1/cohorts/{id}/members`.
pub async fn members(
    State(app): State<App>,
    caller: Caller,
    Addressed(id): Addressed<Uuid>,
    min: MinPosition,
    wanted: Wanted,
    asked: Query<AskedMembers>,
) -> Result<ListAnswer<GroupMembers>, ApiError> {
    let found = current::<Cohort>(&app, &caller, id).await?;
    let cohort = &found.state;
    let plan = cohort.plan.as_ref().ok_or(ApiError::NotFound)?;
    // Once the group is closed nothing is left to sign.
    let is_own = caller.grant.role == Role::Trainer
        && plan.trainer == caller.grant.actor
        && cohort.closed_on.is_none();
    let listing = if is_own {
        Listing { app: &app, caller: &caller, wanted, names_people: asked.identity }
    } else {
        Listing::of(&app, &caller, wanted, asked.identity)?
    };
    let _turn = listing.turn()?;
    let session = match &asked.session {
        Some(word) => Some(cohort.sessions.get(word).ok_or(ApiError::NotFound)?),
        None => None,
    };
    let position = if asked.identity {
        arrive(&app, min, &[case_identity::NAME]).await?
    } else {
        found.position
    };
    let day = session.map_or_else(|| app.commands.clock().now().date_naive(), |one| one.plan.on);
    let ids: Vec<Uuid> = match session {
        Some(_) => cohort.members_on(day).map(|member| member.0).collect(),
        None => cohort.members.keys().map(|member| member.0).collect(),
    };
    let programme = app.commands.known_programme(plan.programme.0).await?;
    let paths = app.commands.paths_now(&ids).await?;
    let mut within: BTreeMap<(Option<String>, Uuid), &Beneficiary> = BTreeMap::new();
    for (id, path) in &paths {
        if caller.grant.scope.holds_path(path.state.state(), &programme) {
            let known = path.state.state().registration.as_ref();
            within.insert((known.map(|known| known.reference.to_string()), *id), &path.state);
        }
    }
    let of_session = session.and_then(|one| session_of_path(cohort, &one.plan).ok());
    let rows = (1_u32..).zip(&within).map(|(number, ((reference, id), path))| {
        let row = (number, *id, reference.clone());
        member(cohort, row, path, of_session.as_ref())
    });
    let mut items = listing.name(rows.collect(), |one| one.id.to_string()).await?;
    if is_own {
        for item in &mut items {
            item.person = item
                .person
                .take()
                .map(|person| NamedPerson { name: person.name, ..NamedPerson::default() });
        }
    }
    let out_of_reach = u32::try_from(ids.len().saturating_sub(within.len())).unwrap_or(u32::MAX);
    let body = GroupMembers {
        cohort: plan.code.to_string(),
        centre: plan.centre.as_str().to_owned(),
        trainer: plan.trainer.to_string(),
        session: asked.session.as_ref().map(ToString::to_string),
        session_on: session.map(|one| one.plan.on),
        session_minutes: session.map(|one| one.plan.length_minutes()),
        module: session.and_then(|one| one.plan.module.as_ref()).map(ToString::to_string),
        items,
        out_of_reach,
    };
    let form = if session.is_some() { &SHEET } else { &MEMBERS };
    listing.answer(form, body, position, &asked).await
}

/// A member, with what the group's sessions say of them.
fn member(
    cohort: &Cohort,
    (number, id, reference): (u32, Uuid, Option<String>),
    path: &Beneficiary,
    session: Option<&Slug>,
) -> GroupMember {
    let state = path.state();
    let own = cohort.sessions.values().filter_map(|one| session_of_path(cohort, &one.plan).ok());
    let attended = own
        .filter_map(|word| state.sessions.get(&word))
        .map(|one| one.presence().minutes_of(one.minutes));
    GroupMember {
        number,
        id,
        reference,
        sex: state.registration.as_ref().map(|known| known.sex),
        since: cohort.members.iter().find(|(member, _)| member.0 == id).map(|(_, since)| *since),
        minutes_attended: attended.sum(),
        present: session.and_then(|word| state.sessions.get(word)).map(|one| one.present),
    }
}
