//! Problems (RFC 9457): every error a caller can meet, in one table, in French and English.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sira_domain::reference::Language;
use sira_domain::refusal::Refusal;

use crate::commands::{CommandError, FormErrors};
use crate::documents::DocumentError;
use crate::journal::JournalError;

/// One kind of problem: its page, status, title and explanation.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
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
            pub const $name: Kind = Kind {
                slug: $slug, status: $status, title_fr: $title_fr, title_en: $title_en,
                help_fr: $help_fr, help_en: $help_en,
            };
        )*
        /// Every kind.
        pub const KINDS: &[Kind] = &[$($name),*];
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
    CONTENDED "contended" 409 "Le dossier change sans cesse", "The path keeps changing";
        "Réessayez dans un instant.", "Try again in a moment.";
    PRECONDITION_FAILED "precondition-failed" 412 "Le dossier a changé", "The path has changed";
        "Relisez le dossier, puis réessayez avec sa nouvelle version.", "Read it again, then retry with its new version.";
    BODY_TOO_LARGE "body-too-large" 413 "Corps trop grand", "Body too large";
        "Au plus 64 Kio ; 512 Kio pour un programme, 50 Mio pour un document.", "At most 64 KiB; 512 KiB for a programme, 50 MiB for a document.";
    UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" 415 "Type de contenu non pris en charge", "Unsupported content type";
        "Envoyez Content-Type: application/json, ou multipart/form-data pour un document.", "Send Content-Type: application/json, or multipart/form-data for a document.";
    INVALID_BODY "invalid-body" 422 "Champ invalide", "Invalid field";
        "Chaque champ fautif est nommé avec sa règle.", "Each wrong field is named with its rule.";
    IDEMPOTENCY_KEY_REUSED "idempotency-key-reused" 422 "Clé d'idempotence déjà utilisée", "Idempotency key already used";
        "Cette clé a servi pour un autre corps : prenez-en une nouvelle.", "This key was used with another body: take a new one.";
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
    ISSUER_UNAVAILABLE "issuer-unavailable" 503 "Service d'identité injoignable", "Identity service out of reach";
        "Réessayez dans un instant ; les jetons émis par Sira marchent toujours.", "Try again in a moment; tokens issued by Sira still work.";
    QUERY_TOO_SLOW "query-too-slow" 503 "Question trop coûteuse", "Question too costly";
        "La question a été arrêtée : resserrez les filtres, ou réessayez après le délai indiqué.", "The question was stopped: narrow the filters, or try again after the given delay.";
    BEHIND "behind" 503 "Vue en retard", "Read side behind";
        "La vue n'a pas encore atteint la position demandée : réessayez après le délai indiqué.", "The read side has not reached the position asked for yet: try again after the given delay.";
    NOT_COVERED "not-covered" 503 "Pas encore couvert par un point de contrôle", "Not covered by a checkpoint yet";
        "Un point de contrôle signé suit d'ordinaire en une seconde : réessayez après le délai indiqué.", "A signed checkpoint usually follows within a second: try again after the given delay.";
    TIMEOUT "timeout" 408 "Requête trop lente", "Request too slow";
        "La requête n'est pas arrivée à temps.", "The request did not arrive in time.";
}

/// One wrong field.
#[derive(Clone, Debug, Serialize)]
pub struct FieldError {
    /// JSON pointer to it (RFC 6901).
    pub pointer: String,
    /// The broken rule's own word.
    pub rule: String,
    /// What the rule asks for.
    pub detail: String,
}

/// A problem on its way to a caller.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: Kind,
    language: Language,
    detail: Option<String>,
    errors: Vec<FieldError>,
    retry_after_s: Option<u32>,
}

/// The body of a problem. The request id is also in the `X-Request-Id` header.
#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
    request_id: &'a str,
}

impl Problem {
    /// A problem of one kind.
    #[must_use]
    pub fn new(kind: Kind, language: Language) -> Self {
        Self { kind, language, detail: None, errors: Vec::new(), retry_after_s: None }
    }

    /// With a sentence for this case; never with personal data.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// With a time to wait before another try.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// With a wrong field.
    #[must_use]
    pub fn error(
        mut self,
        pointer: impl Into<String>,
        rule: &str,
        detail: impl Into<String>,
    ) -> Self {
        self.errors.push(FieldError {
            pointer: pointer.into(),
            rule: rule.to_owned(),
            detail: detail.into(),
        });
        self
    }

    /// A parameter or header that is not what it should be.
    #[must_use]
    pub fn bad_parameter(language: Language, name: &str, expected: &str) -> Self {
        Self::new(BAD_PARAMETER, language).detail(format!("{name}: {expected}"))
    }

    /// What went wrong with a command: the one place where errors become statuses.
    #[must_use]
    pub fn of_command(error: &CommandError, language: Language) -> Self {
        match error {
            CommandError::Form(error) => Self::of_form(error, language),
            CommandError::Refused(refusal) => Self::of_refusal(refusal, language),
            CommandError::NotFound | CommandError::NoSuchCommand => Self::new(NOT_FOUND, language),
            CommandError::OutOfScope => Self::new(OUT_OF_SCOPE, language),
            CommandError::PreconditionFailed { expected, current } => {
                Self::new(PRECONDITION_FAILED, language)
                    .detail(format!("If-Match \"{expected}\" != \"{current}\""))
            }
            CommandError::KeyReused => Self::new(IDEMPOTENCY_KEY_REUSED, language),
            CommandError::Contended(_) => {
                Self { retry_after_s: Some(1), ..Self::new(CONTENDED, language) }
            }
            CommandError::Journal(JournalError::Busy) => {
                Self { retry_after_s: Some(1), ..Self::new(BUSY, language) }
            }
            CommandError::Journal(JournalError::Inconsistent { .. })
            | CommandError::KeyMissing(_)
            | CommandError::Unreadable { .. } => Self::new(INTERNAL, language),
            CommandError::Documents(DocumentError::TooLarge) => Self::new(BODY_TOO_LARGE, language),
            CommandError::Documents(DocumentError::Damaged | DocumentError::Address) => {
                Self::new(INTERNAL, language)
            }
            CommandError::Journal(_) | CommandError::Keys(_) | CommandError::Documents(_) => {
                Self { retry_after_s: Some(5), ..Self::new(UNAVAILABLE, language) }
            }
        }
    }

    /// Every field that breaks a rule of form.
    #[must_use]
    pub fn of_form(errors: &FormErrors, language: Language) -> Self {
        errors.fields().iter().fold(Self::new(INVALID_BODY, language), |problem, error| {
            problem.error(error.pointer.clone(), error.rule(), error.detail(language))
        })
    }

    fn of_refusal(refusal: &Refusal, language: Language) -> Self {
        let detail = refusal.detail(language);
        let problem = Self::new(REFUSED, language).detail(detail.clone());
        problem.error(refusal.pointer(), refusal.rule(), detail)
    }

    /// The answer, with the id of the request that met it.
    #[must_use]
    pub fn respond(&self, request_id: &str) -> Response {
        let title = match self.language {
            Language::Fr => self.kind.title_fr,
            Language::En => self.kind.title_en,
        };
        let body = Body {
            r#type: format!("/problems/{}", self.kind.slug),
            title,
            status: self.kind.status,
            detail: self.detail.as_deref(),
            errors: &self.errors,
            request_id,
        };
        let status =
            StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, serde_json::to_vec(&body).unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(delay) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(delay));
        }
        if self.kind.status == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
