//! The four aggregates of the domain in a stock `CqrsFramework` on the journal, on both engines.

use std::collections::HashMap;
use std::sync::Arc;

use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use cqrs_es::{Aggregate, AggregateContext, AggregateError, CqrsFramework, EventStore};
use futures::future::join_all;
use serde_json::{Value, json};
use sira::journal::framework::{JournalEventStore, JournalRepository};
use sira_domain::cohort::{Cohort, CohortCommand};
use sira_domain::context::Context;
use sira_domain::fund::{Fund, FundCommand};
use sira_domain::path::{Beneficiary, BeneficiaryCommand};
use sira_domain::programme::{Programme, ProgrammeCommand};
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::upcast::upcasters;
use uuid::Uuid;

use crate::on_both_engines;

fn context(role: Role, programme: Programme) -> Context {
    Context {
        now: "2026-06-01T09:00:00Z".parse().unwrap(),
        occurred_on: Some("2022-03-01".parse().unwrap()),
        backdating_reason: None,
        actor: "awa".parse().unwrap(),
        role,
        subject: Uuid::nil(),
        programme: Arc::new(programme),
    }
}

fn framework<A: Aggregate<Services = Context>>(
    store: &JournalEventStore,
    role: Role,
    programme: &Programme,
) -> CqrsFramework<A, JournalEventStore> {
    CqrsFramework::new(store.clone(), vec![], context(role, programme.clone()))
}

/// What `CqrsFramework` gives to whoever wants to see the state.
async fn load<A: Aggregate>(store: &JournalEventStore, id: &str) -> (u64, Value) {
    let mut loaded = EventStore::<A>::load_aggregate(store, id).await.unwrap();
    let version = loaded.version();
    (version.get(), serde_json::to_value(AggregateContext::<A>::aggregate(&mut loaded)).unwrap())
}

fn convention() -> Value {
    json!({"name": "Convention ANPE - Think Peace", "signed_on": "2021-07-06", "term_years": 3,
           "renewable": true, "parties": [{"name": "ANPE Mali", "role": "agency"}]})
}

fn office() -> Value {
    json!({"office": "segou", "name": "Ségou", "region": "segou"})
}

fn registration(programme: &str) -> Value {
    json!({"programme": programme, "office": "segou", "region": "segou", "cercle": "Ségou",
           "intake": "open_call", "channel": "office", "sex": "female", "birth_year": 2001,
           "education": "2", "displaced": false, "reference": "0000-0001-1",
           "consent": {"scope": "programme", "text_version": "fr-1", "method": "written"},
           "identity": sealed()})
}

/// A sealed text, which nobody opens here.
fn sealed() -> Value {
    json!("sealed:v1:00000000000000000000000000000001:c2VhbGVk")
}

fn fund(programme: &str) -> Value {
    json!({"programme": programme, "code": "bailleur", "donor": "Bailleur", "budget": 1_000,
           "period": {"from": "2022-01-01", "to": "2023-12-31"}})
}

fn cohort(programme: &str) -> Value {
    json!({"programme": programme, "code": "g1", "office": "segou", "centre": "Centre", "capacity": 2,
           "modules": ["leadership"], "trainer": "formatrice",
           "period": {"from": "2022-03-01", "to": "2022-04-30"}})
}

async fn sign(store: &JournalEventStore, id: &str) -> Programme {
    let director = framework::<Programme>(store, Role::Director, &Programme::default());
    for (word, body) in [("sign-convention", convention()), ("open-office", office())] {
        let command = ProgrammeCommand::parse(word, body).unwrap().unwrap();
        director.execute(id, command).await.unwrap();
    }
    serde_json::from_value(load::<Programme>(store, id).await.1).unwrap()
}

