// Benchmark of the CDR intake against a bare Fastify route and a server-side COPY. `npm run bench`
import { cpus } from 'node:os';
import { measureIntake, type Figures, type Shape } from './measure-intake.ts';
import { startBenchStack } from './stack.ts';
import { median } from './statistics.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const SHAPES: Record<string, Shape> = {
  'batches of 1,000': { requests: 100, recordsEach: 1_000, connections: 8 },
  'batches of 1': { requests: 10_000, recordsEach: 1, connections: 64 },
};

function report(name: string, rounds: Figures[]): void {
  function rate(figure: keyof Figures): string {
    const value = median(rounds.map((round) => round[figure]));
    return Math.round(value).toLocaleString('en-US').padStart(9);
  }
  function ratio(figure: keyof Figures, baseline: keyof Figures): string {
    const value = median(rounds.map((round) => round[figure] / round[baseline]));
    return value.toFixed(2).padStart(5);
  }
  function ratios(figure: keyof Figures): string {
    return `${ratio(figure, 'bare')}     ${ratio(figure, 'copied')}`;
  }
  const [acknowledged, stored] = [ratios('acknowledged'), ratios('stored')];
  console.log(`
${name}, median of ${rounds.length} rounds                      records/s   of bare route   of COPY
  acknowledged through HTTP                          ${rate('acknowledged')}           ${acknowledged}
  stored in the final table                          ${rate('stored')}           ${stored}
  baseline: bare Fastify route, same bodies          ${rate('bare')}
  baseline: server-side COPY, same rows and table    ${rate('copied')}`);
}

const stack = await startBenchStack();
try {
  console.log(
    `Intake on ${cpus().length} cores, queues in ${stack.queues}, client and servers on one machine.`,
  );
  for (const [name, shape] of Object.entries(SHAPES)) {
    await measureIntake(stack, { ...shape, requests: Math.ceil(shape.requests / 5) });
    const rounds: Figures[] = [];
    while (rounds.length < ROUNDS) rounds.push(await measureIntake(stack, shape));
    report(name, rounds);
  }
} finally {
  await stack.stop();
}
