//! Figures while the facts are read anew: who asks is told the whole figure, or that it is behind.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use sira_domain::role::Role;

use super::app::{TestApp, office, region, registration};
use crate::on_both_engines;
use crate::read_side::face::rebuild;

/// Times that everything is put in place anew meanwhile.
const ROUNDS: usize = 4;

on_both_engines! {
    async fn a_figure_that_is_asked_for_while_facts_are_read_anew_is_whole_or_is_not_told(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let adviser = app.token(Role::Adviser).await;
        for _ in 0..6 {
            app.post(&adviser, "/v1/beneficiaries", &registration(&programme)).await.ok(201);
        }
        app.caught_up().await;
        let tokens = [
            app.token(Role::Director).await,
            app.token_of("somebody", Role::Director, region("segou")).await,
            app.token_of("somebody", Role::Adviser, office(&programme, "segou-1")).await,
        ];
        let is_over = AtomicBool::new(false);
        let asking = async {
            let mut told = 0;
            while !is_over.load(Ordering::Relaxed) {
                for token in &tokens {
                    for path in ["indicators?name=registered", "indicators?name=registered&group_by=region"] {
                        let reply = app.get(token, &format!("/v1/analytics/{path}")).await;
                        if reply.status != 200 {
                            reply.problem(503, "behind");
                            continue;
                        }
                        assert_eq!(reply.ok(200)["rows"][0]["value"], json!(6), "{path}");
                        told += 1;
                    }
                }
            }
            told
        };
        let rebuilding = async {
            for _ in 0..ROUNDS {
                rebuild(&app).await;
            }
            is_over.store(true, Ordering::Relaxed);
        };
        let (told, ()) = tokio::join!(asking, rebuilding);
        assert!(told > 0, "nobody was told anything");
    }
}
