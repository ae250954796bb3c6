//! The path's rules, stage by stage: given events, when a command, then events or the whole refusal.
//! Commands are given as the JSON that callers send, so that their form is tested with them.

mod any;
mod financing;
mod follow_up;
mod gate;
mod given;
mod history;
mod idea;
mod payment;
mod recruitment;
mod training;
mod walk;
