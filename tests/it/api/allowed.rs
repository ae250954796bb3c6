//! Which commands may be given now: what is said beforehand is what the decision says.

use serde_json::{Value, json};
use sira::commands::{Aggregate, AllowedCommand, Call, CommandError};
use sira::grant::Scope;
use sira_domain::cohort::Cohort;
use sira_domain::fund::Fund;
use sira_domain::path::Beneficiary;
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use uuid::Uuid;

use super::app::{self, TestApp};

fn call(role: Role) -> Call {
    Call::local(ActorId::try_new("somebody").unwrap(), role, "request".to_owned())
}

async fn allowed<A: Aggregate>(app: &TestApp, id: &str, role: Role) -> Vec<AllowedCommand> {
    app.commands.allowed::<A>(id.parse().unwrap(), &call(role)).await.unwrap()
}

/// The rule that forbids a command, if any does; the command has to be one of the role's.
async fn refusal(app: &TestApp, id: &str, role: Role, word: &str) -> Option<Refusal> {
    let all = allowed::<Beneficiary>(app, id, role).await;
    all.into_iter().find(|command| command.word == word).unwrap().refusal
}

crate::on_both_engines! {
    async fn each_step_of_a_path_is_allowed_when_its_turn_has_come(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let steps = app::steps();
        for (number, (role, word, body)) in steps.iter().enumerate() {
            assert_eq!(refusal(&app, &id, *role, word).await, None, "{word}");
            // Whatever is forbidden beforehand is refused by the same rule when it is given.
            for (later_role, later, later_body) in &steps[number..] {
                let Some(refusal) = refusal(&app, &id, *later_role, later).await else { continue };
                let token = app.token(*later_role).await;
                let reply = app.command(&token, &id, later, later_body).await;
                assert_eq!(reply.error(409, "refused").1, refusal.rule(), "{later} before {word}");
            }
            app.done(*role, &id, word, body).await;
        }
    }

    async fn a_person_who_is_erased_takes_no_note(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        assert_eq!(refusal(&app, &id, Role::Adviser, "add-note").await, None);
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        assert_eq!(refusal(&app, &id, Role::Adviser, "add-note").await, Some(Refusal::Erased));
    }

    async fn the_other_streams_say_theirs_to_each_role(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let cohort = app.cohort(&programme, "c1", 20).await;
        let fund = app.fund(&programme, "f1", 1_000_000).await;
        let words = |commands: Vec<AllowedCommand>| -> Vec<&str> {
            let open = commands.into_iter().filter(|command| command.refusal.is_none());
            open.map(|command| command.word).collect()
        };
        let director = Role::Director;
        assert_eq!(words(allowed::<Fund>(&app, &fund, director).await), ["adjust-budget", "amend-fund", "retract", "close-fund"]);
        assert_eq!(words(allowed::<Fund>(&app, &fund, Role::Adviser).await), [""; 0]);
        let trainer = allowed::<Cohort>(&app, &cohort, Role::Trainer).await;
        assert!(trainer.iter().any(|command| command.word == "schedule-session" && command.refusal.is_none()));
        let of_programme = words(allowed::<Programme>(&app, &programme, director).await);
        assert!(of_programme.contains(&"open-office") && !of_programme.contains(&"sign-convention"));
        let body: Value = json!({});
        let token = app.token(director).await;
        app.command_of(&token, "funds", &fund, "close-fund", &body).await.ok(200);
        assert_eq!(words(allowed::<Fund>(&app, &fund, director).await), ["retract"]);
    }

    async fn nothing_is_said_of_a_stream_out_of_reach(engine) {
        let app = TestApp::on(engine).await;
        let id: Uuid = app.registered().await.parse().unwrap();
        let elsewhere = Call { scope: app::region("kayes"), ..call(Role::Adviser) };
        let said = app.commands.allowed::<Beneficiary>(id, &elsewhere).await;
        assert!(matches!(said, Err(CommandError::NotFound)));
        let within = Call { scope: app::region("segou"), ..call(Role::Adviser) };
        assert!(app.commands.allowed::<Beneficiary>(id, &within).await.is_ok());
        let nobody = app.commands.allowed::<Beneficiary>(Uuid::nil(), &call(Role::Adviser)).await;
        assert!(matches!(nobody, Err(CommandError::NotFound)));
        let donor = Call { scope: Scope::Funds(Vec::new()), ..call(Role::Donor) };
        assert!(app.commands.allowed::<Beneficiary>(id, &donor).await.is_err());
    }
}
