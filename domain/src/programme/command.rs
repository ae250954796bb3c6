//! What can be asked of a programme, and how it is decided.

use super::call::{self, CallEnd, OpenCall};
use super::commitment::{
    self, Commitment, CommitmentChange, CommitmentRequest, Fulfilment, Review,
};
use super::event::{
    Convention, Lottery, LotteryDraw, Office, OfficeAmendment, OfficeName, ProgrammeEvent,
    ProgrammeFact, Renewal, RulesRequest, Target,
};
use super::ranking::RankingRequest;
use super::selection::SELECTION_RULES_MAX;
use super::staff::{self, StaffNameErasure, StaffNameRequest, StaffPost, StaffPostEnd};
use super::{Programme, Reporting, RuleSet, gate, lottery, ranking, retract};
use crate::catalogue::commands;
use crate::context::Context;
use crate::jurisdiction::Ground;
use crate::reference::RegionCode;
use crate::refusal::{Item, Refusal, check_items};
use crate::retraction::ClearRetraction;
use crate::values::OfficeCode;
use uuid::Uuid;

/// Most parties to a convention.
const PARTIES_MAX: usize = 20;

commands! {
    /// A command to a programme.
    #[expect(clippy::large_enum_variant, reason = "rules are set a few times in a programme's life")]
    ProgrammeCommand, ProgrammeVerb, PROGRAMME_COMMANDS;
    SignConvention(Convention) "sign-convention" "convention" [Admin, Director] Everywhere sealed[]
        "Signe la convention : le programme commence.", "Signs the convention: the programme begins.";
    RenewConvention(Renewal) "renew-convention" "convention" [Admin, Director] Everywhere sealed[]
        "Reconduit la convention.", "Renews the convention.";
    SetRules(RulesRequest) "set-rules" "rules" [Admin, Director] Everywhere sealed[]
        "Fixe les règles à partir d'une date.", "Sets the rules from a day on.";
    SetTarget(Target) "set-target" "rules" [Admin, Director] NamedRegion sealed[]
        "Fixe une cible.", "Sets a target.";
    OpenOffice(Office) "open-office" "offices" [Admin, Director] NamedOffice sealed[]
        "Ouvre une antenne.", "Opens an office.";
    CloseOffice(OfficeName) "close-office" "offices" [Admin, Director] NamedOffice sealed[]
        "Ferme une antenne.", "Closes an office.";
    AddStaff(StaffPost) "add-staff" "staff" [Admin, Director] NamedOffice sealed["sealed_name"]
        "Inscrit un poste à l'annuaire du personnel : qui, dans quel rôle, à quelle antenne, depuis quand.",
        "Adds a post to the directory of the staff: who, in which role, at which office, since when.";
    EndStaff(StaffPostEnd) "end-staff" "staff" [Admin, Director] NamedOffice sealed[]
        "Met fin à un poste de l'annuaire du personnel.", "Ends a post of the directory of the staff.";
    EraseStaffName(StaffNameRequest) "erase-staff-name" "staff" [Admin, Director] Everywhere sealed[]
        "Efface le nom scellé d'un agent : sa clé est détruite.",
        "Erases the sealed name of a member of the staff: its key is destroyed.";
    AmendOffice(OfficeAmendment) "amend-office" "offices" [Admin, Director] NamedOffice sealed[]
        "Corrige le nom d'une antenne.", "Corrects the name of an office.";
    Retract(ClearRetraction) "retract" "convention" [Admin, Director] Everywhere sealed[]
        "Retire un événement du programme enregistré par erreur ; il reste dans l'historique.",
        "Retracts an event of the programme recorded in error; it stays in the history.";
    RecordLottery(Lottery) "record-lottery" "selection" [Admin, Director] Everywhere sealed[]
        "Enregistre un tirage au sort public.", "Records a public lottery.";
    OpenCall(OpenCall) "open-call" "recruitment" [Admin, Director] Everywhere sealed[]
        "Ouvre l'appel à candidatures : qui n'a pas de compte peut se porter candidat.",
        "Opens the call: people without an account may apply.";
    CloseCall(CallEnd) "close-call" "recruitment" [Admin, Director] Everywhere sealed[]
        "Clôt l'appel à candidatures.", "Closes the call.";
    RecordCommitment(CommitmentRequest) "record-commitment" "convention" [Admin, Director] Everywhere sealed[]
        "Enregistre l'engagement d'une partie.", "Records the commitment of a party.";
    FulfilCommitment(Fulfilment) "fulfil-commitment" "convention" [Admin, Director] Everywhere sealed[]
        "Constate qu'un engagement est tenu.", "States that a commitment is kept.";
    ReopenCommitment(CommitmentChange) "reopen-commitment" "convention" [Admin, Director] Everywhere sealed[]
        "Rouvre un engagement dit tenu par erreur.", "Opens a commitment again that was called kept by mistake.";
    WithdrawCommitment(CommitmentChange) "withdraw-commitment" "convention" [Admin, Director] Everywhere sealed[]
        "Retire un engagement.", "Withdraws a commitment.";
    ReviewConvention(Review) "review-convention" "convention" [Admin, Director] Everywhere sealed[]
        "Enregistre une revue de la convention par les parties.", "Records a review of the convention by its parties.";
    RankCandidates(RankingRequest) "rank-candidates" "selection" [Committee, Director] NamedRegion sealed[]
        "Arrête la liste classée des candidats d'une session, avec ses places.",
        "Closes the ranked list of a session's candidates, with its places.";
}

