//! What whoever owns a database may do to its tables, and leave no trace of in the schema.

use sqlx::{Connection, Executor, PgConnection, SqliteConnection};

/// Takes the triggers of an embedded database away; what makes them again.
pub async fn take_triggers(db: &mut SqliteConnection) -> Vec<String> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";
    let triggers: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(&mut *db).await.unwrap();
    for (name, _) in &triggers {
        db.execute(format!("DROP TRIGGER {name}").as_str()).await.unwrap();
    }
    triggers.into_iter().map(|(_, sql)| sql).collect()
}

/// Lets the triggers of a server rest, for this connection alone.
pub const REST: &str = "SET session_replication_role = replica";

/// Runs statements past the guards of the tables, which stand as before when it returns.
pub async fn past_the_guards(url: &str, statements: &[&str]) {
    if url.starts_with("sqlite:") {
        let mut db = SqliteConnection::connect(url).await.unwrap();
        db.execute("BEGIN IMMEDIATE").await.unwrap();
        let triggers = take_triggers(&mut db).await;
        for sql in statements.iter().copied().chain(triggers.iter().map(String::as_str)) {
            db.execute(sqlx::raw_sql(sql)).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
        }
        db.execute("COMMIT").await.unwrap();
        db.close().await.unwrap();
    } else {
        let mut db = PgConnection::connect(url).await.unwrap();
        for sql in [REST].iter().chain(statements) {
            db.execute(sqlx::raw_sql(sql)).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
        }
        db.close().await.unwrap();
    }
}
