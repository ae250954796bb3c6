//! Making a bundle: one stream out of the journal, with its proofs. How it is checked stands in
//! [`sira_evidence::bundle`].

use sira_evidence::Introducer;
use sira_evidence::bundle::{Bundle, BundledEvent, FORM, KeyStatement, LastEvent, RECOVERED_FORM};
use sira_evidence::encoding::encode_all;
use sira_evidence::index::key_of;
use sira_evidence::key_chain::is_by_key;
use sira_evidence::leaf::time_text;
use sira_evidence::merkle::Hash;
use sira_numbers::Version;

use super::EvidenceError;
use super::keys::KeyHistory;
use super::log::Evidence;
use super::signed_tree::SignedTree;
use crate::journal::{RecordedEvent, StreamId};

impl Evidence {
    /// The bundle of a stream at a published checkpoint.
    ///
    /// # Errors
    /// [`EvidenceError::NotCovered`] when none of its events is covered yet.
    pub async fn bundle(
        &self,
        published: &SignedTree,
        stream: &StreamId,
    ) -> Result<Bundle, EvidenceError> {
        let size = published.checkpoint.size;
        let (head, last_proof) =
            published.streams.prove(&key_of(stream)).ok_or(EvidenceError::NotCovered)?;
        let mut stored = self.journal().read_stream(stream, Version::ZERO).await?;
        stored.retain(|event| event.position.get() <= size);
        let mut events = Vec::with_capacity(stored.len());
        for event in stored {
            let proof = self.inclusion(event.position, size).await?.proof;
            events.push(bundled(event, &proof));
        }
        let keys = self.keys().await?;
        let (form, introductions) = statements(&keys, size);
        Ok(Bundle {
            form: form.to_owned(),
            journal: self.journal().id().to_owned(),
            stream_type: stream.aggregate_type.to_string(),
            stream_id: stream.aggregate_id,
            checkpoint: self.note(published).await?.to_string(),
            key: keys.first.to_string(),
            introductions,
            last: LastEvent { sequence: head.sequence, proof: encode_all(&last_proof) },
            events,
        })
    }
}

/// The statements that lead to the key of a size, and the form of a bundle that holds them. Those that name
/// recovery keys are left out where no recovery key was used: readers of the first form go on reading.
fn statements(keys: &KeyHistory, size: u64) -> (&'static str, Vec<KeyStatement>) {
    let mut told = keys.statements();
    told.retain(|statement| statement.position.get() <= size);
    let is_recovered = keys
        .introductions
        .iter()
        .any(|one| one.by == Introducer::RecoveryKey && one.position.get() <= size);
    if !is_recovered {
        told.retain(|statement| is_by_key(&statement.note));
    }
    (if is_recovered { RECOVERED_FORM } else { FORM }, told)
}

fn bundled(event: RecordedEvent, proof: &[Hash]) -> BundledEvent {
    BundledEvent {
        position: event.position,
        sequence: event.sequence,
        event_type: event.event_type,
        event_version: event.event_version,
        recorded_at: time_text(event.recorded_at),
        payload: event.payload,
        metadata: event.metadata,
        proof: encode_all(proof),
    }
}
