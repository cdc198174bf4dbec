//! `/authorize`, `/authorize/resume` and the pages between them (§1).

mod bad_input;
mod browsers;
mod changed_meanwhile;
mod checks;
mod claims_parameter;
mod consent;
mod failing_conditions;
mod front_channel;
mod log;
mod prompt;
mod proofs;
mod redirect_uri;
mod response_modes;
mod signup;
mod transactions;
mod web_message;
