//! Lists that people work from, as they are kept and printed, and papers that are handed to a person.

use calamine::{Data, Reader as _, Xlsx};
use reqwest::Method;
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::http::ServeLimits;
use sira_domain::role::Role;

use super::app::{
    NAME, Reply, TestApp, region, registration, steps, steps_with_recognised_training, with,
};
use super::balances::{lend, pay_back, started};
use super::selection::{interviewed, of_programme};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PHONE: &str = "+22370000001";
const LOCALITY: &str = "Quartier imaginaire";

/// A list in one form, of everything that was recorded.
async fn list_as(app: &TestApp, token: &str, accept: &str, path: &str) -> Reply {
    app.caught_up().await;
    let request = app.request(Method::GET, path).bearer_auth(token).header("Accept", accept);
    Reply::of(request).await
}

/// The lines of a sheet of comma-separated values, its heading first.
fn lines(text: &str) -> Vec<Vec<String>> {
    let reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let line = |line: csv::StringRecord| line.iter().map(str::to_owned).collect();
    reader.into_records().map(|read| line(read.unwrap())).collect()
}

/// Who was read, by what, as the auditor sees it.
async fn readings(app: &TestApp, id: &str) -> Vec<String> {
    let auditor = app.token(Role::Auditor).await;
    let told = app.get(&auditor, &format!("/v1/beneficiaries/{id}/access")).await.ok(200);
    let told = told["readings"].as_array().or(told["items"].as_array()).unwrap().clone();
    told.iter().map(|one| one["action"].as_str().unwrap().to_owned()).collect()
}

/// Nothing of a page stands in a program's words.
fn is_in_french(page: &str) {
    for part in page.split('<').filter_map(|part| {
        part.strip_prefix("th").or(part.strip_prefix("dt")).and_then(|part| part.split_once('>'))
    }) {
        assert!(!part.1.contains('_'), "{}", part.1);
        assert!(!part.1.chars().next().is_some_and(char::is_lowercase), "{}", part.1);
    }
}

async fn at_home(app: &TestApp, id: &str) {
    app.done(
        Role::Adviser,
        id,
        "update-identity",
        &json!({ "occurred_on": "2022-05-02", "identity": { "locality": LOCALITY } }),
    )
    .await;
}

