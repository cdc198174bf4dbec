//! What the OpenID conformance suite asks of a provider, without the suite: one test per module, named after it, on a tenant
//! with profile `standard` (`conformance-modules.md`; FP-08).

mod logout;
mod modules;
mod relying_party;

use relying_party::{RelyingParty, Variant};

/// Makes of `plan (variant) { module, … }` one test per module.
macro_rules! plan {
    ($plan:ident ($response_type:literal, form_post: $form_post:literal) { $($module:ident),* $(,)? }) => {
        mod $plan {
            pub(super) const MODULES: &[&str] = &[$(stringify!($module)),*];
            $(
                #[tokio::test]
                async fn $module() {
                    let variant = super::Variant { response_type: $response_type, form_post: $form_post };
                    super::modules::$module(super::RelyingParty::new(variant).await).await;
                }
            )*
        }
    };
}

/// The modules of the basic plan, which the form post plan repeats.
macro_rules! basic_plan {
    ($plan:ident, $form_post:literal) => {
        plan! { $plan ("code", form_post: $form_post) {
            oidcc_server, oidcc_response_type_missing, oidcc_idtoken_signature, oidcc_idtoken_unsigned,
            oidcc_userinfo_get, oidcc_userinfo_post_header, oidcc_userinfo_post_body,
            oidcc_ensure_request_without_nonce_succeeds_for_code_flow,
            oidcc_scope_profile, oidcc_scope_email, oidcc_scope_address, oidcc_scope_phone, oidcc_scope_all,
            oidcc_alternate_happy_flow, oidcc_display_page, oidcc_display_popup,
            oidcc_prompt_login, oidcc_prompt_none_not_logged_in, oidcc_prompt_none_logged_in,
            oidcc_max_age_1, oidcc_max_age_10000, oidcc_ensure_request_with_unknown_parameter_succeeds,
            oidcc_id_token_hint, oidcc_login_hint, oidcc_ui_locales, oidcc_claims_locales,
            oidcc_ensure_request_with_acr_values_succeeds, oidcc_codereuse, oidcc_codereuse_30seconds,
            oidcc_ensure_registered_redirect_uri, oidcc_ensure_post_request_succeeds, oidcc_server_client_secret_post,
            oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported,
            oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported,
            oidcc_ensure_request_object_with_redirect_uri, oidcc_claims_essential, oidcc_refresh_token,
            oidcc_ensure_request_with_valid_pkce_succeeds,
        } }
    };
}

basic_plan!(basic, false);
basic_plan!(form_post_basic, true);

/// The modules that every response type has; `$more` are those that only some have.
macro_rules! front_channel_plan {
    ($plan:ident ($response_type:literal) { $($more:ident),* $(,)? }) => {
        plan! { $plan ($response_type, form_post: false) {
            oidcc_server, oidcc_response_type_missing, oidcc_idtoken_signature, oidcc_idtoken_unsigned,
            oidcc_scope_profile, oidcc_scope_email, oidcc_scope_address, oidcc_scope_phone, oidcc_scope_all,
            oidcc_alternate_happy_flow, oidcc_display_page, oidcc_display_popup,
            oidcc_prompt_login, oidcc_prompt_none_not_logged_in, oidcc_prompt_none_logged_in,
            oidcc_max_age_1, oidcc_max_age_10000, oidcc_ensure_request_with_unknown_parameter_succeeds,
            oidcc_id_token_hint, oidcc_login_hint, oidcc_ui_locales, oidcc_claims_locales,
            oidcc_ensure_request_with_acr_values_succeeds,
            oidcc_ensure_registered_redirect_uri, oidcc_ensure_post_request_succeeds,
            oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported,
            oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported,
            oidcc_ensure_request_object_with_redirect_uri, oidcc_claims_essential,
            $($more),*
        } }
    };
}

front_channel_plan! { implicit_id_token ("id_token") { oidcc_ensure_request_without_nonce_fails } }
front_channel_plan! { implicit_id_token_token ("id_token token") {
    oidcc_ensure_request_without_nonce_fails, oidcc_userinfo_get, oidcc_userinfo_post_header, oidcc_userinfo_post_body,
} }
front_channel_plan! { hybrid_code_id_token ("code id_token") {
    oidcc_ensure_request_without_nonce_fails, oidcc_userinfo_get, oidcc_userinfo_post_header, oidcc_userinfo_post_body,
    oidcc_codereuse, oidcc_codereuse_30seconds, oidcc_server_client_secret_post, oidcc_refresh_token,
    oidcc_ensure_request_with_valid_pkce_succeeds,
} }
front_channel_plan! { hybrid_code_token ("code token") {
    oidcc_ensure_request_without_nonce_succeeds_for_code_flow,
    oidcc_userinfo_get, oidcc_userinfo_post_header, oidcc_userinfo_post_body,
    oidcc_codereuse, oidcc_codereuse_30seconds, oidcc_server_client_secret_post, oidcc_refresh_token,
    oidcc_ensure_request_with_valid_pkce_succeeds,
} }
front_channel_plan! { hybrid_code_id_token_token ("code id_token token") {
    oidcc_ensure_request_without_nonce_fails, oidcc_userinfo_get, oidcc_userinfo_post_header, oidcc_userinfo_post_body,
    oidcc_codereuse, oidcc_codereuse_30seconds, oidcc_server_client_secret_post, oidcc_refresh_token,
    oidcc_ensure_request_with_valid_pkce_succeeds,
} }

mod config {
    use super::{RelyingParty, Variant, modules};

    #[tokio::test]
    async fn oidcc_discovery_endpoint_verification() {
        let party = RelyingParty::new(Variant { response_type: "code", form_post: false }).await;
        modules::discovery(&party).await;
    }
}

/// The counts of `conformance-modules.md` §4, as far as its lists name the modules.
#[test]
fn fp_08_every_module_of_the_browser_plans_has_its_test() {
    assert_eq!(basic::MODULES.len(), 38);
    assert_eq!(form_post_basic::MODULES, basic::MODULES);
    let implicit = implicit_id_token::MODULES.len() + implicit_id_token_token::MODULES.len();
    assert!(implicit >= 58, "{implicit}");
    let hybrid = [hybrid_code_id_token::MODULES, hybrid_code_token::MODULES, hybrid_code_id_token_token::MODULES]
        .map(<[_]>::len);
    assert!(hybrid.iter().sum::<usize>() >= 102, "{hybrid:?}");
    let mut names: Vec<_> = basic::MODULES.to_vec();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 38, "no module twice");
}
