// Auth0's SDK for Python against the built binary: python/management.py, run in an environment that holds nothing else.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { engine, startServer, target } from './support/server.mjs';

const python = process.env.KEYWRIGHT_TEST_PYTHON ?? join(target, 'tools', 'python', 'bin', 'python');
const server = await startServer();
after(() => server.stop());

test(`auth0-python's ManagementClient on ${engine}`, async () => {
  const { client_id, client_secret } = server.description.management;
  const script = join(import.meta.dirname, 'python', 'management.py');
  const { stderr } = await promisify(execFile)(python, [script], {
    env: {
      ...process.env,
      KEYWRIGHT_DOMAIN: server.domain,
      KEYWRIGHT_CLIENT_ID: client_id,
      KEYWRIGHT_CLIENT_SECRET: client_secret,
      KEYWRIGHT_AUDIENCE: server.audience,
      SSL_CERT_FILE: server.ca,
      REQUESTS_CA_BUNDLE: server.ca,
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  // unittest reports on standard error, and fails when a test does.
  assert.match(stderr, /Ran \d+ tests in [\s\S]*\nOK\n$/);
});
