// Injects faults at random while CDRs, audit events and log lines are sent, then checks that everything
// acknowledged is stored once. `npm run test:faults -- --faults 300 --seed 1`
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createRandom } from '../../bench/seed/random.ts';
import { checkJournal, problemsOf } from './check.ts';
import { DELIBERATE_BREAKS, type DeliberateBreak } from './deliberate-breaks.ts';
import { pickFault } from './faults.ts';
import type { Journal } from './journal.ts';
import { probeUntilStored, startLoad } from './load.ts';
import { startSystem } from './system.ts';

const RECOVERY_TIMEOUT_MS = 60_000;
const MAX_PAUSE_MS = 500;

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** One of DELIBERATE_BREAKS: the run must then find a problem. */
    break: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const broken = (values.break as DeliberateBreak | undefined) ?? null;
if (broken && !DELIBERATE_BREAKS[broken]) throw new Error(`There is no break named ${broken}`);
const random = createRandom(Number(values.seed));
const journal: Journal = { attempts: [], faults: [] };

const system = await startSystem(broken);
try {
  const stopLoad = startLoad(system, createRandom(Number(values.seed) + 1), journal);
  for (let count = 1; count <= Number(values.faults); count += 1) {
    await sleep(random.integer(0, MAX_PAUSE_MS));
    const { name, durationMs, inject } = pickFault(random);
    const startedAt = performance.now();
    await inject(system, durationMs);
    const endedAt = performance.now();
    await probeUntilStored(system, RECOVERY_TIMEOUT_MS);
    const recoveryMs = performance.now() - endedAt;
    journal.faults.push({ name, startedAt, endedAt, recoveryMs });
    if (values.verbose)
      console.log(
        `${count} ${name}: ${Math.round(endedAt - startedAt)} ms, recovery ${Math.round(recoveryMs)} ms`,
      );
  }
  await stopLoad();
  const findings = await checkJournal(system, journal);
  const problems = problemsOf(findings);
  console.log(
    JSON.stringify({ seed: Number(values.seed), faults: journal.faults.length, ...findings }, null, 2),
  );
  for (const problem of problems) console.log(`FAILED: ${problem}`);
  process.exitCode = broken ? Number(problems.length === 0) : Number(problems.length > 0);
  if (broken)
    console.log(problems.length ? `The break ${broken} was found.` : `The break ${broken} was missed.`);
} finally {
  await system.stop();
}
