//! `/authorize`, `/authorize/resume` and the pages between them (§1).

mod bad_input;
mod changed_meanwhile;
mod checks;
mod consent;
mod failing_conditions;
mod prompt;
mod proofs;
mod redirect_uri;
mod response_modes;
mod signup;
mod transactions;
