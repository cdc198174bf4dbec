//! `addons` of an application (`management-api.md` §2.7): settings of other services, which hold keys of theirs. Each of them is an
//! open object with known members.

use keywright_app::App;
use keywright_jose::Purpose;
use keywright_types::TenantId;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::schema::{
    Member, Schema, any_of, boolean, formats, formatted, integer, list, object, one_of, open_object, optional,
    required, text, text_of,
};
use crate::sealed;

/// The name of the member.
pub(super) const ADDONS: &str = "addons";

/// The closed list of add-ons. `null` takes one away.
pub(super) fn schema() -> Schema {
    let addon = |name: &'static str, members: Vec<Member>| optional(name, object(members).open().or_null());
    let words = |names: &[&'static str]| names.iter().map(|name| optional(name, text_of(0, 2048))).collect::<Vec<_>>();
    let address = || vec![required("url", formatted(formats::URL))];
    let mut all = vec![
        addon(
            "aws",
            [words(&["principal", "role"]), vec![optional("lifetime_in_seconds", integer(900, 43_200))]].concat(),
        ),
        addon("azure_blob", azure_blob()),
        addon(
            "azure_sb",
            [words(&["namespace", "sasKeyName", "entityPath"]), vec![key("sasKey"), expiration()]].concat(),
        ),
        addon("rms", address()),
        addon("mscrm", address()),
        addon("slack", vec![required("team", text_of(1, 2048))]),
        addon("sentry", words(&["org_slug", "base_url"])),
        addon("echosign", words(&["domain"])),
        addon("egnyte", words(&["domain"])),
        addon("firebase", firebase()),
        addon("newrelic", words(&["account"])),
        addon("office365", words(&["domain", "connection"])),
        addon("salesforce", words(&["entity_id"])),
        addon("samlp", saml()),
        addon("layer", layer()),
        addon("sap_api", sap()),
        addon("sharepoint", sharepoint()),
        addon("springcm", words(&["acsurl"])),
        addon("wams", vec![key("masterkey")]),
        addon("zendesk", words(&["accountName"])),
        addon("zoom", words(&["account"])),
        addon("sso_integration", words(&["name", "version"])),
    ];
    let community = || words(&["clientid", "principal", "communityName", "community_url_section"]);
    all.extend(["salesforce_api", "salesforce_sandbox_api"].map(|name| addon(name, community())));
    all.extend(["box", "cloudbees", "concur", "dropbox", "wsfed", "oag"].map(|name| addon(name, Vec::new())));
    object(all)
}

fn key(name: &'static str) -> Member {
    optional(name, text_of(0, 16_384).secret())
}

fn expiration() -> Member {
    optional("expiration", integer(0, i64::from(i32::MAX)))
}

fn azure_blob() -> Vec<Member> {
    let words = ["accountName", "containerName", "blobName", "signedIdentifier"];
    let rights = [
        "blob_read",
        "blob_write",
        "blob_delete",
        "container_read",
        "container_write",
        "container_delete",
        "container_list",
    ];
    let mut members = vec![key("storageAccessKey"), expiration()];
    members.extend(words.map(|name| optional(name, text_of(0, 2048))));
    members.extend(rights.map(|name| optional(name, boolean())));
    members
}

fn firebase() -> Vec<Member> {
    let lifetime = optional("lifetime_in_seconds", integer(0, i64::from(i32::MAX)));
    let words = ["private_key_id", "client_email"].map(|name| optional(name, text_of(0, 2048)));
    [vec![key("secret"), key("private_key"), lifetime], words.to_vec()].concat()
}

fn layer() -> Vec<Member> {
    vec![
        required("providerId", text_of(1, 2048)),
        required("keyId", text_of(1, 2048)),
        required("privateKey", text_of(1, 16_384).secret()),
        optional("principal", text_of(0, 2048)),
        expiration(),
    ]
}

fn sap() -> Vec<Member> {
    let words = ["clientid", "usernameAttribute", "tokenEndpointUrl", "scope", "nameIdentifierFormat"];
    [vec![key("servicePassword")], words.map(|name| optional(name, text_of(0, 2048))).to_vec()].concat()
}

fn sharepoint() -> Vec<Member> {
    let external = any_of(vec![text_of(0, 2048), list(text_of(0, 2048))]);
    vec![optional("url", text_of(0, 2048)), optional("external_url", external)]
}

fn saml() -> Vec<Member> {
    let switches = [
        "createUpnClaim",
        "mapUnknownClaimsAsIs",
        "passthroughClaimsWithNoMapping",
        "mapIdentities",
        "signResponse",
        "typedAttributes",
        "includeAttributeNameFormat",
    ];
    let words = ["audience", "recipient", "issuer", "destination", "nameIdentifierFormat", "authnContextClassRef"];
    let logout = object(vec![optional("callback", text_of(0, 2048)), optional("slo_enabled", boolean())]).open();
    let mut members = vec![
        optional("mappings", open_object()),
        optional("signatureAlgorithm", one_of(&["rsa-sha1", "rsa-sha256"])),
        optional("digestAlgorithm", one_of(&["sha1", "sha256"])),
        optional("lifetimeInSeconds", integer(0, i64::from(i32::MAX))),
        optional("nameIdentifierProbes", list(text_of(0, 2048))),
        optional("binding", text()),
        optional("logout", logout),
    ];
    members.extend(switches.map(|name| optional(name, boolean())));
    members.extend(words.map(|name| optional(name, text_of(0, 2048))));
    members
}

/// Takes the add-ons out of a document, sealed. `had` says whether the application had some before: then nothing is stored in
/// their place.
pub(super) fn taken_out(app: &App, tenant: &TenantId, had: bool, document: &mut Map<String, Value>) -> Option<Vec<u8>> {
    match document.remove(ADDONS) {
        Some(Value::Object(addons)) => Some(sealed::seal(app, Purpose::ClientAddons, tenant, &wrapped(addons))),
        _ => had.then(Vec::new),
    }
}

/// An application with an empty list of add-ons is another one than an application without.
fn wrapped(addons: Map<String, Value>) -> Map<String, Value> {
    Map::from_iter([(ADDONS.to_owned(), Value::Object(addons))])
}

/// Puts the add-ons back into the document.
pub(super) fn put_back(
    app: &App,
    tenant: &TenantId,
    sealed: Option<&[u8]>,
    document: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    document.extend(sealed::open(app, Purpose::ClientAddons, tenant, sealed)?);
    Ok(())
}
