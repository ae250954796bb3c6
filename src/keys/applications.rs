//! Applications of people without an account, sealed, each beside the key of its own that opens it. What they
//! say and who may open them is decided elsewhere: here are their rows, and their end.

use chrono::{DateTime, NaiveDate, Utc};
use sira_database::{Connection, on_engine, signed, unsigned};
use sira_domain::reference::RegionCode;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::epoch::set_name;
use super::rewrite::{new_mark, rewrite_if_marked};
use super::{KeyId, KeyStore, KeysError, rows};

/// Applications that one statement of the sweep takes.
const SWEPT_AT_ONCE: usize = 1_000;
/// The columns of a row, in the order of [`ApplicationRow`].
const COLUMNS: &str = "application_id, programme, region, received_at, kept_until, path_id, key_id, sealed, \
                       decision, reason";

/// An application as it is stored.
#[derive(Clone, Debug)]
pub struct StoredApplication {
    /// Its id.
    pub id: Uuid,
    /// The programme that is applied to.
    pub programme: Uuid,
    /// The region that the person told.
    pub region: RegionCode,
    /// When it came in.
    pub received_at: DateTime<Utc>,
    /// The last day on which it is kept.
    pub kept_until: NaiveDate,
    /// The path that its acceptance makes.
    pub path: Uuid,
    /// The key that it is sealed under.
    pub key: KeyId,
    /// What the person told, sealed; none once it is accepted.
    pub sealed: Option<String>,
    /// What was decided; none while it waits.
    pub decision: Option<StoredDecision>,
}

/// What became of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredDecision {
    /// It is a path now.
    Accepted,
    /// It was refused, for a reason of its list.
    Refused(String),
}

/// How many applications there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApplicationCount {
    /// Those of a programme that came in on a day.
    pub of_day: u64,
    /// All of the programme that can be read still: of one that became a path only a line is kept.
    pub kept: u64,
}

/// Which applications a list shows.
#[derive(Clone, Debug)]
pub struct ApplicationQuestion {
    /// Of which programme and region; of a place of which no programme is said, of every programme. All,
    /// where there is none.
    pub places: Option<Vec<(Option<Uuid>, RegionCode)>>,
    /// Of this programme alone.
    pub programme: Option<Uuid>,
    /// Of this region alone.
    pub region: Option<RegionCode>,
    /// Those that were refused, in the place of those that wait.
    pub refused: bool,
    /// Those alone whose days are not over on this day. All, where there is none.
    pub kept_on: Option<NaiveDate>,
    /// The last one of the page before.
    pub after: Option<Uuid>,
    /// Rows at most.
    pub limit: u32,
}

/// Who decides, and when.
#[derive(Clone, Copy, Debug)]
pub struct DecidedBy<'a> {
    /// The member of the staff.
    pub actor: &'a str,
    /// The moment.
    pub at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct ApplicationRow {
    application_id: String,
    programme: String,
    region: String,
    received_at: DateTime<Utc>,
    kept_until: String,
    path_id: String,
    key_id: String,
    sealed: Option<String>,
    decision: Option<String>,
    reason: Option<String>,
}

impl ApplicationRow {
    fn read(self) -> Result<StoredApplication, KeysError> {
        let damaged =
            || KeysError::Inconsistent { table: "applications", id: self.application_id.clone() };
        let uuid = |text: &str| Uuid::try_parse(text).map_err(|_| damaged());
        let decision = match (self.decision.as_deref(), &self.reason) {
            (None, _) => None,
            (Some("accepted"), _) => Some(StoredDecision::Accepted),
            (Some(_), reason) => Some(StoredDecision::Refused(reason.clone().ok_or_else(damaged)?)),
        };
        Ok(StoredApplication {
            id: uuid(&self.application_id)?,
            programme: uuid(&self.programme)?,
            region: self.region.parse().map_err(|_| damaged())?,
            received_at: self.received_at,
            kept_until: self.kept_until.parse().map_err(|_| damaged())?,
            path: uuid(&self.path_id)?,
            key: KeyId(uuid(&self.key_id)?),
            decision,
            sealed: self.sealed,
        })
    }
}

impl KeyStore {
    /// Counts what is kept of a programme, and what came in on a day.
    ///
    /// # Errors
    /// The database's failure.
    pub async fn count_applications(
        &self,
        programme: Uuid,
        day: NaiveDate,
    ) -> Result<ApplicationCount, KeysError> {
        let (of_day, kept): (i64, i64) = on_engine!(self.pool()?, db => {
            sqlx::query_as(
                "SELECT COUNT(CASE WHEN received_on = $2 THEN 1 END), COUNT(sealed)
                   FROM applications WHERE programme = $1",
            )
            .bind(programme.to_string())
            .bind(day.to_string())
            .fetch_one(db)
            .await
        })?;
        Ok(ApplicationCount { of_day: unsigned(of_day)?, kept: unsigned(kept)? })
    }