/// Takes a command to events; none when it has already happened.
///
/// # Errors
/// The rule that forbids it.
pub fn decide(
    programme: &Programme,
    command: ProgrammeCommand,
    context: &Context,
) -> Result<Vec<ProgrammeEvent>, Refusal> {
    let events = events_of(programme, command, context)?;
    events.iter().try_for_each(|event| check_order(programme, event))?;
    Ok(events)
}

/// An office is not opened again before it was closed, and a list is drawn once. It is asked of commands alone: a journal from before
/// it was asked stays lawful.
fn check_order(programme: &Programme, event: &ProgrammeEvent) -> Result<(), Refusal> {
    if let ProgrammeFact::LotteryDrawn(draw) = &event.fact {
        return lottery::check_list(programme, draw);
    }
    let ProgrammeFact::OfficeOpened(office) = &event.fact else { return Ok(()) };
    let closed = programme.office(&office.office).and_then(|known| known.closed_on);
    match closed.filter(|closed| event.occurred_on < *closed) {
        Some(earliest) => {
            Err(Refusal::TooEarly { field: "occurred_on", given: event.occurred_on, earliest })
        }
        None => Ok(()),
    }
}

fn events_of(
    programme: &Programme,
    command: ProgrammeCommand,
    context: &Context,
) -> Result<Vec<ProgrammeEvent>, Refusal> {
    let occurred_on = context.day()?;
    let gate = gate::check(programme, command.verb());
    // A retry is an answer even where the gate has closed since.
    let fact =
        propose(programme, command, context).map_err(|why| gate.clone().err().unwrap_or(why))?;
    let Some(fact) = fact else { return Ok(Vec::new()) };
    gate?;
    Ok(vec![ProgrammeEvent { occurred_on, by: context.actor.clone(), fact }])
}

/// The ground that a command to the programme `id` is given on.
#[must_use]
pub fn ground(id: Uuid, programme: &Programme, command: &ProgrammeCommand) -> Ground {
    let named = |office: &OfficeCode, region: Option<RegionCode>| Ground::Office {
        programme: id,
        office: office.clone(),
        region,
    };
    // A post at no office in particular is at all of them.
    let post = |office: &Option<OfficeCode>| match office {
        Some(office) => named(office, programme.region_of(office)),
        None => Ground::Everywhere,
    };
    match command {
        ProgrammeCommand::AddStaff(new) => post(&new.office),
        ProgrammeCommand::EndStaff(end) => post(&end.office),
        // A code that is known already stands where it stood: the body does not say whose it is.
        ProgrammeCommand::OpenOffice(office) => {
            let known = programme.offices.get(&office.office);
            let region = known.map_or(office.region, |known| known.office.region);
            named(&office.office, Some(region))
        }
        ProgrammeCommand::CloseOffice(name) => {
            let known = programme.offices.get(&name.office);
            named(&name.office, known.map(|known| known.office.region))
        }
        ProgrammeCommand::AmendOffice(amendment) => {
            let known = programme.offices.get(&amendment.office);
            named(&amendment.office, known.map(|known| known.office.region))
        }
        ProgrammeCommand::SetTarget(target) => Ground::of_regions(target.region),
        ProgrammeCommand::SignConvention(_)
        | ProgrammeCommand::RenewConvention(_)
        | ProgrammeCommand::SetRules(_)
        | ProgrammeCommand::RecordLottery(_)
        | ProgrammeCommand::OpenCall(_)
        | ProgrammeCommand::CloseCall(_)
        | ProgrammeCommand::RecordCommitment(_)
        | ProgrammeCommand::FulfilCommitment(_)
        | ProgrammeCommand::ReopenCommitment(_)
        | ProgrammeCommand::WithdrawCommitment(_)
        | ProgrammeCommand::Retract(_)
        | ProgrammeCommand::EraseStaffName(_)
        | ProgrammeCommand::ReviewConvention(_) => Ground::Everywhere,
        ProgrammeCommand::RankCandidates(request) => Ground::of_regions(request.region),
    }
}

