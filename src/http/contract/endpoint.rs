//! One route: what it is called, who may use it, what it takes and gives, and what answers it. The router,
//! the guard and the OpenAPI document are made of these and of nothing else.

use std::borrow::Cow;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::{Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::SchemaGenerator;
use serde_json::Value;
use sira_domain::catalogue::CommandEntry;
use sira_domain::jurisdiction::Ground;
use sira_domain::refusal::Refusal;

use super::access::Access;
use super::caller::Caller;
use super::error::ApiError;
use super::operation::{Described, Operation};
use crate::commands::CommandError;
use crate::http::App;

/// Largest body unless a route says otherwise: the longest free texts and a loan's schedule fit several
/// times over.
const BODY_MAX_BYTES: usize = 64 * 1024;

/// A group of operations in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(pub &'static str);

/// The schema of a body that its handler takes as it comes.
pub type BodySchema = fn(&mut SchemaGenerator) -> Value;

/// A route.
pub struct Endpoint {
    /// Method.
    pub method: Method,
    /// Path, with its parameters in braces.
    pub path: Cow<'static, str>,
    /// Who may use it.
    pub access: Access,
    /// The operation's id in the document: one word with hyphens, for good.
    pub id: &'static str,
    /// Its group in the document.
    pub tag: Tag,
    /// What it does, in English.
    pub summary: &'static str,
    /// The command that it carries out, if any.
    pub command: Option<&'static CommandEntry>,
    /// The media type and the schema of a body that no type describes.
    pub body: Option<(&'static str, BodySchema)>,
    /// Statuses of problems beyond those that the handler's types tell.
    pub problems: &'static [u16],
    body_max_bytes: usize,
    describe: fn(&mut Operation),
    handler: MethodRouter<App>,
}

/// The constructors of an [`Endpoint`], one a method, which differ in nothing else.
macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident $method:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name<H, M, I>(
            path: impl Into<Cow<'static, str>>,
            access: Access,
            named: (Tag, &'static str),
            summary: &'static str,
            handler: H,
        ) -> Self
        where
            H: Handler<M, App> + Described<I>,
            M: 'static,
        {
            Self::on(Method::$method, path, access, named, summary, handler)
        }
    )*};
}

impl Endpoint {
    verbs! {
        /// A route that reads.
        get GET;
        /// A route that writes.
        post POST;
    }

    fn on<H, M, I>(
        method: Method,
        path: impl Into<Cow<'static, str>>,
        access: Access,
        (tag, id): (Tag, &'static str),
        summary: &'static str,
        handler: H,
    ) -> Self
    where
        H: Handler<M, App> + Described<I>,
        M: 'static,
    {
        // GET and POST alone come here, and both have a filter.
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        Self {
            method,
            path: path.into(),
            access,
            id,
            tag,
            summary,
            command: None,
            body: None,
            problems: &[],
            body_max_bytes: BODY_MAX_BYTES,
            describe: H::describe,
            handler: on(filter, handler),
        }
    }

    /// A route that carries out a command: its word, its roles and its body are the catalogue's.
    pub fn command<H, M, I>(
        path: impl Into<Cow<'static, str>>,
        entry: &'static CommandEntry,
        handler: H,
    ) -> Self
    where
        H: Handler<M, App> + Described<I>,
        M: 'static,
    {
        let access = Access::Roles(entry.roles);
        let named = (Tag(entry.stage), operation_of(entry));
        let endpoint = Self::post(path, access, named, entry.about_en, handler);
        Self { command: Some(entry), ..endpoint }
    }

    /// With a body that no type describes.
    #[must_use]
    pub fn taking(self, media_type: &'static str, schema: BodySchema) -> Self {
        Self { body: Some((media_type, schema)), ..self }
    }

    /// With further problems that it may meet.
    #[must_use]
    pub fn meeting(self, problems: &'static [u16]) -> Self {
        Self { problems, ..self }
    }

    /// With another limit of its body.
    #[must_use]
    pub fn up_to(self, body_max_bytes: usize) -> Self {
        Self { body_max_bytes, ..self }
    }

    /// Describes what the handler takes and gives.
    pub fn describe(&self, operation: &mut Operation) {
        (self.describe)(operation);
    }

    /// The handler behind its guard: a caller who may not never reaches it.
    pub fn guarded(self, app: &App) -> MethodRouter<App> {
        let handler = self.handler.route_layer(DefaultBodyLimit::max(self.body_max_bytes));
        if matches!(self.access, Access::Open) {
            return handler;
        }
        let guard = Guard { app: app.clone(), access: self.access, command: self.command };
        handler.route_layer(from_fn_with_state(guard, admit))
    }
}

/// What stands before a route.
#[derive(Clone)]
struct Guard {
    app: App,
    access: Access,
    command: Option<&'static CommandEntry>,
}

/// Refuses a command that is not the caller's role's, or that no stream and no body could bring within the
/// caller's reach.
///
/// # Errors
/// [`ApiError::Forbidden`], or the refusal.
pub fn check_command(command: &CommandEntry, caller: &Caller) -> Result<(), ApiError> {
    Access::Roles(command.roles).check(caller.grant.role)?;
    check_reach(command, caller)
}

/// Refuses a command that no stream and no body could bring within the caller's reach.
fn check_reach(command: &CommandEntry, caller: &Caller) -> Result<(), ApiError> {
    if caller.grant.scope.may_hold(command.jurisdiction) {
        return Ok(());
    }
    Err(CommandError::from(Refusal::OutsideReach { needs: Ground::Everywhere }).into())
}

/// Lets a caller in whose token is good, whose role may use the route, and whose scope may reach what it
/// is given on.
async fn admit(
    State(guard): State<Guard>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    // Who brings no token at all reads what is public; who brings one is judged by it.
    let is_stranger = !parts.headers.contains_key(header::AUTHORIZATION);
    if is_stranger && guard.app.public_hashes && matches!(guard.access, Access::Hashes) {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    }
    let caller = Caller::admit(&guard.app, &mut parts).await?;
    match guard.command {
        Some(command) => check_command(command, &caller)?,
        None => guard.access.check(caller.grant.role)?,
    }
    parts.extensions.insert(caller);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// The name of a command's operation: its word, which several kinds of stream have for a retraction.
#[must_use]
pub fn operation_of(entry: &CommandEntry) -> &'static str {
    match (entry.word, entry.stage) {
        ("retract", "convention") => "retract-in-programme",
        ("retract", "training") => "retract-in-cohort",
        ("retract", "fund") => "retract-in-fund",
        _ => entry.word,
    }
}
