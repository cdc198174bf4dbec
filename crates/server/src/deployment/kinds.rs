//! What can be imported and exported: the table of types, with the operations of the Management API that each is read and written by.
//! The order is that of the import: what others refer to comes first (`management-api.md` §18.2).
//!
//! Which members can be written, and which only once, is not said here: the operations know it. A type whose operations this
//! version does not have is passed over.

use super::kind::{Access, FileName, Files, Filter, Kind, Listing, Parts, Reference, Resource, Text};
use super::settings::{Settings, Write};

const ENABLED_CLIENTS: &[Reference] = &[Reference { member: "enabled_clients", to: "clients" }];

/// What every type has unless it says otherwise.
const PLAIN: Kind = Kind {
    name: "",
    files: Files::List { member: &[], file: "" },
    access: Access::Resource(RESOURCE),
    keys: &[&["name"]],
    called: &["name"],
    left_out: &[],
    elsewhere: &[],
    references: &[],
    texts: &[],
    parts: Parts::Nothing,
};

const RESOURCE: Resource =
    Resource { path: "", listing: Listing::Pages, filter: Filter::All, id: "id", whole: false, deletion: None };

/// A list with a file for each entry, by its name.
const fn each(member: &'static [&'static str], folder: &'static str) -> Files {
    Files::Each { member, folder, file: FileName::Json }
}

