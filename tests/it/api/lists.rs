//! Lists of paths: filters, orders, pages, reach, and the search by name or phone.

use std::collections::BTreeSet;
use std::slice;

use serde_json::{Value, json};
use sira::grant::Scope;
use sira::read_side::OpenedKeys;
use sira_database::on_engine;
use sira_domain::role::Role;
use sira_numbers::Position;
use sira_projections::case_identity::{IdentityIndex, TermKind, index_of};
use sira_projections::lists::EXAMINED_MAX;
use sira_projections::table::TableId;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::app::{NAME, Reply, TestApp, office, region, registration, steps, with};

const LIST: &str = "/v1/beneficiaries";

/// A list as it stands at the journal's end.
pub async fn list(app: &TestApp, token: &str, path_and_query: &str) -> Reply {
    let head = app.commands.journal().head().await.unwrap().position;
    let request = app.request(reqwest::Method::GET, path_and_query);
    Reply::of(request.bearer_auth(token).header("Sira-Min-Position", head.get())).await
}

/// Every item of a list, page by page.
pub async fn every(app: &TestApp, token: &str, path: &str, query: &str, limit: u32) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(app, token, &format!("{path}?limit={limit}{query}{cursor}")).await.ok(200);
        let some = page["items"].as_array().unwrap();
        assert!(some.len() <= limit as usize);
        items.extend(some.iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return items };
        cursor = format!("&cursor={next}");
        assert!(items.len() < 1_000, "the pages do not end");
    }
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn set(items: &[Value]) -> BTreeSet<String> {
    let all = ids(items);
    let set: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(set.len(), all.len(), "a path stands twice: {all:?}");
    set
}

async fn person(app: &TestApp, programme: &str, name: &str, more: &[(&str, Value)]) -> String {
    let body = with(registration(programme), "/identity", json!({ "name": name }));
    let body = more.iter().fold(body, |body, (pointer, value)| with(body, pointer, value.clone()));
    let token = app.token(Role::Adviser).await;
    let answer = app.post(&token, LIST, &body).await.ok(201);
    answer["id"].as_str().unwrap().to_owned()
}

/// People of two programmes, three offices and several stages; the first programme.
async fn town(app: &TestApp) -> String {
    let (programme, other) = (app.programme().await, app.programme().await);
    let cohort = app.cohort(&programme, "g1", 10).await;
    let days = ["2022-01-10", "2022-01-10", "2022-01-11", "2022-01-09", "2022-01-12", "2022-01-10"];
    let mut people = Vec::new();
    for (number, day) in days.iter().enumerate() {
        let office = ["segou-1", "mopti-1"][number % 2];
        let home = ["segou", "kayes", "mopti"][number % 3];
        let more =
            [("/office", json!(office)), ("/region", json!(home)), ("/occurred_on", json!(day))];
        people.push(person(app, &programme, "Personne Essai", &more).await);
    }
    people.push(person(app, &other, "Autre Essai", &[]).await);
    let steps = steps();
    for (id, last) in [
        (&people[0], "submit-idea"),
        (&people[2], "assess-eligibility"),
        (&people[4], "record-interview"),
        (&people[6], "decide-selection"),
    ] {
        app.walk(id, &steps, last).await;
    }
    let seat = json!({ "occurred_on": "2022-02-18", "cohort": cohort });
    app.walk(&people[3], &steps, "decide-selection").await;
    app.done(Role::Adviser, &people[3], "enrol-in-training", &seat).await;
    app.done(
        Role::Director,
        &people[1],
        "exit",
        &json!({ "occurred_on": "2022-03-01", "reason": "moved" }),
    )
    .await;
    for (id, adviser) in [(&people[0], "moussa"), (&people[1], "awa"), (&people[5], "moussa")] {
        let choice = json!({ "occurred_on": "2022-03-02", "adviser": adviser });
        app.command(&app.token(Role::Director).await, id, "assign-adviser", &choice).await;
    }
    programme
}

/// The field by which a filter keeps rows.
fn fits(item: &Value, name: &str, value: &str) -> bool {
    item[name].as_str() == Some(value)
}

