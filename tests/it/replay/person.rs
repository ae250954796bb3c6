//! Everything that is held about a person, for that person.

use reqwest::Method;
use serde_json::{Value, json};
use sira::grant::Scope;
use sira_database::on_engine;
use sira_domain::role::Role;

use super::typed::{printed, refused, sira};
use crate::api::app::{NAME, Reply, TestApp, region, steps};

/// A whole path with a document, a note that looks like markup, a grievance and a retraction.
async fn whole_path(app: &TestApp) -> String {
    let id = app.registered().await;
    app.walk(&id, &steps(), "complete-path").await;
    app.done(
        Role::Adviser,
        &id,
        "add-note",
        &json!({ "text": "Dit <script>alert('x')</script> & \"merci\"" }),
    )
    .await;
    let grievance =
        json!({ "category": "other", "channel": "in_person", "text": "Attente trop longue" });
    let lists = sira_domain::reference::lists();
    let first = |name: &str| lists.iter().find(|list| list.name == name).unwrap().entries[0].code;
    let mut grievance = grievance;
    grievance["category"] = json!(first("grievance_categories"));
    grievance["channel"] = json!(first("grievance_channels"));
    app.done(Role::Adviser, &id, "lodge-grievance", &grievance).await;
    let form = reqwest::multipart::Form::new().text("name", format!("CV {NAME}.pdf"));
    let file = reqwest::multipart::Part::bytes(b"%PDF-1.7\n".to_vec());
    let form = form.text("media_type", "application/pdf").part("file", file);
    let adviser = app.token_of("awa.t", Role::Adviser, app.office("segou-1").await).await;
    crate::api::documents::attach(app, &adviser, &id, form).await.ok(200);
    let noted =
        app.command(&adviser, &id, "add-note", &json!({ "text": "À retirer" })).await.ok(200);
    let back = json!({ "sequence": noted["version"], "reason": "Note d'une autre" });
    app.command(&adviser, &id, "retract", &back).await.ok(200);
    app.get(&adviser, &format!("/v1/beneficiaries/{id}?identity=true")).await.ok(200);
    app.caught_up().await;
    id
}

async fn asked(app: &TestApp, token: &str, id: &str, accept: &str, language: &str) -> Reply {
    let path = format!("/v1/beneficiaries/{id}/person");
    let request = app.request(Method::GET, &path).bearer_auth(token).header("accept", accept);
    Reply::of(request.header("accept-language", language)).await
}

/// Every text that a value holds.
fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, out)),
        _ => {}
    }
}