on_both_engines! {
    async fn each_aggregate_runs_in_a_stock_framework(engine) {
        let journal = engine.journal().await;
        let store = JournalEventStore::new(journal.clone()).with_upcasters(upcasters());
        let [home, person, group, purse] = [(); 4].map(|()| Uuid::now_v7().to_string());
        let programme = sign(&store, &home).await;
        assert_eq!(load::<Programme>(&store, &home).await.0, 2);

        let adviser = framework::<Beneficiary>(&store, Role::Adviser, &programme);
        let metadata = HashMap::from([("actor".to_owned(), "awa".to_owned())]);
        for (word, body) in [
            ("register", registration(&home)),
            ("submit-idea", json!({"title": sealed(), "sector": "C", "start_up_cost": 450_000, "jobs_expected": 3})),
            ("assess-eligibility", json!({})),
        ] {
            let command = BeneficiaryCommand::parse(word, body).unwrap().unwrap();
            adviser.execute_with_metadata(&person, command, metadata.clone()).await.unwrap();
        }
        let twice = BeneficiaryCommand::parse("assess-eligibility", json!({})).unwrap().unwrap();
        let before = load::<Beneficiary>(&store, &person).await;
        // Said again it is no event; refused it is the domain's own refusal.
        let again = adviser.execute(&person, twice).await;
        assert!(matches!(again, Ok(()) | Err(AggregateError::UserError(_))), "{again:?}");
        assert_eq!(load::<Beneficiary>(&store, &person).await, before);

        let director = framework::<Cohort>(&store, Role::Director, &programme);
        let session = json!({"session": "s1", "on": "2022-03-02", "hours": 6, "module": "leadership"});
        let session = CohortCommand::parse("schedule-session", session).unwrap().unwrap();
        let refused = director.execute(&group, session.clone()).await;
        assert!(matches!(refused, Err(AggregateError::UserError(Refusal::NotRegistered))), "{refused:?}");
        let planning = CohortCommand::parse("plan-cohort", cohort(&home)).unwrap().unwrap();
        director.execute(&group, planning).await.unwrap();
        director.execute(&group, session).await.unwrap();
        assert_eq!(load::<Cohort>(&store, &group).await.0, 2);

        let director = framework::<Fund>(&store, Role::Director, &programme);
        let opening = FundCommand::parse("open-fund", fund(&home)).unwrap().unwrap();
        director.execute(&purse, opening).await.unwrap();
        assert_eq!(load::<Fund>(&store, &purse).await.0, 1);

        // As the stock repository reads them, and as our own does.
        let repository = JournalRepository::new(journal.clone());
        let events = repository.get_events::<Beneficiary>(&person).await.unwrap();
        assert_eq!(events.len(), 3);
        assert!(events.iter().all(|event| event.metadata == json!({"actor": "awa"})));
        crate::journal::audit(&journal).await;
    }

    async fn whoever_loses_a_race_is_told_a_conflict_and_wins_when_trying_again(engine) {
        const CALLERS: u64 = 12;
        let (one, other) = (engine.journal().await, engine.journal().await);
        let stores = [&one, &other].map(|journal| JournalEventStore::new(journal.clone()));
        let home = Uuid::now_v7().to_string();
        let programme = sign(&stores[0], &home).await;
        let purse = Uuid::now_v7().to_string();
        let director = framework::<Fund>(&stores[0], Role::Director, &programme);
        let opening = FundCommand::parse("open-fund", fund(&home)).unwrap().unwrap();
        director.execute(&purse, opening).await.unwrap();
        // Two processes, each with callers that all decide on what they have just read.
        let raise = async |caller: u64| {
            let store = &stores[usize::from(caller.is_multiple_of(2))];
            let director = framework::<Fund>(store, Role::Director, &programme);
            let (mut conflicts, budget) = (0_u64, json!({"budget": 2_000 + caller, "amendment": "avenant"}));
            loop {
                let command = FundCommand::parse("adjust-budget", budget.clone()).unwrap().unwrap();
                match director.execute(&purse, command).await {
                    Ok(()) => return conflicts,
                    Err(AggregateError::AggregateConflict) => conflicts += 1,
                    Err(error) => panic!("{error:?}"),
                }
            }
        };
        let conflicts: u64 = join_all((0..CALLERS).map(raise)).await.into_iter().sum();
        assert!(conflicts > 0, "nobody raced");
        assert_eq!(load::<Fund>(&stores[1], &purse).await.0, 1 + CALLERS);
        crate::journal::audit(&one).await;
    }

    async fn a_stock_event_store_and_ours_run_on_one_stream(engine) {
        let journal = engine.journal().await;
        let store = JournalEventStore::new(journal.clone());
        let home = Uuid::now_v7().to_string();
        sign(&store, &home).await;
        let stock = PersistedEventStore::new_event_store(JournalRepository::new(journal.clone()))
            .with_upcasters(upcasters());
        let context = context(Role::Director, Programme::default());
        let director = CqrsFramework::<Programme, _>::new(stock, vec![], context);
        let more = json!({"office": "mopti", "name": "Mopti", "region": "mopti"});
        let command = ProgrammeCommand::parse("open-office", more).unwrap().unwrap();
        director.execute(&home, command).await.unwrap();
        let (version, state) = load::<Programme>(&store, &home).await;
        assert_eq!(version, 3);
        assert!(state.to_string().contains("Mopti"));
    }
}
