//! Who people are: duplicates, corrected identities, consents, trainings done elsewhere, erasure.

use sira_domain::identity::Phone;
use sira_domain::path::facts::{
    Consent, ConsentScope, DuplicateClaim, ErasureGround, ErasureRequest, Idea,
    IdentityChangeRequest, Recognition, RegistrationAmendment,
};
use sira_domain::path::{Beneficiary, BeneficiaryCommand, Stage, Status, link};
use sira_domain::reference::ModuleCode;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, AmendedIdentity, BeneficiaryId, Slug, Xof};
use sira_journal::AppendRequest;
use uuid::Uuid;

use crate::agenda::Step;
use crate::calendar::Day;
use crate::case::Case;
use crate::error::GenerateError;
use crate::keys::{open_identity, seal_identity};
use crate::ledger::write;
use crate::world::{Attribution, World};

/// The scope of the consent to show a picture.
const PHOTO: &str = "photo";

impl World {
    /// The director links a second registration to the first: one append over both paths.
    pub(crate) fn link(&mut self, case: &mut Case, on: Day, of: u32, id: Uuid) {
        let still_there = self.cases.get(of).is_some_and(|first| first.id == id);
        if !still_there {
            return;
        }
        let Some(mut first) = self.cases.take(of) else { return };
        let author = self.by(case, Role::Director, on);
        let command =
            BeneficiaryCommand::LinkDuplicate(DuplicateClaim { continues: BeneficiaryId(id) });
        let linked = link(&case.path, &first.path, command, &self.context(case.id, &author));
        match linked {
            Err(refusal) => self.ledger.refused("link-duplicate", &refusal),
            Ok(None) => {}
            Ok(Some((own, theirs))) => {
                let recording = self.recording(Some(case.office), &author);
                let writes = vec![
                    write::<Beneficiary>(case.id, case.path.version(), &own, &recording, own.rules),
                    write::<Beneficiary>(
                        id,
                        first.path.version(),
                        &theirs,
                        &recording,
                        theirs.rules,
                    ),
                ];
                case.path.take(own);
                first.path.take(theirs);
                self.ledger.add(AppendRequest { writes, ..AppendRequest::default() });
            }
        }
        self.cases.put(of, first);
    }

    /// The person asked to be forgotten: the fact first; the keys are destroyed once it is durable.
    pub(crate) fn erase(&mut self, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        if matches!(case.path.state().status, Status::Active | Status::Closed) {
            return Ok(());
        }
        let author =
            Attribution { role: Role::Admin, actor: ActorId::try_new("administration")?, on };
        let request = ErasureRequest { ground: ErasureGround::Request };
        if self.act(case, &author, BeneficiaryCommand::ErasePersonalData(request)) {
            self.erased.extend(case.path.state().keys.iter().copied());
        }
        Ok(())
    }

    /// Trained elsewhere: the director looks at the certificate.
    pub(crate) fn recognise(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let state = case.path.state();
        let goes_on = matches!(state.status, Status::Active | Status::Closed);
        if !goes_on || state.training.is_some() {
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
        let author = self.by(case, Role::Director, on);
        if self.act(case, &author, BeneficiaryCommand::RecogniseTraining(recognition)) {
            self.after_training(place, case, on);
        }
        Ok(())
    }

    /// The idea costs more than was thought.
    pub(crate) fn revise_idea(&mut self, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        let state = case.path.state();
        let may = matches!(state.stage, Stage::Recruitment | Stage::Training | Stage::Financing);
        let Some(idea) = state
            .idea
            .clone()
            .filter(|_| may && matches!(state.status, Status::Active | Status::Closed))
        else {
            return Ok(());
        };
        let start_up_cost = Xof::try_new(idea.start_up_cost.francs() * 5 / 4)?;
        let author = self.by_adviser(case, on);
        self.act(case, &author, BeneficiaryCommand::ReviseIdea(Idea { start_up_cost, ..idea }));
        Ok(())
    }

    /// A new phone number: the identity is opened with the person's own key, and sealed anew.
    pub(crate) fn correct_identity(
        &mut self,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let Some(sealed) = case.path.state().identity.clone() else { return Ok(()) };
        let Some(mut identity) = open_identity(&*case.key, case.id, &sealed)? else {
            return Ok(());
        };
        identity.phone =
            Some(Phone::try_new(&format!("+2233{:07}", case.chance.below(10_000_000)))?);
        let sealed = seal_identity(&*case.key, case.id, &identity)?;
        let change = IdentityChangeRequest { birth_year: None, identity: AmendedIdentity(sealed) };
        let author = self.by_adviser(case, on);
        self.act(case, &author, BeneficiaryCommand::UpdateIdentity(change));
        Ok(())
    }

    /// One in eight of those who are noted was registered wrongly: whether they are displaced was misheard.
    pub(crate) fn correct_registration(
        &mut self,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        // By the id and not by the dice: all else that is invented stays as it was.
        let told = case.path.state().registration.as_ref().and_then(|told| told.displaced);
        let Some(displaced) = told.filter(|_| case.id.as_u128().is_multiple_of(8)) else {
            return Ok(());
        };
        let amendment = RegistrationAmendment {
            sex: None,
            birth_year: None,
            region: None,
            cercle: None,
            education: None,
            disability: None,
            displaced: Some(!displaced),
            intake: None,
            consent: None,
            reason: Self::seal(case, "reason", "Mal entendu à l'inscription")?,
        };
        let author = self.by_adviser(case, on);
        self.act(case, &author, BeneficiaryCommand::CorrectRegistration(amendment));
        Ok(())
    }

    /// A picture may be shown; now and then the person thinks better of it.
    pub(crate) fn consent(
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
        let author = self.by_adviser(case, on);
        if self.act(case, &author, BeneficiaryCommand::RecordConsent(consent))
            && case.chance.in_thousand(80)
        {
            let gap = case.chance.days(90);
            self.plan(place, case, self.today() + gap, Step::Withdrawal);
        }
        Ok(())
    }

    pub(crate) fn withdraw_consent(
        &mut self,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let scope = ConsentScope { scope: Slug::try_new(PHOTO)? };
        let author = self.by_adviser(case, on);
        self.act(case, &author, BeneficiaryCommand::WithdrawConsent(scope));
        Ok(())
    }
}