/// Asks whether `event` may follow in this programme's stream: whether the command that leads to it, given
/// again in the same context, leads to it again. What an audit asks of every event.
///
/// # Errors
/// The rule that forbids it; [`Refusal::Differs`] when the command leads to something else, or to
/// nothing, since it had happened already.
pub fn may_follow(
    programme: &Programme,
    event: &ProgrammeEvent,
    context: &Context,
) -> Result<(), Refusal> {
    let decided = events_of(programme, command_of(event.fact.clone()), context)?;
    if decided.as_slice() == std::slice::from_ref(event) {
        return Ok(());
    }
    Err(Refusal::Differs { item: Item::Event, name: event.fact.event_type().to_owned() })
}

/// Asks whether an event may follow in `programme`, on its own day and by whoever recorded it.
pub(super) fn leads_to_itself(
    programme: &Programme,
    event: &ProgrammeEvent,
    context: &Context,
) -> Result<(), Refusal> {
    let (occurred_on, actor) = (Some(event.occurred_on), event.by.clone());
    may_follow(programme, event, &Context { occurred_on, actor, ..context.clone() })
}

/// The command that leads to a fact.
fn command_of(fact: ProgrammeFact) -> ProgrammeCommand {
    match fact {
        ProgrammeFact::ConventionSigned(convention) => ProgrammeCommand::SignConvention(convention),
        ProgrammeFact::ConventionRenewed(renewal) => ProgrammeCommand::RenewConvention(renewal),
        ProgrammeFact::RulesSet(RuleSet { effective_from, rules, .. }) => {
            ProgrammeCommand::SetRules(RulesRequest { effective_from, rules })
        }
        ProgrammeFact::TargetSet(target) => ProgrammeCommand::SetTarget(target),
        ProgrammeFact::OfficeOpened(office) => ProgrammeCommand::OpenOffice(office),
        ProgrammeFact::OfficeClosed(name) => ProgrammeCommand::CloseOffice(name),
        ProgrammeFact::StaffPostAdded(post) => ProgrammeCommand::AddStaff(post),
        ProgrammeFact::StaffPostEnded(end) => ProgrammeCommand::EndStaff(end),
        ProgrammeFact::StaffNameErased(StaffNameErasure { actor, .. }) => {
            ProgrammeCommand::EraseStaffName(StaffNameRequest { actor })
        }
        ProgrammeFact::CallOpened(call) => ProgrammeCommand::OpenCall(call),
        ProgrammeFact::CallClosed(end) => ProgrammeCommand::CloseCall(end),
        ProgrammeFact::CommitmentRecorded(Commitment {
            party, what, indicator, due_on, ..
        }) => {
            let request = CommitmentRequest { party, what, indicator, due_on };
            ProgrammeCommand::RecordCommitment(request)
        }
        ProgrammeFact::CommitmentFulfilled(done) => ProgrammeCommand::FulfilCommitment(done),
        ProgrammeFact::CommitmentReopened(change) => ProgrammeCommand::ReopenCommitment(change),
        ProgrammeFact::CommitmentWithdrawn(change) => ProgrammeCommand::WithdrawCommitment(change),
        ProgrammeFact::ConventionReviewed(review) => ProgrammeCommand::ReviewConvention(review),
        ProgrammeFact::CandidatesRanked(list) => {
            ProgrammeCommand::RankCandidates(ranking::request_of(list))
        }
        ProgrammeFact::LotteryDrawn(LotteryDraw { session, entries, seed, places, .. }) => {
            ProgrammeCommand::RecordLottery(Lottery { session, entries, seed, places })
        }
        ProgrammeFact::OfficeAmended(amendment) => ProgrammeCommand::AmendOffice(amendment),
        ProgrammeFact::ProgrammeFactRetracted(retraction) => ProgrammeCommand::Retract(retraction),
    }
}

