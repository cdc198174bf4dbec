// Runs the tutorials' curl commands through a shell, as a reader pastes them: only the placeholders are replaced.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

// The commands themselves do not ask for the status. curl's own configuration file does, so they stay as they are.
const curlHome = mkdtempSync(join(tmpdir(), 'keywright-curl-'));
writeFileSync(join(curlHome, '.curlrc'), 'silent\nshow-error\nwrite-out = "\\n%{http_code} %{content_type}"\n');

process.on('exit', () => rmSync(curlHome, { recursive: true, force: true }));

export function seed(name) {
  return readFileSync(new URL(`../fixtures/seeds/${name}`, import.meta.url), 'utf8');
}

/** Replaces every placeholder that occurs; one that is left over would be sent to the server as it is. */
export function fillIn(text, values) {
  const filled = Object.entries(values).reduce((all, [placeholder, value]) => all.replaceAll(placeholder, value), text);
  assert.doesNotMatch(filled, /YOUR_[A-Z_]+|ACCESS_TOKEN/, 'a placeholder was not replaced');
  return filled;
}

/** @returns `{status, type, body}` of the one response */
export async function curl(server, command) {
  const { stdout } = await run('sh', ['-c', command], {
    env: { PATH: process.env.PATH, CURL_HOME: curlHome, CURL_CA_BUNDLE: server.ca },
  });
  const end = stdout.lastIndexOf('\n');
  const [status, type] = stdout.slice(end + 1).split(' ');
  const body = stdout.slice(0, end);
  return { status: Number(status), type, body: type?.startsWith('application/json') ? JSON.parse(body) : body };
}

/** The same request with the other content type: the token endpoint takes both. */
export function inOtherForm(command) {
  const url = /--url '([^']+)'/.exec(command)[1];
  const json = /--data '(\{.*\})'/.exec(command);
  if (json) {
    const pairs = Object.entries(JSON.parse(json[1])).map(([name, value]) => `--data-urlencode '${name}=${value}'`);
    return `curl --request POST --url '${url}' --header 'content-type: application/x-www-form-urlencoded' ${pairs.join(' ')}`;
  }
  const fields = [...command.matchAll(/--data '?([a-z_]+)=([^'\s]+)'?/g)].map(([, name, value]) => [name, value]);
  const body = JSON.stringify(Object.fromEntries(fields));
  return `curl --request POST --url '${url}' --header 'content-type: application/json' --data '${body}'`;
}
