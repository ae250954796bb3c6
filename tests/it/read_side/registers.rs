//! What a programme has, as lists: programmes, offices, groups, funds and the staff; each filtered, kept
//! to a reader's reach, and read page by page.

use chrono::NaiveDate;
use serde_json::json;
use sira_domain::role::Role;
use sira_projections::lists::{
    CohortQuestion, CommitmentQuestion, Filters, FundQuestion, ListPage, OfficeQuestion,
    ProgrammeQuestion, ReferralQuestion, StaffQuestion, cohorts, explain_cohorts,
    explain_commitments, explain_funds, explain_offices, explain_programmes, explain_referrals,
    funds, offices, programme_ids, programmes, staff,
};
use sira_projections::{ProgrammeOffice, Reach, ReadStore};
use uuid::Uuid;

use crate::api::app::{TestApp, office, registration};
use crate::on_both_engines;

/// Two programmes. The second has one office, in Kayes, its own fund, and a closed group.
struct Two {
    app: TestApp,
    first: String,
    second: String,
    cohorts: [String; 3],
    funds: [String; 2],
}

impl Two {
    async fn begin(engine: &crate::support::Engine) -> Self {
        let app = TestApp::on(engine).await;
        let (admin, director) = (app.token(Role::Admin).await, app.token(Role::Director).await);
        let first = app.programme().await;
        let convention = json!({ "name": "Convention d'après", "signed_on": "2012-02-01", "term_years": 4,
            "renewable": true, "parties": [{ "name": "Agence", "role": "agency" }, { "name": "État", "role": "donor" }] });
        let signed = app.post(&admin, "/v1/programmes", &convention).await.ok(201);
        let second = signed["id"].as_str().unwrap().to_owned();
        let command = |word| format!("/v1/programmes/{second}/commands/{word}");
        let kayes = json!({ "office": "kayes-1", "name": "Antenne de Kayes", "region": "kayes", "occurred_on": "2021-07-06" });
        app.post(&admin, &command("open-office"), &kayes).await.ok(200);
        app.post(
            &admin,
            &command("renew-convention"),
            &json!({ "term_years": 5, "occurred_on": "2015-02-01" }),
        )
        .await
        .ok(200);
        let close = json!({ "office": "mopti-1", "occurred_on": "2025-03-01" });
        app.post(&admin, &format!("/v1/programmes/{first}/commands/close-office"), &close)
            .await
            .ok(200);
        let cohorts = [
            app.cohort(&first, "g1", 10).await,
            app.cohort(&first, "g2", 10).await,
            app.cohort(&first, "g3", 10).await,
        ];
        app.command_of(&director, "cohorts", &cohorts[1], "close-cohort", &json!({})).await.ok(200);
        let funds =
            [app.fund(&first, "f1", 1_000_000).await, app.fund(&second, "f2", 500_000).await];
        app.command_of(&director, "funds", &funds[1], "close-fund", &json!({})).await.ok(200);
        let adviser = app.token_of("awa", Role::Adviser, office(&first, "segou-1")).await;
        app.post(&adviser, "/v1/beneficiaries", &registration(&first)).await.ok(201);
        app.caught_up().await;
        Self { app, first, second, cohorts, funds }
    }

    fn fund(&self, place: usize) -> Uuid {
        self.funds[place].parse().unwrap()
    }
}

fn regions(regions: &[&str]) -> Reach {
    Reach::Regions(regions.iter().map(|region| (*region).to_owned()).collect())
}

fn at(programme: &str, office: &str) -> Reach {
    let programme = programme.parse().unwrap();
    Reach::Offices(vec![ProgrammeOffice { programme, office: office.to_owned() }])
}

fn today() -> NaiveDate {
    "2026-01-01".parse().unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "a filter is an option")]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Every row of a list, one a page.
macro_rules! every {
    ($list:ident, $store:expr, $question:expr, $key:expr) => {{
        let (mut keys, mut question) = (Vec::new(), $question);
        question.limit = 1;
        loop {
            let ListPage { items, next } = $list($store, &question).await.unwrap();
            assert!(items.len() <= 1);
            keys.extend(items.into_iter().map($key));
            if next.is_none() {
                break keys;
            }
            question.after = next;
        }
    }};
}

async fn programmes_of(
    store: &ReadStore,
    reach: &Reach,
    open: Option<bool>,
    region: Option<String>,
) -> Vec<String> {
    let question = ProgrammeQuestion {
        region,
        office: None,
        open,
        today: today(),
        reach,
        after: None,
        limit: 9,
    };
    every!(programmes, store, question, |item| item.id)
}

