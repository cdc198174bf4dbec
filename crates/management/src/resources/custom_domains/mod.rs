//! `/custom-domains`: further host names of a tenant (`management-api.md` §13), stored without an effect.

mod domains;

use http::StatusCode;

use crate::fields::{Field, answer_schema, create_schema, field, update_schema};
use crate::operation::{Operation, Resource};
use crate::paging::Paging;
use crate::projection;
use crate::query::parameter;
use crate::schema::{boolean, map_of, object, one_of, open_object, optional, required, text, text_of};

const PAGING: Paging = Paging::both("custom_domains");

const ABOUT: &str = "\
Further host names of a tenant. **They have no effect yet:** a tenant answers at its own domain alone. What is created is kept for
tools and stays `pending_verification`: this server asks no DNS server, so that `verify` finds nothing and no domain can be made
the default. `GET /custom-domains/default` answers the tenant's own domain.

A tenant has at most 100 of them.";

/// Labels of letters, digits and inner hyphens; at least two of them.
const DOMAIN: &str = "^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\\.)+[a-zA-Z][a-zA-Z0-9-]{0,61}[a-zA-Z0-9]$";

fn fields() -> Vec<Field> {
    let headers = ["true-client-ip", "cf-connecting-ip", "x-forwarded-for", "x-azure-clientip", ""];
    vec![
        field("custom_domain_id", text()).read_only(),
        field("domain", text_of(4, 253).pattern(DOMAIN).about("The host name.")).required().create_only(),
        field("type", one_of(&["auth0_managed_certs", "self_managed_certs"])).required().create_only(),
        field("verification_method", one_of(&["txt"])).create_only(),
        field("primary", boolean()).read_only(),
        field("is_default", boolean()).read_only(),
        field("status", text()).read_only(),
        field("tls_policy", one_of(&["recommended", "compatible"])),
        field("custom_client_ip_header", one_of(&headers).or_null()),
        field("domain_metadata", map_of(text_of(0, 255).or_null(), 255).sized(0, 10)).merged(),
        field("relying_party_identifier", text_of(0, 255).or_null()),
        field("verification", open_object()).read_only(),
        field("created_at", text()).read_only(),
    ]
}

pub(super) fn resource() -> Resource {
    let fields = fields();
    let domain = || answer_schema(&fields).named("CustomDomain");
    let default = || object(vec![optional("domain", text_of(4, 253))]);
    Resource {
        name: "custom-domains",
        title: "Custom domains",
        about: ABOUT,
        operations: vec![
            Operation::get("/custom-domains", "List custom domains")
                .scopes(&["read:custom_domains"])
                .query(projection::parameters())
                .query(PAGING.parameters())
                .query([parameter("q", text_of(0, 1000)), parameter("sort", text_of(0, 100))])
                .answers(PAGING.answer(&domain()))
                .handled_by(domains::list),
            Operation::post("/custom-domains", "Create a custom domain")
                .scopes(&["create:custom_domains"])
                .body(create_schema(&fields).named("CustomDomainCreate"))
                .answers(domain())
                .handled_by(domains::create),
            Operation::get("/custom-domains/default", "Get the default domain")
                .scopes(&["read:custom_domains"])
                .answers(default())
                .handled_by(domains::default),
            Operation::patch("/custom-domains/default", "Set the default domain")
                .scopes(&["update:custom_domains"])
                .body(object(vec![required("domain", text_of(4, 253))]))
                .answers(default())
                .handled_by(domains::set_default),
            Operation::get("/custom-domains/{id}", "Get a custom domain")
                .scopes(&["read:custom_domains"])
                .answers(domain())
                .handled_by(domains::get),
            Operation::patch("/custom-domains/{id}", "Update a custom domain")
                .scopes(&["update:custom_domains"])
                .body(update_schema(&fields).named("CustomDomainUpdate"))
                .answers(domain())
                .handled_by(domains::update),
            Operation::delete("/custom-domains/{id}", "Delete a custom domain")
                .scopes(&["delete:custom_domains"])
                .handled_by(domains::delete),
            Operation::post("/custom-domains/{id}/verify", "Verify a custom domain")
                .scopes(&["create:custom_domains"])
                .status(StatusCode::OK)
                .answers(domain())
                .handled_by(domains::verify),
            Operation::post("/custom-domains/{id}/test", "Test a custom domain")
                .scopes(&["create:custom_domains"])
                .status(StatusCode::OK)
                .answers(object(vec![optional("success", boolean()), optional("message", text())]))
                .handled_by(domains::test),
        ],
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn domains_are_host_names() {
        let pattern = Regex::new(DOMAIN).unwrap();
        for good in ["login.example.com", "a.io", "x-1.example.co.uk", "Login.Example.Com"] {
            assert!(pattern.is_match(good), "{good}");
        }
        for bad in
            ["example", "-a.example.com", "a-.example.com", "a..b.com", "https://a.com", "a.com/", "a b.com", "1.2.3.4"]
        {
            assert!(!pattern.is_match(bad), "{bad}");
        }
    }
}
