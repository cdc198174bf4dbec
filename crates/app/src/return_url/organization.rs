//! `{organization_name}` in registered addresses (§1.3).

use super::without_fragment;

/// Stands for the name of the organization of a login, as the whole left-most label of a web address (§1.3).
const ORGANIZATION_NAME: &str = "{organization_name}";

/// The registered addresses with the name of the organization in its place. Addresses with the placeholder stand for
/// nothing without an organization.
#[must_use]
pub fn with_organization(registered: &[String], name: Option<&str>) -> Vec<String> {
    let substituted = registered.iter().filter_map(|entry| match (around_organization(entry), name) {
        (Some((before, after)), Some(name)) => Some(format!("{before}{name}{after}")),
        (Some(_), None) => None,
        (None, _) => Some(entry.clone()),
    });
    substituted.collect()
}

/// The name in the place of the placeholder, where a presented address fits a registered one with it. Whether there is such
/// an organization is for the caller to find out.
#[must_use]
pub fn organization_name<'p>(registered: &[String], presented: &'p str) -> Option<&'p str> {
    registered.iter().filter_map(|entry| around_organization(entry)).find_map(|(before, after)| {
        let name = without_fragment(presented).strip_prefix(before)?.strip_suffix(after)?;
        keywright_types::Organization::is_name(name).then_some(name)
    })
}

/// What stands before and after the placeholder of a registered address, if it has one where it may be: "left-most label,
/// once, no prefix/suffix, not together with `*`".
pub(super) fn around_organization(entry: &str) -> Option<(&str, &str)> {
    let (before, after) = entry.split_once(ORGANIZATION_NAME)?;
    let in_place = matches!(before, "https://" | "http://") && after.starts_with('.');
    (in_place && !after.contains(['*', '{', '}'])).then_some((before, after))
}

/// Whether the placeholder stands in the address, in its place or elsewhere.
pub(super) fn holds_organization(url: &str) -> bool {
    url.contains(ORGANIZATION_NAME)
}
