//! The texts of the login pages, in Auth0's prompt / screen / key structure (§7.7), one file per language.
//!
//! Keys that Auth0's custom texts know keep their names. The types deny a missing or unknown key, so a language that
//! lacks a text, or a template that asks for one that is not there, fails to build or fails every render test.

use keywright_web::page::Shell;
use serde::Deserialize;

/// All prompts in one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Texts {
    login: LoginPrompt,
    signup: SignupPrompt,
    consent: ConsentPrompt,
    organizations: OrganizationsPrompt,
    logout: LogoutPrompt,
    #[serde(rename = "device-flow")]
    device_flow: DeviceFlowPrompt,
    #[serde(rename = "brute-force-protection")]
    brute_force_protection: BruteForceProtectionPrompt,
    #[serde(rename = "reset-password")]
    reset_password: ResetPasswordPrompt,
    #[serde(rename = "email-verification")]
    email_verification: EmailVerificationPrompt,
}

keywright_web::texts!(of -> Texts, SOURCES);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginPrompt {
    login: LoginTexts,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignupPrompt {
    signup: SignupTexts,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsentPrompt {
    consent: ConsentTexts,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct OrganizationsPrompt {
    organization_selection: OrganizationSelectionTexts,
    organization_picker: OrganizationPickerTexts,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct LogoutPrompt {
    logout: LogoutTexts,
    logout_complete: ResultTexts,
    logout_aborted: ResultTexts,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the screens")]
struct DeviceFlowPrompt {
    device_code_activation: ActivationTexts,
    device_code_confirmation: ConfirmationTexts,
    device_code_activation_allowed: ResultTexts,
    device_code_activation_denied: ResultTexts,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the screens")]
struct BruteForceProtectionPrompt {
    brute_force_protection_unblock: UnblockTexts,
    brute_force_protection_unblock_success: ResultTexts,
    brute_force_protection_unblock_failure: ResultTexts,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the screens")]
struct ResetPasswordPrompt {
    reset_password_request: ResetPasswordRequestTexts,
    reset_password_email: ResultTexts,
    reset_password: ResetPasswordTexts,
    reset_password_success: ContinuedTexts,
    reset_password_error: ResultTexts,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the screens")]
struct EmailVerificationPrompt {
    email_verification_confirm: UnblockTexts,
    email_verification_success: ContinuedTexts,
    email_verification_failure: ResultTexts,
    email_verification_already: ResultTexts,
}

/// Prompt `login`, screen `login`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LoginTexts {
    pub(crate) page_title: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) username_placeholder: String,
    pub(crate) email_placeholder: String,
    pub(crate) password_placeholder: String,
    pub(crate) button_text: String,
    pub(crate) forgot_password_text: String,
    pub(crate) signup_action_text: String,
    pub(crate) signup_action_link_text: String,
    pub(crate) alert_list_title: String,
    pub(crate) privacy_policy_link_text: String,
    pub(crate) terms_of_service_link_text: String,
    #[serde(rename = "wrong-credentials")]
    pub(crate) wrong_credentials: String,
    #[serde(rename = "wrong-email-credentials")]
    pub(crate) wrong_email_credentials: String,
    #[serde(rename = "same-user-login")]
    pub(crate) same_user_login: String,
    #[serde(rename = "user-blocked")]
    pub(crate) user_blocked: String,
    #[serde(rename = "ip-blocked")]
    pub(crate) ip_blocked: String,
    #[serde(rename = "password-breached")]
    pub(crate) password_breached: String,
    #[serde(rename = "no-email")]
    pub(crate) no_email: String,
    #[serde(rename = "no-username")]
    pub(crate) no_username: String,
    #[serde(rename = "no-password")]
    pub(crate) no_password: String,
}

/// Prompt `organizations`, screen `organization-selection`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OrganizationSelectionTexts {
    pub(crate) page_title: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) placeholder: String,
    pub(crate) button_text: String,
    pub(crate) skip_button_text: String,
    #[serde(rename = "no-organization")]
    pub(crate) no_organization: String,
    #[serde(rename = "invalid-organization")]
    pub(crate) invalid_organization: String,
}

/// Prompt `organizations`, screen `organization-picker`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OrganizationPickerTexts {
    pub(crate) page_title: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) account_text: String,
    pub(crate) skip_button_text: String,
}

/// Prompt `signup`, screen `signup`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SignupTexts {
    pub(crate) page_title: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) email_placeholder: String,
    pub(crate) username_placeholder: String,
    pub(crate) password_placeholder: String,
    pub(crate) password_security_text: String,
    pub(crate) button_text: String,
    pub(crate) login_action_text: String,
    pub(crate) login_action_link_text: String,
    pub(crate) alert_list_title: String,
    #[serde(rename = "no-email")]
    pub(crate) no_email: String,
    #[serde(rename = "no-username")]
    pub(crate) no_username: String,
    #[serde(rename = "no-password")]
    pub(crate) no_password: String,
    #[serde(rename = "invalid-email-format")]
    pub(crate) invalid_email_format: String,
    #[serde(rename = "invalid-username")]
    pub(crate) invalid_username: String,
    #[serde(rename = "email-in-use")]
    pub(crate) email_in_use: String,
    #[serde(rename = "auth0-users-validation")]
    pub(crate) users_validation: String,
    #[serde(rename = "ip-signup-blocked")]
    pub(crate) ip_signup_blocked: String,
    #[serde(rename = "password-breached")]
    pub(crate) password_breached: String,
    #[serde(rename = "password-too-weak")]
    pub(crate) password_too_weak: String,
    #[serde(rename = "password-too-common")]
    pub(crate) password_too_common: String,
    #[serde(rename = "password-previously-used")]
    pub(crate) password_previously_used: String,
    #[serde(rename = "password-contains-user-information")]
    pub(crate) password_contains_user_information: String,
    #[serde(rename = "password-policy-length-at-least")]
    pub(crate) length_at_least: String,
    #[serde(rename = "password-policy-length-at-most")]
    pub(crate) length_at_most: String,
    #[serde(rename = "password-policy-contains-at-least")]
    pub(crate) contains_at_least: String,
    #[serde(rename = "password-policy-should-contain")]
    pub(crate) should_contain: String,
    #[serde(rename = "password-policy-lower-case")]
    pub(crate) lower_case: String,
    #[serde(rename = "password-policy-upper-case")]
    pub(crate) upper_case: String,
    #[serde(rename = "password-policy-numbers")]
    pub(crate) numbers: String,
    #[serde(rename = "password-policy-special-characters")]
    pub(crate) special_characters: String,
    #[serde(rename = "password-policy-identical-chars")]
    pub(crate) identical_chars: String,
    #[serde(rename = "password-policy-sequential-chars")]
    pub(crate) sequential_chars: String,
    #[serde(rename = "password-policy-met")]
    pub(crate) rule_met: String,
    #[serde(rename = "password-policy-unmet")]
    pub(crate) rule_unmet: String,
}

