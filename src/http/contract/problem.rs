//! Problems (RFC 9457): every kind of error that a caller can meet, in one table, in French and English.
//! Which error becomes which problem is said in [`super::error`].

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use sira_domain::reference::Language;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// One kind of problem: its page, status, title and explanation.
#[derive(Clone, Copy, Debug)]
pub struct ProblemKind {
    /// Last part of its `type`, and of its page `/problems/<slug>`.
    pub slug: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Title in French.
    pub title_fr: &'static str,
    /// Title in English.
    pub title_en: &'static str,
    /// What to do, in French.
    pub help_fr: &'static str,
    /// What to do, in English.
    pub help_en: &'static str,
}

macro_rules! kinds {
    ($($name:ident $slug:literal $status:literal $title_fr:literal, $title_en:literal; $help_fr:literal, $help_en:literal;)*) => {
        $(
            #[doc = $help_en]
            pub const $name: ProblemKind = ProblemKind {
                slug: $slug, status: $status, title_fr: $title_fr, title_en: $title_en,
                help_fr: $help_fr, help_en: $help_en,
            };
        )*
        /// Every kind.
        pub const KINDS: &[ProblemKind] = &[$($name),*];
    };
}

kinds! {
    MALFORMED_JSON "malformed-json" 400 "Le corps n'est pas du JSON", "The body is not JSON";
        "Envoyez un objet JSON bien formé, en UTF-8.", "Send a well-formed JSON object in UTF-8.";
    BAD_PARAMETER "bad-parameter" 400 "Paramètre ou en-tête invalide", "Invalid parameter or header";
        "Corrigez le paramètre ou l'en-tête nommé.", "Mend the named parameter or header.";
    UNAUTHENTICATED "unauthenticated" 401 "Jeton manquant ou invalide", "Missing or invalid token";
        "Envoyez un jeton valable dans l'en-tête Authorization.", "Send a valid token in the Authorization header.";
    TOKEN_EXPIRED "token-expired" 401 "Jeton expiré ou révoqué", "Expired or revoked token";
        "Demandez un nouveau jeton à l'administrateur.", "Ask the administrator for a new token.";
    FORBIDDEN "forbidden" 403 "Action réservée à un autre rôle", "Not allowed for this role";
        "Le détail nomme les rôles qui le peuvent.", "The detail names the roles that may.";
    OUT_OF_SCOPE "out-of-scope" 403 "Dossier hors de votre ressort", "Outside your scope";
        "Ce dossier relève d'une autre région ou d'une autre antenne.", "This path belongs to another region or office.";
    NOT_FOUND "not-found" 404 "Introuvable", "Not found";
        "Vérifiez l'identifiant ou la référence.", "Check the id or the reference.";
    NOT_ACCEPTABLE "not-acceptable" 406 "Format non proposé", "Format not offered";
        "Le détail nomme les formats que cette adresse donne.", "The detail names the formats that this address gives.";
    METHOD_NOT_ALLOWED "method-not-allowed" 405 "Méthode non permise", "Method not allowed";
        "Consultez /docs pour les méthodes de cette adresse.", "See /docs for the methods of this address.";
    REFUSED "refused" 409 "Refusé par une règle", "Refused by a rule";
        "Rien n'a été enregistré. La règle et ses nombres sont nommés.", "Nothing was recorded. The rule and its numbers are named.";
    OTHER_HISTORY "other-history" 409 "Le journal a une autre histoire", "The journal has another history";
        "Le dernier événement lu n'est pas dans ce journal : une sauvegarde a été restaurée, ou c'est un autre journal. Reprenez depuis le début (after=0).", "The event that was read last is not in this journal: a backup was restored, or it is another journal. Begin again from the start (after=0).";
    CONTENDED "contended" 409 "Le dossier change sans cesse", "The path keeps changing";
        "Réessayez dans un instant.", "Try again in a moment.";
    PRECONDITION_FAILED "precondition-failed" 412 "Le dossier a changé", "The path has changed";
        "Relisez le dossier, puis réessayez avec sa nouvelle version.", "Read it again, then retry with its new version.";
    BODY_TOO_LARGE "body-too-large" 413 "Corps trop grand", "Body too large";
        "Au plus 64 Kio ; 512 Kio pour un programme, 50 Mio pour un document, 4 Mio pour un relevé de compte ou un envoi groupé, 8 Kio pour une candidature.", "At most 64 KiB; 512 KiB for a programme, 50 MiB for a document, 4 MiB for a statement of an account or a batch, 8 KiB for an application.";
    UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" 415 "Type de contenu non pris en charge", "Unsupported content type";
        "Envoyez Content-Type: application/json, multipart/form-data pour un document, text/csv pour un relevé de compte, ou application/x-ndjson pour un envoi groupé.", "Send Content-Type: application/json, multipart/form-data for a document, text/csv for a statement of an account, or application/x-ndjson for a batch.";
    INVALID_BODY "invalid-body" 422 "Champ invalide", "Invalid field";
        "Chaque champ fautif est nommé avec sa règle.", "Each wrong field is named with its rule.";
    IDEMPOTENCY_KEY_REUSED "idempotency-key-reused" 422 "Clé d'idempotence déjà utilisée", "Idempotency key already used";
        "Cette clé a servi pour un autre corps : prenez-en une nouvelle.", "This key was used with another body: take a new one.";
    WITHHELD "withheld" 424 "Ligne non enregistrée", "Line not recorded";
        "Une autre ligne de l'envoi, dont celle-ci dépend, a été refusée : rien de celle-ci n'a été enregistré. Corrigez l'autre, puis renvoyez les deux.", "Another line of the batch, which this one depends on, was refused: nothing of this one was recorded. Mend the other, then send both again.";
    NO_GRANT "no-grant" 403 "Compte sans rôle ici", "No role here for this account";
        "Votre compte est reconnu, et aucun rôle ne lui est donné : voyez l'administrateur.", "Your account is known, and no role is given to it: see the administrator.";
    TOO_MANY_REQUESTS "too-many-requests" 429 "Trop de requêtes", "Too many requests";
        "Réessayez après le délai indiqué ; rien n'a été enregistré.", "Try again after the given delay; nothing was recorded.";
    INTERNAL "internal" 500 "Erreur interne", "Internal error";
        "Donnez le numéro de requête à l'administrateur.", "Give the request id to the administrator.";
    BUSY "busy" 503 "Serveur occupé", "Server busy";
        "Réessayez après le délai indiqué.", "Try again after the given delay.";
    UNAVAILABLE "unavailable" 503 "Base de données injoignable", "Database out of reach";
        "Réessayez avec la même clé d'idempotence : rien ne sera fait deux fois.", "Retry with the same idempotency key: nothing is done twice.";
    HALTED "halted" 503 "Les enregistrements sont arrêtés", "Recording is halted";
        "Le journal se contredit, ou l'heure du serveur n'est pas sûre : rien n'est enregistré tant que l'administrateur n'a pas agi. On peut lire.", "The journal contradicts itself, or the server's time cannot be relied on: nothing is recorded until the administrator has acted. Reading goes on.";
    ISSUER_UNAVAILABLE "issuer-unavailable" 503 "Service d'identité injoignable", "Identity service out of reach";
        "Réessayez dans un instant ; les jetons émis par Sira marchent toujours.", "Try again in a moment; tokens issued by Sira still work.";
    QUERY_TOO_SLOW "query-too-slow" 503 "Question trop coûteuse", "Question too costly";
        "La question a été arrêtée : resserrez les filtres, ou réessayez après le délai indiqué.", "The question was stopped: narrow the filters, or try again after the given delay.";
    BEHIND "behind" 503 "Vue en retard", "Read side behind";
        "La vue n'a pas encore atteint la position demandée : réessayez après le délai indiqué.", "The read side has not reached the position asked for yet: try again after the given delay.";
    NOT_COVERED "not-covered" 503 "Pas encore couvert par un point de contrôle", "Not covered by a checkpoint yet";
        "Un point de contrôle signé suit d'ordinaire en une seconde : réessayez après le délai indiqué.", "A signed checkpoint usually follows within a second: try again after the given delay.";
    NO_ROOM "no-room" 507 "Plus de place pour les pièces jointes", "No room for documents";
        "Le disque du serveur est presque plein : prévenez l'administrateur, rien n'a été gardé.", "The server's disk is nearly full: tell the administrator; nothing was kept.";
    TIMEOUT "timeout" 408 "Requête trop lente", "Request too slow";
        "La requête n'est pas arrivée à temps.", "The request did not arrive in time.";
}