crate::on_both_engines! {
    async fn a_worklist_names_people_to_those_who_work_with_them_and_each_reading_is_recorded(engine) {
        let clock = Clock::manual("2022-10-20T12:00:00Z".parse().unwrap());
        let app = TestApp::with(engine, clock, ServeLimits::default()).await;
        let programme = app.programme().await;
        let id = started(&app, &programme).await;
        let other = started(&app, &programme).await;
        at_home(&app, &id).await;
        let adviser = app.token(Role::Adviser).await;
        let visits = "/v1/worklists/due-visits";
        // Without being asked for, nobody is named, and nobody was read.
        let plain = list_as(&app, &adviser, "application/json", visits).await.ok(200);
        assert!(plain["items"][0].get("name").is_none() && plain["items"][0]["week"] == json!("2022-W22"), "{plain}");
        assert_eq!(readings(&app, &id).await.iter().filter(|one| *one == "identity").count(), 0);
        let named = list_as(&app, &adviser, "application/json", &format!("{visits}?identity=true&limit=1")).await.ok(200);
        let first = &named["items"][0];
        let read_before = readings(&app, &other).await.len();
        assert_eq!((&first["name"], &first["phone"]), (&json!(NAME), &json!(PHONE)));
        assert_eq!(named["items"].as_array().unwrap().len(), 1);
        // The whole list is kept, whatever a page would hold, by week and place; each person is read once.
        let sheet = list_as(&app, &adviser, "text/csv", &format!("{visits}?identity=true&limit=1")).await;
        assert_eq!(sheet.status, 200, "{sheet:?}");
        assert!(sheet.header("content-disposition").contains("due-visits.csv") && sheet.header("cache-control") == "no-store");
        let lines = lines(&sheet.text);
        assert_eq!(lines[0][..7], ["Semaine", "Village ou quartier", "Due le", "Échéance (mois)", "Référence", "Nom", "Téléphone"].map(str::to_owned));
        let places: Vec<&str> = lines[1..].iter().map(|line| line[1].as_str()).collect();
        assert_eq!(places, [LOCALITY, "", LOCALITY, "", LOCALITY, ""], "three visits of two people");
        assert_eq!(readings(&app, &other).await.len(), read_before + 2, "the sheet, and the auditor's own look before");
        let page = list_as(&app, &adviser, "text/html", &format!("{visits}?identity=true&region=segou")).await;
        assert!(page.header("content-type").starts_with("text/html") && page.header("content-security-policy").contains("default-src 'none'"));
        for told in [NAME, PHONE, "2022-W22", "Ségou", "données personnelles", "Visites de suivi à faire"] {
            assert!(page.text.contains(told), "{told}: {}", page.text);
        }
        is_in_french(&page.text);
        let book = app.request(Method::GET, &format!("{visits}?identity=true")).bearer_auth(&adviser).header("Accept", XLSX);
        let bytes = book.send().await.unwrap().bytes().await.unwrap();
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
        let sheets = book.sheet_names();
        let range = book.worksheet_range(&sheets[0]).unwrap();
        assert_eq!(range.height(), 7);
        assert!(range.rows().skip(1).all(|row| row.contains(&Data::String(NAME.into()))));
        // A list that begins in its middle is not whole.
        let cursor = named["next_cursor"].as_str().unwrap();
        let of_identity = async || readings(&app, &id).await.iter().filter(|one| *one == "identity").count();
        let before = of_identity().await;
        for accept in ["text/csv", "text/html"] {
            list_as(&app, &adviser, accept, &format!("{visits}?identity=true&cursor={cursor}")).await.problem(400, "bad-parameter");
        }
        assert_eq!(of_identity().await, before, "nobody is read for what is refused");
        let json = list_as(&app, &adviser, "application/json", &format!("{visits}?identity=true")).await;
        assert_eq!(json.header("cache-control"), "no-store");
        // Nobody else is told a name, and a list keeps to its reader's reach.
        for role in [Role::Committee, Role::Trainer, Role::Auditor, Role::Admin] {
            let token = app.token(role).await;
            for accept in ["application/json", "text/csv", "text/html", XLSX] {
                list_as(&app, &token, accept, &format!("{visits}?identity=true")).await.problem(403, "forbidden");
            }
            let plain = list_as(&app, &token, "text/csv", visits).await;
            assert!(plain.status == 200 && !plain.text.contains("Zoumbalé") && !plain.text.contains("Téléphone"), "{plain:?}");
        }
        let far = app.token_of("loin", Role::Adviser, region("mopti")).await;
        for accept in ["text/csv", "text/html"] {
            let reply = list_as(&app, &far, accept, &format!("{visits}?identity=true")).await;
            assert!(reply.status == 200 && !reply.text.contains(NAME), "{reply:?}");
        }
        list_as(&app, &adviser, "image/png", visits).await.problem(406, "not-acceptable");
        // An empty list without names has no column for them.
        let none = list_as(&app, &far, "text/html", visits).await;
        assert!(!none.text.contains("Nom</th>"), "{none:?}");
    }

    async fn arrears_are_told_with_amount_days_and_phone(engine) {
        let clock = Clock::manual("2022-10-20T12:00:00Z".parse().unwrap());
        let app = TestApp::with(engine, clock, ServeLimits::default()).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "un", 5_000_000).await;
        let schedule = [("2022-08-01", 60_000, 1_000), ("2022-10-20", 60_000, 1_000), ("2022-12-01", 60_000, 1_000)];
        let id = lend(&app, &programme, &fund, "2022-05-01", &schedule).await;
        pay_back(&app, &id, "2022-08-01", 20_000, 1_000).await;
        let finance = app.token(Role::Finance).await;
        let late = list_as(&app, &finance, "application/json", "/v1/worklists/overdue-repayments?identity=true").await.ok(200);
        let loan = &late["items"][0];
        // The second instalment is due today, and is late tomorrow.
        assert_eq!((&loan["amount_past_due"], &loan["days_past_due"], &loan["phone"]), (&json!(40_000), &json!(80), &json!(PHONE)));
        let page = list_as(&app, &finance, "text/html", "/v1/worklists/overdue-repayments?identity=true").await;
        assert!(page.text.contains("40\u{202f}000") && page.text.contains(PHONE), "{}", page.text);
        is_in_french(&page.text);
        // The money of somebody who was erased is owed still, and nobody is named.
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        let erased = list_as(&app, &finance, "application/json", "/v1/worklists/overdue-repayments?identity=true").await.ok(200);
        assert_eq!((&erased["items"][0]["name"], &erased["items"][0]["amount_past_due"]), (&Value::Null, &json!(40_000)));
        assert!(erased["items"][0].get("phone").is_none(), "{erased}");
    }

    async fn a_ranked_list_is_printed_and_who_waits_is_told_apart(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let mut ids = Vec::new();
        for score in [60, 90] {
            ids.push(interviewed(&app, &programme, "female", score).await);
        }
        app.caught_up().await;
        let body = json!({ "occurred_on": "2022-02-06", "session": "2022-02", "seats": 1, "entries": ids });
        of_programme(&app, Role::Committee, &programme, "rank-candidates", &body).await.ok(200);
        let committee = app.token(Role::Committee).await;
        let decision = |decision: &str| json!({ "occurred_on": "2022-02-20", "decision": decision, "method": "committee", "session": "2022-02" });
        app.command(&committee, &ids[1], "decide-selection", &decision("selected")).await.ok(200);
        app.command(&committee, &ids[0], "decide-selection", &decision("waitlisted")).await.ok(200);
        let path = format!("/v1/worklists/candidates?programme={programme}&session=2022-02");
        let page = list_as(&app, &committee, "text/html", &path).await;
        for told in ["Candidats par rang", "Rang", "Note sur 100", "90", "En liste d'attente"] {
            assert!(page.text.replace("&#39;", "'").contains(told), "{told}: {}", page.text);
        }
        is_in_french(&page.text);
        assert!(!page.text.contains("Zoumbalé"));
        let waiting = list_as(&app, &committee, "application/json", &format!("{path}&decision=waitlisted")).await.ok(200);
        let told: Vec<&Value> = waiting["items"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
        assert_eq!(told, [&json!(ids[0])]);
        let anywhere = format!("/v1/worklists/candidates?programme={programme}&decision=waitlisted");
        list_as(&app, &committee, "application/json", &anywhere).await.problem(400, "bad-parameter");
        let rank = list_as(&app, &committee, "application/json", &format!("{path}&decision=waitlisted")).await.ok(200);
        assert_eq!(rank["items"][0]["rank"], json!(2), "the rank is that of the whole list");
        list_as(&app, &committee, "application/json", &format!("{path}&identity=true")).await.problem(403, "forbidden");
        let director = app.token(Role::Director).await;
        let named = list_as(&app, &director, "text/csv", &format!("{path}&identity=true")).await;
        assert_eq!(named.text.matches(NAME).count(), 2);
    }

    async fn a_trainer_sees_the_names_of_the_own_group_and_of_no_other(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let cohort = app.cohort(&programme, "groupe-1", 10).await;
        let mut ids = Vec::new();
        for name in ["Awa Inventée", "Binta Inventée"] {
            let body = with(registration(&programme), "/identity/name", json!(name));
            let adviser = app.token(Role::Adviser).await;
            let id = app.post(&adviser, "/v1/beneficiaries", &body).await.ok(201)["id"].as_str().unwrap().to_owned();
            app.walk(&id, &steps(), "decide-selection").await;
            app.done(Role::Adviser, &id, "enrol-in-training", &json!({ "occurred_on": "2022-02-20", "cohort": cohort })).await;
            ids.push(id);
        }
        let trainer = app.token(Role::Trainer).await;
        let session = json!({ "occurred_on": "2022-02-21", "session": "s1", "on": "2022-03-01", "hours": 6, "module": "leadership" });
        app.command_of(&trainer, "cohorts", &cohort, "schedule-session", &session).await.ok(200);
        let members = format!("/v1/cohorts/{cohort}/members");
        let plain = list_as(&app, &trainer, "application/json", &members).await.ok(200);
        assert_eq!(plain["items"].as_array().unwrap().len(), 2);
        assert!(plain["items"][0].get("name").is_none());
        let sheet = format!("{members}?session=s1&identity=true");
        let page = list_as(&app, &trainer, "text/html", &sheet).await;
        for told in ["Feuille de présence", "Awa Inventée", "Binta Inventée", "Signature", "Leadership", "01/03/2022"] {
            assert!(page.text.contains(told), "{told}: {}", page.text);
        }
        is_in_french(&page.text);
        assert!(!page.text.contains(PHONE), "a trainer needs no phone");
        assert!(readings(&app, &ids[0]).await.contains(&"identity".to_owned()));
        let lines = ids.iter().map(|id| json!({ "beneficiary": id, "present": *id == ids[0] })).collect::<Vec<_>>();
        app.command_of(&trainer, "cohorts", &cohort, "record-register", &json!({ "session": "s1", "lines": lines })).await.ok(200);
        let told = list_as(&app, &trainer, "application/json", &sheet).await.ok(200);
        let present = told["items"].as_array().unwrap().iter().filter(|one| one["present"] == json!(true)).count();
        assert_eq!((present, &told["session_minutes"]), (1, &json!(360)));
        let minutes = list_as(&app, &trainer, "application/json", &members).await.ok(200);
        let minutes: Vec<_> = minutes["items"].as_array().unwrap().iter().map(|one| one["minutes_attended"].as_u64().unwrap()).collect();
        assert_eq!(minutes.iter().sum::<u64>(), 360);
        // A trainer of another group reads no name of this one, wherever they are.
        let stranger = app.token_of("autre-formateur", Role::Trainer, sira::grant::Scope::All).await;
        for accept in ["application/json", "text/csv", "text/html"] {
            list_as(&app, &stranger, accept, &sheet).await.problem(403, "forbidden");
        }
        let named = app.token_of("trainer", Role::Committee, sira::grant::Scope::All).await;
        list_as(&app, &named, "application/json", &sheet).await.problem(403, "forbidden");
        let far = app.token_of("loin", Role::Adviser, region("mopti")).await;
        list_as(&app, &far, "application/json", &sheet).await.problem(404, "not-found");
        list_as(&app, &trainer, "application/json", &format!("{members}?session=s9")).await.problem(404, "not-found");
        let adviser = app.token(Role::Adviser).await;
        assert!(list_as(&app, &adviser, "text/csv", &format!("{members}?identity=true")).await.text.contains(PHONE));
    }

    async fn a_paper_is_handed_over_and_checked_by_whoever_holds_it(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "un", 5_000_000).await;
        let id = lend(&app, &programme, &fund, "2022-05-01", &[("2022-09-01", 100_000, 0)]).await;
        let finance = app.token(Role::Finance).await;
        let papers = async || {
            let told = app.get(&finance, &format!("/v1/beneficiaries/{id}/papers")).await.ok(200);
            told["items"].as_array().unwrap().clone()
        };
        let all = papers().await;
        let kinds: Vec<&Value> = all.iter().map(|one| &one["kind"]).collect();
        assert_eq!(kinds, ["agreement", "payment_receipt"], "{all:?}");
        let check = async |code: &str, accept: &str| {
            Reply::of(app.request(Method::GET, &format!("/check/{code}")).header("Accept", accept)).await
        };
        for paper in &all {
            let (code, sequence) = (paper["code"].as_str().unwrap(), &paper["sequence"]);
            let page = app.get(&finance, &format!("/v1/beneficiaries/{id}/papers/{sequence}")).await;
            assert_eq!(page.status, 200, "{page:?}");
            for told in [NAME, code, &format!("https://sira.example/check/{code}"), "<svg", paper["label"].as_str().unwrap()] {
                assert!(page.text.contains(told), "{told}: {}", page.text);
            }
            is_in_french(&page.text);
            assert!(page.header("cache-control") == "no-store" && !page.text.contains("<script") && !page.text.contains("sealed:"));
            let genuine = check(code, "application/json").await.ok(200);
            let mut expected = json!({ "kind": paper["kind"], "occurred_on": paper["occurred_on"], "stands": true });
            if paper["kind"] == json!("payment_receipt") {
                expected["amount"] = json!(100_000);
            }
            assert_eq!(genuine, expected);
            // As it is typed by hand, and as a browser asks.
            let typed = code.to_lowercase().replace('0', "o").replace('-', "%20");
            assert_eq!(check(&typed, "application/json").await.ok(200), genuine);
            let browser = check(code, "text/html,*/*;q=0.8").await;
            assert!(browser.status == 200 && browser.text.contains("Document authentique") && !browser.text.contains(NAME), "{browser:?}");
        }
        assert_eq!(readings(&app, &id).await.iter().filter(|one| *one == "paper").count(), 2);
        let receipt = app.get(&finance, &format!("/v1/beneficiaries/{id}/papers/{}", all[1]["sequence"])).await;
        for told in ["100\u{202f}000", &format!("OM-{id}"), "01/05/2022"] {
            assert!(receipt.text.contains(told), "{told}: {}", receipt.text);
        }
        let agreement = app.get(&finance, &format!("/v1/beneficiaries/{id}/papers/{}", all[0]["sequence"])).await;
        for told in ["Crédit", "un", "100\u{202f}000\u{a0}francs CFA", "Échéancier", "01/09/2022"] {
            assert!(agreement.text.contains(told), "{told}: {}", agreement.text);
        }
        // Where a fact stands in the journal is in exports: a code does not tell it.
        let events = app.commands.journal().read_feed(sira_numbers::Position::START, 100).await.unwrap();
        let positions: Vec<u64> = events.iter().map(|event| event.position.get()).collect();
        let digits = |code: &str| code.bytes().filter_map(sira_domain::values::crockford_digit).take(8).fold(0, |sum, digit| sum << 5 | u64::from(digit));
        for paper in &all {
            assert!(!positions.contains(&digits(paper["code"].as_str().unwrap())), "{paper}");
        }
        // No code is made of another, and none is guessed from a place in the journal.
        let code = all[0]["code"].as_str().unwrap();
        for (place, _) in code.char_indices().filter(|(_, letter)| *letter != '-') {
            let letter = if &code[place..=place] == "7" { "8" } else { "7" };
            let forged = format!("{}{letter}{}", &code[..place], &code[place + 1..]);
            check(&forged, "application/json").await.problem(404, "not-found");
        }
        for none in ["0", "%C3%A9", &"7".repeat(200), "0000-0000-0000-0000-0000-0000"] {
            check(none, "application/json").await.problem(404, "not-found");
            let page = check(none, "text/html").await;
            assert!(page.status == 404 && page.text.contains("Code inconnu"), "{page:?}");
        }
        // Who may not open a name prints none, and no fact gives a paper that is not one.
        for role in [Role::Committee, Role::Trainer, Role::Auditor, Role::Admin, Role::Analyst, Role::Donor] {
            let token = app.token(role).await;
            app.get(&token, &format!("/v1/beneficiaries/{id}/papers/{}", all[0]["sequence"])).await.problem(403, "forbidden");
        }
        let far = app.token_of("loin", Role::Adviser, region("mopti")).await;
        app.get(&far, &format!("/v1/beneficiaries/{id}/papers/{}", all[0]["sequence"])).await.problem(404, "not-found");
        app.get(&finance, &format!("/v1/beneficiaries/{id}/papers/1")).await.problem(404, "not-found");
        // A payment that is undone has a receipt no longer, and the paper that is out says so.
        let undo = json!({ "occurred_on": "2022-05-03", "sequence": all[1]["sequence"], "ground": "bounced", "payment_reference": "ANN-1" });
        let other = app.token_of("seconde", Role::Finance, sira::grant::Scope::All).await;
        app.command(&other, &id, "reverse-disbursement", &undo).await.ok(200);
        let undone = check(all[1]["code"].as_str().unwrap(), "application/json").await.ok(200);
        assert_eq!(undone["stands"], json!(false));
        assert!(!papers().await.iter().any(|one| one["kind"] == json!("payment_receipt")));
        // A certificate tells modules and hours.
        let trained = started(&app, &programme).await;
        let papers = app.get(&finance, &format!("/v1/beneficiaries/{trained}/papers")).await.ok(200);
        assert_eq!(papers["items"][0]["kind"], json!("certificate"));
        let page = app.get(&finance, &format!("/v1/beneficiaries/{trained}/papers/{}", papers["items"][0]["sequence"])).await;
        for told in ["a suivi et achevé", "Leadership", "Durée suivie", "16 h 00"] {
            assert!(page.text.contains(told), "{told}: {}", page.text);
        }
        // Of somebody who was erased no paper is printed; the one that is out is genuine all the same.
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        app.get(&finance, &format!("/v1/beneficiaries/{id}/papers/{}", all[0]["sequence"])).await.problem(404, "not-found");
        assert_eq!(check(code, "application/json").await.ok(200)["stands"], json!(true));
    }

    async fn every_list_is_printed_in_the_words_of_its_readers(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let waiting = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        app.walk(&waiting, &steps(), "submit-idea").await;
        let director = app.token(Role::Director).await;
        for (list, told) in [
            ("awaiting-decision", &["Parcours en attente d'une décision", "Éligibilité", "Recrutement"][..]),
            ("stalled?days=0", &["Parcours sans activité", "Jours au moins"][..]),
            ("referrals", &["Orientations sans suite connue", "Rien à montrer."][..]),
            ("transfers", &["Transferts à accepter"][..]),
            ("applications?refused=true", &["Candidatures reçues", "<dt>Refusées</dt><dd>oui</dd>"][..]),
        ] {
            let page = list_as(&app, &director, "text/html", &format!("/v1/worklists/{list}")).await;
            assert_eq!(page.status, 200, "{list}: {page:?}");
            for told in told {
                assert!(page.text.replace("&#39;", "'").contains(told), "{told}: {}", page.text);
            }
            is_in_french(&page.text);
            for word in [">eligibility<", ">recruitment<", ">active<", ">true<", ">false<"] {
                assert!(!page.text.contains(word), "{word}: {}", page.text);
            }
            let csv = list_as(&app, &director, "text/csv", &format!("/v1/worklists/{list}")).await;
            assert_eq!(csv.status, 200, "{list}: {csv:?}");
        }
    }

    async fn a_training_that_was_done_elsewhere_is_certified_by_nobody_here(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        app.walk(&id, &steps_with_recognised_training(), "recognise-training").await;
        let director = app.token(Role::Director).await;
        let papers = app.get(&director, &format!("/v1/beneficiaries/{id}/papers")).await.ok(200);
        assert_eq!(papers["items"], json!([]));
    }

    async fn a_visit_that_is_due_by_the_rules_of_the_start_can_be_told_under_later_ones(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = started(&app, &programme).await;
        let rules = json!({ "occurred_on": "2022-05-15", "effective_from": "2022-05-15", "rules": { "follow_up_months": [2, 6] } });
        of_programme(&app, Role::Director, &programme, "set-rules", &rules).await.ok(200);
        let visit = |on: &str, milestone: u32| json!({ "occurred_on": on, "milestone": milestone, "business_status": "trading" });
        app.done(Role::Adviser, &id, "record-visit", &visit("2022-07-01", 2)).await;
        app.done(Role::Adviser, &id, "record-visit", &visit("2022-08-01", 3)).await;
        let adviser = app.token(Role::Adviser).await;
        let unknown = app.command(&adviser, &id, "record-visit", &visit("2022-09-01", 4)).await;
        assert_eq!(unknown.error(409, "refused").1, "unknown_item");
        app.caught_up().await;
        let director = app.token(Role::Director).await;
        let told = app.get(&director, "/v1/analytics/indicators?name=visits_on_time&from=2022-06-01&to=2022-08-31").await.ok(200);
        // Due by the rules of the start were those of one and three months.
        assert_eq!((&told["rows"][0]["numerator"], &told["rows"][0]["denominator"]), (&json!(1), &json!(2)));
    }
}
