//! `/guardian`: factors of multi-factor authentication, their providers and messages (`management-api.md` §14.2).

mod factors;
mod providers;

use crate::documents;
use crate::operation::{Operation, Resource};

const ABOUT: &str = "\
Settings of multi-factor authentication. **Nothing of it has an effect yet:** no login asks for a second factor, whatever
factors and policies say, and no message is sent. They are stored for tools, so that a tenant can be moved here with them.

Keys of providers are sealed in the database of this instance. Those of Twilio, Amazon SNS and Duo are answered in clear, as from
Auth0; those of Apple and Google are not answered. Nobody can enrol a factor: an enrolment ticket is refused.";

pub(super) fn resource() -> Resource {
    let documents = providers::PARTS.iter().flat_map(documents::operations);
    Resource {
        name: "guardian",
        title: "Multi-factor authentication",
        about: ABOUT,
        operations: factors::operations().into_iter().chain(documents).collect::<Vec<Operation>>(),
    }
}
