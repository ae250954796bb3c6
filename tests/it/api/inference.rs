//! Attackers on published figures: each asks whatever an analyst or a donor may ask, sets the answers
//! against one another, and must learn nothing of one to four people. What the same questions tell who is
//! told exact figures stands beside, as the measure of what is kept back.

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sira::clock::Clock;
use sira::figures::{Figures, PublishedTo, Reader};
use sira::grant::Scope;
use sira::http::ServeLimits;
use sira_domain::role::Role;
use sira_domain::values::FundId;

use super::app::{
    Reply, TestApp, office, region, registration, steps_with_recognised_training, with,
};
use super::money::{approval, request};
use crate::on_both_engines;
use crate::support::Engine;
use crate::support::program::sira;

const JANUARY: &str = "2026-01-31";
const FEBRUARY: &str = "2026-02-28";
/// The dimensions that a person's attributes could be told by.
const ATTRIBUTES: [&str; 6] = ["sex", "region", "age_band", "office", "disability", "displaced"];

fn noon(month: u32, day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, month, day, 12, 0, 0).unwrap()
}

/// A programme whose server lives in January 2026, until the clock is set.
struct Field {
    app: TestApp,
    clock: Clock,
    programme: String,
}

impl Field {
    async fn on(engine: &Engine) -> Self {
        let clock = Clock::manual(noon(1, 10));
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let programme = app.programme().await;
        Self { app, clock, programme }
    }

    async fn person(&self, sex: &str, region: &str, born: u32) -> String {
        let body = with(registration(&self.programme), "/sex", json!(sex));
        let body = with(body, "/region", json!(region));
        let body = with(body, "/birth_year", json!(born));
        let body = with(body, "/office", json!(format!("{region}-1")));
        let token = self.app.token(Role::Adviser).await;
        let answer = self.app.post(&token, "/v1/beneficiaries", &body).await.ok(201);
        answer["id"].as_str().unwrap().to_owned()
    }

    async fn people(&self, count: usize, sex: &str, region: &str) -> Vec<String> {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(self.person(sex, region, 1998).await);
        }
        ids
    }

    /// Twenty-nine people: two men of Mopti are few.
    async fn peopled(engine: &Engine) -> Self {
        let field = Self::on(engine).await;
        field.people(9, "female", "segou").await;
        field.people(6, "male", "segou").await;
        field.people(12, "female", "mopti").await;
        field.people(2, "male", "mopti").await;
        field
    }

    /// A person who is financed with this amount.
    async fn financed(&self, sex: &str, fund: &str, amount: u64) -> String {
        let app = &self.app;
        let id = self.person(sex, "segou", 1998).await;
        app.walk(&id, &steps_with_recognised_training(), "recognise-training").await;
        let plan = json!({ "occurred_on": "2022-04-02", "title": "Beurre de karité", "amount_needed": 400_000, "own_contribution": 40_000 });
        app.done(Role::Adviser, &id, "submit-business-plan", &plan).await;
        let review = json!({ "occurred_on": "2022-04-05", "conclusion": "validated" });
        app.done(Role::Committee, &id, "validate-business-plan", &review).await;
        app.done(Role::Adviser, &id, "request-financing", &request(fund, amount)).await;
        app.done(Role::Committee, &id, "approve-financing", &approval(&[amount])).await;
        id
    }

    /// Goes on to noon of a day, with everything that was recorded read.
    async fn go_to(&self, month: u32, day: u32) {
        self.app.caught_up().await;
        self.clock.set(noon(month, day));
    }

    async fn ask(&self, token: &str, query: &str) -> Reply {
        let head = self.app.commands.journal().head().await.unwrap().position;
        let path = format!("/v1/analytics/{query}");
        let request = self.app.request(Method::GET, &path).bearer_auth(token);
        Reply::of(request.header("sira-min-position", head.get())).await
    }

    /// The rows of an answer, without what says when each was published.
    async fn rows(&self, token: &str, query: &str) -> Vec<Value> {
        let mut rows = self.ask(token, query).await.ok(200)["rows"].as_array().unwrap().clone();
        for row in &mut rows {
            row.as_object_mut().unwrap().remove("held");
        }
        rows
    }

    /// The value of the only row.
    async fn value(&self, token: &str, query: &str) -> Value {
        let rows = self.rows(token, query).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows[0]["value"].clone()
    }

    async fn analyst(&self) -> String {
        self.app.token(Role::Analyst).await
    }

    async fn exact(&self, why: &str) -> String {
        let actor = "chercheuse".parse().unwrap();
        let days = TimeDelta::days(300);
        let tokens = &self.app.tokens;
        tokens.issue_exact(actor, Role::Analyst, Scope::All, days, Some(why)).await.unwrap()
    }

    async fn refused(&self, token: &str, query: &str) -> (String, String) {
        self.ask(token, query).await.error(400, "bad-parameter")
    }
}

