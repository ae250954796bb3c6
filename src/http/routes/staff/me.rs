//! Who calls, and what they may do.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::STREAM_KINDS;
use sira_domain::catalogue::{CommandEntry, StreamKind};
use sira_domain::jurisdiction::Jurisdiction;
use sira_domain::reference::Language;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, OfficeCode};

use crate::grant::Scope;
use crate::http::contract::answer::Unkept;
use crate::http::contract::caller::Caller;
use crate::http::routes::endpoints;

/// Who calls, and what they may do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Me {
    /// The name that the token gives.
    actor: ActorId,
    /// The role.
    role: Role,
    /// What the role is called, in the caller's language.
    label: &'static str,
    /// Where it reaches.
    scope: Scope,
    /// The office, where the token names just one.
    office: Option<OfficeCode>,
    /// Why exact figures are told, which equal personal data: each question is recorded. Left out for who is
    /// told what was published, and for those who see people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    exact_figures: Option<String>,
    /// When the token expires.
    expires_at: DateTime<Utc>,
    /// The commands of the role, by the kind of stream that they are given to.
    commands: Vec<CommandsOfKind>,
    /// The routes of the role that are no commands.
    routes: Vec<RouteOfRole>,
}

/// The commands of a role on one kind of stream.
#[derive(Debug, Serialize, JsonSchema)]
struct CommandsOfKind {
    /// The kind of stream.
    stream: &'static str,
    /// The commands.
    commands: Vec<CommandOfRole>,
}

/// A command of a role.
#[derive(Debug, Serialize, JsonSchema)]
struct CommandOfRole {
    /// Its word in the route.
    command: &'static str,
    /// The stage that it belongs to; `any` for those of every stage.
    stage: &'static str,
    /// What it does, in the caller's language.
    label: &'static str,
    /// Where it may be given from.
    jurisdiction: Jurisdiction,
    /// Whether the caller's scope reaches anything that it can be given on.
    within_reach: bool,
}

/// A route of a role.
#[derive(Debug, Serialize, JsonSchema)]
struct RouteOfRole {
    /// Its operation in the OpenAPI document.
    operation: &'static str,
    /// Its method.
    method: String,
    /// Its path.
    path: String,
}

/// `GET /v1/me`.
pub async fn me(caller: Caller) -> Unkept<Me> {
    let (grant, language) = (&caller.grant, caller.language());
    let of_kind = |kind: &StreamKind| {
        let own = kind.commands.iter().filter(|entry| entry.roles.contains(&grant.role));
        CommandsOfKind {
            stream: kind.name,
            commands: own.map(|entry| shown(entry, &grant.scope, language)).collect(),
        }
    };
    let routes = endpoints();
    let routes = routes
        .iter()
        .filter(|route| route.command.is_none() && route.access.check(grant.role).is_ok());
    let routes = routes.map(|route| RouteOfRole {
        operation: route.id,
        method: route.method.to_string(),
        path: route.path.replace("{*", "{"),
    });
    Unkept(Me {
        actor: grant.actor.clone(),
        role: grant.role,
        label: grant.role.label(language),
        scope: grant.scope.clone(),
        office: grant.office().map(|one| one.office.clone()),
        exact_figures: grant.exact_figures.clone(),
        expires_at: grant.expires_at,
        commands: STREAM_KINDS.iter().map(of_kind).collect(),
        routes: routes.collect(),
    })
}

fn shown(entry: &CommandEntry, scope: &Scope, language: Language) -> CommandOfRole {
    CommandOfRole {
        command: entry.word,
        stage: entry.stage,
        label: match language {
            Language::Fr => entry.about_fr,
            Language::En => entry.about_en,
        },
        jurisdiction: entry.jurisdiction,
        within_reach: scope.may_hold(entry.jurisdiction),
    }
}