async fn offices_of(
    store: &ReadStore,
    reach: &Reach,
    open: Option<bool>,
    region: Option<String>,
) -> Vec<String> {
    let question = OfficeQuestion { programme: None, region, open, reach, after: None, limit: 9 };
    every!(offices, store, question, |item| item.code)
}

async fn cohorts_of(
    store: &ReadStore,
    reach: &Reach,
    open: Option<bool>,
    region: Option<String>,
) -> Vec<String> {
    let question = CohortQuestion {
        programme: None,
        region,
        office: None,
        open,
        reach,
        after: None,
        limit: 9,
    };
    every!(cohorts, store, question, |item| item.id)
}

async fn funds_of(
    store: &ReadStore,
    reach: &Reach,
    open: Option<bool>,
    donor: Option<String>,
) -> Vec<String> {
    let question = FundQuestion { programme: None, donor, open, reach, after: None, limit: 9 };
    every!(funds, store, question, |item| item.id)
}

async fn staff_of(store: &ReadStore, reach: &Reach, role: Option<String>) -> Vec<String> {
    let question = StaffQuestion { role, region: None, office: None, reach, after: None, limit: 9 };
    every!(staff, store, question, |item| item.actor)
}

on_both_engines! {
    async fn programmes_and_offices_are_listed_by_reach_and_filter(engine) {
        let two = Two::begin(engine).await;
        let (store, first, second) = (&two.app.read, two.first.clone(), two.second.clone());
        // The first signed comes first.
        let both = [second.clone(), first.clone()];
        assert_eq!(programmes_of(store, &Reach::All, None, None).await, both);
        assert_eq!(programmes_of(store, &Reach::All, Some(true), None).await, std::slice::from_ref(&first));
        assert_eq!(programmes_of(store, &Reach::All, Some(false), None).await, std::slice::from_ref(&second));
        assert_eq!(programmes_of(store, &Reach::All, None, text("kayes")).await, std::slice::from_ref(&second));
        assert_eq!(programmes_of(store, &regions(&["segou", "gao"]), None, None).await, std::slice::from_ref(&first));
        assert_eq!(programmes_of(store, &at(&two.second, "kayes-1"), None, None).await, std::slice::from_ref(&second));
        assert_eq!(programmes_of(store, &Reach::Funds(vec![two.fund(1)]), None, None).await, std::slice::from_ref(&second));
        assert_eq!(programmes_of(store, &Reach::Funds(Vec::new()), None, None).await, [""; 0]);
        let mut ids: Vec<_> = programme_ids(store).await.unwrap().iter().map(Uuid::to_string).collect();
        ids.sort();
        let mut expected = both.to_vec();
        expected.sort();
        assert_eq!(ids, expected);

        let question = ProgrammeQuestion { region: None, office: text("kayes-1"), open: None, today: today(), reach: &Reach::All, after: None, limit: 9 };
        let page = programmes(store, &question).await.unwrap();
        let shown = serde_json::to_value(&page.items).unwrap();
        let (version, position) = (shown[0]["version"].clone(), shown[0]["position"].clone());
        let expected = json!([{ "id": second, "name": "Convention d'après", "signed_on": "2012-02-01", "ends_on": "2021-01-31",
            "term_years": 9, "renewals": 1, "renewable": true, "offices": 1, "offices_open": 1, "rules_version": 0,
            "parties": [{ "name": "Agence", "role": "agency" }, { "name": "État", "role": "donor" }],
            "version": version, "position": position }]);
        assert_eq!(shown, expected);

        let all = offices_of(store, &Reach::All, None, None).await;
        assert_eq!(all.len(), 3);
        assert_eq!(offices_of(store, &Reach::All, Some(false), None).await, ["mopti-1"]);
        assert_eq!(offices_of(store, &Reach::All, None, text("segou")).await, ["segou-1"]);
        assert_eq!(offices_of(store, &regions(&["kayes", "gao"]), Some(true), None).await, ["kayes-1"]);
        assert_eq!(offices_of(store, &at(&two.first, "segou-1"), None, None).await, ["segou-1"]);
        assert_eq!(offices_of(store, &Reach::Funds(vec![two.fund(1)]), None, None).await, ["kayes-1"]);
        let question = OfficeQuestion { programme: Some(first.parse().unwrap()), region: text("mopti"), open: None, reach: &Reach::All, after: None, limit: 9 };
        let shown = serde_json::to_value(&offices(store, &question).await.unwrap().items).unwrap();
        assert_eq!(shown, json!([{ "programme": first, "code": "mopti-1", "name": "Antenne", "region": "mopti",
            "opened_on": "2021-07-06", "closed_on": "2025-03-01" }]));
    }

    async fn groups_funds_and_the_staff_are_listed_by_reach_and_filter(engine) {
        let two = Two::begin(engine).await;
        let (store, [one, closed, last]) = (&two.app.read, two.cohorts.clone());
        // All begin on one day: the last planned comes first.
        assert_eq!(cohorts_of(store, &Reach::All, None, None).await, [last.clone(), closed.clone(), one.clone()]);
        assert_eq!(cohorts_of(store, &Reach::All, Some(true), None).await, [last, one]);
        assert_eq!(cohorts_of(store, &regions(&["segou"]), Some(false), None).await, [closed]);
        assert_eq!(cohorts_of(store, &regions(&["mopti"]), None, None).await, [""; 0]);
        assert_eq!(cohorts_of(store, &at(&two.first, "segou-1"), None, text("segou")).await.len(), 3);
        assert_eq!(cohorts_of(store, &at(&two.first, "segou-1"), None, text("mopti")).await, [""; 0]);
        assert_eq!(cohorts_of(store, &Reach::Funds(vec![two.fund(0)]), None, None).await, [""; 0]);

        let [open, shut] = two.funds.clone();
        assert_eq!(funds_of(store, &Reach::All, None, None).await, [shut.clone(), open.clone()]);
        assert_eq!(funds_of(store, &Reach::All, Some(true), None).await, std::slice::from_ref(&open));
        assert_eq!(funds_of(store, &at(&two.first, "gao-1"), None, text("Bailleur inventé")).await, [shut.clone(), open]);
        assert_eq!(funds_of(store, &Reach::All, None, text("Autre")).await, [""; 0]);
        assert_eq!(funds_of(store, &Reach::Funds(vec![two.fund(1)]), None, None).await, [shut]);

        assert_eq!(staff_of(store, &Reach::All, None).await, ["admin", "awa", "director"]);
        assert_eq!(staff_of(store, &Reach::All, text("director")).await, ["director"]);
        // Whoever reaches everything records from no office.
        assert_eq!(staff_of(store, &regions(&["segou"]), None).await, ["awa"]);
        assert_eq!(staff_of(store, &at(&two.first, "segou-1"), None).await, ["awa"]);
        assert_eq!(staff_of(store, &regions(&["kayes"]), None).await, [""; 0]);
        assert_eq!(staff_of(store, &Reach::Funds(vec![two.fund(0)]), None).await, [""; 0]);
        let question = StaffQuestion { role: None, region: None, office: text("segou-1"), reach: &Reach::All, after: None, limit: 9 };
        let page = staff(store, &question).await.unwrap();
        let today = two.app.commands.clock().now().date_naive();
        assert_eq!(serde_json::to_value(&page.items).unwrap(), json!([{ "actor": "awa", "first_on": today, "last_on": today, "events": 1,
            "posts": [{ "role": "adviser", "programme": two.first, "office": "segou-1", "first_on": today, "last_on": today, "events": 1 }] }]));
    }

    async fn what_a_programme_has_is_found_by_indexes(engine) {
        let two = Two::begin(engine).await;
        let store = &two.app.read;
        for reach in [Reach::All, regions(&["segou"]), at(&two.first, "segou-1"), Reach::Funds(vec![two.fund(0)])] {
            let reach = &reach;
            let programme = two.first.parse().ok();
            let plans = [
                explain_programmes(store, &ProgrammeQuestion { region: None, office: None, open: None, today: today(), reach, after: None, limit: 9 }).await.unwrap(),
                explain_offices(store, &OfficeQuestion { programme, region: None, open: None, reach, after: None, limit: 9 }).await.unwrap(),
                explain_cohorts(store, &CohortQuestion { programme, region: None, office: None, open: None, reach, after: None, limit: 9 }).await.unwrap(),
                explain_funds(store, &FundQuestion { programme, donor: None, open: None, reach, after: None, limit: 9 }).await.unwrap(),
                explain_commitments(store, &CommitmentQuestion { programme, overdue: true, today: today(), reach, after: None, limit: 9 }).await.unwrap(),
                explain_referrals(store, &ReferralQuestion { partner: None, service: None, today: today(), filters: &Filters::default(), reach, after: None, limit: 9 }).await.unwrap(),
            ];
            for plan in plans.map(|plan| plan.join("\n")) {
                assert!(!plan.contains("Seq Scan") && !plan.contains("TEMP B-TREE"), "{plan}");
                // A donor is shown no group: then nothing is read at all.
                let reads_nothing = plan.is_empty() || plan.contains("One-Time Filter: false");
                let by_index = ["USING INDEX", "USING COVERING INDEX", "Index Scan", "Index Only Scan"];
                assert!(reads_nothing || by_index.iter().any(|way| plan.contains(way)), "{plan}");
            }
        }
    }
}
