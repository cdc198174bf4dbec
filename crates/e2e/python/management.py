"""Auth0's own SDK for Python (auth0-python of PyPI, unmodified) against the built binary: every resource made, read, listed,
changed and removed. Run by auth0-python.test.mjs, which says where the server is: KEYWRIGHT_DOMAIN, KEYWRIGHT_CLIENT_ID,
KEYWRIGHT_CLIENT_SECRET, KEYWRIGHT_AUDIENCE, and SSL_CERT_FILE for the trust of the development CA.
"""

import json
import os
import time
import unittest

from auth0.management import ManagementClient
from auth0.management.core.api_error import ApiError

CONNECTION = "Username-Password-Authentication"
PASSWORD = "Tr0ub4dor&3x-correct"

api = ManagementClient(
    domain=os.environ["KEYWRIGHT_DOMAIN"],
    client_id=os.environ["KEYWRIGHT_CLIENT_ID"],
    client_secret=os.environ["KEYWRIGHT_CLIENT_SECRET"],
)
audience = os.environ["KEYWRIGHT_AUDIENCE"]


class Management(unittest.TestCase):
    def refused(self, status, call, *args, **members):
        with self.assertRaises(ApiError) as refusal:
            call(*args, **members)
        self.assertEqual(refusal.exception.status_code, status, refusal.exception.body)

    def test_clients(self):
        made = api.clients.create(name="Python", app_type="regular_web", callbacks=["https://py.example.com/cb"])
        self.assertEqual(len(made.client_secret), 64)
        read = api.clients.get(made.client_id)
        self.assertEqual(read.callbacks, ["https://py.example.com/cb"])
        self.assertIn(made.client_id, [client.client_id for client in api.clients.list(per_page=1)])
        changed = api.clients.update(made.client_id, description="From Python")
        self.assertEqual(changed.description, "From Python")
        self.assertNotEqual(api.clients.rotate_secret(made.client_id).client_secret, made.client_secret)
        api.clients.delete(made.client_id)
        self.refused(404, api.clients.get, made.client_id)
        self.refused(400, api.clients.create, name="<b>")

    def test_apis_and_grants(self):
        identifier = "https://python.example.com/api"
        made = api.resource_servers.create(identifier=identifier, name="Python", scopes=[{"value": "read:things"}])
        self.refused(409, api.resource_servers.create, identifier=identifier)
        self.assertEqual(api.resource_servers.update(made.id, token_lifetime=600).token_lifetime, 600)
        client = api.clients.create(name="Python daemon", app_type="non_interactive")
        grant = api.client_grants.create(client_id=client.client_id, audience=identifier, scope=["read:things"])
        self.assertEqual([one.id for one in api.client_grants.list(client_id=client.client_id)], [grant.id])
        api.client_grants.update(grant.id, scope=[])
        api.client_grants.delete(grant.id)
        api.resource_servers.delete(made.id)
        api.clients.delete(client.client_id)

    def test_connections(self):
        made = api.connections.create(name="Python-DB", strategy="auth0", options={"passwordPolicy": "good"})
        self.assertIn(made.id, [connection.id for connection in api.connections.list(take=1)])
        self.assertEqual(api.connections.update(made.id, display_name="Python DB").display_name, "Python DB")
        client = next(iter(api.clients.list(is_global=False)))
        api.connections.clients.update(made.id, request=[{"client_id": client.client_id, "status": True}])
        enabled = [one.client_id for one in api.connections.clients.get(made.id)]
        self.assertIn(client.client_id, enabled)
        api.connections.delete(made.id)

    def test_users_and_roles(self):
        made = api.users.create(
            connection=CONNECTION, email="Py@Example.com", password=PASSWORD, app_metadata={"plan": "free"}, verify_email=False
        )
        self.assertEqual(made.email, "py@example.com")
        self.refused(409, api.users.create, connection=CONNECTION, email="py@example.com", password=PASSWORD)
        found = list(api.users.list(q='email:"py@example.com" AND app_metadata.plan:free', search_engine="v3"))
        self.assertEqual([user.user_id for user in found], [made.user_id])
        self.assertEqual(api.users.list_users_by_email(email="py@example.com")[0].user_id, made.user_id)
        changed = api.users.update(made.user_id, app_metadata={"plan": "pro"}, blocked=True)
        self.assertTrue(changed.blocked)
        role = api.roles.create(name="python", description="Speaks Python")
        api.users.roles.assign(made.user_id, roles=[role.id])
        self.assertEqual([one.id for one in api.users.roles.list(made.user_id)], [role.id])
        permissions = [{"resource_server_identifier": audience, "permission_name": "read:contacts"}]
        api.roles.permissions.add(role.id, permissions=permissions)
        self.assertEqual(len(list(api.roles.permissions.list(role.id))), 1)
        api.roles.update(role.id, name="pythonista")
        api.users.roles.delete(made.user_id, roles=[role.id])
        api.roles.delete(role.id)
        self.assertEqual(list(api.users.sessions.list(made.user_id)), [])
        api.users.delete(made.user_id)
        self.refused(404, api.users.get, made.user_id)
        self.refused(400, api.users.list, q="email:(", search_engine="v3")

    def test_linking(self):
        first, second = (
            api.users.create(connection=CONNECTION, email=f"{name}@py-link.example.com", password=PASSWORD, email_verified=True)
            for name in ("first", "second")
        )
        linked = api.users.identities.link(first.user_id, provider="auth0", user_id=second.user_id)
        self.assertEqual(len(linked), 2)
        left = api.users.identities.delete(first.user_id, "auth0", second.user_id.removeprefix("auth0|"))
        self.assertEqual(len(left), 1)

    def test_rules_and_actions(self):
        script = "function (user, context, callback) { callback(null, user, context); }"
        rule = api.rules.create(name="Python rule", script=script)
        self.assertFalse(api.rules.update(rule.id, enabled=False).enabled)
        self.assertIn(rule.id, [one.id for one in api.rules.list()])
        api.rules.delete(rule.id)
        api.rules_configs.set("PYTHON", value="secret")
        self.assertIn("PYTHON", [one.key for one in api.rules_configs.list()])
        api.rules_configs.delete("PYTHON")

        action = api.actions.create(
            name="Python action",
            supported_triggers=[{"id": "post-login", "version": "v3"}],
            code="exports.onExecutePostLogin = async () => {};",
        )
        self.assertEqual(api.actions.deploy(action.id).number, 1)
        binding = {"ref": {"type": "action_id", "value": action.id}, "display_name": "Python"}
        api.actions.triggers.bindings.update_many("post-login", bindings=[binding])
        self.assertEqual(len(list(api.actions.triggers.bindings.list("post-login"))), 1)
        api.actions.triggers.bindings.update_many("post-login", bindings=[])
        api.actions.delete(action.id)

    def test_looks_and_texts(self):
        self.assertEqual(api.branding.update(colors={"primary": "#0059d6"}).colors.primary, "#0059d6")
        api.prompts.custom_text.set("login", "en", request={"login": {"title": "Hello from Python"}})
        self.assertEqual(api.prompts.custom_text.get("login", "en"), {"login": {"title": "Hello from Python"}})
        api.prompts.custom_text.set("login", "en", request={})
        template = {"body": "<p>Hi</p>", "from_": "a@example.com", "subject": "Hi", "syntax": "liquid", "enabled": True}
        api.email_templates.set("verify_email", template="verify_email", **template)
        self.assertEqual(api.email_templates.get("verify_email").subject, "Hi")
        api.email_templates.update("verify_email", enabled=False)

    def test_settings(self):
        self.assertEqual(api.tenants.settings.update(friendly_name="Python Inc").friendly_name, "Python Inc")
        self.assertTrue(any(factor.name == "otp" for factor in api.guardian.factors.list()))
        self.assertIsNotNone(api.attack_protection.brute_force_protection.get().max_attempts)
        self.assertTrue(any(key.current for key in api.keys.signing.list()))
        self.assertIsInstance(api.custom_domains.list(), list)
        self.assertGreater(len(api.logs.list(per_page=5).items), 0)
        api.stats.get_active_users_count()

    def test_tickets_and_jobs(self):
        user = api.users.create(connection=CONNECTION, email="ticket@py.example.com", password=PASSWORD, verify_email=False)
        self.assertIn("ticket=", api.tickets.change_password(user_id=user.user_id).ticket)
        self.assertIn("ticket=", api.tickets.verify_email(user_id=user.user_id).ticket)
        self.assertEqual(api.user_blocks.list(user.user_id).blocked_for, [])
        connection = next(one for one in api.connections.list(name=CONNECTION))
        people = json.dumps([{"email": "moved@py.example.com", "email_verified": True}]).encode()
        job = api.jobs.users_imports.create(users=("users.json", people, "application/json"), connection_id=connection.id)
        deadline = time.monotonic() + 60
        while (done := api.jobs.get(job.id)).status not in ("completed", "failed"):
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(done.summary.inserted, 1)
        self.assertEqual(len(api.users.list_users_by_email(email="moved@py.example.com")), 1)


if __name__ == "__main__":
    unittest.main()
