//! Cursors as a client may forge them: the fingerprint of the question is right, the place is not one
//! that was ever given out. Every list answers with a page or says what a cursor is; none fails.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use sira_domain::role::Role;

use crate::api::app::TestApp;
use crate::on_both_engines;

/// Lists that are read page by page, with what they ask for beside.
const LISTS: &[(&str, &[(&str, &str)])] = &[
    ("/v1/beneficiaries", &[]),
    ("/v1/worklists/duplicates", &[]),
    ("/v1/worklists/due-visits", &[]),
    ("/v1/worklists/stalled", &[]),
    ("/v1/worklists/referrals", &[]),
    ("/v1/worklists/transfers", &[]),
    ("/v1/worklists/commitments", &[]),
    ("/v1/worklists/awaiting-decision", &[]),
    ("/v1/worklists/overdue-repayments", &[]),
    ("/v1/worklists/past-retention", &[]),
    ("/v1/activity", &[("actor", "adviser")]),
];

/// Places that no list gives out.
const PLACES: &[&str] = &[
    "",
    " ",
    "-262143-01-01 0190f7f5-0000-7000-8000-000000000001",
    "+262142-12-31 0190f7f5-0000-7000-8000-000000000001",
    "+262142-12-31 0190f7f5-0000-7000-8000-000000000001 1",
    "-262143-01-01 0190f7f5-0000-7000-8000-000000000001 4294967295",
    "2022-01-11 urn:uuid:0190f7f5-0000-7000-8000-000000000001",
    "2022-01-11 0190f7f5-0000-7000-8000-000000000001 18446744073709551615",
    "2022-01-11 0190f7f5-0000-7000-8000-000000000001 -1",
    "4294967295 0190f7f5-0000-7000-8000-000000000001 0190f7f5-0000-7000-8000-000000000001",
    "-2147483648 0190f7f5-0000-7000-8000-000000000001 0190f7f5-0000-7000-8000-000000000001",
    "18446744073709551615 0190f7f5-0000-7000-8000-000000000001",
    "2022-01-11 \u{0}",
];

/// The cursor of a place in the answer to what is asked.
fn forged(path: &str, query: &[(&str, &str)], place: &str) -> String {
    let question = query.iter().fold(path.to_owned(), |question, (name, value)| {
        format!("{question}\n{}:{name}={value}", value.len())
    });
    let mut bytes = Sha256::digest(question)[..8].to_vec();
    bytes.extend(place.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

on_both_engines! {
    async fn no_cursor_makes_a_list_fail(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        app.caught_up().await;
        let token = app.token(Role::Director).await;
        let mut count = 0;
        for (path, query) in LISTS {
            let asked = query.iter().map(|(name, value)| format!("{name}={value}&"));
            let asked = format!("{path}?{}", asked.collect::<String>());
            app.get(&token, &asked).await.ok(200);
            for place in PLACES {
                let cursor = forged(path, query, place);
                let answer = app.get(&token, &format!("{asked}cursor={cursor}")).await;
                assert!(matches!(answer.status, 200 | 400), "{path}, {place:?}: {}", answer.text);
                count += usize::from(answer.status == 200);
            }
        }
        // The forged fingerprint is right, or nothing would have been read as a place.
        assert!(count > 0);
    }
}