/// Prompt `reset-password`, screen `reset-password-request`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResetPasswordRequestTexts {
    pub(crate) page_title: String,
    pub(crate) title: String,
    pub(crate) description_email: String,
    pub(crate) description_username: String,
    pub(crate) button_text: String,
    pub(crate) back_to_login_link_text: String,
    pub(crate) alert_list_title: String,
    #[serde(rename = "no-email")]
    pub(crate) no_email: String,
    #[serde(rename = "no-username")]
    pub(crate) no_username: String,
    #[serde(rename = "too-many-email")]
    pub(crate) too_many: String,
}

/// Prompt `reset-password`, screen `reset-password`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResetPasswordTexts {
    pub(crate) page_title: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) password_placeholder: String,
    #[serde(rename = "reEnterpasswordPlaceholder")]
    pub(crate) re_enter_password_placeholder: String,
    pub(crate) button_text: String,
    #[serde(rename = "no-password")]
    pub(crate) no_password: String,
    #[serde(rename = "password-too-weak")]
    pub(crate) password_too_weak: String,
    #[serde(rename = "password-too-common")]
    pub(crate) password_too_common: String,
    #[serde(rename = "password-previously-used")]
    pub(crate) password_previously_used: String,
    #[serde(rename = "password-contains-user-information")]
    pub(crate) password_contains_user_information: String,
    #[serde(rename = "no-re-enter-password-match")]
    pub(crate) no_match: String,
}

