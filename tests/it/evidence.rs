//! The evidence: against vectors and implementations of others, and against whoever tampers.

mod notes;
mod oracles;
mod tampering;
mod vectors;