/// One wrong field, parameter or header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "FieldError")]
pub struct ProblemField {
    /// JSON pointer to a field of the body (RFC 6901); `?name` for a parameter of the address; a header's
    /// name for a header.
    pub pointer: String,
    /// The broken rule's own word.
    pub rule: String,
    /// What the rule asks for.
    pub detail: String,
}

/// A problem in one language, on its way to a caller.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: ProblemKind,
    detail: Option<String>,
    errors: Vec<ProblemField>,
    retry_after_s: Option<u32>,
}

/// The body of a problem. The request id is also in the `X-Request-Id` header.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct ProblemBody<'a> {
    /// The kind of problem: the address of its page.
    #[schemars(schema_with = "types")]
    r#type: String,
    /// What it is called, in the language asked for.
    title: &'a str,
    /// The status of the answer.
    status: u16,
    /// What it is in this case.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    detail: Option<&'a str>,
    /// What is wrong, one by one; left out where nothing can be named.
    #[serde(skip_serializing_if = "<[ProblemField]>::is_empty")]
    #[serde(default)]
    #[schemars(with = "Vec<ProblemField>")]
    errors: &'a [ProblemField],
    /// The request's id, to be told to the administrator.
    request_id: &'a str,
}

fn types(_: &mut SchemaGenerator) -> Schema {
    let types: Vec<_> = KINDS.iter().map(|kind| format!("/problems/{}", kind.slug)).collect();
    json_schema!({ "type": "string", "enum": types })
}

impl Problem {
    /// A problem of one kind.
    #[must_use]
    pub fn new(kind: ProblemKind) -> Self {
        Self { kind, detail: None, errors: Vec::new(), retry_after_s: None }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// With a sentence for this case; never with personal data.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// With a time to wait before another try, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// With a wrong field.
    #[must_use]
    pub fn error(
        mut self,
        pointer: impl Into<String>,
        rule: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        let (pointer, rule, detail) = (pointer.into(), rule.into(), detail.into());
        self.errors.push(ProblemField { pointer, rule, detail });
        self
    }

    /// Its body, in a language, with the id of the request that met it.
    #[must_use]
    pub fn body<'a>(&'a self, language: Language, request_id: &'a str) -> ProblemBody<'a> {
        let title = match language {
            Language::Fr => self.kind.title_fr,
            Language::En => self.kind.title_en,
        };
        ProblemBody {
            r#type: format!("/problems/{}", self.kind.slug),
            title,
            status: self.kind.status,
            detail: self.detail.as_deref(),
            errors: &self.errors,
            request_id,
        }
    }

    /// The answer, in a language, with the id of the request that met it.
    #[must_use]
    pub fn respond(&self, language: Language, request_id: &str) -> Response {
        let body = self.body(language, request_id);
        let status =
            StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, serde_json::to_vec(&body).unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(delay) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(delay));
        }
        if self.kind.status == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