/// Screens that say that something was done, and lead on to the application: `reset-password-success` of prompt
/// `reset-password`, and the success of prompt `email-verification`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ContinuedTexts {
    pub(crate) page_title: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) button_text: String,
}

/// Prompt `consent`, screen `consent`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConsentTexts {
    pub(crate) page_title: String,
    pub(crate) title: String,
    pub(crate) message: String,
    pub(crate) account_text: String,
    pub(crate) scopes_title: String,
    pub(crate) scope_title: String,
    pub(crate) scope_description: String,
    pub(crate) scope_actions_separator: String,
    pub(crate) scope_actions_last_separator: String,
    pub(crate) accept_button_text: String,
    pub(crate) decline_button_text: String,
    pub(crate) scope_actions: ScopeActionTexts,
    pub(crate) oidc_scopes: OidcScopeTexts,
}

/// Actions that scopes of APIs usually name (`read:contacts`), as words of the language.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ScopeActionTexts {
    pub(crate) read: String,
    pub(crate) create: String,
    pub(crate) update: String,
    pub(crate) delete: String,
    pub(crate) write: String,
    pub(crate) list: String,
    pub(crate) manage: String,
}

/// OpenID Connect's own scopes in plain words.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OidcScopeTexts {
    pub(crate) openid: ScopeTexts,
    pub(crate) profile: ScopeTexts,
    pub(crate) email: ScopeTexts,
    pub(crate) phone: ScopeTexts,
    pub(crate) address: ScopeTexts,
    pub(crate) offline_access: ScopeTexts,
    pub(crate) online_access: ScopeTexts,
}

/// One of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScopeTexts {
    pub(crate) title: String,
    pub(crate) description: String,
}

/// Prompt `logout`, screen `logout`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LogoutTexts {
    pub(crate) page_title: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) accept_button_text: String,
    pub(crate) decline_button_text: String,
}

/// Prompt `device-flow`, screen `device-code-activation`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ActivationTexts {
    pub(crate) page_title: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) placeholder: String,
    pub(crate) button_text: String,
    pub(crate) alert_list_title: String,
    #[serde(rename = "no-code")]
    pub(crate) no_code: String,
    #[serde(rename = "invalid-code")]
    pub(crate) invalid_code: String,
    #[serde(rename = "invalid-expired-code")]
    pub(crate) invalid_expired_code: String,
    #[serde(rename = "too-many-codes")]
    pub(crate) too_many_codes: String,
}

/// Prompt `device-flow`, screen `device-code-confirmation`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConfirmationTexts {
    pub(crate) page_title: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) confirmation_text: String,
    pub(crate) place_title: String,
    pub(crate) place_here: String,
    pub(crate) place_elsewhere: String,
    pub(crate) place_unknown: String,
    pub(crate) time_title: String,
    pub(crate) time_just_now: String,
    pub(crate) time_minutes_ago: String,
    pub(crate) scopes_title: String,
    pub(crate) account_text: String,
    pub(crate) confirm_button_text: String,
    pub(crate) cancel_button_text: String,
}

/// Screens that ask for one thing: `brute-force-protection-unblock` of prompt `brute-force-protection`, and the question of
/// prompt `email-verification`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UnblockTexts {
    pub(crate) page_title: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) button_text: String,
}

/// Screens that only say what became of something: `logout-complete` and `logout-aborted` of prompt `logout`,
/// `device-code-activation-allowed` and `-denied` of prompt `device-flow`, and the results of prompt `brute-force-protection`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResultTexts {
    pub(crate) page_title: String,
    pub(crate) title: String,
    pub(crate) description: String,
}

/// Screen `login` of prompt `login`.
pub(crate) fn login(shell: &Shell) -> &LoginTexts {
    &of(shell).login.login
}

/// Screen `signup` of prompt `signup`.
pub(crate) fn signup(shell: &Shell) -> &SignupTexts {
    &of(shell).signup.signup
}

/// Screen `consent` of prompt `consent`.
pub(crate) fn consent(shell: &Shell) -> &ConsentTexts {
    &of(shell).consent.consent
}

/// Screen `organization-selection` of prompt `organizations`.
pub(crate) fn organization_selection(shell: &Shell) -> &OrganizationSelectionTexts {
    &of(shell).organizations.organization_selection
}

