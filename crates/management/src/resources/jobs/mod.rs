//! `/jobs`: imports and exports of users, and verification mails that are sent once more (`management-api.md` §6.4).

mod direct;
mod download;
mod errors;
mod export;
mod export_format;
mod import;
mod import_run;
mod job;
mod record;
mod verification;

use http::StatusCode;

pub use self::direct::{ImportedBatch, UserImport};
pub(crate) use self::download::routes as downloads;
pub(crate) use self::export::{Export, USERS_EXPORT};
pub(crate) use self::import_run::{Import, USERS_IMPORT};
use crate::operation::{Operation, Resource};
use crate::schema::{
    Schema, anything, boolean, formats, formatted, integer, list, object, one_of, optional, required, text, text_of,
};

const ABOUT: &str = "\
Work that goes on after the answer. Ask `GET /jobs/{id}` until `status` is `completed` or `failed`. What is known of a job is kept
for 24 hours; a job that has not ended after two hours is `failed`. The work is in the database: another server of the installation
goes on with it when one stops.

**Import of users.** The file is a JSON array of users for a database connection, of up to 512,000 bytes unless the operator allows
more (`users_import.max_bytes` in the [configuration](../configuration.md)). The users in it are stored sealed, and removed with
each batch that is done. Two imports of a tenant run at the same time; a third one is refused with 429. A user of the file has an
`email` (or a `username` alone, where the connection has user names) and, as they are wanted, `email_verified`, `username`,
`phone_number`, `phone_verified`, `user_id` (the part after `auth0|`), `blocked`, `name`, `nickname`, `given_name`, `family_name`,
`picture`, `user_metadata`, `app_metadata`, and one of `password_hash` (bcrypt, `$2a$` or `$2b$`) and `custom_password_hash`. Nothing
else is accepted. Hashes whose verification would cost more than a login may are refused. At the first login a hash is replaced by
one of Keywright's own. A user without a hash sets a password by resetting it.

Without `upsert` a user who is there is refused. With it, `email_verified`, the names, `picture`, `blocked` and both metadata are
replaced by those that the file has; nothing is merged, and address, user name, identifier and password stay. `email_verified` is
left as it is when the file has another address than the user. Two entries of a file for one user are an error of the second one.
A user with `mfa_factors` is refused with `MFA_FACTORS_FAILED`: there is no place for factors yet, and without them the user
would be less well protected than before. An import with refused users ends as `completed`; `GET /jobs/{id}/errors` has every one
of them with the reasons, and with `*****` in the place of passwords and hashes. `send_completion_email` is kept and answered; no
mail is sent.

**Export of users.** `json` is one object on each line, `csv` a table by RFC 4180; both are compressed with gzip. Without `fields`,
`json` has whole profiles and `csv` the common attributes. A field is a member of the profile or a path to one, such as
`identities[0].connection` or `app_metadata.plan`. Cells of a table that a spreadsheet would take for a formula begin with `'`. Hashes,
and tokens of other identity providers, are in no export. When the job is completed, every `GET /jobs/{id}` gives a new `location`
that works for 60 seconds and for whoever has it.

**Verification mail.** The mail that asks a user to prove the address, once more. The job is `completed` as soon as the mail is
queued; whether a mail server took it is in the tenant log.";

pub(super) fn resource() -> Resource {
    let scopes = &["create:users", "read:users"];
    let connection_id = || text_of(1, 100).about("Identifier of the connection.");
    let import = object(vec![
        required("connection_id", connection_id()),
        optional("upsert", boolean().about("Whether users who are there are changed; otherwise they are refused.")),
        optional("external_id", text_of(0, 255).about("A name of yours for the job.")),
        optional("send_completion_email", boolean().about("Kept; no mail is sent.")),
    ]);
    let field = object(vec![
        required("name", text_of(1, 200).about("A member of the profile, or a path to one.")),
        optional("export_as", text_of(1, 200).about("Its name in the export.")),
    ]);
    let export = object(vec![
        optional("connection_id", connection_id()),
        optional("format", one_of(&["json", "csv"])),
        optional("limit", integer(1, i64::MAX).about("Most users in the export.")),
        optional("fields", list(field).sized(0, 200)),
    ]);
    let identity = object(vec![
        required("user_id", text_of(1, 255)),
        required("provider", text_of(1, 100)),
        optional("connection_id", connection_id()),
    ]);
    let mail = object(vec![
        required("user_id", text_of(1, 255).about("Whose address is to be verified.")),
        optional("client_id", text_of(1, 64)),
        optional("identity", identity),
        optional("organization_id", text_of(1, 50)),
    ]);
    Resource {
        name: "jobs",
        title: "Jobs",
        about: ABOUT,
        operations: vec![
            Operation::post("/jobs/users-imports", "Create an import of users")
                .scopes(&["create:users"])
                .body(import)
                .with_file("users")
                .status(StatusCode::ACCEPTED)
                .answers(answer())
                .handled_by(import::create),
            Operation::post("/jobs/users-exports", "Create an export of users")
                .scopes(&["read:users"])
                .body(export.named("UsersExportCreate"))
                .status(StatusCode::OK)
                .answers(answer())
                .handled_by(export::create),
            Operation::post("/jobs/verification-email", "Send a verification mail")
                .scopes(&["update:users"])
                .body(mail.named("VerificationEmailCreate"))
                .answers(answer())
                .handled_by(verification::create),
            Operation::get("/jobs/{id}", "Get a job").scopes(scopes).answers(answer()).handled_by(job::get),
            // A list of refused users, or the job with the reason why it failed.
            Operation::get("/jobs/{id}/errors", "Get the errors of a job")
                .scopes(scopes)
                .answers(anything())
                .handled_by(errors::get),
        ],
    }
}

fn answer() -> Schema {
    let count = |name| required(name, integer(0, i64::MAX));
    object(vec![
        required("id", text()),
        required("type", one_of(&["users_import", "users_export", "verification_email"])),
        required("status", one_of(&["pending", "completed", "failed"])),
        required("created_at", formatted(formats::DATE_TIME)),
        optional("connection_id", text()),
        optional("connection", text()),
        optional("upsert", boolean()),
        optional("external_id", text()),
        optional("send_completion_email", boolean()),
        optional("format", text()),
        optional("limit", integer(1, i64::MAX)),
        optional("fields", anything()),
        optional("percentage_done", integer(0, 100)),
        optional("time_left_seconds", integer(0, i64::MAX)),
        optional("location", formatted(formats::URL)),
        optional("status_details", text()),
        optional("summary", object(["failed", "updated", "inserted", "total"].map(count).to_vec())),
    ])
    .named("Job")
}
