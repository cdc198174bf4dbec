// Starts a Node program of the repository (the examples) the way its README does: as a process of its own.
import { spawn } from 'node:child_process';
import { EventEmitter, on } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { repository } from './server.mjs';

const startDeadline = 30_000;
const printDeadline = 15_000;

/**
 * @param script path from the top of the repository
 * @param env variables on top of this process's
 * @param ready lines that it prints, each once, when it can be used
 */
export async function startProgram(script, env, ready) {
  const child = spawn(process.execPath, [join(repository, script)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  const lines = new EventEmitter();
  const exited = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve, reject) => {
    const fail = (reason) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`${script}: ${reason}\n${output.join('\n')}`));
    };
    const timer = setTimeout(() => fail('not ready in time'), startDeadline);
    const early = (code) => fail(`ended with ${code}`);
    child.once('exit', early);
    const missing = new Set(ready);
    const read = (line) => {
      output.push(line);
      lines.emit('line', line);
      for (const text of missing) if (line.includes(text)) missing.delete(text);
      if (missing.size === 0) {
        clearTimeout(timer);
        child.off('exit', early);
        resolve();
      }
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
  });
  return {
    output,
    /** Resolves when the program prints a line with this text from now on. */
    async prints(text) {
      const deadline = AbortSignal.timeout(printDeadline);
      try {
        for await (const [line] of on(lines, 'line', { signal: deadline })) if (line.includes(text)) return;
      } catch (cause) {
        throw new Error(`${script} did not print "${text}"\n${output.join('\n')}`, { cause });
      }
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await exited;
      }
    },
  };
}

/** The example API alone, on the port of its README. */
export function startExampleApi(server) {
  return startProgram(
    'examples/api/server.mjs',
    { PORT: '3001', ISSUER_BASE_URL: server.url, AUDIENCE: server.audience, NODE_EXTRA_CA_CERTS: server.ca },
    ['http://localhost:3001'],
  );
}