/// Screen `organization-picker` of prompt `organizations`.
pub(crate) fn organization_picker(shell: &Shell) -> &OrganizationPickerTexts {
    &of(shell).organizations.organization_picker
}

/// Screen `logout` of prompt `logout`.
pub(crate) fn logout(shell: &Shell) -> &LogoutTexts {
    &of(shell).logout.logout
}

/// Screen `logout-complete` of prompt `logout`.
pub(crate) fn logout_complete(shell: &Shell) -> &ResultTexts {
    &of(shell).logout.logout_complete
}

/// Screen `logout-aborted` of prompt `logout`.
pub(crate) fn logout_aborted(shell: &Shell) -> &ResultTexts {
    &of(shell).logout.logout_aborted
}

/// Screen `device-code-activation` of prompt `device-flow`.
pub(crate) fn activation(shell: &Shell) -> &ActivationTexts {
    &of(shell).device_flow.device_code_activation
}

/// Screen `device-code-confirmation` of prompt `device-flow`.
pub(crate) fn confirmation(shell: &Shell) -> &ConfirmationTexts {
    &of(shell).device_flow.device_code_confirmation
}

/// Screen `device-code-activation-allowed` of prompt `device-flow`.
pub(crate) fn device_allowed(shell: &Shell) -> &ResultTexts {
    &of(shell).device_flow.device_code_activation_allowed
}

/// Screen `device-code-activation-denied` of prompt `device-flow`.
pub(crate) fn device_denied(shell: &Shell) -> &ResultTexts {
    &of(shell).device_flow.device_code_activation_denied
}

/// Screen `brute-force-protection-unblock` of prompt `brute-force-protection`.
pub(crate) fn unblock(shell: &Shell) -> &UnblockTexts {
    &of(shell).brute_force_protection.brute_force_protection_unblock
}

/// Screen `brute-force-protection-unblock-success` of prompt `brute-force-protection`.
pub(crate) fn unblock_success(shell: &Shell) -> &ResultTexts {
    &of(shell).brute_force_protection.brute_force_protection_unblock_success
}

/// Screen `brute-force-protection-unblock-failure` of prompt `brute-force-protection`.
pub(crate) fn unblock_failure(shell: &Shell) -> &ResultTexts {
    &of(shell).brute_force_protection.brute_force_protection_unblock_failure
}

/// Screen `reset-password-request` of prompt `reset-password`.
pub(crate) fn reset_password_request(shell: &Shell) -> &ResetPasswordRequestTexts {
    &of(shell).reset_password.reset_password_request
}

/// Screen `reset-password-email` of prompt `reset-password`.
pub(crate) fn reset_password_email(shell: &Shell) -> &ResultTexts {
    &of(shell).reset_password.reset_password_email
}

/// Screen `reset-password` of prompt `reset-password`.
pub(crate) fn reset_password(shell: &Shell) -> &ResetPasswordTexts {
    &of(shell).reset_password.reset_password
}

/// Screen `reset-password-success` of prompt `reset-password`.
pub(crate) fn reset_password_success(shell: &Shell) -> &ContinuedTexts {
    &of(shell).reset_password.reset_password_success
}

/// Screen `reset-password-error` of prompt `reset-password`.
pub(crate) fn reset_password_error(shell: &Shell) -> &ResultTexts {
    &of(shell).reset_password.reset_password_error
}

/// The question of prompt `email-verification`.
pub(crate) fn email_verification(shell: &Shell) -> &UnblockTexts {
    &of(shell).email_verification.email_verification_confirm
}

/// The success of prompt `email-verification`.
pub(crate) fn email_verification_success(shell: &Shell) -> &ContinuedTexts {
    &of(shell).email_verification.email_verification_success
}

/// The failure of prompt `email-verification`.
pub(crate) fn email_verification_failure(shell: &Shell) -> &ResultTexts {
    &of(shell).email_verification.email_verification_failure
}

/// What prompt `email-verification` says when there is nothing to prove.
pub(crate) fn email_verification_already(shell: &Shell) -> &ResultTexts {
    &of(shell).email_verification.email_verification_already
}

#[cfg(test)]
mod tests {
    use keywright_web::page::audit;
    use serde_json::Value;