crate::on_both_engines! {
    async fn a_list_says_of_each_path_what_the_path_says_of_itself(engine) {
        let app = TestApp::on(engine).await;
        town(&app).await;
        let token = app.token(Role::Auditor).await;
        let reply = list(&app, &token, LIST).await;
        let head = app.commands.journal().head().await.unwrap().position;
        assert!(reply.header("sira-position").parse::<Position>().unwrap() >= head);
        let page = reply.ok(200);
        assert_eq!(page["next_cursor"], Value::Null);
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), 7);
        for item in items {
            assert!(item.get("name").is_none() && item.get("identity").is_none(), "{item}");
            let path = app.get(&token, &format!("{LIST}/{}", item["id"].as_str().unwrap())).await.ok(200);
            for field in ["id", "reference", "version", "position", "recorded_at", "stage", "status", "office", "region"] {
                assert_eq!(item[field], path[field], "{field}: {item} {path}");
            }
            assert_eq!(item["adviser"], path["adviser"]);
            assert_eq!(item["programme"], path["registration"]["programme"]);
        }
        assert!(!page.to_string().contains("Essai"));
    }

    async fn filters_combine_and_pages_hold_every_path_once_in_order(engine) {
        let app = TestApp::on(engine).await;
        let programme = town(&app).await;
        let token = app.token(Role::Adviser).await;
        let all = every(&app, &token, LIST, "", 200).await;
        let mut asked = vec![Vec::new()];
        for name in ["programme", "region", "office", "stage", "status", "cohort", "sector", "awaiting", "adviser"] {
            let values: BTreeSet<_> = all.iter().filter_map(|item| item[name].as_str()).collect();
            assert!(!values.is_empty(), "nobody has {name}");
            asked.extend(values.iter().map(|value| vec![(name, (*value).to_owned())]));
        }
        asked.push(vec![("region", "segou".into()), ("office", "mopti-1".into()), ("programme", programme)]);
        asked.push(vec![("sector", "C".into()), ("status", "active".into()), ("awaiting", "interview".into())]);
        asked.push(vec![("adviser", "moussa".into()), ("office", "segou-1".into())]);
        asked.push(vec![("stage", "completed".into())]);
        for filters in asked {
            let query: Vec<_> = filters.iter().map(|(name, value)| format!("&{name}={value}")).collect();
            let query = query.concat();
            let expected: BTreeSet<_> = all
                .iter()
                .filter(|item| filters.iter().all(|(name, value)| fits(item, name, value)))
                .map(|item| item["id"].as_str().unwrap().to_owned())
                .collect();
            for sort in ["registered_on", "-registered_on", "last_on", "-last_on"] {
                let items = every(&app, &token, LIST, &format!("{query}&sort={sort}"), 2).await;
                assert_eq!(set(&items), expected, "{query} {sort}");
                let (descending, column) = sort.strip_prefix('-').map_or((false, sort), |column| (true, column));
                let keys: Vec<_> = items
                    .iter()
                    .map(|item| (item[column].as_str().unwrap(), item["id"].as_str().unwrap()))
                    .collect();
                assert!(if descending { keys.is_sorted_by(|a, b| a > b) } else { keys.is_sorted() }, "{sort}: {keys:?}");
            }
        }
        assert_eq!(every(&app, &token, LIST, "", 3).await, every(&app, &token, LIST, "&sort=-registered_on", 200).await);
    }

    async fn what_is_asked_wrongly_is_named(engine) {
        let app = TestApp::on(engine).await;
        town(&app).await;
        let token = app.token(Role::Adviser).await;
        for (query, name) in [
            ("page=2", "page"), ("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("region=wakanda", "region"),
            ("office=S%20gou", "office"), ("stage=ideas", "stage"), ("status=open", "status"), ("cohort=1", "cohort"),
            ("programme=x", "programme"), ("sector=ZZ", "sector"), ("awaiting=tea", "awaiting"), ("adviser=A%20B", "adviser"),
            ("sort=name", "sort"), ("cursor=x", "cursor"), ("identity=yes", "identity"), ("q=-", "q"), ("q=", "q"),
            ("stage=idea&stage=training", "stage"), ("q=awa&sort=last_on", "sort"), ("%ff=%ff", "?"), ("Nom%20Secret=1", "?"),
        ] {
            let problem = list(&app, &token, &format!("{LIST}?{query}")).await.problem(400, "bad-parameter");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.starts_with(&format!("{name}: ")), "{query}: {detail}");
        }
        let several = "page=2&limit=0&region=wakanda&stage=idea&stage=idea&q=-";
        let problem = list(&app, &token, &format!("{LIST}?{several}")).await.problem(400, "bad-parameter");
        let told = problem["errors"].as_array().unwrap().iter();
        let told: Vec<_> = told.map(|one| (one["pointer"].as_str().unwrap(), one["rule"].as_str().unwrap())).collect();
        let expected = [
            ("?page", "unknown_parameter"), ("?stage", "repeated_parameter"), ("?limit", "parameter_form"),
            ("?q", "parameter_form"), ("?region", "parameter_form"),
        ];
        assert_eq!(told, expected);
        let long = "a".repeat(121);
        list(&app, &token, &format!("{LIST}?q={long}")).await.problem(400, "bad-parameter");
        let page = list(&app, &token, &format!("{LIST}?limit=1&region=segou")).await.ok(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        for other in ["&region=kayes", "", "&region=segou&sort=last_on", "&region=segou&q=essai"] {
            list(&app, &token, &format!("{LIST}?limit=1{other}&cursor={cursor}")).await.problem(400, "bad-parameter");
        }
        list(&app, &token, &format!("{LIST}?limit=2&region=segou&cursor={cursor}")).await.ok(200);
        for role in [Role::Analyst, Role::Donor] {
            list(&app, &app.token(role).await, LIST).await.problem(403, "forbidden");
        }
        let head = app.commands.journal().head().await.unwrap().position;
        let ahead = app.request(reqwest::Method::GET, LIST).bearer_auth(&token);
        Reply::of(ahead.header("Sira-Min-Position", head.get() + 1_000)).await.problem(503, "behind");
    }

    async fn a_list_holds_the_paths_that_its_reader_may_open_and_no_other(engine) {
        let app = TestApp::on(engine).await;
        let programme = town(&app).await;
        let admin = app.token(Role::Admin).await;
        let second = json!({ "office": "segou-2", "name": "San", "region": "segou", "occurred_on": "2021-07-06" });
        app.command_of(&admin, "programmes", &programme, "open-office", &second).await.ok(200);
        let scopes = [
            Scope::All, office(&programme, "segou-1"), office(&programme, "mopti-1"), office(&programme, "segou-2"), office(&programme, "nulle-part"), region("segou"),
            region("mopti"), region("kayes"), Scope::Regions(vec![]), Scope::Offices(vec![]), Scope::Funds(vec![]),
            Scope::Regions(vec!["segou".parse().unwrap(), "mopti".parse().unwrap()]),
        ];
        let everybody = ids(&every(&app, &admin, LIST, "", 200).await);
        let agree = async || {
            for (number, scope) in scopes.iter().enumerate() {
                let token = app.token_of(&format!("agent-{number}"), Role::Adviser, scope.clone()).await;
                let mut opened = BTreeSet::new();
                for id in &everybody {
                    if app.get(&token, &format!("{LIST}/{id}")).await.status == 200 {
                        opened.insert(id.clone());
                    }
                }
                for query in ["", "&sort=last_on"] {
                    assert_eq!(set(&every(&app, &token, LIST, query, 2).await), opened, "{scope:?}");
                }
                let found = every(&app, &token, LIST, "&q=essai", 2).await;
                assert_eq!(set(&found), opened, "{scope:?}");
                let here: BTreeSet<_> = every(&app, &admin, LIST, "&office=segou-1", 200).await.iter()
                    .map(|item| item["id"].as_str().unwrap().to_owned()).filter(|id| opened.contains(id)).collect();
                assert_eq!(set(&every(&app, &token, LIST, "&office=segou-1", 2).await), here, "{scope:?}");
            }
        };
        agree().await;
        let mine = every(&app, &admin, LIST, &format!("&office=segou-1&status=active&programme={programme}"), 200).await;
        let moved: Vec<_> = ids(&mine);
        let transfer = |to: &str| json!({ "occurred_on": "2022-06-01", "office": to });
        app.hand_over(&moved[0], &transfer("segou-2")).await;
        app.hand_over(&moved[1], &transfer("mopti-1")).await;
        agree().await;
    }

    async fn pages_are_whole_while_people_are_being_registered(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let mut there = BTreeSet::new();
        for number in 0..8 {
            let day = format!("2022-01-{:02}", 10 + number % 3);
            there.insert(person(&app, &programme, "Personne Essai", &[("/occurred_on", json!(day))]).await);
        }
        let token = app.token_of("agent", Role::Adviser, office(&programme, "segou-1")).await;
        for query in ["", "&sort=registered_on", "&q=essai"] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = list(&app, &token, &format!("{LIST}?limit=3{query}{cursor}")).await.ok(200);
                seen.extend(page["items"].as_array().unwrap().iter().cloned());
                person(&app, &programme, "Personne Essai", &[("/occurred_on", json!("2022-01-11"))]).await;
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert!(set(&seen).is_superset(&there), "{query}");
        }
    }

    async fn people_are_found_by_any_part_of_their_name_in_any_spelling_and_by_phone(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let awa = person(&app, &programme, "Awa Coulibaly-Essai", &[("/identity/phone", json!("70 00 00 01"))]).await;
        let djeneba = person(&app, &programme, "Djénéba Koulibali", &[("/identity/phone", json!("70000001")), ("/office", json!("mopti-1"))]).await;
        let other = person(&app, &programme, "Mariam Imaginaire", &[]).await;
        let token = app.token(Role::Adviser).await;
        for (text, expected) in [
            ("coulibaly", vec![&awa, &djeneba]), ("kouli", vec![&awa, &djeneba]), ("jeneba%20COULIBALI", vec![&djeneba]),
            ("essai%20awa", vec![&awa]), ("70000001", vec![&awa, &djeneba]), ("%2B223%2070%2000%2000%2001", vec![&awa, &djeneba]),
            ("awa%2070000001", vec![&awa]), ("mari", vec![&other]), ("coulibaly%20mariam", vec![]), ("70000002", vec![]), ("zzz", vec![]),
        ] {
            let found = every(&app, &token, LIST, &format!("&q={text}"), 1).await;
            assert_eq!(set(&found), expected.iter().map(|id| (*id).clone()).collect(), "{text}");
            assert!(ids(&found).is_sorted_by(|a, b| a > b), "the latest recorded come first");
            assert!(found.iter().all(|item| item.get("name").is_none()));
        }
        assert_eq!(ids(&every(&app, &token, LIST, "&q=coulibaly&office=mopti-1", 1).await), slice::from_ref(&djeneba));
        assert_eq!(ids(&every(&app, &token, LIST, "&q=coulibaly&stage=training", 1).await), Vec::<String>::new());
        let changed = json!({ "identity": { "name": "Djénéba Imaginaire" } });
        app.done(Role::Adviser, &djeneba, "update-identity", &changed).await;
        assert_eq!(ids(&every(&app, &token, LIST, "&q=coulibaly", 9).await), slice::from_ref(&awa));
        assert_eq!(set(&every(&app, &token, LIST, "&q=imaginaire", 9).await), [djeneba, other].into());
        app.done(Role::Admin, &awa, "erase-personal-data", &json!({ "ground": "request" })).await;
        assert_eq!(ids(&every(&app, &token, LIST, "&q=coulibaly", 9).await), Vec::<String>::new());
        let named = every(&app, &token, LIST, "&identity=true", 9).await;
        let erased = named.iter().find(|item| item["id"] == json!(awa)).unwrap();
        assert_eq!((&erased["erased"], &erased["name"]), (&json!(true), &Value::Null));
    }

    async fn only_who_may_open_an_identity_searches_and_every_person_shown_is_recorded(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let first = person(&app, &programme, NAME, &[]).await;
        let second = person(&app, &programme, NAME, &[]).await;
        for role in [Role::Trainer, Role::Committee, Role::Auditor, Role::Admin] {
            let token = app.token(role).await;
            for query in ["?q=zoumbale", "?identity=true"] {
                list(&app, &token, &format!("{LIST}{query}")).await.problem(403, "forbidden");
            }
            list(&app, &token, LIST).await.ok(200);
        }
        // Whoever registers the second may be shown the first: that is recorded too, of another actor.
        let readings = async || -> Vec<(String, String, String)> {
            on_engine!(app.commands.journal().pool(), pool => {
                sqlx::query_as("SELECT actor, action, aggregate_id FROM access_log WHERE actor = 'lectrice' \
                                ORDER BY action, aggregate_id")
                    .fetch_all(pool).await
            }).unwrap()
        };
        assert_eq!(readings().await, []);
        let token = app.token_of("lectrice", Role::Finance, Scope::All).await;
        list(&app, &token, LIST).await.ok(200);
        assert_eq!(readings().await, []);
        let page = list(&app, &token, &format!("{LIST}?q=zoumb&limit=1")).await.ok(200);
        assert_eq!(ids(page["items"].as_array().unwrap()), slice::from_ref(&second));
        let entry = |action: &str, id: &str| ("lectrice".to_owned(), action.to_owned(), id.to_owned());
        assert_eq!(readings().await, [entry("search", &second)]);
        let page = list(&app, &token, &format!("{LIST}?identity=true")).await.ok(200);
        assert!(page["items"].as_array().unwrap().iter().all(|item| item["name"] == json!(NAME)));
        assert_eq!(readings().await, [entry("identity", &first), entry("identity", &second), entry("search", &second)]);
    }

    async fn a_common_name_makes_no_page_slow_and_says_when_to_narrow(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let rare = person(&app, &programme, "Batoma Traoré", &[]).await;
        let template = person(&app, &programme, "Autre Personne", &[("/office", json!("mopti-1"))]).await;
        let token = app.token(Role::Adviser).await;
        assert_eq!(ids(&every(&app, &token, LIST, "&q=traore", 9).await), slice::from_ref(&rare));
        // Bearers of the same name, as they would stand there, all recorded later.
        let term = sira_domain::likeness::sought_by("traore").unwrap().remove(0);
        let keys = OpenedKeys::new(app.commands.keys().clone());
        let (_, index) = index_of(app.read.connection().await.unwrap().connection(), &keys).await.unwrap();
        let index = &IdentityIndex::token(&index, TermKind::Searched, &term)[..8];
        let crowd: Vec<Uuid> = (0..EXAMINED_MAX + 100).map(|_| Uuid::now_v7()).collect();
        let columns = TableId::CaseStatus.table().column_list();
        let others = columns.strip_prefix("aggregate_id, ").unwrap();
        let mut handle = app.read.connection().await.unwrap();
        for some in crowd.chunks(500) {
            on_engine!(handle.connection(), db => {
                let mut copy = QueryBuilder::new(format!("INSERT INTO case_status ({columns}) SELECT crowd.column1, {others} FROM case_status, ("));
                copy.push_values(some, |mut row, id| { row.push_bind(id.to_string()); });
                copy.push(") AS crowd WHERE aggregate_id = ").push_bind(&template);
                copy.build().execute(&mut *db).await.unwrap();
                let mut insert = QueryBuilder::new("INSERT INTO search_index (token, aggregate_id) ");
                insert.push_values(some, |mut row, id| { row.push_bind(index).push_bind(id.as_bytes().as_slice()); });
                insert.build().execute(&mut *db).await.unwrap();
            });
        }
        drop(handle);
        let query = format!("{LIST}?q=traore&office=segou-1");
        let page = list(&app, &token, &query).await.ok(200);
        assert_eq!(page["items"], json!([]));
        assert!(page["narrow"].as_str().unwrap().contains("next_cursor"), "{page}");
        let next = page["next_cursor"].as_str().unwrap();
        let page = list(&app, &token, &format!("{query}&cursor={next}")).await.ok(200);
        assert_eq!(ids(page["items"].as_array().unwrap()), slice::from_ref(&rare));
        assert!(page.get("narrow").is_none() && page["next_cursor"].is_null());
        let page = list(&app, &token, &format!("{LIST}?q=traore%20batoma")).await.ok(200);
        assert_eq!(ids(page["items"].as_array().unwrap()), [rare]);
        assert!(page.get("narrow").is_none());
        let page = list(&app, &token, &format!("{LIST}?q=traore&limit=200")).await.ok(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 200);
        assert!(page.get("narrow").is_none());
    }
}