    /// Keeps an application, unless as many are kept as `most` allows; whether it did.
    ///
    /// One statement: durable when it returns. A crash before leaves a key that seals nothing. Two that
    /// come in at one moment may pass the limit together; it bounds the disk, and is no count of people.
    ///
    /// # Errors
    /// The database's failure.
    pub async fn put_application(
        &self,
        application: &StoredApplication,
        most: ApplicationCount,
    ) -> Result<bool, KeysError> {
        let (of_day, kept) = (signed(most.of_day)?, signed(most.kept)?);
        let done = on_engine!(self.pool()?, db => {
            sqlx::query(
                "INSERT INTO applications (application_id, programme, region, received_at, received_on,
                                           kept_until, path_id, key_id, sealed)
                 SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
                  WHERE (SELECT COUNT(*) FROM applications WHERE programme = $2 AND received_on = $5) < $10
                    AND (SELECT COUNT(sealed) FROM applications WHERE programme = $2) < $11",
            )
            .bind(application.id.to_string())
            .bind(application.programme.to_string())
            .bind(application.region.code())
            .bind(application.received_at)
            .bind(application.received_at.date_naive().to_string())
            .bind(application.kept_until.to_string())
            .bind(application.path.to_string())
            .bind(application.key.to_string())
            .bind(application.sealed.as_deref())
            .bind(of_day)
            .bind(kept)
            .execute(db)
            .await
            .map(|done| done.rows_affected())
        })?;
        Ok(done == 1)
    }

    /// An application; none when it never came in, or was destroyed.
    ///
    /// # Errors
    /// [`KeysError::Inconsistent`] when its row was altered; else the database's failure.
    pub async fn application(&self, id: Uuid) -> Result<Option<StoredApplication>, KeysError> {
        let row: Option<ApplicationRow> = on_engine!(self.pool()?, db => {
            QueryBuilder::new(format!("SELECT {COLUMNS} FROM applications WHERE application_id = "))
                .push_bind(id.to_string())
                .build_query_as()
                .fetch_optional(db)
                .await
        })?;
        row.map(ApplicationRow::read).transpose()
    }

    /// A page of applications, the oldest first.
    ///
    /// # Errors
    /// As [`KeyStore::application`].
    pub async fn applications(
        &self,
        question: &ApplicationQuestion,
    ) -> Result<Vec<StoredApplication>, KeysError> {
        if question.places.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let decision = if question.refused { "decision = 'refused'" } else { "decision IS NULL" };
        let rows: Vec<ApplicationRow> = on_engine!(self.pool()?, db => {
            let mut select =
                QueryBuilder::new(format!("SELECT {COLUMNS} FROM applications WHERE {decision}"));
            if let Some(places) = &question.places {
                select.push(" AND (FALSE");
                for (programme, region) in places {
                    select.push(" OR (region = ").push_bind(region.code());
                    if let Some(programme) = programme {
                        select.push(" AND programme = ").push_bind(programme.to_string());
                    }
                    select.push(")");
                }
                select.push(")");
            }
            if let Some(programme) = question.programme {
                select.push(" AND programme = ").push_bind(programme.to_string());
            }
            if let Some(region) = question.region {
                select.push(" AND region = ").push_bind(region.code());
            }
            if let Some(day) = question.kept_on {
                select.push(" AND kept_until >= ").push_bind(day.to_string());
            }
            if let Some(after) = question.after {
                select.push(" AND application_id > ").push_bind(after.to_string());
            }
            // Ids are drawn in the order of time.
            select.push(" ORDER BY application_id LIMIT ").push_bind(i64::from(question.limit));
            select.build_query_as().fetch_all(db).await
        })?;
        rows.into_iter().map(ApplicationRow::read).collect()
    }

    /// Notes that an application is refused, unless something was decided, or unless it was accepted where
    /// `even_refused`; whether it did. What it says is kept until `kept_until`, so that a refusal by mistake
    /// can be put right.
    ///
    /// # Errors
    /// The database's failure.
    pub async fn refuse_application(
        &self,
        id: Uuid,
        (reason, even_refused): (&str, bool),
        kept_until: NaiveDate,
        by: DecidedBy<'_>,
    ) -> Result<bool, KeysError> {
        let done = on_engine!(self.pool()?, db => {
            sqlx::query(
                "UPDATE applications SET decision = 'refused', reason = $2, kept_until = $3,
                                         decided_by = $4, decided_at = $5
                  WHERE application_id = $1 AND (decision IS NULL OR ($6 AND decision = 'refused'))",
            )
            .bind(id.to_string())
            .bind(reason)
            .bind(kept_until.to_string())
            .bind(by.actor)
            .bind(by.at)
            .bind(even_refused)
            .execute(db)
            .await
            .map(|done| done.rows_affected())
        })?;
        Ok(done == 1)
    }

    /// Destroys an application that is a path now, with its key; its row stays, and says so.
    ///
    /// Key and text are emptied in one transaction, durable when it returns: nobody opens it any more. The
    /// old bytes of the key are given up when the table is next rewritten, by [`KeyStore::sweep_applications`]
    /// or by a destruction: rewriting takes time in proportion to the store, and acceptances come by the
    /// hundred while a call runs.
    ///
    /// # Errors
    /// The database's failure: it may be done or not, and is done again by whoever asks next.
    pub async fn destroy_accepted(
        &self,
        application: &StoredApplication,
        by: DecidedBy<'_>,
    ) -> Result<(), KeysError> {
        let mark = new_mark()?;
        let mut transaction = self.pool()?.begin().await?;
        // A write first: SQLite can wait for its lock only in a transaction that has read nothing yet.
        set_name(transaction.connection(), &mark, "").await?;
        rows::empty_rows(transaction.connection(), &[application.key], by.at).await?;
        on_engine!(&mut transaction, db => {
            sqlx::query(
                "UPDATE applications SET sealed = NULL, decision = 'accepted', reason = NULL,
                                         decided_by = $2, decided_at = $3
                  WHERE application_id = $1",
            )
            .bind(application.id.to_string())
            .bind(by.actor)
            .bind(by.at)
            .execute(db)
            .await
            .map(drop)
        })?;
        transaction.commit().await?;
        self.forget(application.key);
        Ok(())
    }

    /// Destroys every application whose last day is before `day`, key and row, and gives up the old bytes
    /// of the keys of those that were accepted since the last time; how many rows.
    ///
    /// Each step is one transaction. A crash between two leaves the rest to the next sweep.
    ///
    /// # Errors
    /// [`KeysError::NotRewritten`] when the bytes of keys may still be in the files; else the database's
    /// failure. The next sweep goes on.
    pub async fn sweep_applications(
        &self,
        day: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<u64, KeysError> {
        let mut destroyed = 0;
        loop {
            let keys = self.keys_of_ended(day).await?;
            if keys.is_empty() {
                break;
            }
            let mark = new_mark()?;
            let mut transaction = self.pool()?.begin().await?;
            set_name(transaction.connection(), &mark, "").await?;
            rows::empty_rows(transaction.connection(), &keys, now).await?;
            destroyed += delete_of(transaction.connection(), &keys).await?;
            transaction.commit().await?;
            for key in &keys {
                self.forget(*key);
            }
        }
        rewrite_if_marked(self.pool()?).await?;
        Ok(destroyed)
    }

    /// The keys of some applications whose last day is before `day`.
    async fn keys_of_ended(&self, day: NaiveDate) -> Result<Vec<KeyId>, KeysError> {
        let keys: Vec<String> = on_engine!(self.pool()?, db => {
            QueryBuilder::new("SELECT key_id FROM applications WHERE kept_until < ")
                .push_bind(day.to_string())
                .push(" ORDER BY kept_until LIMIT ")
                .push_bind(i64::try_from(SWEPT_AT_ONCE).unwrap_or(i64::MAX))
                .build_query_scalar()
                .fetch_all(db)
                .await
        })?;
        let read = |key: String| match Uuid::try_parse(&key) {
            Ok(id) => Ok(KeyId(id)),
            Err(_) => Err(KeysError::Inconsistent { table: "applications", id: key }),
        };
        keys.into_iter().map(read).collect()
    }
}

/// Takes the rows out that were sealed under these keys; of how many.
async fn delete_of(db: Connection<'_>, keys: &[KeyId]) -> Result<u64, sqlx::Error> {
    on_engine!(db, db => {
        let mut delete = QueryBuilder::new("DELETE FROM applications WHERE key_id IN (");
        let mut list = delete.separated(", ");
        for key in keys {
            list.push_bind(key.to_string());
        }
        delete.push(")");
        delete.build().execute(db).await.map(|done| done.rows_affected())
    })
}
