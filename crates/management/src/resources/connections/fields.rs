//! The members of a connection (`management-api.md` §4.2, §4.3), one by one.

use super::strategies;
use crate::fields::{Field, field};
use crate::schema::{boolean, list, map_of, object, one_of, open_object, optional, required, text, text_of};

/// §4.2: "alnum and single inner hyphens".
const NAME: &str = "^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$";

pub(super) fn all() -> Vec<Field> {
    let active = || object(vec![required("active", boolean())]);
    let accounts = object(vec![required("active", boolean()), optional("cross_app_access", boolean())]);
    vec![
        field("id", text()).read_only(),
        field("name", text_of(1, 128).pattern(NAME).about("Name of the connection; never changes."))
            .required()
            .create_only(),
        field("strategy", one_of(&strategies::names()).about("Kind of source; never changes."))
            .required()
            .create_only(),
        field("display_name", text_of(0, 128).about("Name on pages.")),
        // They hold credentials of other services: nothing of them is in the log.
        field("options", open_object().secret().about("Settings of the strategy; replaced as a whole.")),
        field("enabled_clients", list(text_of(1, 100)).about("Applications that may use it; replaced as a whole.")),
        field("realms", list(text_of(1, 128)).sized(1, 100).unique()),
        field("is_domain_connection", boolean().about("Whether third-party applications may use it.")),
        field("show_as_button", boolean()),
        field(
            "metadata",
            map_of(text_of(0, 255).or_null(), 255).sized(0, 10).about("Up to 10 texts; replaced as a whole."),
        ),
        field("authentication", active().about("Whether users can log in with it.")),
        field("cross_app_access_requesting_app", active()),
        field("connected_accounts", accounts),
        field("provisioning_ticket_url", text()).read_only(),
    ]
}
