//! The members of a user (`management-api.md` §5.2, §5.3), one by one.

use crate::fields::{Field, field};
use crate::schema::formats::{EMAIL, URL};
use crate::schema::{anything, boolean, formatted, integer, list, open_object, text, text_of};

/// Root attributes that are kept as they are sent.
pub(crate) const ATTRIBUTES: [&str; 7] =
    ["name", "nickname", "given_name", "family_name", "picture", "phone_number", "phone_verified"];

pub(super) fn all() -> Vec<Field> {
    let name = |longest| text_of(1, longest).or_null();
    let read_only = ["created_at", "updated_at", "last_login", "last_ip", "last_password_reset"];
    let metadata = || open_object().or_null();
    let app_metadata = metadata().written_with(&["update:users", "update:users_app_metadata"]);
    let user_metadata = metadata().about("Attributes that the user may edit.");
    [
        vec![
            field("connection", text_of(1, 128).about("Name of the connection.")).required().write_only(),
            field("user_id", text_of(1, 255).pattern("^[^ \\t\\r\\n]+$").about("Its part after the strategy."))
                .create_only(),
            field("email", formatted(EMAIL).or_null().about("The address.")),
            field("email_verified", boolean()),
            field("username", text_of(1, 128).or_null().about("Where the connection has user names.")),
            field("password", text_of(1, 1000).secret().about("The password.")).write_only(),
            field("verify_email", boolean()).write_only(),
            field("blocked", boolean().about("Whether logins and exchanges are refused.")),
            field("name", name(300)),
            field("nickname", name(300)),
            field("given_name", name(150)),
            field("family_name", name(150)),
            field("picture", formatted(URL).or_null()),
            field("phone_number", text_of(2, 16).pattern("^\\+[0-9]{1,15}$").or_null()),
            field("phone_verified", boolean()),
            field("user_metadata", user_metadata).merged_or_cleared(),
            field("app_metadata", app_metadata.about("Attributes that only administrators edit."))
                .on_create(metadata().about("Attributes that only administrators edit."))
                .merged_or_cleared(),
            field("identities", list(anything())).read_only(),
            field("logins_count", integer(0, i64::MAX)).read_only(),
        ],
        read_only.map(|name| field(name, text()).read_only()).to_vec(),
    ]
    .concat()
}