fn propose(
    programme: &Programme,
    command: ProgrammeCommand,
    context: &Context,
) -> Result<Option<ProgrammeFact>, Refusal> {
    match command {
        ProgrammeCommand::SignConvention(convention) => sign(programme, convention, context),
        ProgrammeCommand::RenewConvention(renewal) => {
            Ok(Some(ProgrammeFact::ConventionRenewed(renewal)))
        }
        ProgrammeCommand::SetRules(request) => set_rules(programme, request),
        ProgrammeCommand::SetTarget(target) => {
            let stands = programme.targets.contains(&target);
            Ok((!stands).then_some(ProgrammeFact::TargetSet(target)))
        }
        ProgrammeCommand::OpenOffice(office) => open_office(programme, office, context),
        ProgrammeCommand::CloseOffice(name) => close_office(programme, name, context),
        ProgrammeCommand::RecordLottery(lottery) => record_lottery(programme, lottery),
        ProgrammeCommand::AddStaff(post) => staff::add(programme, post, context),
        ProgrammeCommand::EndStaff(end) => staff::end(programme, end),
        ProgrammeCommand::EraseStaffName(request) => staff::erase(programme, request),
        ProgrammeCommand::OpenCall(call) => call::open(programme, call, context),
        ProgrammeCommand::CloseCall(_) => call::close(programme, context),
        ProgrammeCommand::RecordCommitment(asked) => commitment::record(programme, asked, context),
        ProgrammeCommand::FulfilCommitment(done) => commitment::fulfil(programme, done, context),
        ProgrammeCommand::ReopenCommitment(change) => {
            commitment::reopen(programme, change, context)
        }
        ProgrammeCommand::WithdrawCommitment(change) => {
            commitment::withdraw(programme, change, context)
        }
        ProgrammeCommand::ReviewConvention(review) => {
            commitment::review(programme, review, context)
        }
        ProgrammeCommand::RankCandidates(request) => {
            Ok(ranking::record(programme, request)?.map(ProgrammeFact::CandidatesRanked))
        }
        ProgrammeCommand::AmendOffice(amendment) => amend_office(programme, amendment),
        ProgrammeCommand::Retract(retraction) if programme.is_retracted(retraction.sequence) => {
            Ok(None)
        }
        ProgrammeCommand::Retract(retraction) => {
            retract::check(programme, retraction.sequence, context)?;
            Ok(Some(ProgrammeFact::ProgrammeFactRetracted(retraction)))
        }
    }
}

fn sign(
    programme: &Programme,
    convention: Convention,
    context: &Context,
) -> Result<Option<ProgrammeFact>, Refusal> {
    match &programme.convention {
        Some(signed) if *signed == convention => return Ok(None),
        Some(signed) => {
            return Err(Refusal::Differs { item: Item::Convention, name: signed.name.to_string() });
        }
        None => {}
    }
    check_items(convention.parties.len(), PARTIES_MAX)?;
    if convention.signed_on > context.today() {
        let (given, today) = (convention.signed_on, context.today());
        return Err(Refusal::InFuture { field: "signed_on", given, today });
    }
    Ok(Some(ProgrammeFact::ConventionSigned(convention)))
}

