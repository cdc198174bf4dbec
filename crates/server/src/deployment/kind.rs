//! What a type of configuration is: how it lies in files, and by which operations it is read and written (`management-api.md`
//! §18). The table of all of them is `kinds.rs`.

use super::settings::Settings;

/// A type.
pub(super) struct Kind {
    /// What messages call it.
    pub(super) name: &'static str,
    /// How it lies in files.
    pub(super) files: Files,
    /// How it is read and written.
    pub(super) access: Access,
    /// What makes an entry the same one, in the order in which it is tried. Without keys there is one entry at most.
    pub(super) keys: &'static [&'static [&'static str]],
    /// Members that name an entry, in messages and as files.
    pub(super) called: &'static [&'static str],
    /// Members that are in no file: secrets, what the database makes, and what is another type's.
    pub(super) left_out: &'static [&'static str],
    /// Members that an import takes and an export has not, or has in the files of another type.
    pub(super) elsewhere: &'static [&'static str],
    /// Members with identifiers in the database and names in files.
    pub(super) references: &'static [Reference],
    /// Members that are files of their own.
    pub(super) texts: &'static [Text],
    /// What belongs to an entry and has operations of its own.
    pub(super) parts: Parts,
}

/// How a type lies in files. `member` leads to it in `tenant.yaml`; addresses are relative to the root and without `.json`.
pub(super) enum Files {
    /// A list; in folders a file for each entry.
    Each { member: &'static [&'static str], folder: &'static str, file: FileName },
    /// A list; in folders one file with all of it.
    List { member: &'static [&'static str], file: &'static str },
    /// An object. In folders it is what `within` leads to in a file.
    One { member: &'static [&'static str], file: &'static str, within: &'static [&'static str] },
    /// An object of objects: the names of each level are members of the entry, what is below is `value`.
    Map { member: &'static [&'static str], file: &'static str, levels: &'static [&'static str], value: &'static str },
    /// Partials: in folders each is a file of its own.
    Partials,
    /// Settings of screens: a file for each in both layouts.
    Screens,
}

/// Where settings of screens are.
pub(super) const SCREENS: &str = "prompts/screenRenderSettings";

impl Files {
    /// What leads to it in `tenant.yaml`.
    pub(super) fn member(&self) -> &'static [&'static str] {
        match self {
            Self::Each { member, .. }
            | Self::List { member, .. }
            | Self::One { member, .. }
            | Self::Map { member, .. } => member,
            Self::Partials => &["prompts", "partials"],
            Self::Screens => &["prompts", "screenRenderers"],
        }
    }

    /// Its folder and the names in it, where each entry is a file.
    pub(super) fn folder(&self) -> Option<(&'static str, FileName)> {
        match self {
            Self::Each { folder, file, .. } => Some((folder, *file)),
            Self::Screens => Some((SCREENS, FileName::Joined("_"))),
            _ => None,
        }
    }

    /// Its file, where there is one for all of it.
    pub(super) fn file(&self) -> Option<&'static str> {
        match self {
            Self::List { file, .. } | Self::One { file, .. } | Self::Map { file, .. } => Some(file),
            Self::Partials => Some("prompts/partials"),
            Self::Each { .. } | Self::Screens => None,
        }
    }
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
    /// What names the entry, with this in between.
    Joined(&'static str),
    /// Always this.
    Fixed(&'static str),
}

/// How a type is read and written.
pub(super) enum Access {
    /// Entries with identifiers, which are made, changed and deleted.
    Resource(Resource),
    /// Settings at addresses that are always there: they are set.
    Settings(Settings),
}

/// Operations of entries with identifiers.
pub(super) struct Resource {
    /// Path of the operations.
    pub(super) path: &'static str,
    /// How all entries are read.
    pub(super) listing: Listing,
    /// Which of the entries of the list belong to the type.
    pub(super) filter: Filter,
    /// The member that names it in paths.
    pub(super) id: &'static str,
    /// Whether a change has to say everything.
    pub(super) whole: bool,
    /// Query of the deletion.
    pub(super) deletion: Option<&'static str>,
}

/// How all entries of a type are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    /// Pages of the path.
    Pages,
    /// The path, at once.
    Whole,
    /// The only one that there can be, at this path.
    Only(&'static str),
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

/// What belongs to an entry and has operations of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    Nothing,
    /// `permissions` of a role.
    Permissions,
    /// `connections` and `client_grants` of an organization.
    Organization,
    /// Whether an action is deployed, and its secrets.
    Action,
    /// Credentials of a phone provider, which are not answered.
    PhoneProvider,
}

impl Parts {
    /// Members of an entry that no operation on it takes.
    pub(super) fn members(self) -> &'static [&'static str] {
        match self {
            Self::Permissions => &["permissions"],
            Self::Organization => &["connections", "client_grants"],
            Self::Action => &["deployed"],
            Self::Nothing | Self::PhoneProvider => &[],
        }
    }
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
    /// Whether in folders the file counts too where the member does not name it.
    pub(super) beside: bool,
}
