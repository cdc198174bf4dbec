// What an administrator changes before a test: documents of the tenant, its applications and its APIs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, engine, startServer, target } from './server.mjs';

const program = process.env.KEYWRIGHT_CONFIGURE ?? join(target, 'debug', 'examples', 'configure');

/** A server whose tenant can be configured while it runs. */
export async function startConfigurableServer() {
  const data = mkdtempSync(join(tmpdir(), 'keywright-e2e-'));
  const own = engine === 'postgres' ? createDatabase() : null;
  const server = await startServer({ data, database: own?.url });
  const database = own?.url ?? `sqlite:${join(data, 'keywright.db')}`;
  const stop = server.stop.bind(server);
  return Object.assign(server, {
    /** @param changes `{tenant, clients: {ID: members}, apis: {IDENTIFIER: members}}`; seen by the server when this resolves */
    async configure(changes) {
      // The tenant comes last, so that whoever sees its new name sees everything else.
      const marker = `Configured ${randomBytes(6).toString('hex')}`;
      const input = JSON.stringify({ ...changes, tenant: { ...changes.tenant, friendly_name: marker } });
      execFileSync(program, [data, database, server.domain], { input });
      const deadline = Date.now() + 10_000;
      while (!(await server.request('/u/logout-complete')).body.includes(marker)) {
        assert.ok(Date.now() < deadline, 'the server did not see its new configuration');
      }
    },
    async stop() {
      await stop();
      own?.drop();
      rmSync(data, { recursive: true, force: true });
    },
    data,
  });
}