    use super::SOURCES;

    #[test]
    fn every_language_has_the_same_keys_and_placeholders() {
        assert_eq!(audit::text_differences(SOURCES), Vec::<String>::new());
    }

    /// Whoever adds a text says that tenants can replace it.
    #[test]
    fn the_reference_of_custom_texts_has_every_key() {
        let reference = include_str!("../../../docs/reference/custom-texts.md");
        let texts: Value = serde_json::from_str(include_str!("../texts/en.json")).unwrap();
        let mut missing = Vec::new();
        for (prompt, screens) in texts.as_object().unwrap() {
            for (screen, texts) in screens.as_object().unwrap() {
                let heading = format!("### `{prompt}`, screen `{screen}`");
                let Some((_, after)) = reference.split_once(&format!("{heading}\n")) else {
                    missing.push(heading);
                    continue;
                };
                let table = after.split("\n#").next().unwrap_or_default();
                let row = |key: &str, text: &str| {
                    let text = text.replace('|', "\\|");
                    let text = if text.trim() == text { text } else { format!("`{text}`") };
                    format!("| `{key}` | {text} |")
                };
                let keys = texts.as_object().unwrap().iter();
                let rows = keys.filter_map(|(key, text)| Some(row(key, text.as_str()?)));
                missing.extend(rows.filter(|row| !table.contains(row)));
            }
        }
        assert_eq!(missing, Vec::<String>::new());
    }

    /// §7.7 fixes these sentences; clients that script the pages compare them.
    #[test]
    fn fixed_error_texts_are_the_specified_ones() {
        let texts: Value = serde_json::from_str(include_str!("../texts/en.json")).unwrap();
        for (prompt, key, text) in [
            ("login", "wrong-credentials", "Wrong username or password"),
            ("login", "wrong-email-credentials", "Wrong email or password"),
            ("login", "no-email", "Please enter an email address"),
            ("login", "no-username", "Username is required"),
            ("login", "no-password", "Password is required"),
            ("signup", "no-email", "Please enter an email address"),
            ("signup", "no-username", "Username is required"),
            ("signup", "no-password", "Password is required"),
            ("login", "user-blocked", "Your account has been blocked after multiple consecutive login attempts."),
            (
                "login",
                "ip-blocked",
                "We have detected suspicious login behavior and further attempts will be blocked. Please contact the \
                 administrator.",
            ),
            ("signup", "ip-signup-blocked", "Too many signups from the same IP"),
            ("signup", "email-in-use", "The user already exists."),
            ("signup", "password-too-weak", "The password is too weak"),
            ("consent", "title", "Authorize App"),
            ("consent", "message", "${clientName} is requesting access to your ${companyName} account."),
            ("consent", "acceptButtonText", "Accept"),
            ("consent", "declineButtonText", "Decline"),
            ("logout", "description", "Are you sure you want to log out from ${clientName}?"),
        ] {
            assert_eq!(texts[prompt][prompt][key], text, "{prompt}.{key}");
        }
        for (screen, key, text) in [
            ("device-code-activation", "title", "Device Activation"),
            ("device-code-activation", "description", "Enter the code displayed on your device"),
            ("device-code-activation", "no-code", "Please enter the code displayed on your device"),
            ("device-code-activation", "invalid-code", "The code you entered is invalid"),
            ("device-code-activation", "invalid-expired-code", "Invalid or expired user code"),
            ("device-code-confirmation", "title", "Device Confirmation"),
            (
                "device-code-confirmation",
                "description",
                "Please confirm this is the code displayed on your ${clientName}:",
            ),
            (
                "device-code-confirmation",
                "confirmationText",
                "If you did not initiate this action or you do not recognize this device select cancel.",
            ),
            ("device-code-confirmation", "confirmButtonText", "Confirm"),
            ("device-code-confirmation", "cancelButtonText", "Cancel"),
            ("device-code-activation-allowed", "title", "Congratulations, you're all set!"),
            ("device-code-activation-allowed", "description", "Your device is now connected."),
            ("device-code-activation-denied", "title", "Activation Denied"),
            ("device-code-activation-denied", "description", "We are not able to activate your device."),
        ] {
            assert_eq!(texts["device-flow"][screen][key], text, "{screen}.{key}");
        }
    }
}
