//! Who people are: duplicates, corrected identities, consents, trainings done elsewhere, erasure.

use sira_domain::identity::{Identity, Phone};
use sira_domain::path::facts::{
    Consent, ConsentScope, DuplicateClaim, ErasureGround, ErasureRequest, Idea, IdentityChange,
    Recognition,
};
use sira_domain::path::{Beneficiary, BeneficiaryCommand, Stage, Status, link};
use sira_domain::reference::ModuleCode;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, BeneficiaryId, Sealed, SealedIdentity, Slug, Xof};
use uuid::Uuid;

use super::agenda::Step;
use super::calendar::Day;
use super::case::Case;
use super::error::GenerateError;
use super::ledger::write;
use super::world::{Deed, World};
use crate::commands::seal_identity;
use crate::journal::AppendRequest;
use crate::stored::seal_context;

/// The scope of the consent to show a picture.
const PHOTO: &str = "photo";

impl World {
    /// The director links a second registration to the first: one append over both paths.
    pub(super) fn link(&mut self, case: &mut Case, on: Day, of: u32, id: Uuid) {
        let still_there = self.cases.get(of).is_some_and(|first| first.id == id);
        if !still_there {
            return;
        }
        let Some(mut first) = self.cases.take(of) else { return };
        let deed = self.by(case, Role::Director, on);
        let command =
            BeneficiaryCommand::LinkDuplicate(DuplicateClaim { continues: BeneficiaryId(id) });
        let linked = link(&case.path, &first.path, command, &self.context(case.id, &deed));
        match linked {
            Err(refusal) => self.ledger.refused("link-duplicate", &refusal),
            Ok(None) => {}
            Ok(Some((own, theirs))) => {
                let call = self.call(Some(case.office), &deed);
                let writes = vec![
                    write::<Beneficiary>(case.id, case.path.version(), &own, &call, own.rules),
                    write::<Beneficiary>(id, first.path.version(), &theirs, &call, theirs.rules),
                ];
                case.path.take(own);
                first.path.take(theirs);
                self.ledger.add(AppendRequest { writes, ..AppendRequest::default() });
            }
        }
        self.cases.put(of, first);
    }

    /// The person asked to be forgotten: the fact first; the keys are destroyed once it is durable.
    pub(super) fn erase(&mut self, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        if case.path.state().status == Status::Active {
            return Ok(());
        }
        let deed = Deed { role: Role::Admin, actor: ActorId::try_new("administration")?, on };
        let request = ErasureRequest { ground: ErasureGround::Request };
        if self.act(case, &deed, BeneficiaryCommand::ErasePersonalData(request)) {
            self.erased.extend(case.path.state().keys.iter().copied());
        }
        Ok(())
    }

    /// Trained elsewhere: the director looks at the certificate.
    pub(super) fn recognise(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        if case.path.state().status != Status::Active || case.path.state().training.is_some() {
            return Ok(());
        }
        let recognition = Recognition {
            proof: Self::seal(case, "proof", "Attestation de fin de formation, copie au dossier.")?,
            reason: Self::seal(
                case,
                "reason",
                "Formation équivalente suivie dans un autre projet.",
            )?,
            modules: ModuleCode::reference().collect(),
        };
        let deed = self.by(case, Role::Director, on);
        if self.act(case, &deed, BeneficiaryCommand::RecogniseTraining(recognition)) {
            self.after_training(place, case, on);
        }
        Ok(())
    }

    /// The idea costs more than was thought.
    pub(super) fn revise_idea(&mut self, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        let state = case.path.state();
        let may = matches!(state.stage, Stage::Recruitment | Stage::Training | Stage::Financing);
        let Some(idea) = state.idea.clone().filter(|_| may && state.status == Status::Active)
        else {
            return Ok(());
        };
        let start_up_cost = Xof::try_new(idea.start_up_cost.francs() * 5 / 4)?;
        let deed = self.by_adviser(case, on);
        self.act(case, &deed, BeneficiaryCommand::ReviseIdea(Idea { start_up_cost, ..idea }));
        Ok(())
    }

    /// A new phone number: the identity is opened with the person's own key, and sealed anew.
    pub(super) fn correct_identity(
        &mut self,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let Some(sealed) = case.path.state().identity.clone() else { return Ok(()) };
        let opened = case.key.open(&seal_context(case.id, "identity"), sealed.as_str())?;
        let Ok(mut identity) = serde_json::from_slice::<Identity>(&opened) else { return Ok(()) };
        identity.phone =
            Some(Phone::try_new(&format!("+2233{:07}", case.chance.below(10_000_000)))?);
        let sealed = Sealed::try_new(&seal_identity(&identity, case.id, &case.key)?)?;
        let change = IdentityChange { birth_year: None, identity: SealedIdentity(sealed) };
        let deed = self.by_adviser(case, on);
        self.act(case, &deed, BeneficiaryCommand::UpdateIdentity(change));
        Ok(())
    }

    /// A picture may be shown; now and then the person thinks better of it.
    pub(super) fn consent(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let consent = Consent {
            scope: Slug::try_new(PHOTO)?,
            text_version: Slug::try_new("fr-2021-1")?,
            method: "written".parse()?,
        };
        let deed = self.by_adviser(case, on);
        if self.act(case, &deed, BeneficiaryCommand::RecordConsent(consent))
            && case.chance.in_thousand(80)
        {
            let gap = case.chance.days(90);
            self.plan(place, case, self.today() + gap, Step::Withdrawal);
        }
        Ok(())
    }

    pub(super) fn withdraw_consent(
        &mut self,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let scope = ConsentScope { scope: Slug::try_new(PHOTO)? };
        let deed = self.by_adviser(case, on);
        self.act(case, &deed, BeneficiaryCommand::WithdrawConsent(scope));
        Ok(())
    }
}