/// A document that is read with GET and written with `write`.
const fn document(
    name: &'static str,
    member: &'static [&'static str],
    file: (&'static str, &'static [&'static str]),
    path: &'static str,
    write: Write,
) -> Kind {
    Kind {
        name,
        files: Files::One { member, file: file.0, within: file.1 },
        access: Access::Settings(Settings::Document { path, write }),
        keys: &[],
        called: &[],
        ..PLAIN
    }
}

/// Every type.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "resourceServers",
        files: each(&["resourceServers"], "resource-servers"),
        access: Access::Resource(Resource { path: "/resource-servers", filter: Filter::NotSystem, ..RESOURCE }),
        keys: &[&["identifier"]],
        left_out: &["client_id", "is_system", "signing_secret"],
        ..PLAIN
    },
    Kind {
        name: "clients",
        files: each(&["clients"], "clients"),
        access: Access::Resource(Resource { path: "/clients", filter: Filter::NotGlobal, id: "client_id", ..RESOURCE }),
        keys: &[&["client_id"], &["name"]],
        left_out: &[
            "callback_url_template",
            "client_secret",
            "config_route",
            "custom_login_page_preview",
            "external_client_id",
            "external_metadata_created_by",
            "external_metadata_type",
            "global",
            "jwt_configuration.secret_encoded",
            "owners",
            "resource_server_identifier",
            "signing_keys",
            "tenant",
            "third_party_security_mode",
            // Keys of applications are credentials, not configuration: what refers to them cannot be read elsewhere.
            "client_authentication_methods",
            "signed_request_object",
        ],
        texts: &[Text {
            member: &["custom_login_page"],
            files: ["clients/{name}_custom_login_page.html"; 2],
            bases: ["clients"; 2],
            beside: false,
        }],
        ..PLAIN
    },
    Kind {
        name: "pages",
        files: each(&["pages"], "pages"),
        access: Access::Settings(Settings::Pages),
        texts: &[Text { member: &["html"], files: ["pages/{name}.html"; 2], bases: ["", "pages"], beside: true }],
        ..PLAIN
    },
    Kind {
        name: "rulesConfigs",
        files: each(&["rulesConfigs"], "rules-configs"),
        access: Access::Settings(Settings::RuleValues),
        keys: &[&["key"]],
        called: &["key"],
        ..PLAIN
    },
    Kind {
        name: "rules",
        files: each(&["rules"], "rules"),
        access: Access::Resource(Resource { path: "/rules", ..RESOURCE }),
        left_out: &["id"],
        texts: &[Text { member: &["script"], files: ["rules/{name}.js"; 2], bases: ["", "rules"], beside: false }],
        ..PLAIN
    },
    document(
        "attack-protection/brute-force-protection",
        &["attackProtection", "bruteForceProtection"],
        ("attack-protection/brute-force-protection", &[]),
        "/attack-protection/brute-force-protection",
        Write::Patch,
    ),
    document(
        "attack-protection/suspicious-ip-throttling",
        &["attackProtection", "suspiciousIpThrottling"],
        ("attack-protection/suspicious-ip-throttling", &[]),
        "/attack-protection/suspicious-ip-throttling",
        Write::Patch,
    ),
    document(
        "attack-protection/breached-password-detection",
        &["attackProtection", "breachedPasswordDetection"],
        ("attack-protection/breached-password-detection", &[]),
        "/attack-protection/breached-password-detection",
        Write::Patch,
    ),
    document(
        "attack-protection/bot-detection",
        &["attackProtection", "botDetection"],
        ("attack-protection/bot-detection", &[]),
        "/attack-protection/bot-detection",
        Write::Patch,
    ),
    document(
        "attack-protection/captcha",
        &["attackProtection", "captcha"],
        ("attack-protection/captcha", &[]),
        "/attack-protection/captcha",
        Write::Patch,
    ),
    document(
        "risk-assessment/settings",
        &["riskAssessment", "settings"],
        ("risk-assessment/settings", &["settings"]),
        "/risk-assessments/settings",
        Write::Patch,
    ),
    document(
        "risk-assessment/new_device",
        &["riskAssessment", "new_device"],
        ("risk-assessment/settings", &["new_device"]),
        "/risk-assessments/settings/new-device",
        Write::Patch,
    ),
    Kind {
        name: "guardianFactors",
        files: each(&["guardianFactors"], "guardian/factors"),
        access: Access::Settings(Settings::Factors),
        left_out: &["trial_expired"],
        ..PLAIN
    },
    Kind {
        name: "guardianFactorProviders",
        files: Files::Each {
            member: &["guardianFactorProviders"],
            folder: "guardian/providers",
            file: FileName::Joined("-"),
        },
        access: Access::Settings(Settings::FactorProviders),
        keys: &[&["name", "provider"]],
        called: &["name", "provider"],
        ..PLAIN
    },
    Kind {
        name: "guardianFactorTemplates",
        files: each(&["guardianFactorTemplates"], "guardian/templates"),
        access: Access::Settings(Settings::FactorTemplates),
        ..PLAIN
    },
    Kind {
        name: "guardianPolicies",
        files: Files::One { member: &["guardianPolicies"], file: "guardian/policies", within: &[] },
        access: Access::Settings(Settings::Policies),
        keys: &[],
        called: &[],
        ..PLAIN
    },
    document(
        "guardianPhoneFactorMessageTypes",
        &["guardianPhoneFactorMessageTypes"],
        ("guardian/phoneFactorMessageTypes", &[]),
        "/guardian/factors/phone/message-types",
        Write::Put,
    ),
    document(
        "guardianPhoneFactorSelectedProvider",
        &["guardianPhoneFactorSelectedProvider"],
        ("guardian/phoneFactorSelectedProvider", &[]),
        "/guardian/factors/phone/selected-provider",
        Write::Put,
    ),
    Kind {
        name: "customDomains",
        files: Files::List { member: &["customDomains"], file: "custom-domains/custom-domains" },
        access: Access::Resource(Resource {
            path: "/custom-domains",
            listing: Listing::Whole,
            id: "custom_domain_id",
            ..RESOURCE
        }),
        keys: &[&["domain"]],
        called: &["domain"],
        // Which of them is the default, and what was verified of them, is said by the network, not by files.
        left_out: &[
            "certificate",
            "created_at",
            "custom_domain_id",
            "is_default",
            "origin_domain_name",
            "primary",
            "status",
            "updated_at",
            "verification",
            "verification_method",
        ],
        ..PLAIN
    },
    Kind {
        name: "actions",
        files: each(&["actions"], "actions"),
        access: Access::Resource(Resource { path: "/actions/actions", deletion: Some("force=true"), ..RESOURCE }),
        // Names are unique among the actions of a trigger.
        keys: &[&["name", "supported_triggers"]],
        left_out: &["id", "installed_integration_id", "status"],
        texts: &[Text { member: &["code"], files: ["actions/{name}/code.js"; 2], bases: [""; 2], beside: false }],
        parts: Parts::Action,
        ..PLAIN
    },
    Kind {
        name: "databases",
        files: Files::Each { member: &["databases"], folder: "database-connections", file: FileName::Database },
        access: Access::Resource(Resource { path: "/connections", filter: Filter::Databases, ..RESOURCE }),
        left_out: &["provisioning_ticket_url", "realms"],
        // Values of scripts are answered as digests: a file may have them, an export never does.
        elsewhere: &["options.configuration"],
        references: ENABLED_CLIENTS,
        texts: &[Text {
            member: &["options", "customScripts", "*"],
            files: ["databases/{name}/{member}.js", "database-connections/{name}/{member}.js"],
            bases: ["", "database-connections/{name}"],
            beside: false,
        }],
        ..PLAIN
    },
    Kind {
        name: "connections",
        files: each(&["connections"], "connections"),
        access: Access::Resource(Resource { path: "/connections", filter: Filter::NotDatabases, ..RESOURCE }),
        left_out: &["provisioning_ticket_url", "realms"],
        references: ENABLED_CLIENTS,
        // Passwordless connections by mail have a template of their own.
        texts: &[Text {
            member: &["options", "email", "body"],
            files: ["connections/{name}.html"; 2],
            bases: ["connections"; 2],
            beside: false,
        }],
        ..PLAIN
    },
    Kind {
        name: "emailProvider",
        files: Files::One { member: &["emailProvider"], file: "emails/provider", within: &[] },
        access: Access::Settings(Settings::EmailProvider),
        keys: &[],
        called: &[],
        ..PLAIN
    },
    Kind {
        name: "clientGrants",
        files: Files::Each { member: &["clientGrants"], folder: "grants", file: FileName::Grant },
        access: Access::Resource(Resource { path: "/client-grants", ..RESOURCE }),
        keys: &[&["client_id", "audience", "subject_type"]],
        called: &["client_id", "audience"],
        left_out: &["is_system"],
        references: &[Reference { member: "client_id", to: "clients" }],
        ..PLAIN
    },
    Kind {
        name: "roles",
        files: each(&["roles"], "roles"),
        access: Access::Resource(Resource { path: "/roles", ..RESOURCE }),
        left_out: &["type"],
        parts: Parts::Permissions,
        ..PLAIN
    },
    Kind {
        name: "phoneProviders",
        files: Files::List { member: &["phoneProviders"], file: "phone-providers/provider" },
        access: Access::Resource(Resource { path: "/branding/phone/providers", listing: Listing::Whole, ..RESOURCE }),
        keys: &[],
        left_out: &["channel", "created_at", "id", "tenant", "updated_at"],
        parts: Parts::PhoneProvider,
        ..PLAIN
    },
    Kind {
        name: "themes",
        files: Files::Each { member: &["themes"], folder: "themes", file: FileName::Fixed("theme") },
        access: Access::Resource(Resource {
            path: "/branding/themes",
            listing: Listing::Only("/branding/themes/default"),
            id: "themeId",
            whole: true,
            ..RESOURCE
        }),
        keys: &[],
        called: &["displayName"],
        left_out: &["themeId"],
        ..PLAIN
    },
    Kind {
        name: "phoneTemplates",
        files: each(&["phoneTemplates"], "phone-templates"),
        access: Access::Resource(Resource { path: "/branding/phone/templates", listing: Listing::Whole, ..RESOURCE }),
        keys: &[&["type"]],
        called: &["type"],
        left_out: &["channel", "created_at", "customizable", "id", "tenant", "updated_at"],
        ..PLAIN
    },
    Kind {
        name: "emailTemplates",
        files: each(&["emailTemplates"], "emails"),
        access: Access::Settings(Settings::EmailTemplates),
        keys: &[&["template"]],
        called: &["template"],
        texts: &[Text {
            member: &["body"],
            files: ["emailTemplates/{name}.html", "emails/{name}.html"],
            bases: ["", "emails"],
            beside: true,
        }],
        ..PLAIN
    },
    Kind {
        name: "organizations",
        files: each(&["organizations"], "organizations"),
        access: Access::Resource(Resource { path: "/organizations", ..RESOURCE }),
        parts: Parts::Organization,
        ..PLAIN
    },
    Kind {
        elsewhere: &["templates"],
        ..document("branding", &["branding"], ("branding/branding", &[]), "/branding", Write::Patch)
    },
    Kind {
        name: "branding/templates",
        files: each(&["branding", "templates"], "branding/templates"),
        access: Access::Settings(Settings::LoginTemplate),
        keys: &[&["template"]],
        called: &["template"],
        texts: &[Text {
            member: &["body"],
            files: ["branding_templates/{name}.html", "branding/templates/{name}.html"],
            bases: ["", "branding/templates"],
            beside: false,
        }],
        ..PLAIN
    },
    document("prompts", &["prompts"], ("prompts/prompts", &[]), "/prompts", Write::Patch),
    Kind {
        name: "prompts/customText",
        files: Files::Map {
            member: &["prompts", "customText"],
            file: "prompts/custom-text",
            levels: &["language", "prompt"],
            value: "texts",
        },
        access: Access::Settings(Settings::CustomText),
        keys: &[&["language", "prompt"]],
        called: &["language", "prompt"],
        ..PLAIN
    },
    Kind {
        name: "prompts/partials",
        files: Files::Partials,
        access: Access::Settings(Settings::Partials),
        keys: &[&["prompt"]],
        called: &["prompt"],
        ..PLAIN
    },
    Kind {
        name: "prompts/screenRenderers",
        files: Files::Screens,
        access: Access::Settings(Settings::Screens),
        keys: &[&["prompt", "screen"]],
        called: &["prompt", "screen"],
        left_out: &["tenant"],
        ..PLAIN
    },
    Kind {
        name: "triggers",
        files: Files::Map { member: &["triggers"], file: "triggers/triggers", levels: &["trigger"], value: "bindings" },
        access: Access::Settings(Settings::Triggers),
        keys: &[&["trigger"]],
        called: &["trigger"],
        ..PLAIN
    },
    Kind {
        left_out: &[
            "flags.allow_changing_enable_sso",
            "flags.disable_impersonation",
            "flags.enable_sso",
            "flags.remove_stale_idp_attributes",
            "sandbox_versions_available",
        ],
        elsewhere: &["change_password", "error_page", "guardian_mfa_page"],
        ..document("tenant", &["tenant"], ("tenant", &[]), "/tenants/settings", Write::Patch)
    },
    document(
        "supplementalSignals",
        &["supplementalSignals"],
        ("supplemental-signals", &[]),
        "/supplemental-signals",
        Write::Patch,
    ),
];

/// Types of auth0-deploy-cli that this version does not store: member of `tenant.yaml`, and folder.
pub(super) const NOT_STORED: &[(&str, &str)] = &[
    ("actionModules", "action-modules"),
    ("clientAuthCredentials", "client-auth-credentials"),
    ("connectionProfiles", "connection-profiles"),
    ("eventStreams", "event-streams"),
    ("flows", "flows"),
    ("flowVaultConnections", "flow-vault-connections"),
    ("forms", "forms"),
    ("hooks", "hooks"),
    ("logStreams", "log-streams"),
    ("networkACLs", "network-acls"),
    ("rateLimitPolicies", "rate-limit-policies"),
    ("selfServiceProfiles", "self-service-profiles"),
    ("tokenExchangeProfiles", "token-exchange-profiles"),
    ("userAttributeProfiles", "user-attribute-profiles"),
];
