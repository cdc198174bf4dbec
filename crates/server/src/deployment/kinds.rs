//! What can be imported and exported: for each type its key in `tenant.yaml`, its folder, and the operations of the Management
//! API. The order is that of the import: what others refer to comes first (`management-api.md` §18.2).
//!
//! Which members can be written, and which only once, is not said here: the operations know it. A type whose operations this
//! version does not have is passed over.

/// A type of which there are many.
pub(super) struct Kind {
    /// Its key in `tenant.yaml`.
    pub(super) name: &'static str,
    /// Its folder.
    pub(super) folder: &'static str,
    /// Where each one is in the folder.
    pub(super) file: FileName,
    /// Path of its operations.
    pub(super) path: &'static str,
    /// Which of the entries of the list belong to the type.
    pub(super) filter: Filter,
    /// The member that names it in paths.
    pub(super) id: &'static str,
    /// What makes an entry the same one, in the order in which it is tried.
    pub(super) keys: &'static [&'static [&'static str]],
    /// Members that are in no file: secrets, what the database makes, and what is another type's.
    pub(super) left_out: &'static [&'static str],
    /// Members with identifiers in the database and names in files.
    pub(super) references: &'static [Reference],
    /// Members that are files of their own.
    pub(super) texts: &'static [Text],
    /// Whether it has permissions.
    pub(super) permissions: bool,
}

/// Names of the files of a type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FileName {
    /// `NAME.json`.
    Json,
    /// `NAME/database.json`.
    Database,
    /// `APPLICATION-API.json`.
    Grant,
}

/// Which entries of a list are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// All of them.
    All,
    /// Not the one that belongs to the tenant itself.
    NotGlobal,
    /// Not the system's.
    NotSystem,
    /// Connections that are databases.
    Databases,
    /// Connections that are not.
    NotDatabases,
}

/// A member with identifiers, or lists of them.
pub(super) struct Reference {
    pub(super) member: &'static str,
    /// Of which type.
    pub(super) to: &'static str,
}

/// A member whose text is in a file of its own.
pub(super) struct Text {
    /// The members that lead to it; `*` stands for every one.
    pub(super) member: &'static [&'static str],
    /// The file, from the root: `{name}` is the entry's name, `{member}` what `*` stands for. For `tenant.yaml`, and for folders.
    pub(super) files: [&'static str; 2],
    /// What the address in the member is relative to.
    pub(super) bases: [&'static str; 2],
}

/// A document of which there is one.
pub(super) struct Document {
    /// Where it is in `tenant.yaml`.
    pub(super) members: &'static [&'static str],
    /// Its file.
    pub(super) file: &'static str,
    /// Path of its operations, GET and PATCH.
    pub(super) path: &'static str,
    /// Members that are in no file.
    pub(super) left_out: &'static [&'static str],
}

const ENABLED_CLIENTS: &[Reference] = &[Reference { member: "enabled_clients", to: "clients" }];

/// What every type has unless it says otherwise.
const PLAIN: Kind = Kind {
    name: "",
    folder: "",
    file: FileName::Json,
    path: "",
    filter: Filter::All,
    id: "id",
    keys: &[&["name"]],
    left_out: &[],
    references: &[],
    texts: &[],
    permissions: false,
};

/// Types of which there are many.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "resourceServers",
        folder: "resource-servers",
        path: "/resource-servers",
        filter: Filter::NotSystem,
        keys: &[&["identifier"]],
        left_out: &["client_id", "is_system", "signing_secret"],
        ..PLAIN
    },
    Kind {
        name: "clients",
        folder: "clients",
        path: "/clients",
        filter: Filter::NotGlobal,
        id: "client_id",
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
        }],
        ..PLAIN
    },
    Kind {
        name: "databases",
        folder: "database-connections",
        file: FileName::Database,
        path: "/connections",
        filter: Filter::Databases,
        left_out: &["options.configuration", "provisioning_ticket_url", "realms"],
        references: ENABLED_CLIENTS,
        texts: &[Text {
            member: &["options", "customScripts", "*"],
            files: ["databases/{name}/{member}.js", "database-connections/{name}/{member}.js"],
            bases: ["", "database-connections/{name}"],
        }],
        ..PLAIN
    },
    Kind {
        name: "connections",
        folder: "connections",
        path: "/connections",
        filter: Filter::NotDatabases,
        left_out: &["provisioning_ticket_url", "realms"],
        references: ENABLED_CLIENTS,
        ..PLAIN
    },
    Kind {
        name: "clientGrants",
        folder: "grants",
        file: FileName::Grant,
        path: "/client-grants",
        keys: &[&["client_id", "audience", "subject_type"]],
        left_out: &["is_system"],
        references: &[Reference { member: "client_id", to: "clients" }],
        ..PLAIN
    },
    Kind { name: "roles", folder: "roles", path: "/roles", left_out: &["type"], permissions: true, ..PLAIN },
];

/// Documents of which there is one.
pub(super) const DOCUMENTS: &[Document] = &[
    Document {
        members: &["attackProtection", "bruteForceProtection"],
        file: "attack-protection/brute-force-protection",
        path: "/attack-protection/brute-force-protection",
        left_out: &[],
    },
    Document {
        members: &["attackProtection", "suspiciousIpThrottling"],
        file: "attack-protection/suspicious-ip-throttling",
        path: "/attack-protection/suspicious-ip-throttling",
        left_out: &[],
    },
    Document {
        members: &["attackProtection", "breachedPasswordDetection"],
        file: "attack-protection/breached-password-detection",
        path: "/attack-protection/breached-password-detection",
        left_out: &[],
    },
    Document {
        members: &["attackProtection", "botDetection"],
        file: "attack-protection/bot-detection",
        path: "/attack-protection/bot-detection",
        left_out: &[],
    },
    Document {
        members: &["attackProtection", "captcha"],
        file: "attack-protection/captcha",
        path: "/attack-protection/captcha",
        left_out: &[],
    },
    Document { members: &["branding"], file: "branding/branding", path: "/branding", left_out: &["templates"] },
    Document {
        members: &["tenant"],
        file: "tenant",
        path: "/tenants/settings",
        left_out: &[
            "flags.allow_changing_enable_sso",
            "flags.disable_impersonation",
            "flags.enable_sso",
            "flags.remove_stale_idp_attributes",
            "sandbox_versions_available",
        ],
    },
];