on_both_engines! {
    async fn an_attacker_on_neighbouring_positions_days_and_dimensions_is_refused(engine) {
        let field = Field::peopled(engine).await;
        field.go_to(3, 10).await;
        let analyst = field.analyst().await;
        let name = "indicators?name=registered";
        for (query, parameter, rule) in [
            ("as_of_position=12", "?as_of_position", "published_without_position"),
            ("as_of=2026-02-27", "?as_of", "reporting_moment"),
            ("as_of=2026-02-28T12:00:00Z", "?as_of", "reporting_moment"),
            ("as_of=2026-03-09", "?as_of", "reporting_moment"),
            ("as_of=2026-03-31", "?as_of", "reporting_moment"),
            ("from=2026-01-15", "?from", "reporting_border"),
            ("to=2026-02-15", "?to", "reporting_border"),
            ("to=2026-03-31", "?to", "reporting_border"),
        ] {
            let (pointer, broken) = field.refused(&analyst, &format!("{name}&{query}")).await;
            assert_eq!((pointer.as_str(), broken.as_str()), (parameter, rule), "{query}");
        }
        for dimension in ["office", "disability", "displaced", "cohort", "fund", "year", "quarter", "month"] {
            let (pointer, rule) = field.refused(&analyst, &format!("{name}&group_by={dimension}")).await;
            assert_eq!((pointer.as_str(), rule.as_str()), ("?group_by", "published_dimensions"), "{dimension}");
        }
        for filter in ["office=segou-1", "disability=true", "displaced=false", "month=2026-01", "year=2026"] {
            let (pointer, rule) = field.refused(&analyst, &format!("{name}&{filter}")).await;
            let parameter = filter.split('=').next().unwrap();
            assert_eq!((pointer, rule), (format!("?{parameter}"), "published_dimensions".into()));
        }
        let problem = field.ask(&analyst, &format!("{name}&as_of=2026-02-10")).await.problem(400, "bad-parameter");
        for nearest in [JANUARY, FEBRUARY] {
            assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(nearest), "{problem}");
        }
        // Without a moment: the last that is over, and the answer says so.
        let answer = field.ask(&analyst, name).await.ok(200);
        assert_eq!((&answer["published_at"], &answer["day"]), (&json!(FEBRUARY), &json!(FEBRUARY)));
        assert!(answer["note"].as_str().unwrap().contains("cinq"), "{answer}");
        let (pointer, rule) = field.refused(&analyst, "funnel?name=funnel_selected&from=2026-01-01").await;
        assert_eq!((pointer.as_str(), rule.as_str()), ("?from", "published_without_period"));
        // What follows each person from one answer to the next is not published, whoever asks and however.
        for name in ["income_change", "income_change_difference", "jobs_created", "jobs_net", "jobs_at_12_months",
            "jobs_sustained", "survival_12_low", "employment_status"] {
            let (pointer, rule) = field.refused(&analyst, &format!("indicators?name={name}")).await;
            assert_eq!((pointer.as_str(), rule.as_str()), ("?name", "not_published"), "{name}");
        }
        let both = field.rows(&analyst, "indicators?name=registered,jobs_created").await;
        assert_eq!((&both[0]["indicator"], &both[1]["value"], &both[1]["suppressed"]), (&json!("registered"), &Value::Null, &json!(true)), "{both:?}");
        field.ask(&analyst, "indicators/registered/why").await.problem(403, "forbidden");
        let office = field.app.token_of("analyste", Role::Analyst, office(&field.programme, "segou-1")).await;
        field.ask(&office, name).await.problem(403, "out-of-scope");
    }

    async fn an_attacker_on_neighbouring_months_learns_nothing_of_who_came_between(engine) {
        let field = Field::peopled(engine).await;
        field.go_to(2, 10).await;
        let body = registration(&field.programme);
        let seeing = json!({ "seeing": 4, "hearing": 1, "walking": 1, "remembering": 1, "self_care": 1, "communicating": 1 });
        let body = with(with(body, "/displaced", json!(true)), "/disability", seeing);
        let body = with(with(body, "/sex", json!("male")), "/birth_year", json!(1970));
        let adviser = field.app.token(Role::Adviser).await;
        field.app.post(&adviser, "/v1/beneficiaries", &body).await.ok(201);
        field.go_to(3, 10).await;
        let (analyst, director) = (field.analyst().await, field.app.token(Role::Director).await);
        let (mut told, mut told_exactly) = (0, 0);
        for dimension in ATTRIBUTES {
            let at = |day: &str| format!("indicators?name=registered&group_by={dimension}&as_of={day}");
            let exactly = (field.rows(&director, &at(JANUARY)).await, field.rows(&director, &at(FEBRUARY)).await);
            told_exactly += usize::from(exactly.0 != exactly.1);
            if field.ask(&analyst, &at(JANUARY)).await.status == 400 {
                continue;
            }
            let pair = (field.rows(&analyst, &at(JANUARY)).await, field.rows(&analyst, &at(FEBRUARY)).await);
            assert!(!pair.0.is_empty());
            told += usize::from(pair.0 != pair.1);
        }
        assert_eq!((told, told_exactly), (0, 6), "attributes of one person that two months tell");
        for name in ["registered", "womens_share", "young_share", "people_with_disability", "displaced_people", "funnel_registered"] {
            let at = |day: &str| format!("indicators?name={name}&group_by=region,sex,age_band&as_of={day}");
            assert_eq!(field.rows(&analyst, &at(JANUARY)).await, field.rows(&analyst, &at(FEBRUARY)).await, "{name}");
        }
        let month = field.value(&analyst, "indicators?name=registered&from=2026-02-01").await;
        assert_eq!(month, json!(0), "nobody was published in February");
        let answer = field.ask(&analyst, "indicators?name=registered").await.ok(200);
        assert_eq!((&answer["rows"][0]["value"], &answer["rows"][0]["held"]), (&json!(27), &json!(true)));
        let series = field.rows(&analyst, "timeseries?name=registered&interval=month").await;
        let values: Vec<_> = series.iter().map(|row| (row["month"].clone(), row["value"].clone())).collect();
        assert_eq!(values, [(json!("2026-01"), json!(27)), (json!("2026-02"), json!(0))]);
    }

    async fn a_cell_moves_on_when_five_people_have_come_and_the_month_stays_as_it_was_published(engine) {
        let field = Field::peopled(engine).await;
        field.go_to(2, 10).await;
        field.people(4, "female", "segou").await;
        field.go_to(3, 10).await;
        field.people(1, "female", "segou").await;
        field.people(3, "male", "mopti").await;
        field.go_to(4, 10).await;
        let analyst = field.analyst().await;
        let at = async |day: &str| {
            field.value(&analyst, &format!("indicators?name=registered&as_of={day}")).await
        };
        assert_eq!((at(JANUARY).await, at(FEBRUARY).await, at("2026-03-31").await), (json!(27), json!(27), json!(37)));
        let segou = "indicators?name=registered&region=segou&sex=female";
        let answer = field.ask(&analyst, segou).await.ok(200);
        assert_eq!((&answer["rows"][0]["value"], &answer["rows"][0]["held"]), (&json!(14), &Value::Null));
        // What came in February was published in March, and counts there.
        let march = field.value(&analyst, "indicators?name=registered&from=2026-03-01&to=2026-03-31").await;
        assert_eq!(march, json!(10));
    }

    async fn an_attacker_who_includes_and_excludes_by_filters_finds_no_few(engine) {
        let field = Field::peopled(engine).await;
        field.go_to(2, 10).await;
        let analyst = field.analyst().await;
        let mut filters = Vec::new();
        for sex in ["", "&sex=female", "&sex=male"] {
            for region in ["", "&region=segou", "&region=mopti", "&region=segou,mopti", "&region=gao"] {
                for age in ["", "&age_band=25_29", "&age_band=over_35"] {
                    filters.push(format!("{sex}{region}{age}"));
                }
            }
        }
        let mut values = Vec::new();
        for filter in &filters {
            values.push(field.value(&analyst, &format!("indicators?name=registered{filter}")).await.as_i64().unwrap_or(0));
        }
        let apart = |one: &i64, other: &i64| (1..5).contains(&(one - other).abs());
        let found: Vec<_> = values.iter().flat_map(|one| values.iter().filter(move |other| apart(one, other)).map(move |other| (one, other))).collect();
        // Cells of nine, six and twelve: three between two of them are of no three people.
        let sums: Vec<i64> = (0..8).map(|mask| [9_i64, 6, 12].iter().enumerate().filter(|(place, _)| mask & (1 << place) != 0).map(|(_, size)| size).sum()).collect();
        let explained = |pair: &(&i64, &i64)| sums.contains(pair.0) && sums.contains(pair.1);
        assert!(found.iter().all(explained), "{found:?}");
        // Nobody is where two are, and where nobody is, and the two answers are one.
        let (few, none) = (format!("{}&sex=male", "indicators?name=registered&region=mopti"), "indicators?name=registered&region=gao".to_owned());
        assert_eq!(field.rows(&analyst, &few).await, field.rows(&analyst, &none).await);
        let by_sex = field.rows(&analyst, "indicators?name=registered&group_by=region,sex").await;
        let cells: Vec<_> = by_sex.iter().map(|row| (row["region"].as_str().unwrap(), row["sex"].as_str().unwrap(), row["value"].as_i64().unwrap())).collect();
        assert_eq!(cells, [("mopti", "female", 12), ("segou", "female", 9), ("segou", "male", 6)], "no row of the two");
        let total = field.value(&analyst, "indicators?name=registered").await;
        assert_eq!(total, json!(27), "the whole is the sum of its parts, and the two are not in it");
        let director = field.app.token(Role::Director).await;
        assert_eq!(field.value(&director, "indicators?name=registered").await, json!(29), "who sees people is told exactly");
        let regional = field.app.token_of("analyste", Role::Analyst, region("mopti")).await;
        assert_eq!(field.value(&regional, "indicators?name=registered").await, json!(12));
    }

    async fn an_attacker_after_a_single_payment_or_a_dominant_one_finds_none(engine) {
        let field = Field::on(engine).await;
        let fund = field.app.fund(&field.programme, "f1", 90_000_000).await;
        for _ in 0..5 {
            field.financed("female", &fund, 100_000).await;
        }
        // One man has 300,000 of 340,000: 88 %.
        for amount in [300_000, 10_000, 10_000, 10_000, 10_000] {
            field.financed("male", &fund, amount).await;
        }
        field.go_to(2, 10).await;
        field.financed("female", &fund, 77_777).await;
        field.go_to(3, 10).await;
        let scope = Scope::Funds(vec![FundId(fund.parse().unwrap())]);
        let donor = field.app.token_of("bailleur", Role::Donor, scope).await;
        for token in [field.analyst().await, donor.clone()] {
            for day in [JANUARY, FEBRUARY] {
                let asked = format!("finance?name=amount_committed&as_of={day}");
                assert_eq!(field.value(&token, &asked).await, json!(500_000), "{day}");
                assert_eq!(field.value(&token, &format!("{asked}&sex=male")).await, Value::Null, "{day}");
            }
        }
        let director = field.app.token(Role::Director).await;
        let exactly = field.value(&director, "finance?name=amount_committed").await;
        assert_eq!(exactly, json!(917_777), "who sees people is told to the franc");
        // What a payment moves is shown in a fund to nobody who must see nobody.
        for path in [format!("/v1/funds/{fund}"), "/v1/funds".to_owned()] {
            let text = field.app.get(&donor, &path).await.ok(200).to_string();
            assert!(text.contains("budget") && !text.contains("917777") && !text.contains("committed"), "{text}");
        }
        // Once he is one of ten and has less than 85 %, he is in the sum.
        for _ in 0..5 {
            field.financed("male", &fund, 50_000).await;
        }
        field.go_to(4, 10).await;
        let men = field.value(&donor, "finance?name=amount_committed&sex=male").await;
        assert_eq!(men, json!(590_000));
        let targets = field.ask(&donor, "targets").await.ok(200);
        assert_eq!(targets["published_at"], json!("2026-03-31"));
    }

    async fn an_attacker_after_a_single_income_finds_none(engine) {
        let field = Field::on(engine).await;
        let income = |amount: u64| json!({ "occurred_on": "2022-03-01", "survey": "baseline", "from": "2021-01-01",
            "to": "2021-12-31", "amount": amount, "source": "business" });
        let mut ids = field.people(6, "female", "segou").await;
        let last = ids.pop().unwrap();
        for id in &ids {
            field.app.done(Role::Adviser, id, "record-income", &income(365_000)).await;
        }
        field.go_to(2, 10).await;
        field.app.done(Role::Adviser, &last, "record-income", &income(1_234_567)).await;
        field.go_to(3, 10).await;
        let (analyst, director) = (field.analyst().await, field.app.token(Role::Director).await);
        let at = |day: &str| format!("indicators?name=mean_income_baseline&as_of={day}");
        let pair = (field.rows(&analyst, &at(JANUARY)).await, field.rows(&analyst, &at(FEBRUARY)).await);
        assert_eq!(pair.0, pair.1);
        assert_eq!((&pair.0[0]["value"], &pair.0[0]["denominator"]), (&json!(365_000), &json!(5)));
        let exactly = (field.rows(&director, &at(JANUARY)).await, field.rows(&director, &at(FEBRUARY)).await);
        let apart = exactly.1[0]["numerator"].as_i64().unwrap() - exactly.0[0]["numerator"].as_i64().unwrap();
        assert_eq!(apart, 1_234_567, "two exact answers tell it");
    }

    async fn an_attacker_on_a_reports_hash_finds_nothing_that_is_not_shown(engine) {
        let field = Field::peopled(engine).await;
        let director = field.app.token(Role::Director).await;
        field.go_to(2, 10).await;
        let body = json!({ "name": "t1", "subject": "indicators", "query": "name=registered&group_by=region,sex" });
        let frozen = field.app.post(&director, "/v1/analytics/reports", &body).await.ok(201);
        let published = json!({ "told": "published", "scope": "all" });
        let for_analysts = with(with(body, "/name", json!("t1-publie")), "/audience", published);
        let handed_out = field.app.post(&director, "/v1/analytics/reports", &for_analysts).await.ok(201);
        field.people(1, "male", "mopti").await;
        field.go_to(3, 10).await;
        let analyst = field.analyst().await;
        field.ask(&analyst, "reports/t1").await.problem(403, "out-of-scope");
        let shown = field.ask(&analyst, "reports/t1-publie").await.ok(200);
        assert_eq!(shown["answer_sha256"], handed_out["answer_sha256"]);
        let cell = |region: &str, sex: &str, count: i64| format!("\n[\"{region}\", \"{sex}\"] Some(\"{count}.00\") Some({count}) None");
        let hash = |cells: &[String]| {
            let text = format!("registered{}\n\n", cells.concat());
            sira_evidence::leaf::hex(&Sha256::digest(text))
        };
        let told = [cell("mopti", "female", 12), cell("segou", "female", 9), cell("segou", "male", 6)];
        let told_hash = json!(hash(&told));
        assert_eq!(shown["answer_sha256"], told_hash, "it is over what is shown, which can be checked");
        let guess = |count| hash(&[told[0].clone(), cell("mopti", "male", count), told[1].clone(), told[2].clone()]);
        let found = (0..200).filter(|count| shown["answer_sha256"] == json!(guess(*count))).count();
        assert_eq!(found, 0, "no count of the two men of Mopti gives the hash");
        // The same guess against the hash over everything tells them: it is shown to who may see them.
        assert_eq!(frozen["answer_sha256"], json!(guess(2)));
        assert!(!shown.to_string().contains("events_count") && shown["now_published_at"] == json!(FEBRUARY), "{shown}");
        let list = field.ask(&analyst, "reports").await.ok(200);
        let names: Vec<_> = list["reports"].as_array().unwrap().iter().map(|report| &report["name"]).collect();
        assert_eq!(names, [&json!("t1-publie")], "no report for others, and no hash over what is not told");
        let regional = field.app.token_of("directrice", Role::Director, region("mopti")).await;
        field.ask(&regional, "reports/t1").await.problem(403, "out-of-scope");
        let own = json!({ "name": "t2", "subject": "indicators", "query": "name=registered&group_by=office" });
        let (pointer, rule) = field.app.post(&analyst, "/v1/analytics/reports", &own).await.error(400, "bad-parameter");
        assert_eq!((pointer.as_str(), rule.as_str()), ("?group_by", "published_dimensions"));
    }

    async fn an_auditor_replays_what_was_published_of_any_month(engine) {
        let field = Field::peopled(engine).await;
        field.go_to(2, 10).await;
        let director = field.app.token(Role::Director).await;
        let body = json!({ "name": "jan", "subject": "indicators", "query": format!("name=registered&as_of={JANUARY}"),
            "audience": { "told": "published", "scope": "all" } });
        field.app.post(&director, "/v1/analytics/reports", &body).await.ok(201);
        let analyst = field.analyst().await;
        let then = field.ask(&analyst, "reports/jan").await.ok(200);
        assert_eq!((&then["rows"][0]["frozen"]["value"], &then["published_at"]), (&json!(27), &json!(JANUARY)));
        field.people(5, "male", "mopti").await;
        field.go_to(3, 10).await;
        // Another process, on the read models alone, comes to the same.
        let figures = Figures::new(field.app.commands.clone(), field.app.read.clone());
        let shown = figures.show_report("jan", None).await.unwrap();
        assert_eq!(json!(shown.answer_sha256), then["answer_sha256"]);
        // The same question as it was published, of a report for others, is a view of it.
        let exact = json!({ "name": "jan-exact", "subject": "indicators", "query": format!("name=registered&as_of={JANUARY}") });
        field.app.post(&director, "/v1/analytics/reports", &exact).await.ok(201);
        let view = figures.show_report("jan-exact", Some(&Reader::Published(PublishedTo::analyst()))).await.unwrap();
        assert_eq!(view.answer_sha256, shown.answer_sha256);
        assert!(shown.is_as_frozen);
        let output = sira(engine, &["report", "show", "jan", "--as", "analyst"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains(JANUARY) && text.contains(&shown.answer_sha256), "{text}");
        assert!(text.contains("registered\t27.00"), "{text}");
    }

    async fn exact_figures_are_granted_with_a_reason_and_each_question_is_recorded(engine) {
        let field = Field::peopled(engine).await;
        let token = field.exact("Étude d'impact 2026").await;
        let me = field.app.get(&token, "/v1/me").await.ok(200);
        assert_eq!(me["exact_figures"], json!("Étude d'impact 2026"));
        assert_eq!(field.app.get(&field.analyst().await, "/v1/me").await.ok(200)["exact_figures"], Value::Null);
        // What it tells is what two exact answers tell: everything of one person.
        let before = field.app.caught_up().await;
        field.person("male", "mopti", 1970).await;
        let mut told = 0;
        for dimension in ATTRIBUTES {
            let at = |position: u64| format!("indicators?name=registered&group_by={dimension}&as_of_position={position}");
            let pair = (field.rows(&token, &at(before.get())).await, field.rows(&token, &at(before.get() + 1)).await);
            told += usize::from(pair.0 != pair.1);
        }
        assert_eq!(told, 6, "attributes of one person that two exact answers tell");
        field.ask(&token, "indicators/registered/why").await.problem(403, "forbidden");
        let recorded: i64 = sira_database::on_engine!(field.app.commands.journal().pool(), db => {
            sqlx::query_scalar("SELECT count(*) FROM access_log WHERE action = 'exact_figures' AND actor = 'chercheuse'").fetch_one(db).await.unwrap()
        });
        assert_eq!(recorded, 12, "one entry a question");
        let admin = field.app.token(Role::Admin).await;
        let listed = field.app.get(&admin, "/v1/tokens").await.ok(200).to_string();
        assert!(listed.contains("Étude d'impact 2026"), "{listed}");
        let output = sira(engine, &["token", "issue", "--actor", "x", "--role", "donor", "--all", "--exact-figures", "pour voir"]);
        assert!(!output.status.success(), "an analyst alone");
    }

    async fn a_programme_publishes_by_the_quarter_or_with_a_reason_by_the_week(engine) {
        let field = Field::peopled(engine).await;
        let director = field.app.token(Role::Director).await;
        let path = format!("/v1/programmes/{}/commands/set-rules", field.programme);
        let rules = |rules: Value| json!({ "effective_from": "2022-01-01", "rules": rules });
        let refused = field.app.post(&director, &path, &rules(json!({ "figures_published": "week" }))).await;
        assert_eq!(refused.error(409, "refused").1, "fields_disagree");
        let weekly = json!({ "figures_published": "week", "figures_reason": "Suivi de la campagne" });
        field.app.post(&director, &path, &rules(weekly)).await.ok(200);
        field.go_to(1, 14).await;
        let analyst = field.analyst().await;
        let answer = field.ask(&analyst, "indicators?name=registered").await.ok(200);
        assert_eq!((&answer["published_at"], &answer["rows"][0]["value"]), (&json!("2026-01-11"), &json!(27)));
        field.app.post(&director, &path, &rules(json!({ "figures_published": "quarter" }))).await.ok(200);
        field.go_to(2, 10).await;
        // What was published stays so: the rule says nothing of the time before it was recorded.
        let still = field.value(&analyst, "indicators?name=registered&as_of=2026-01-11").await;
        assert_eq!(still, json!(27));
        let (pointer, rule) = field.refused(&analyst, &format!("indicators?name=registered&as_of={JANUARY}")).await;
        assert_eq!((pointer.as_str(), rule.as_str()), ("?as_of", "reporting_moment"));
        assert_eq!(field.ask(&analyst, "indicators?name=registered").await.ok(200)["published_at"], json!("2026-01-11"));
    }

    async fn a_target_is_compared_with_what_was_published_of_its_own_people(engine) {
        let field = Field::peopled(engine).await;
        let director = field.app.token(Role::Director).await;
        let path = format!("/v1/programmes/{}/commands/set-target", field.programme);
        let target = |period: Value, region: Value| {
            let body = json!({ "occurred_on": "2022-01-06", "indicator": "registered", "period": period, "value": 30 });
            if region.is_null() { body } else { with(body, "/region", region) }
        };
        let year = json!({ "from": "2026-01-01", "to": "2026-12-31" });
        for body in [
            target(year.clone(), Value::Null),
            target(year, json!("mopti")),
            target(json!({ "from": "2026-01-01", "to": "2026-02-14" }), Value::Null),
        ] {
            field.app.post(&director, &path, &body).await.ok(200);
        }
        field.go_to(3, 10).await;
        let reached = async |token: &str| {
            let rows = field.rows(token, "targets").await;
            let mut rows: Vec<_> = rows.iter().map(|row| (row["to"].to_string(), row["region"].to_string(), row["actual"].to_string(), row["untold"].to_string())).collect();
            rows.sort();
            rows
        };
        let row = |to: &str, region: &str, actual: &str, untold: &str| (format!("\"{to}\""), region.to_owned(), actual.to_owned(), untold.to_owned());
        let analyst = reached(&field.analyst().await).await;
        assert_eq!(analyst, [
            row("2026-02-14", "null", "null", "\"period_not_on_reporting_moments\""),
            row("2026-12-31", "\"mopti\"", "12", "null"),
            row("2026-12-31", "null", "27", "null"),
        ]);
        let regional = field.app.token_of("analyste", Role::Analyst, region("segou")).await;
        assert!(reached(&regional).await.iter().all(|(.., untold)| untold == "\"target_of_other_people\""));
        let donor = field.app.token_of("bailleur", Role::Donor, Scope::Funds(Vec::new())).await;
        assert!(reached(&donor).await.iter().all(|(.., actual, untold)| actual == "null" && untold == "\"target_of_other_people\""));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sql_face_tells_the_very_cells_that_an_analyst_is_told() {
    let engine = Engine::postgres().await;
    let field = Field::peopled(&engine).await;
    field.go_to(2, 10).await;
    // Few more: their cells stand as they were.
    field.people(3, "male", "mopti").await;
    field.people(7, "female", "segou").await;
    field.go_to(3, 10).await;
    let figures = Figures::new(field.app.commands.clone(), field.app.read.clone());
    let last = figures.publish_on_the_face(None).await.unwrap();
    assert_eq!(last.unwrap().to_string(), FEBRUARY);
    let (mut tool, _) = crate::read_side::face::login(&engine, &[]).await;
    let analyst = field.analyst().await;
    let mut told = 0;
    for groups in ["", "region", "sex", "age_band", "region,sex", "region,sex,age_band"] {
        let query = format!(
            "timeseries?name=registered,womens_share&interval=month&group_by={groups}&programme={}",
            field.programme
        );
        let query = if groups.is_empty() { query.replace("&group_by=", "") } else { query };
        for row in field.ask(&analyst, &query).await.ok(200)["rows"].as_array().unwrap() {
            let word = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
            let found: Vec<(Option<String>, bool)> = sqlx::query_as(
                "SELECT value::text, held FROM read.figures WHERE indicator = $1 AND month = ($2 || '-01')::date
                    AND region IS NOT DISTINCT FROM $3 AND sex IS NOT DISTINCT FROM $4 AND age_band IS NOT DISTINCT FROM $5",
            )
            .bind(word("indicator")).bind(word("month")).bind(word("region")).bind(word("sex")).bind(word("age_band"))
            .fetch_all(&mut tool).await.unwrap();
            assert_eq!(found.len(), 1, "{row}");
            let number =
                |value: &Option<String>| value.as_ref().map(|text| text.parse::<f64>().unwrap());
            assert_eq!(number(&found[0].0), row["value"].as_f64(), "{row}");
            assert_eq!(found[0].1, row["held"].as_bool().unwrap_or_default(), "{row}");
            told += 1;
        }
    }
    assert!(told > 20, "{told}");
    // What is told since the beginning alone, or by a category of its own, as much as the rest.
    let asked = format!("indicators?group_by=region&programme={}", field.programme);
    for row in field.ask(&analyst, &asked).await.ok(200)["rows"].as_array().unwrap() {
        let word = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        let found: Vec<(Option<String>, String)> = sqlx::query_as(
            "SELECT value::text, period FROM read.figures WHERE indicator = $1 AND month = '2026-02-01'
                AND region IS NOT DISTINCT FROM $2 AND category IS NOT DISTINCT FROM $3
                AND sex IS NULL AND age_band IS NULL",
        )
        .bind(word("indicator")).bind(word("region")).bind(word("tag"))
        .fetch_all(&mut tool).await.unwrap();
        let Some((value, period)) = found.first() else { panic!("{row}") };
        let number = value.as_ref().map(|text| text.parse::<f64>().unwrap());
        assert!(period == "month" || number == row["value"].as_f64(), "{row} {value:?}");
    }
    // A reporting moment that was published is not published again.
    assert_eq!(figures.publish_on_the_face(last).await.unwrap(), last);
}
