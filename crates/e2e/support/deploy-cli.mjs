// Auth0's own tool for whole tenants, as a process of its own, against a server of the tests.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binary } from './server.mjs';

const require = createRequire(import.meta.url);
const yaml = require('js-yaml');
const program = fileURLToPath(new URL('../node_modules/auth0-deploy-cli/lib/index.js', import.meta.url));
const patient = new URL('./patient.mjs', import.meta.url).href;
const deadline = 400_000;

/** Runs the tool as the server's administrator. @returns what it printed, without colours */
export async function deployCli(server, args, env = {}) {
  const { client_id, client_secret } = server.description.management;
  const own = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NODE_EXTRA_CA_CERTS: server.ca,
    NO_COLOR: '1',
    AUTH0_DOMAIN: server.domain,
    AUTH0_CLIENT_ID: client_id,
    AUTH0_CLIENT_SECRET: client_secret,
    AUTH0_API_MAX_RETRIES: '2',
    ...env,
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--import', patient, program, ...args], { env: own, timeout: deadline, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.replace(/\u001b\[[0-9;]*m/g, '');
      if (error) reject(new Error(`a0deploy ${args.join(' ')} ended with ${error.code ?? error.signal}\n${output}`));
      else resolve(output);
    });
  });
}

/** Runs `keywright` on the tenant's database, beside its server. @returns what it printed */
export async function keywright(server, { data, database }, args, env = {}) {
  const own = { PATH: process.env.PATH, HOME: process.env.HOME, RUST_LOG: 'error', ...env };
  const source = ['--domain', server.domain, ...(database ? ['--database', database] : ['--data', data])];
  if (database) own.KEYWRIGHT_MASTER_KEY = readFileSync(join(data, 'master-key'), 'utf8').trim();
  return new Promise((resolve, reject) => {
    execFile(binary, [...args, ...source], { env: own, timeout: deadline, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`keywright ${args.join(' ')} ended with ${error.code ?? error.signal}\n${stdout}${stderr}`));
      else resolve(stdout);
    });
  });
}

/** Writes everything of the tenant into `directory`. @returns the document and the tool's report */
export async function exportTenant(server, directory, env) {
  const report = await deployCli(server, ['export', '--format', 'yaml', '--output_folder', directory], env);
  const file = join(directory, 'tenant.yaml');
  return { file, report, document: await readTenant(file) };
}

export async function readTenant(file) {
  return yaml.load(await readFile(file, 'utf8'));
}
