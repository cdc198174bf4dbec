// Starts the example API and the example web app against `keywright dev`, and that too unless
// KEYWRIGHT_JSON brings the line which a running `keywright dev --json` printed. Ends all of them together.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const binary = process.env.KEYWRIGHT_BIN ?? here('../target/debug/keywright');
const webAppPort = process.env.WEB_APP_PORT ?? '3000';
const apiPort = process.env.API_PORT ?? '3001';

const children = [];
let ending = false;

/** Stops everything; the first reason decides the exit code. */
function end(code) {
  if (ending) return;
  ending = true;
  process.exitCode = code;
  for (const child of children) child.kill('SIGTERM');
}
process.on('SIGINT', () => end(0));
process.on('SIGTERM', () => end(0));

function run(name, command, args, options) {
  const child = spawn(command, args, options);
  children.push(child);
  child.on('error', (error) => {
    console.error(`${name} did not start: ${error.message}`);
    end(1);
  });
  child.on('exit', (code, signal) => {
    if (!ending) console.error(`${name} ended (${signal ?? code}).`);
    end(code ?? 1);
  });
  return child;
}

/** @returns the JSON line that `keywright dev --json` prints once it is ready */
function startKeywright() {
  const server = run('keywright dev', binary, ['dev', '--json', ...process.argv.slice(2)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: here('..'),
  });
  return new Promise((resolve) => createInterface({ input: server.stdout }).once('line', resolve));
}

const keywright = JSON.parse(process.env.KEYWRIGHT_JSON ?? (await startKeywright()));
const application = keywright.applications.find(({ app_type }) => app_type === 'regular_web');

const environment = {
  ...process.env,
  ISSUER_BASE_URL: keywright.base_url,
  AUDIENCE: keywright.api.identifier,
  // Node reads its trust anchors once, at its start: hence child processes.
  NODE_EXTRA_CA_CERTS: keywright.ca_cert,
};

run('The example API', process.execPath, [here('api/server.mjs')], {
  stdio: 'inherit',
  env: { ...environment, PORT: apiPort },
});
run('The example web app', process.execPath, [here('web-app/server.mjs')], {
  stdio: 'inherit',
  env: {
    ...environment,
    PORT: webAppPort,
    API_URL: `http://localhost:${apiPort}`,
    CLIENT_ID: application.client_id,
    CLIENT_SECRET: application.client_secret,
  },
});

console.log(`Keywright        ${keywright.base_url}   CA certificate: ${keywright.ca_cert}`);
console.log(`Log in as        ${keywright.user.email} with password ${keywright.user.password}`);
console.log('Ctrl-C ends all three.');
