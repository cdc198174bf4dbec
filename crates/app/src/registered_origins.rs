//! Origins of the tenant's applications (§9; WB-09): whose pages may read the answers of the endpoints for programs.

use std::collections::BTreeSet;

use keywright_store::{Tx, clients};
use keywright_types::{Client, OrganizationUsage, TenantId};

use crate::config_cache::document;
use crate::return_url::{self, Matching};
use crate::{App, AppError};

/// What the applications of a tenant registered, together: a preflight does not say which of them it is about (§9).
#[derive(Debug, Default)]
pub(crate) struct RegisteredOrigins {
    exact: BTreeSet<String>,
    /// With a wildcard in the left-most label.
    wildcards: Vec<String>,
    /// With the place of an organization's name.
    of_organizations: Vec<String>,
}

impl RegisteredOrigins {
    pub(crate) fn read(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Self, AppError> {
        let mut origins = Self::default();
        for row in clients::list(tx, tenant)? {
            origins.add(&document("clients", &row.document)?);
        }
        Ok(origins)
    }

    fn add(&mut self, client: &Client) {
        // §9: "origins of all `callbacks` (implicit)".
        self.exact.extend(client.callbacks.iter().filter_map(|url| web_origin(url)));
        let of_callbacks = client.callbacks.iter().filter_map(|url| return_url::origin_pattern(url));
        // §9: an entry is an origin; "a path, query or trailing slash makes it not match".
        let entries = client.allowed_origins.iter().chain(&client.web_origins);
        self.exact.extend(entries.filter(|entry| web_origin(entry).as_ref() == Some(*entry)).cloned());
        let is_pattern = |entry: &&str| return_url::origin_pattern(entry) == Some(*entry);
        let allowed = client.allowed_origins.iter().map(String::as_str).filter(is_pattern);
        // §9: "`{organization_name}` in Allowed Origins", not in Allowed Web Origins.
        let web = client.web_origins.iter().map(String::as_str).filter(is_pattern).filter(|entry| entry.contains('*'));
        for pattern in of_callbacks.chain(allowed).chain(web) {
            if pattern.contains('*') {
                self.wildcards.push(pattern.to_owned());
            } else if client.organization_usage != OrganizationUsage::Deny {
                // §1.3: "substituted only if the client's `organization_usage` is `allow`/`require`".
                self.of_organizations.push(pattern.to_owned());
            }
        }
    }
}

impl App {
    /// Whether an application of the tenant registered this origin. With `exact`, wildcards and organizations stand for
    /// nothing.
    pub async fn is_registered_origin(&self, tenant: &TenantId, origin: &str, exact: bool) -> Result<bool, AppError> {
        let registered = self.registered_origins(tenant).await?;
        if registered.exact.contains(origin) {
            return Ok(true);
        }
        // What a browser would not have written is no origin.
        if exact || return_url::origin(origin).as_deref() != Some(origin) {
            return Ok(false);
        }
        let matching = Matching::default();
        if return_url::allowed(&registered.wildcards, origin, matching).is_some() {
            return Ok(true);
        }
        let patterns = &registered.of_organizations;
        let Some(name) = return_url::organization_name(patterns, origin) else { return Ok(false) };
        let substituted = return_url::with_organization(patterns, Some(name));
        Ok(return_url::allowed(&substituted, origin, matching).is_some()
            && self.organization_by_name(tenant, name).await?.is_some())
    }
}

/// `scheme://host[:port]` of a web address; `None` for custom schemes, for wildcards and for what is no URL.
fn web_origin(url: &str) -> Option<String> {
    let parsed = url::Url::parse(url).ok().filter(|parsed| !parsed.host_str().unwrap_or_default().contains('*'))?;
    matches!(parsed.scheme(), "http" | "https").then(|| parsed.origin().ascii_serialization())
}