crate::on_both_engines! {
    async fn a_person_is_given_all_that_is_held_with_everything_opened(engine) {
        let app = TestApp::on(engine).await;
        let id = whole_path(&app).await;
        let director = app.token_of("directrice", Role::Director, region("segou")).await;
        let reply = asked(&app, &director, &id, "application/json", "fr").await;
        let held = reply.ok(200);
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(held["identity"], json!({ "name": NAME, "phone": "+22370000001", "address": "Derrière le puits imaginaire" }));
        let events = held["events"].as_array().unwrap();
        let version = held["version"].as_u64().unwrap();
        assert_eq!(events.len() as u64, version);
        // Nothing is sealed, nobody of the staff is named.
        let mut all = Vec::new();
        texts(&held, &mut all);
        assert!(all.len() > 300);
        for text in &all {
            assert!(!text.starts_with("sealed:"), "{text}");
            assert!(!["awa.t", "directrice", "cour.comptes"].contains(&text.as_str()), "{text}");
        }
        for text in ["Bon dossier", "Attente trop longue", "Chercher un marché", "Note d'une autre", "Village imaginaire"] {
            assert!(all.iter().any(|known| known == text), "{text}");
        }
        assert_eq!(events[0]["by"], json!({ "role": "adviser", "label": "conseiller emploi" }));
        assert_eq!(events.last().unwrap()["by"]["office"], json!("segou-1"));
        let retracted: Vec<_> = events.iter().filter(|event| event["retracted"] == true).collect();
        assert_eq!(retracted.len(), 1);
        assert_eq!(retracted[0]["retracted_by"]["reason"], json!("Note d'une autre"));
        assert_eq!(held["documents"][0]["name"], json!(format!("CV {NAME}.pdf")));
        assert_eq!((&held["documents"][0]["size_bytes"], held["documents"][0]["sha256"].as_str().unwrap().len()), (&json!(9), 64));
        assert_eq!((held["notes"].as_array().unwrap().len(), &held["notes"][1]["retracted"]), (2, &json!(true)));
        assert_eq!(held["grievances"][0]["text"], json!("Attente trop longue"));
        assert_eq!(held["consents"][0]["method"], json!("written"));
        assert_eq!((&held["status"]["stage"], &held["links"]["duplicates"]), (&json!("completed"), &json!([])));
        assert_eq!(held["programme"]["name"], json!("Convention d'essai"));
        let models = held["read_models"].as_object().unwrap();
        for table in ["case_status", "case_milestones", "visits", "training_attendance", "grievances"] {
            assert!(!models[table].as_array().unwrap().is_empty(), "{table}");
        }
        assert_eq!(models["case_status"][0]["stage"], json!("completed"));
        assert!(!models.contains_key("activity_log") && !models.contains_key("case_identity"));
        // This reading is recorded before it is answered, and stands first.
        let told: Vec<_> = held["readings"].as_array().unwrap().iter().map(|reading| (reading["role"].as_str().unwrap(), reading["action"].as_str().unwrap())).collect();
        assert_eq!(told, [("director", "person"), ("adviser", "identity")]);
    }

    async fn the_page_is_one_file_that_does_nothing_and_says_the_same(engine) {
        let app = TestApp::on(engine).await;
        let id = whole_path(&app).await;
        let director = app.token(Role::Director).await;
        let french = asked(&app, &director, &id, "text/html", "fr").await;
        assert_eq!(french.status, 200);
        assert!(french.header("content-type").starts_with("text/html"));
        assert!(french.header("content-security-policy").starts_with("default-src 'none'"));
        let page = &french.text;
        for part in [
            "<html lang=\"fr\">", NAME, "Ce que le programme détient à votre sujet", "2013-015", "APDP",
            "Dit &#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62; &#38; &#34;merci&#34;", "Attente trop longue", "Note d&#39;une autre",
            "conseiller emploi (segou-1)", "<dt>Secteur</dt><dd>Activités de fabrication</dd>", "Beurre de karité", "Retiré par l&#39;événement", "Tout ce qui est détenu",
        ] {
            assert!(page.contains(part), "{part}");
        }
        // No script, nothing fetched, no address, nothing of the staff.
        for part in ["<script", "<img", "<link", "<iframe", "src=", "href=", "url(", "http:", "https:", "javascript:", "onload", "sealed:", "awa.t"] {
            assert!(!page.contains(part), "{part}");
        }
        for tag in ["h2", "dl", "dd", "article", "table", "p"] {
            let (open, close) = (page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count(), page.matches(&format!("</{tag}>")).count());
            assert!(open > 0 && open == close, "{tag}: {open} and {close}");
        }
        let english = asked(&app, &director, &id, "text/html", "en").await.text;
        assert!(english.contains("<html lang=\"en\">") && english.contains("What the programme holds about you") && english.contains("adviser (segou-1)"));
        asked(&app, &director, &id, "text/csv", "fr").await.problem(406, "not-acceptable");
        app.get(&director, &format!("/v1/beneficiaries/{id}/person?identity=true")).await.problem(400, "bad-parameter");
    }

    async fn nobody_but_a_director_within_reach_is_given_it(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        for role in Role::ALL {
            let token = app.token(role).await;
            let reply = app.get(&token, &format!("/v1/beneficiaries/{id}/person")).await;
            if role == Role::Director { reply.ok(200); } else { reply.problem(403, "forbidden"); }
        }
        let far = app.token_of("lointaine", Role::Director, region("mopti")).await;
        app.get(&far, &format!("/v1/beneficiaries/{id}/person")).await.problem(404, "not-found");
        let count: i64 = on_engine!(app.commands.journal().pool(), pool => {
            sqlx::query_scalar("SELECT count(*) FROM access_log WHERE action = 'person'").fetch_one(pool).await
        }).unwrap();
        assert_eq!(count, 1);
    }

    async fn after_an_erasure_it_says_so_and_shows_what_is_left(engine) {
        let app = TestApp::on(engine).await;
        let id = whole_path(&app).await;
        let before = app.get(&app.token(Role::Director).await, &format!("/v1/beneficiaries/{id}/person")).await.ok(200);
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        app.caught_up().await;
        let director = app.token(Role::Director).await;
        let held = asked(&app, &director, &id, "application/json", "fr").await;
        let page = asked(&app, &director, &id, "text/html", "fr").await.text;
        for text in [&held.text, &page] {
            for part in ["Zoumbal", "70000001", "imaginaire", "karité", "Bon dossier", "Attente", "merci", "sealed:"] {
                assert!(!text.contains(part), "{part}");
            }
        }
        let held = held.ok(200);
        assert_eq!((&held["identity"], &held["notes"][0]["text"], &held["documents"][0]["name"]), (&Value::Null, &Value::Null, &Value::Null));
        assert!(held["erased_on"].is_string());
        assert_eq!(held["events"].as_array().unwrap().len(), before["events"].as_array().unwrap().len() + 1);
        assert_eq!(held["status"]["visits"], before["status"]["visits"]);
        assert!(page.contains("ont été effacées le") && page.contains("(effacé)") && page.contains("Visite de suivi"));
    }

    async fn a_file_is_made_at_the_machine_for_its_owner_alone(engine) {
        let app = TestApp::on(engine).await;
        let id = whole_path(&app).await;
        let reference = app.get(&app.token(Role::Director).await, &format!("/v1/beneficiaries/{id}")).await.ok(200)["reference"].as_str().unwrap().to_owned();
        // A bare name lies where the command is typed.
        printed(sira(engine, &["person", &reference, "-o", "extrait.html", "--actor", "superviseur"]));
        let file = engine.folder().join("extrait.html");
        let page = std::fs::read_to_string(&file).unwrap();
        assert!(page.contains(NAME) && page.ends_with("</html>\n") && !page.contains("superviseur"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let json = engine.folder().join("extrait.json");
        let json_name = json.to_str().unwrap();
        printed(sira(engine, &["--lang", "en", "person", &id, "-o", json_name, "--actor", "superviseur"]));
        let typed: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
        let director = app.token_of("directrice", Role::Director, Scope::All).await;
        let served = asked(&app, &director, &id, "application/json", "en").await.ok(200);
        for part in ["identity", "events", "status", "documents", "read_models", "consents"] {
            assert_eq!(typed[part], served[part], "{part}");
        }
        assert_eq!(typed["readings"][0]["action"], json!("person"));
        // What is there is not written over; other endings and unknown people are refused.
        assert_eq!(refused(sira(engine, &["person", &id, "-o", json_name, "--actor", "x"])).0, 2);
        assert_eq!(refused(sira(engine, &["person", &id, "-o", "extrait.pdf", "--actor", "x"])).0, 2);
        let nobody = uuid::Uuid::now_v7().to_string();
        assert_eq!(refused(sira(engine, &["person", &nobody, "-o", "rien.json", "--actor", "x"])).0, 1);
        assert!(!engine.folder().join("rien.json").exists());
    }
}
