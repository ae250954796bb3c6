//! The path's rules, stage by stage: given events, when a command, then events or the whole refusal.
//! Commands are given as the JSON that callers send, so that their form is tested with them.

mod any;
mod ceilings;
mod correction;
mod drawing;
mod duplicate;
mod financing;
mod follow_up;
mod gate;
mod given;
mod handover;
mod history;
mod idea;
mod money_back;
mod order;
mod past;
mod payment;
mod plausible;
mod ranking;
mod recruitment;
mod referral;
mod register;
mod training;
mod walk;
