//! Registering somebody who applied without an account.

use sira_domain::path::Beneficiary;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::aggregate::Aggregate;
use super::super::pipeline::{carry_out, check_call};
use super::super::{Answer, Call, CommandError, Commands};
use super::{Origin, PathCommand, PathDraft, answer_of, entry_of};

impl Commands {
    /// The answer to the acceptance of an application that is a path already; none while it is not.
    ///
    /// # Errors
    /// [`CommandError::NotFound`] of a path that is out of the caller's reach; or the journal's.
    pub(crate) async fn accepted(
        &self,
        path: Uuid,
        call: &Call,
    ) -> Result<Option<Answer>, CommandError> {
        // A retry under a key gets its first answer.
        if let Some(answer) = self.answered(call).await? {
            return Ok(Some(answer));
        }
        // As it stands, whoever wrote last: another server may have accepted it in this moment.
        let found = self.current_beneficiary(path).await?;
        if found.is_none_or(|found| found.state.state().registration.is_none()) {
            return Ok(None);
        }
        let case = self.find(path).await?;
        check_call(case.id, &case.path, &case.programme.state, call)?;
        Ok(Some(answer_of(&case, &[], None)))
    }

    /// Registers a person under the id that their application drew when it came in, within a task that there
    /// is already; the first event names the application. Two who accept it together make one path: who comes
    /// second is answered with it.
    ///
    /// # Errors
    /// As [`Commands::register`].
    pub(crate) async fn register_application(
        &self,
        path: Uuid,
        application: Uuid,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let draft = PathDraft::new(entry_of(Beneficiary::FIRST)?, body).of(application);
        let turn = self.0.beneficiaries.turn(path).await;
        let (commands, origin, sealed) = (self, Origin::Lasting, None);
        let command = PathCommand { commands, id: path, origin, draft, sealed, call: call.clone() };
        let done = carry_out(command).await;
        drop(turn);
        match done {
            Err(CommandError::Refused(refusal)) => match self.accepted(path, &call).await? {
                Some(answer) => Ok(answer),
                None => Err(refusal.into()),
            },
            done => done,
        }
    }
}
