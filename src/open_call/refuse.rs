//! Refusing an application.

use std::sync::LazyLock;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sira_domain::programme::Programme;
use sira_domain::reference::ApplicationRefusal;
use uuid::Uuid;

use super::{reached_application, settled};
use crate::commands::form::Form;
use crate::commands::{Call, CommandError, Commands, FormErrors};
use crate::keys::{DecidedBy, StoredApplication, StoredDecision};

/// The reason of a person who takes their application back.
const TAKEN_BACK: &str = "withdrawn";

/// The body of a refusal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseForm {
    /// The reason, from its list.
    reason: ApplicationRefusal,
}

impl RefuseForm {
    /// Reads a refusal.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn read(body: Value) -> Result<Self, FormErrors> {
        static FORM: LazyLock<Form> = LazyLock::new(Form::of::<RefuseForm>);
        FORM.read(body)
    }
}

/// A refused application.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApplicationRefused")]
pub struct RefusedApplication {
    /// Its id.
    id: Uuid,
    /// The reason.
    reason: String,
    /// The last day on which it is kept: until then it may still be accepted. Yesterday of one that the person took
    /// back, which is destroyed.
    kept_until: NaiveDate,
}

/// Refuses an application. Refused again for the same reason, it is answered as before. One that the person
/// takes back is destroyed at once, refused before or not: nothing is kept without their consent.
///
/// The refusal is durable first, then what was taken back is destroyed, key and row, and then the old bytes of the
/// key. A crash or a fault in between leaves it to whoever asks again, and to the next sweep, since its days are
/// over: it cannot be found then, but [`CommandError::NotFound`] is said only when nothing is left to destroy.
///
/// # Errors
/// [`CommandError::NotFound`] out of reach, and of one that is destroyed; a refusal of one that was decided
/// otherwise.
pub async fn refuse(
    commands: &Commands,
    id: Uuid,
    form: RefuseForm,
    call: &Call,
) -> Result<RefusedApplication, CommandError> {
    let reason = form.reason.code();
    let is_taken_back = reason == TAKEN_BACK;
    let now = commands.clock().now();
    let found = match reached_application(commands, &call.scope, id).await {
        Err(CommandError::NotFound) if is_taken_back => {
            // Perhaps it was taken back a moment ago and its destruction broke off: whoever was told so asks again.
            commands.keys().sweep_applications(now.date_naive(), now).await?;
            return Err(CommandError::NotFound);
        }
        found => found?,
    };
    let kept_until = match now.date_naive().pred_opt() {
        Some(yesterday) if is_taken_back => yesterday,
        _ => kept_until(commands, &found).await?,
    };
    let by = DecidedBy { actor: call.actor.as_str(), at: now };
    let keys = commands.keys();
    if keys.refuse_application(id, (reason, is_taken_back), kept_until, by).await? {
        if is_taken_back {
            keys.sweep_applications(now.date_naive(), now).await?;
        }
        return Ok(RefusedApplication { id, reason: reason.to_owned(), kept_until });
    }
    // Decided already, or by somebody else in this moment.
    let stands = keys.application(id).await?.ok_or(CommandError::NotFound)?;
    if stands.decision == Some(StoredDecision::Refused(reason.to_owned())) {
        let kept_until = stands.kept_until;
        return Ok(RefusedApplication { id, reason: reason.to_owned(), kept_until });
    }
    Err(settled(id))
}

/// The last day of what is refused today, by the call that it was received under, though that is over or was
/// taken back since: the one before it would have been over for long, and it would be destroyed at once.
async fn kept_until(
    commands: &Commands,
    found: &StoredApplication,
) -> Result<NaiveDate, CommandError> {
    let today = commands.clock().now().date_naive();
    let programme = commands.current::<Programme>(found.programme).await?;
    let received = found.received_at.date_naive();
    let call = programme.as_ref().and_then(|it| it.state.call_of(received, found.kept_until));
    Ok(call.map_or(found.kept_until, |call| call.kept_from(today)))
}
