//! The fields of users (`management-api.md` §5.4 "Searchable").

use super::filter::{Kind, SearchField};

/// A field of a user. Names are case sensitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserField {
    /// `user_id`.
    Id,
    /// `email`.
    Email,
    /// `email.domain`.
    EmailDomain,
    /// `email_verified`.
    EmailVerified,
    /// `username`.
    Username,
    /// `name`.
    Name,
    /// `nickname`.
    Nickname,
    /// `given_name`.
    GivenName,
    /// `family_name`.
    FamilyName,
    /// `blocked`.
    Blocked,
    /// `created_at`.
    CreatedAt,
    /// `updated_at`.
    UpdatedAt,
    /// `last_login`.
    LastLogin,
    /// `last_ip`.
    LastIp,
    /// `logins_count`.
    LoginsCount,
    /// `identities.connection`.
    Connection,
    /// `identities.provider`.
    Provider,
    /// `identities.user_id`.
    IdentityId,
    /// `identities.isSocial`.
    Social,
    /// A path of `user_metadata`.
    UserMetadata(String),
    /// A path of `app_metadata`, or another attribute.
    Value(String),
}

impl SearchField for UserField {
    fn named(name: &str) -> Self {
        match name {
            "user_id" => Self::Id,
            "email" => Self::Email,
            "email.domain" => Self::EmailDomain,
            "email_verified" => Self::EmailVerified,
            "username" => Self::Username,
            "name" => Self::Name,
            "nickname" => Self::Nickname,
            "given_name" => Self::GivenName,
            "family_name" => Self::FamilyName,
            "blocked" => Self::Blocked,
            "created_at" => Self::CreatedAt,
            "updated_at" => Self::UpdatedAt,
            "last_login" => Self::LastLogin,
            "last_ip" => Self::LastIp,
            "logins_count" => Self::LoginsCount,
            "identities.connection" => Self::Connection,
            "identities.provider" => Self::Provider,
            "identities.user_id" => Self::IdentityId,
            "identities.isSocial" => Self::Social,
            _ if name == "user_metadata" || name.starts_with("user_metadata.") => Self::UserMetadata(name.to_owned()),
            _ => Self::Value(name.to_owned()),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Email | Self::EmailDomain | Self::Name | Self::Nickname | Self::GivenName | Self::FamilyName => {
                Kind::Text { folded: true }
            }
            Self::Id | Self::Username | Self::LastIp => Kind::Text { folded: false },
            Self::Connection | Self::Provider | Self::IdentityId | Self::UserMetadata(_) => Kind::Whole,
            Self::Value(_) => Kind::Mixed,
            Self::EmailVerified | Self::Blocked | Self::Social => Kind::Boolean,
            Self::LoginsCount => Kind::Number,
            Self::CreatedAt | Self::UpdatedAt | Self::LastLogin => Kind::Time,
        }
    }

    /// "Terms without a field do not match `user_metadata`."
    fn defaults() -> Vec<Self> {
        vec![Self::Email, Self::Name, Self::Nickname, Self::GivenName, Self::FamilyName, Self::Username, Self::Id]
    }
}
