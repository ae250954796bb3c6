//! Views of the framework's own kind, as many as Sira has read models: what stock needs to be asked what Sira is
//! asked. Each is loaded, brought up to date and written within the command, which is how the crate does it.

use std::sync::Arc;

use cqrs_es::persist::GenericQuery;
use cqrs_es::{EventEnvelope, Query, View};
use postgres_es::PostgresViewRepository;
use serde::{Deserialize, Serialize};
use sira_domain::path::Beneficiary;
use sqlx::{Executor, PgPool};

use crate::Failure;

/// Read models of Sira that are folded from paths, and the index of people.
pub const MODELS: usize = sira_projections::models::MODELS.len() + 1;

/// A small view, in stock's favour: Sira's hold several rows a path.
#[derive(Debug, Default, Deserialize, Serialize)]
struct LastFact {
    events: u64,
    last: String,
    occurred_on: Option<chrono::NaiveDate>,
}

impl View<Beneficiary> for LastFact {
    fn update(&mut self, event: &EventEnvelope<Beneficiary>) {
        self.events += 1;
        event.payload.fact.event_type().clone_into(&mut self.last);
        self.occurred_on = Some(event.payload.occurred_on);
    }
}

fn table(number: usize) -> String {
    format!("view_{number}")
}

/// Makes their tables, as the crate tells to.
pub async fn create(pool: &PgPool, count: usize) -> Result<(), Failure> {
    for number in 0..count {
        let table = table(number);
        pool.execute(
            format!(
                "CREATE TABLE {table} (view_id text NOT NULL, version bigint CHECK (version >= 0) NOT NULL, \
                 payload json NOT NULL, PRIMARY KEY (view_id))"
            )
            .as_str(),
        )
        .await?;
    }
    Ok(())
}

/// The queries that keep them.
pub fn queries(pool: &PgPool, count: usize) -> Vec<Box<dyn Query<Beneficiary>>> {
    let of = |number: usize| {
        let views =
            PostgresViewRepository::<LastFact, Beneficiary>::new(&table(number), pool.clone());
        Box::new(GenericQuery::new(Arc::new(views))) as Box<dyn Query<Beneficiary>>
    };
    (0..count).map(of).collect()
}
