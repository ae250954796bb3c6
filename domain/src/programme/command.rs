//! What can be asked of a programme, and how it is decided.

use super::event::{
    Convention, Lottery, Office, OfficeName, ProgrammeEvent, ProgrammeFact, Renewal, RulesRequest,
    Target,
};
use super::{Programme, RuleSet, gate};
use crate::catalogue::commands;
use crate::context::Context;
use crate::refusal::{Item, Refusal, check_items};

/// Most parties to a convention.
const PARTIES_MAX: usize = 20;
/// Most entries of one lottery: the list is one event.
const ENTRIES_MAX: usize = 5_000;

commands! {
    /// A command to a programme.
    ProgrammeCommand, ProgrammeVerb, PROGRAMME_COMMANDS;
    SignConvention(Convention) "sign-convention" "convention" [Admin, Director] sealed[]
        "Signe la convention : le programme commence.", "Signs the convention: the programme begins.";
    RenewConvention(Renewal) "renew-convention" "convention" [Admin, Director] sealed[]
        "Reconduit la convention.", "Renews the convention.";
    SetRules(RulesRequest) "set-rules" "rules" [Admin, Director] sealed[]
        "Fixe les règles à partir d'une date.", "Sets the rules from a day on.";
    SetTarget(Target) "set-target" "rules" [Admin, Director] sealed[]
        "Fixe une cible.", "Sets a target.";
    OpenOffice(Office) "open-office" "offices" [Admin, Director] sealed[]
        "Ouvre une antenne.", "Opens an office.";
    CloseOffice(OfficeName) "close-office" "offices" [Admin, Director] sealed[]
        "Ferme une antenne.", "Closes an office.";
    RecordLottery(Lottery) "record-lottery" "selection" [Admin, Director] sealed[]
        "Enregistre un tirage au sort public.", "Records a public lottery.";
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
    let occurred_on = context.day()?;
    let gate = gate::check(programme, command.verb());
    // A retry is an answer even where the gate has closed since.
    let fact =
        propose(programme, command, context).map_err(|why| gate.clone().err().unwrap_or(why))?;
    let Some(fact) = fact else { return Ok(Vec::new()) };
    gate?;
    Ok(vec![ProgrammeEvent { occurred_on, by: context.actor.clone(), fact }])
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
    let decided = decide(programme, command_of(event.fact.clone()), context)?;
    if decided.as_slice() == std::slice::from_ref(event) {
        return Ok(());
    }
    Err(Refusal::Differs { item: Item::Event, name: event.fact.event_type().to_owned() })
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
        ProgrammeFact::LotteryDrawn(lottery) => ProgrammeCommand::RecordLottery(lottery),
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
    let last = programme.rule_sets.last();
    if last.is_some_and(|last| last.effective_from == effective_from && last.rules == rules) {
        return Ok(None);
    }
    // A set that began before the last one would never apply: the highest version wins.
    if let Some(last) = last.filter(|last| effective_from < last.effective_from) {
        let earliest = last.effective_from;
        return Err(Refusal::TooEarly { field: "effective_from", given: effective_from, earliest });
    }
    let version = last.map_or(1, |last| last.version + 1);
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
        Some(open) if open.closed_on.is_none() && open.office == office => Ok(None),
        Some(open) if open.closed_on.is_none() => {
            Err(Refusal::Differs { item: Item::Office, name: office.office.to_string() })
        }
        _ => Ok(Some(ProgrammeFact::OfficeOpened(office))),
    }
}

fn close_office(
    programme: &Programme,
    name: OfficeName,
    context: &Context,
) -> Result<Option<ProgrammeFact>, Refusal> {
    let on = context.day()?;
    let Some(office) = programme.offices.get(&name.office) else {
        return Err(Refusal::Unknown {
            item: Item::Office,
            name: name.office.to_string(),
            field: "office",
        });
    };
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

fn record_lottery(
    programme: &Programme,
    lottery: Lottery,
) -> Result<Option<ProgrammeFact>, Refusal> {
    check_items(lottery.entries.len(), ENTRIES_MAX)?;
    match programme.lotteries.get(&lottery.session) {
        // Only the draw is kept in the state; the same lottery gives the same draw.
        Some(draw) if *draw == super::draw_of(&lottery) => Ok(None),
        Some(_) => Err(Refusal::Differs { item: Item::Lottery, name: lottery.session.to_string() }),
        None => Ok(Some(ProgrammeFact::LotteryDrawn(lottery))),
    }
}
