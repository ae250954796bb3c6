//! What is said when all is well, on a path that was registered and noted on.

use chrono::Duration;
use serde_json::json;
use sira::grant::Scope;
use sira_domain::role::Role;

use super::{LANGUAGES, told};
use crate::api::app::{NAME, TestApp};
use crate::support::Engine;
use crate::support::program::sira;

const MAP: &str = r#"
source = "essai"
key = "{row}"
[[step]]
command = "register"
occurred_on = "2022-01-10"
[step.fields]
programme = "$programme"
office = "segou-1"
region = "segou"
intake = "facilitator"
channel = "outreach"
sex = { column = "sex", as = "lookup", table = "sexes" }
birth_year = { column = "born", as = "integer" }
education = "2"
displaced = false
consent = { scope = "programme", text_version = "fr-1", method = "written" }
identity = { name = "Personne {row}" }
[lookup.sexes]
f = "female"
m = "male"
"#;

/// What is typed; `PATH` and `PROGRAMME` stand for the ids of a path and of its programme.
const TYPED: &[&str] = &[
    "migrate",
    "token issue --actor awa --role adviser --office segou-1 --ttl 12h",
    "token list",
    "history PATH",
    "history PATH --actor auditor",
    "history PATH --from-version 1",
    "access PATH --actor admin",
    "activity adviser",
    "retention list",
    "projections list",
    "report freeze ventes --of funnel --query region=segou",
    "report list",
    "report show ventes --changed",
    "report make annee --programme PROGRAMME --from 2022-01-01 --to 2022-12-31 --parts funnel",
    "report write annee -o annee.html",
    "report verify annee.html",
    "report withdraw annee --reason Erreur",
    "report verify annee.html",
    "import rows.csv --map map.toml --set programme=PROGRAMME --dry-run",
    "import rows.csv --map map.toml --set programme=PROGRAMME",
    "import rows.csv --map map.toml --set programme=PROGRAMME",
    "export visits --format csv -o visits.csv",
    "export paths --format xes -o paths.xes",
    "person PATH --actor admin -o person.html",
    "evidence PATH -o bundle.json",
    "evidence key --all",
    "verify --copy",
    "verify --second-reader",
    "backup -o saved",
    "backup --keys -o saved-keys",
];

/// How many checkpoints were signed depends on how fast the test was; a backup has a row of each.
fn without_counts(text: &str) -> String {
    let counted =
        ["points de contrôle", "checkpoints", "lignes, à la position 8.", "rows, at position 8."];
    let mut words: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let mut line = line.to_owned();
        for what in counted {
            let Some((before, after)) = line.split_once(what) else { continue };
            let kept = before.trim_end().trim_end_matches(|letter: char| letter.is_ascii_digit());
            if kept.len() < before.trim_end().len() {
                line = format!("{kept}N {what}{after}");
            }
        }
        words.push(line);
    }
    words.join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_says_what_it_has_done_in_the_language_asked_for() {
    for language in LANGUAGES {
        let engine = Engine::sqlite();
        let app = TestApp::on(&engine).await;
        let programme = app.programme().await;
        let path = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let noted = app.done(Role::Adviser, &path, "add-note", &json!({ "text": "Vu." })).await;
        let retraction = json!({ "sequence": noted["version"], "reason": "Note de trop." });
        app.done(Role::Director, &path, "retract", &retraction).await;
        let (actor, days) = ("moussa".parse().unwrap(), Duration::days(1));
        app.tokens.issue(actor, Role::Trainer, Scope::All, days).await.unwrap();
        app.caught_up().await;
        app.covered().await;
        let rows = "row,sex,born\n1,f,1998\n2,x,huit\n3,m,1850\n4,f,1999\n";
        std::fs::write(engine.folder().join("rows.csv"), rows).unwrap();
        std::fs::write(engine.folder().join("map.toml"), MAP).unwrap();
        let mut all = String::new();
        for words in TYPED {
            let typed = words.replace("PATH", &path).replace("PROGRAMME", &programme);
            let mut typed: Vec<&str> = typed.split(' ').collect();
            typed.extend(["--lang", language]);
            let output = sira(&engine, &typed);
            all.push_str(&without_counts(&told(words, &output, engine.folder())));
            app.caught_up().await;
        }
        assert!(!all.contains(NAME) && !all.contains("70 00"), "{all}");
        insta::assert_snapshot!(format!("done_{language}"), all);
    }
}