fn set_rules(
    programme: &Programme,
    request: RulesRequest,
) -> Result<Option<ProgrammeFact>, Refusal> {
    let RulesRequest { effective_from, rules } = request;
    for (age, field) in [(rules.age_women, "age_women"), (rules.age_men, "age_men")] {
        if age.max < age.min {
            return Err(Refusal::Disagree { field, other: "min, max" });
        }
    }
    // A week tells more of each of the few who changed in one: who takes that on says why.
    if (rules.figures_published == Some(Reporting::Week)) != rules.figures_reason.is_some() {
        return Err(Refusal::Disagree { field: "figures_published", other: "figures_reason" });
    }
    if rules.plausibility.is_some_and(|bounds| !bounds.is_in_order()) {
        return Err(Refusal::Disagree { field: "warn_above", other: "refuse_above" });
    }
    for given in [rules.tie_breakers.len(), rules.selection_quotas.len()] {
        check_items(given.max(1), SELECTION_RULES_MAX)?;
    }
    let last = programme.rule_sets.last();
    if last.is_some_and(|last| last.effective_from == effective_from && last.rules == rules) {
        return Ok(None);
    }
    // A set that began before the last one would never apply: the highest version wins.
    if let Some(last) = last.filter(|last| effective_from < last.effective_from) {
        let earliest = last.effective_from;
        return Err(Refusal::TooEarly { field: "effective_from", given: effective_from, earliest });
    }
    // A version that was taken back is not given out again.
    let given = programme.rule_sets.iter().chain(&programme.withdrawn_rules);
    let version = given.map(|set| set.version).max().unwrap_or(0) + 1;
    Ok(Some(ProgrammeFact::RulesSet(RuleSet { version, effective_from, rules })))
}

fn open_office(
    programme: &Programme,
    office: Office,
    context: &Context,
) -> Result<Option<ProgrammeFact>, Refusal> {
    let on = context.day()?;
    if !office.region.valid_on(on) {
        let (region, then) = (office.region, office.region.on(on));
        return Err(Refusal::RegionNotValid { region, on, then });
    }
    match programme.offices.get(&office.office) {
        // Who reaches an office reaches every path in its charge: a code that came to another region
        // would bring its people with it.
        Some(known) if known.office.region != office.region => Err(Refusal::OfficeElsewhere {
            office: office.office,
            region: known.office.region,
            given: office.region,
        }),
        Some(open) if open.closed_on.is_none() => {
            // Told again as it was, whatever it is called since.
            if opened_as(programme, &office.office) == Some(&office) {
                return Ok(None);
            }
            Err(Refusal::Differs { item: Item::Office, name: office.office.to_string() })
        }
        _ => Ok(Some(ProgrammeFact::OfficeOpened(office))),
    }
}

/// An office as it was told when it was opened last.
fn opened_as<'a>(programme: &'a Programme, code: &OfficeCode) -> Option<&'a Office> {
    programme.standing().rev().find_map(|(_, event)| match &event.fact {
        ProgrammeFact::OfficeOpened(office) if office.office == *code => Some(office),
        _ => None,
    })
}

fn close_office(
    programme: &Programme,
    name: OfficeName,
    context: &Context,
) -> Result<Option<ProgrammeFact>, Refusal> {
    let on = context.day()?;
    let office = programme.known_office(&name.office)?;
    if office.closed_on.is_some() {
        return Ok(None);
    }
    if on < office.opened_on {
        return Err(Refusal::TooEarly {
            field: "occurred_on",
            given: on,
            earliest: office.opened_on,
        });
    }
    Ok(Some(ProgrammeFact::OfficeClosed(name)))
}

fn amend_office(
    programme: &Programme,
    amendment: OfficeAmendment,
) -> Result<Option<ProgrammeFact>, Refusal> {
    let known = programme.known_office(&amendment.office)?;
    if known.office.name != amendment.name {
        return Ok(Some(ProgrammeFact::OfficeAmended(amendment)));
    }
    let last = programme.standing().rev().find_map(|(_, event)| match &event.fact {
        ProgrammeFact::OfficeAmended(last) if last.office == amendment.office => Some(last),
        _ => None,
    });
    if last == Some(&amendment) { Ok(None) } else { Err(Refusal::Unchanged { field: "name" }) }
}

fn record_lottery(
    programme: &Programme,
    lottery: Lottery,
) -> Result<Option<ProgrammeFact>, Refusal> {
    check_items(lottery.entries.len(), lottery::ENTRIES_MAX)?;
    match programme.lotteries.get(&lottery.session) {
        // Only the draw is kept in the state; the same lottery gives the same draw.
        Some(draw) if draw.is_of(&lottery) => Ok(None),
        Some(_) => Err(Refusal::Differs { item: Item::Lottery, name: lottery.session.to_string() }),
        None => {
            let ranked = lottery::rank(&lottery.entries, lottery.seed.as_str());
            let Lottery { session, entries, seed, places } = lottery;
            let draw = LotteryDraw { session, entries, seed, places, ranked };
            Ok(Some(ProgrammeFact::LotteryDrawn(draw)))
        }
    }
}
