//! The real file's published means, from the tables that analysts read.

use std::collections::BTreeMap;

use sira_database::on_engine;
use sira_projections::ReadStore;

use super::until_all_are_at;
use crate::api::app::TestApp;
use crate::import::import_the_real_file;
use crate::on_both_engines;

/// Means of the incomes told after the training, of those trained and of the others.
async fn means(store: &ReadStore) -> BTreeMap<bool, (i64, f64)> {
    let mut handle = store.connection().await.unwrap();
    let groups: Vec<(bool, i64, f64)> = on_engine!(handle.connection(), db => {
        sqlx::query_as(
            "SELECT trained, count(*), CAST(avg(value) AS double precision) FROM indicator_values
              WHERE measure = 'income_follow_up' AND until_position IS NULL
              GROUP BY trained",
        )
        .fetch_all(db)
        .await
    })
    .unwrap();
    groups.into_iter().map(|(trained, people, mean)| (trained, (people, mean))).collect()
}

on_both_engines! {
    async fn the_real_files_later_earnings_have_their_published_means(engine) {
        let app = TestApp::on(engine).await;
        import_the_real_file(&app).await;
        let head = app.commands.journal().head().await.unwrap().position;
        until_all_are_at(&app.projections, head).await;
        let means = means(&app.read).await;
        let ((trained, of_trained), (others, of_others)) = (means[&true], means[&false]);
        assert_eq!((trained, others), (185, 260));
        // Published: 6,349.1 and 4,554.8. Each income is stored in whole units, rounded half up.
        let is_near = |mean: f64, published: f64| (mean - published).abs() < 0.001;
        assert!(is_near(of_trained, 6_349.173) && is_near(of_others, 4_554.827), "{means:?}");
        let whole = [of_trained, of_others, of_trained - of_others].map(|mean| format!("{mean:.0}"));
        assert_eq!(whole, ["6349", "4555", "1794"]);
    }
}
