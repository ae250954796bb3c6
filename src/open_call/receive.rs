//! Taking an application in.

use chrono::{Days, NaiveDate, NaiveTime};
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::programme::Programme;
use sira_numbers::at_most;
use uuid::Uuid;

use super::form::ApplicationForm;
use super::{OpenCallError, Told, seal};
use crate::commands::{CommandError, Commands, in_task, new_id};
use crate::keys::{ApplicationCount, StoredApplication};

/// Applications of one programme in a day at most. An application is some 3 kB, so a day's flood costs 6 MB;
/// a country's offices could not call more people back.
pub const DAY_MAX: u64 = 2_000;
/// Applications of one programme that are kept at once: some 60 MB, and more than offices work through in a
/// call. Whoever comes later is told to come again.
pub const KEPT_MAX: u64 = 20_000;

/// What whoever applied is told: that it came in, and for how long it is kept. Whether they are known is told
/// to nobody.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApplicationReceived")]
pub struct Received {
    /// The last day on which the application is kept, if nobody accepts it.
    kept_until: NaiveDate,
}

/// Keeps an application to a programme, sealed.
///
/// Durable when it returns: the key first, then the sealed text beside it. A crash between the two leaves a key
/// that seals nothing; one behind them leaves an application whose sender was not told, and who sends it again.
/// Nothing is looked up of the person: likely duplicates are told to whoever accepts it.
///
/// # Errors
/// [`CommandError::NotFound`] where no call was ever opened; the rule of the call that forbids it;
/// [`OpenCallError::Full`].
pub async fn receive(
    commands: &Commands,
    programme: Uuid,
    form: ApplicationForm,
) -> Result<Received, OpenCallError> {
    let (now, today) = (commands.clock().now(), commands.clock().now().date_naive());
    let found = commands.current::<Programme>(programme).await?.ok_or(CommandError::NotFound)?;
    if found.state.call.is_none() {
        return Err(CommandError::NotFound.into());
    }
    let call = found.state.check_call(form.region, today).map_err(CommandError::from)?;
    let kept_until = call.kept_until();
    let most = ApplicationCount { of_day: DAY_MAX, kept: KEPT_MAX };
    // Asked before a key is taken: a flood beyond the limit must not fill the store with keys.
    let count = commands.keys().count_applications(programme, today).await?;
    if count.of_day >= most.of_day || count.kept >= most.kept {
        return Err(OpenCallError::Full { retry_after_s: seconds_of(today, now) });
    }
    let commands = commands.clone();
    let kept = in_task("apply", async move {
        let (id, path) = (new_id(commands.clock()), new_id(commands.clock()));
        let key = commands.keys().take().await?;
        let ApplicationForm { name, phone, region, idea, text_version, language } = form;
        let told = Told { name, phone, idea: idea.into_text(), text_version, language };
        let sealed = Some(seal(&told, id, &key)?);
        let (key, decision, received_at) = (key.id(), None, now);
        let application = StoredApplication {
            id,
            programme,
            region,
            received_at,
            kept_until,
            path,
            key,
            sealed,
            decision,
        };
        Ok(commands.keys().put_application(&application, most).await?)
    });
    if kept.await? {
        return Ok(Received { kept_until });
    }
    Err(OpenCallError::Full { retry_after_s: seconds_of(today, now) })
}

/// Seconds until the next day, when as many may come again.
fn seconds_of(today: NaiveDate, now: chrono::DateTime<chrono::Utc>) -> u32 {
    let next = today.checked_add_days(Days::new(1)).unwrap_or(today).and_time(NaiveTime::MIN);
    let left = (next.and_utc() - now).num_seconds().max(1);
    at_most(left.unsigned_abs(), u32::MAX)
}
